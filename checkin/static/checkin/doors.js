// Shows the numbers at the doors anew when they have changed. Without JavaScript the page is loaded again (doors.html).

const PAUSE = 5000;

async function refresh() {
  const shown = document.getElementById("doors");
  if (document.hidden) {
    return;
  }
  const response = await fetch(location.href, { headers: { "If-None-Match": shown.dataset.tag }, cache: "no-store" });
  if (response.status === 304) {
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById("doors");
  if (!fresh) {
    location.reload(); // such as the page to sign in
    return;
  }
  if (shown.querySelector("#slots")?.open) {
    fresh.querySelector("#slots")?.setAttribute("open", "");
  }
  for (const canvas of shown.querySelectorAll("canvas")) {
    Chart.getChart(canvas)?.destroy();
  }
  // Whoever goes through the page by keyboard stays where they are.
  const place = [...shown.querySelectorAll("a, summary")].indexOf(document.activeElement);
  shown.replaceWith(document.adoptNode(fresh));
  if (place >= 0) {
    [...fresh.querySelectorAll("a, summary")][place]?.focus();
  }
  renderCharts();
}

setInterval(() => refresh().catch(() => {}), PAUSE); // the next one may have a connection again
