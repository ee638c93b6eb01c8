"use strict";
// Go on with a bulk action by itself; not when somebody has come back to its page.
{
  const form = document.getElementById("bulk-run");
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
  });
  if (performance.getEntriesByType("navigation")[0]?.type === "navigate") {
    form.requestSubmit();
  }
}
