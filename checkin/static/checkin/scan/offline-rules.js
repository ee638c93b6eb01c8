// What a device decides about a ticket by itself, by the rules of checkin/services/judgement.py and presence.py. Nothing
// here reads or writes anything.

// What a bundle counts entries at: the entrance, or a checkpoint by its id.
export const ENTRANCE = "entrance";
const PREFIX = "EH";
const MAX_TEXT = 100;
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\u2800]/gu;
const SEPARATORS = /[\s\u2010-\u2015-]+/gu;
const BODY = /^[0-9A-Z]{32}$/;
const NO_DIGITS = /U/;
const TYPED = { O: "0", I: "1", L: "1" };
const KEY_INFO = "eventhub ticket";
const DIGEST_BYTES = 16;
const NONCE_BYTES = 12;
// Whom a gate with the right to do so may let in all the same.
const FORCEABLE = new Set(["checkpoint_closed", "ticket_revoked", "not_registered", "already_in"]);
const SEATED = new Set(["registered", "attended"]);

// Returns the one spelling of a code, however it was typed, or null for what cannot be one (ticket_codes.py).
export function codeIn(text) {
  if ([...text].length > MAX_TEXT) {
    return null;
  }
  const typed = text.normalize("NFKC").replace(UNSEEN, "").replace(SEPARATORS, "").toUpperCase();
  const body = typed.slice(PREFIX.length);
  if (!typed.startsWith(PREFIX) || !BODY.test(body) || NO_DIGITS.test(body)) {
    return null;
  }
  return PREFIX + body.replace(/[OIL]/g, (letter) => TYPED[letter]);
}

export async function digestOf(code) {
  const digest = await crypto.subtle.digest("SHA-256", bytesOf(code));
  return btoa(String.fromCharCode(...new Uint8Array(digest).subarray(0, DIGEST_BYTES)));
}

// Returns what is in a sealed entry, which only the code of its ticket opens: `{name, ask}`, the latter only where the
// person owes answers to these questions.
export async function openedBy(sealed, code) {
  try {
    const raw = Uint8Array.from(atob(sealed), (letter) => letter.charCodeAt(0));
    const secret = await crypto.subtle.importKey("raw", bytesOf(code), "HKDF", false, ["deriveKey"]);
    const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytesOf(KEY_INFO) };
    const key = await crypto.subtle.deriveKey(derivation, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
    const cipher = { name: "AES-GCM", iv: raw.subarray(0, NONCE_BYTES) };
    const opened = await crypto.subtle.decrypt(cipher, key, raw.subarray(NONCE_BYTES));
    return JSON.parse(new TextDecoder().decode(opened));
  } catch {
    return { name: "" };
  }
}

// Decides about an entry of the bundle; undefined: the bundle has none. `at` is a Date. The answer is `{code, ok}`, with
// `entry` as it is afterwards where somebody came in or left.
export function decide({ entry, isRevoked, checkpoint, event, kind, force, at }) {
  const code = refusalOf({ entry, isRevoked, checkpoint, event, kind, at });
  const isForced = force && kind === "in" && FORCEABLE.has(code);
  if (code && !isForced) {
    return { code, ok: false };
  }
  if (kind === "check") {
    return { code: "valid", ok: true };
  }
  const result = kind === "out" ? "left" : "admitted";
  return { code: result, ok: true, entry: entry && moved(entry, result, at) };
}

// Returns an entry after somebody came in or left.
export function moved(entry, result, at) {
  if (result === "left") {
    return { ...entry, in: false };
  }
  return { ...entry, in: true, e: entry.e + 1, at: at.toISOString() };
}

function refusalOf({ entry, isRevoked, checkpoint, event, kind, at }) {
  if (!entry && !isRevoked) {
    return "ticket_unknown";
  }
  if (kind !== "out" && isClosed(checkpoint, event, at)) {
    return "checkpoint_closed";
  }
  if (!entry) {
    return "ticket_revoked";
  }
  if (kind === "out") {
    return entry.in ? null : "not_inside";
  }
  if (!SEATED.has(entry.s)) {
    return "not_registered";
  }
  return kind === "check" || mayEnter(entry, checkpoint.reentry, event.time_zone, at) ? null : "already_in";
}

function isClosed({ opens, closes }, event, at) {
  return event.status === "cancelled" || (opens && at < new Date(opens)) || (closes && at >= new Date(closes));
}

function mayEnter(entry, reentry, zone, at) {
  switch (reentry) {
    case "always":
      return true;
    case "after_exit":
      return !entry.in;
    case "daily":
      return entry.e === 0 || dayOf(new Date(entry.at), zone) < dayOf(at, zone);
    default:
      return entry.e === 0;
  }
}

// Returns the day of a moment where the event takes place, such as 2027-05-01; in a zone that the device does not know,
// by its own clock.
function dayOf(at, zone) {
  try {
    return at.toLocaleDateString("sv-SE", { timeZone: zone });
  } catch {
    return at.toLocaleDateString("sv-SE");
  }
}

const bytesOf = (text) => new TextEncoder().encode(text);
