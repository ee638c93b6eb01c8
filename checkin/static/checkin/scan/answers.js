// The words for each answer: a title, and a sentence where there is more to say. `tone` is good, warn or bad, and
// chooses colour, sound and vibration.

const STATUSES = {
  registered: "Registered",
  attended: "Checked in",
  waitlisted: "On the waiting list",
  cancelled: "Cancelled",
};

const ANSWERS = {
  admitted: ({ body }) => good("Welcome", body.entries > 1 ? `Entry number ${body.entries}.` : ""),
  left: () => good("Goodbye", ""),
  valid: ({ body }) => good("Valid ticket", (body.inside ?? body.attendee?.inside) ? "Already inside." : "Not inside."),
  kept: () => warn("Kept on this device", "A seat is given when the network is back, if one is free then."),
  undone: () => good("Undone", "The last scan no longer counts."),
  already_in: ({ body }) => warn("Already in", cameIn(body)),
  not_inside: () => warn("Not inside", "This person is not checked in here."),
  checkpoint_closed: ({ body }) => warn("Closed", hours(body)),
  not_registered: ({ body }) => bad(STATUSES[statusOf(body)] ?? "No seat", noSeat(statusOf(body))),
  event_full: () => bad("No seats left", "No seat is free for this person."),
  nonce_reused: () => warn("Not recorded", "Scan again."),
  ticket_unknown: ({ offline }) =>
    offline
      ? bad("Not on the list", "This is not a ticket for this event, or it is newer than the list on this device.")
      : bad("Not a ticket", "We did not issue this code."),
  wrong_event: () => bad("Other event", "This ticket is for another event."),
  ticket_revoked: () => bad("Replaced ticket", "There is a newer ticket. It is in the latest email."),
  force_not_allowed: () => bad("Not allowed", "This device may not let people in despite a refusal."),
  undone_already: () => warn("Already undone", "This scan was undone before."),
  nothing_to_undo: () => warn("Nothing to undo", "This scan changed nothing."),
  too_late: () => warn("Too late", "Only the organizer can undo this scan now."),
  no_code: () => warn("No code found", "Take the photo again, closer and with more light."),
  unreadable: () => warn("Not a picture", "This file could not be opened. Take a photo of the code."),
  unreachable: () => warn("No connection", "Nothing is recorded yet. Scan again."),
  not_undone: () => warn("No connection", "Nothing is undone yet. Try again when the network is back."),
  throttled: () => warn("Too fast", "Too many requests. Wait a moment, then scan again."),
};
// What is said of the person instead of the status that is stored.
const NOW = { admitted: "Checked in", left: "Checked out", undone: "", already_in: "", kept: "" };
// What a gate that may force can overrule: the person is known, and belongs to this event.
const FORCEABLE = new Set(["already_in", "checkpoint_closed", "not_registered", "ticket_revoked"]);

// Returns `{tone, title, sentence, name, status}` for an answer of `submit` or `undo`.
export function inWords(answer) {
  const body = answer.body ?? {};
  const words = ANSWERS[answer.code]?.({ ...answer, body }) ?? bad("Not accepted", body.msg ?? "Try again.");
  const { name = "", status = "" } = answer.attendee ?? body.attendee ?? {};
  const sentence = [words.sentence, toAsk(body)].filter(Boolean).join(" ");
  return { ...words, sentence, name, status: NOW[answer.code] ?? STATUSES[status] ?? "" };
}

export function canForce(answer) {
  return FORCEABLE.has(answer.code) && answer.scan?.kind === "in" && !answer.scan.force;
}

export function statusInWords(person) {
  return person.inside ? "Inside" : (STATUSES[person.status] ?? person.status);
}

const good = (title, sentence) => ({ tone: "good", title, sentence });
const warn = (title, sentence) => ({ tone: "warn", title, sentence });
const bad = (title, sentence) => ({ tone: "bad", title, sentence });

// The questions that the person has not answered yet.
function toAsk({ owes_answers: owed = [] }) {
  return owed.length ? `Please ask: ${owed.map(({ text }) => text).join("; ")}` : "";
}

function statusOf(body) {
  return body.status ?? body.attendee?.status;
}

function noSeat(status) {
  return status === "cancelled" ? "This registration was cancelled." : "This person has no seat.";
}

function cameIn({ first_in: firstIn, checkpoint, by }) {
  const where = checkpoint?.name ?? checkpoint;
  const parts = [firstIn && `at ${moment(firstIn)}`, where && `through ${where}`, by && `scanned by ${by}`];
  const known = parts.filter(Boolean);
  return known.length ? `Came in ${known.join(", ")}.` : "Came in before.";
}

function hours({ opens, closes }) {
  const now = new Date();
  if (opens && new Date(opens) > now) {
    return `This checkpoint opens at ${moment(opens)}.`;
  }
  return closes ? `This checkpoint closed at ${moment(closes)}.` : "This checkpoint is closed.";
}

export function moment(text) {
  const at = new Date(text);
  const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const isToday = at.toDateString() === new Date().toDateString();
  return isToday ? time : `${time} on ${at.toLocaleDateString("en-GB", { day: "numeric", month: "long" })}`;
}
