"use strict";
// Take people to the first wrong field of a form that is shown again, and from each error on top to its field. Begin the
// labels in a list on a phone with a capital.
{
  const goTo = (field) => {
    let target = field;
    if (field.matches(".select2-hidden-accessible")) {
      target = field.nextElementSibling.querySelector(".select2-selection");
    } else if (!field.matches("input, select, textarea")) {
      target = field.querySelector("input") || field; // a group of boxes
    }
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "center" });
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".errornote a[href^='#']");
    const id = link && link.hash.slice(1);
    const field = link && (document.getElementById(id) || document.getElementById(`${id}_0`)); // a date and a time
    if (field) {
      event.preventDefault(); // unfold would take the fragment for a tab
      goTo(field);
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const { dataset } of document.querySelectorAll("#result_list [data-label]")) {
      dataset.label = dataset.label.replace(/^./u, (letter) => letter.toUpperCase());
    }
  });

  // After the scripts of the admin, one of which gives the focus to the first field.
  window.addEventListener("load", () => {
    const wrong = document.querySelector("form [aria-invalid=true]");
    const first = document.querySelector("[autofocus]");
    if (wrong) {
      setTimeout(() => goTo(wrong)); // after other listeners, which replace the lists to choose from
    } else if (first && document.activeElement === document.body) {
      first.focus(); // a page that is slow to draw does not: a scanner that types would type into nothing
    }
  });
}
