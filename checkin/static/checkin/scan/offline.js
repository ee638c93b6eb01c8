// Scanning without network: answers from the bundle, and says in words and colour how the device is connected.

import { showConflicts } from "./conflicts.js";
import { remembered } from "./device.js";
import { isOnline, onAnswer, onUnreachable, undo } from "./gate.js";
import { codeIn, decide, digestOf, ENTRANCE, openedBy } from "./offline-rules.js";
import { answerFrom, bundleInfo, countWaiting, forgetBundle, keepScan, noteEntry, takeBack } from "./offline-store.js";
import { seal } from "./sealing.js";
import { sentAs, Sync } from "./sync.js";

const BY_NAME = { is_entrance: true, reentry: "never", opens: null, closes: null };
const NOT_POSSIBLE = { code: "unreachable", ok: false, offline: true };

let offlineSince = null;
let refresh = async () => {};

// Keeps the device ready for a time without network. `checkpoint()` returns the id of the one that is chosen, or
// undefined. Returns what is to be called when another is chosen.
export function startOffline(gate, checkpoint) {
  const isPossible = window.isSecureContext && "indexedDB" in window && "serviceWorker" in navigator;
  const place = () => placeOf(gate, checkpoint());
  const sync = isPossible ? new Sync(gate, place, () => show(gate, sync)) : null;
  refresh = () => show(gate, sync);
  const changed = () => {
    offlineSince = isOnline() ? null : new Date();
    show(gate, sync);
    sync?.run();
  };
  window.addEventListener("gate-offline", changed);
  window.addEventListener("gate-online", changed);
  changed();
  if (!isPossible) {
    return () => {};
  }
  onUnreachable(async (scan, wasTried) => {
    const answer = await ("name" in scan ? keepWalkIn(gate, scan, wasTried) : answerOffline(gate, scan, wasTried));
    refresh();
    return answer;
  });
  onAnswer((answer) => (answer.code === "undone" ? sync.run() : note(gate, place(), answer)));
  window.addEventListener("online", () => sync.run());
  document.addEventListener("visibilitychange", () => document.hidden || sync.run());
  navigator.serviceWorker.register("/scan/worker.js").catch((error) => console.error(error));
  navigator.storage?.persist?.();
  return () => sync.run();
}

// Forgets the list of tickets. The scans that wait stay on the device, until a gate is open that can send them. Returns
// false where the person would rather send them first.
export async function forgetOffline() {
  try {
    const waiting = await countWaiting();
    if (waiting && !window.confirm(`${inWords(waiting)} not sent yet. Forget this gate all the same?`)) {
      return false;
    }
    await forgetBundle();
  } catch {
    // Nothing was stored.
  }
  return true;
}

// Undoes what was answered without network. The answer is as for `undo`.
export async function undoOffline(nonce) {
  if (await takeBack(nonce)) {
    await refresh();
    return { code: "undone", ok: true, offline: true };
  }
  const scanId = sentAs.get(nonce);
  return scanId ? undo(scanId) : { code: "nothing_to_undo", ok: false };
}

// Keeps somebody without a ticket to be sent. Whether there is a seat, only the server knows.
async function keepWalkIn(gate, { nonce, at, name }, wasTried) {
  const kept = await seal({ sent: { nonce, at, name }, token: remembered("token") });
  await keepScan({ ...kept, nonce, at, wasTried, result: "kept", eventId: gate.event.event_id, place: ENTRANCE });
  const info = await bundleInfo();
  const owed = info?.eventId === gate.event.event_id ? textsOf(info.askWalkIns, info) : [];
  return { code: "kept", ok: true, offline: true, body: { attendee: { name }, owes_answers: owed } };
}

// Answers a scan from what the device has, and keeps it to be sent.
async function answerOffline(gate, scan, wasTried) {
  const info = await bundleInfo();
  if (info?.eventId !== gate.event.event_id) {
    return NOT_POSSIBLE;
  }
  const code = "code" in scan ? codeIn(scan.code) : null;
  const place = placeOf(gate, scan.checkpoint_id);
  const where = { eventId: info.eventId, place, digest: code && (await digestOf(code)), id: scan.attendee_id ?? 0 };
  const checkpoint = checkpointAt(gate, place);
  const facts = { checkpoint, event: gate.event, kind: scan.kind ?? "in", force: scan.force, at: new Date(scan.at) };
  const kept = { ...(await seal({ sent: toSend(scan), token: remembered("token") })), wasTried };
  const answer = await answerFrom(where, (found) => {
    if (scan.attendee_id && !found.entry) {
      return NOT_POSSIBLE; // added since by another device
    }
    const decision = decide({ ...facts, ...found });
    return { ...decision, queued: facts.kind === "check" ? null : queuedScan(scan, decision, kept) };
  });
  const { code: result, ok, before, entry = before } = answer;
  if (answer.offline) {
    return NOT_POSSIBLE;
  }
  const { name, ask } = code && entry?.x ? await openedBy(entry.x, code) : { name: "" };
  const body = bodyOf({ result, entry, before, name, checkpoint });
  if (ok && facts.kind !== "out") {
    body.owes_answers = textsOf(ask, info);
  }
  return { code: result, ok, offline: true, body };
}

// The texts of questions, as the server sends them: `[{text}]`. A bundle of a former version may lack some.
function textsOf(ids, { questions }) {
  return (ids ?? []).map((id) => ({ text: questions?.[id] })).filter(({ text }) => text);
}

// What is to be sent, except how it was decided. Nothing moved in a look at a ticket, so nothing is sent of it.
function toSend({ nonce, at, kind = "in", code, attendee_id: person, checkpoint_id: checkpoint }) {
  const sent = { nonce, at, kind, ...(code ? { code } : { attendee_id: person }) };
  return checkpoint ? { ...sent, checkpoint_id: checkpoint } : sent;
}

function queuedScan({ nonce, at }, { code: result, ok }, kept) {
  return { ...kept, nonce, at, result, ...(ok ? {} : { refused: result }) };
}

// As the server answers (docs: POST /events/<id>/scans).
function bodyOf({ result, entry, before, name, checkpoint }) {
  const body = { result, code: result, entries: entry?.e ?? 0 };
  if (result === "checkpoint_closed") {
    Object.assign(body, { opens: checkpoint.opens, closes: checkpoint.closes });
  }
  if (result === "already_in") {
    body.first_in = before.at;
  }
  if (entry) {
    const status = result === "admitted" && checkpoint.is_entrance ? "attended" : entry.s;
    body.attendee = { attendee_id: entry.id, name, status, inside: entry.in };
  }
  return body;
}

// What the server has said is known here at once, if the network goes a moment later.
async function note(gate, place, { body, scan }) {
  const person = body?.attendee;
  if (!person || placeOf(gate, scan?.checkpoint_id) !== place || !["admitted", "left"].includes(body.result)) {
    return;
  }
  await noteEntry(person.attendee_id, { e: body.entries, in: person.inside, ...(person.inside && { at: body.at }) });
}

function placeOf(gate, id) {
  const found = checkpointAt(gate, id ?? gate.checkpoint_id ?? ENTRANCE);
  return found.is_entrance ? ENTRANCE : found.checkpoint_id;
}

function checkpointAt(gate, place) {
  const isIt = (each) => (place === ENTRANCE ? each.is_entrance : each.checkpoint_id === place);
  return gate.checkpoints.find(isIt) ?? BY_NAME;
}

// How it is connected ---------------------------------------------------------------------------------------------------

async function show(gate, sync) {
  const [info, waiting] = sync ? await Promise.all([bundleInfo(), countWaiting()]).catch(() => [null, 0]) : [null, 0];
  const isReady = info?.eventId === gate.event.event_id;
  const place = document.getElementById("connection");
  const text = offlineSince ? offlineWords(info, isReady, Boolean(sync)) : onlineWords(isReady, Boolean(sync));
  const then = sync?.hasEnded ? "not sent: open another link for helpers of this event." : "waiting to be sent.";
  place.textContent = [text, waiting && `${inWords(waiting)} ${then}`].filter(Boolean).join(" ");
  await showConflicts(refresh).catch((error) => console.error(error));
  place.className = offlineSince ? "is-offline" : waiting ? "is-sending" : "is-online";
}

function offlineWords(info, isReady, isPossible) {
  const since = `Offline since ${moment(offlineSince)}.`;
  if (!isReady) {
    return isPossible
      ? `${since} This device has no list of tickets yet, so nothing can be checked.`
      : `${since} Nothing can be checked: without HTTPS, scanning needs the network.`;
  }
  return `${since} Scans are checked with the list of ${moment(new Date(info.generatedAt))} and kept on this device.`;
}

function onlineWords(isReady, isPossible) {
  if (!isPossible) {
    return "Online. Scanning without network is not available: this page was not opened over HTTPS.";
  }
  return isReady ? "Online. Ready to work offline." : "Online.";
}

function moment(at) {
  return at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

function inWords(waiting) {
  return waiting === 1 ? "1 scan is" : `${waiting} scans are`;
}
