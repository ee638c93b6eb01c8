"use strict";
// Show a question only while the earlier one that it depends on has one of the answers that it names.
{
  const answersTo = (form, name) => {
    const fields = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const given = fields.filter((field) => !/^(radio|checkbox)$/.test(field.type) || field.checked);
    return given.map((field) => (field.value === "on" ? "true" : field.value));
  };

  const update = (form) => {
    for (const question of form.querySelectorAll("[data-depends-on]")) {
      const earlier = form.querySelector(`[name="${CSS.escape(question.dataset.dependsOn)}"]`);
      const isAsked = earlier && !earlier.closest(".question[hidden]");
      const shown = JSON.parse(question.dataset.shown);
      question.hidden = !isAsked || !answersTo(form, question.dataset.dependsOn).some((value) => shown.includes(value));
    }
  };

  for (const form of document.querySelectorAll("form")) {
    if (form.querySelector("[data-depends-on]")) {
      form.addEventListener("change", () => update(form));
      update(form);
    }
  }
}
