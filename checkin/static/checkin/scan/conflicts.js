// Walk-ins that were let in without network, and got no seat when they were sent; and scans that cannot be sent.

import { conflicts, removeScans } from "./offline-store.js";
import { unseal } from "./sealing.js";

export const UNREADABLE = "unreadable";
const REASONS = {
  event_full: "No seat was free. This person is not registered.",
  registration_closed: "Registration is closed. This person is not registered.",
  [UNREADABLE]: "It could not be sent. Please check this person in again.",
};
const NO_NAME = "Scan that this device cannot read";
const OTHER = "The server did not accept this person.";

// Shows them until somebody has taken note of each; `changed` is called then.
export async function showConflicts(changed) {
  const list = document.getElementById("conflict-list");
  const found = await conflicts();
  const keys = found.map(({ key }) => key).join();
  if (list.dataset.keys === keys) {
    return; // or a button would lose the focus
  }
  list.dataset.keys = keys;
  list.replaceChildren(...(await Promise.all(found.map((scan) => row(scan, changed)))));
  document.getElementById("conflicts").hidden = !found.length;
}

async function row(scan, changed) {
  const [line, text, button] = ["li", "span", "button"].map((tag) => document.createElement(tag));
  const [title, reason] = ["strong", "span"].map((tag) => document.createElement(tag));
  const name = await nameOf(scan);
  title.textContent = name;
  reason.textContent = REASONS[scan.conflict] ?? OTHER;
  text.append(title, reason);
  button.type = "button";
  button.textContent = "Done";
  button.setAttribute("aria-label", `Done: ${name}`);
  button.addEventListener("click", async () => {
    await removeScans([scan.key]);
    await changed();
  });
  line.append(text, button);
  return line;
}

async function nameOf(scan) {
  try {
    return (await unseal(scan)).sent.name ?? NO_NAME;
  } catch {
    return NO_NAME;
  }
}
