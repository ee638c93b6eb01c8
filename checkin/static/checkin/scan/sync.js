// Keeps the device and the server in step: sends the scans that wait, fetches what has changed in the bundle, and tries
// the server again while it cannot be reached.

import { request, Unreachable } from "./api.js";
import { UNREADABLE } from "./conflicts.js";
import { deviceName, newNonce } from "./device.js";
import { call, GateEnded, isOnline } from "./gate.js";
import { ENTRANCE } from "./offline-rules.js";
import { bundleInfo, forgetBundle, markTried, removeScans, saveBundle, settle, waitingScans } from "./offline-store.js";
import { unseal } from "./sealing.js";

const MOST_SCANS = 500;
const TOO_MANY = 429;
const BUNDLE_PAUSE = 30_000;
// What the device lacks is rare and may be large: not at each difference.
const WHOLE_PAUSE = 300_000;
const FIRST_RETRY = 3000;
const LONGEST_RETRY = 30_000;
const PROBE = 2; // seconds, as for a scan
const SLOW_REQUEST = 60; // seconds

// The ids that the server gave to scans of this page which it got later, by nonce.
export const sentAs = new Map();

export class Sync {
  #gate;
  #place;
  #changed;
  #running = null;
  #isWanted = false;
  #timer = 0;
  #retry = FIRST_RETRY;
  #wholeAt = -Infinity;
  hasEnded = false; // the gate: nothing more can be sent with its token

  // `place()` names what the entries of the bundle count: a checkpoint's id, or "entrance". `changed()` is called after
  // each round.
  constructor(gate, place, changed) {
    this.#gate = gate;
    this.#place = place;
    this.#changed = changed;
  }

  // One round at a time, so that a bundle never comes from before the scans that were sent.
  async run() {
    this.#isWanted = true;
    this.#running ??= this.#rounds().finally(() => {
      this.#running = null;
    });
    await this.#running;
  }

  async #rounds() {
    while (this.#isWanted) {
      this.#isWanted = false;
      clearTimeout(this.#timer);
      let pause = LONGEST_RETRY;
      try {
        pause = await this.#round();
        await this.#changed();
      } finally {
        if (!this.hasEnded) {
          this.#timer = setTimeout(() => this.run(), pause);
        }
      }
    }
  }

  // Returns how long to wait for the next one, in milliseconds.
  async #round() {
    try {
      if (!isOnline()) {
        await call("GET", "/gate", { seconds: PROBE });
      }
      await sendScans(this.#gate);
      await this.#fetchBundle();
      this.#retry = FIRST_RETRY;
      return BUNDLE_PAUSE;
    } catch (error) {
      if (error instanceof GateEnded) {
        this.hasEnded = true;
        await forgetBundle();
        return BUNDLE_PAUSE;
      }
      const pause = error.pause ?? this.#retry;
      this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY);
      return pause;
    }
  }

  async #fetchBundle() {
    const [eventId, place] = [this.#gate.event.event_id, this.#place()];
    const known = await bundleInfo();
    const isOurs = known?.eventId === eventId && known?.place === place;
    const isComplete = await this.#readBundle(eventId, place, isOurs ? known.cursor : "");
    if (!isComplete && Date.now() - this.#wholeAt > WHOLE_PAUSE) {
      this.#wholeAt = Date.now();
      await this.#readBundle(eventId, place, "");
    }
  }

  // Returns whether the device has all of it now.
  async #readBundle(eventId, place, cursor) {
    const query = new URLSearchParams(cursor ? { after: cursor } : {});
    if (place !== ENTRANCE) {
      query.set("checkpoint_id", place);
    }
    const answer = await call("GET", `/events/${eventId}/bundle?${query}`, { seconds: SLOW_REQUEST });
    if (answer.status !== 200) {
      throw later(answer);
    }
    const count = await saveBundle(answer.body, { eventId, place });
    return answer.body.is_whole || count === answer.body.count;
  }
}

// Sends the scans that wait, in their order, and removes those that the server has answered. Scans of another gate that
// was open on this device go with its own token.
async function sendScans(gate) {
  const waiting = await readWaiting();
  const ours = gate.event.event_id;
  for (const eventId of new Set([ours, ...waiting.map((scan) => scan.eventId)])) {
    const scans = waiting.filter((scan) => scan.eventId === eventId);
    await send(eventId, scans, eventId === ours ? null : scans[0].token);
  }
}

// Opens what waits. What cannot be opened, nobody can send: it is shown to the helper.
async function readWaiting() {
  const found = await Promise.all((await waitingScans()).map(opened));
  await settle(found.filter(({ sent }) => !sent).map(({ key }) => ({ key, conflict: UNREADABLE })));
  return found.filter(({ sent }) => sent);
}

async function opened(scan) {
  try {
    // A former version of this page kept `sent` and `token` as they are.
    const { sent, token } = scan.sent ? scan : await unseal(scan);
    return { ...scan, token, sent: scan.refused ? { ...sent, refused: scan.refused } : sent };
  } catch (error) {
    console.error("This scan cannot be read", error);
    return scan;
  }
}

async function send(eventId, scans, token) {
  let size = MOST_SCANS;
  for (let start = 0; start < scans.length; ) {
    const some = scans.slice(start, start + size);
    await markTried(some.map(({ key }) => key));
    const answer = await post(eventId, some, token);
    if (answer.status === 200) {
      await noteResults(some, answer.body.results, token);
      start += some.length;
      size = MOST_SCANS;
    } else if (token && [401, 403, 404].includes(answer.status)) {
      return; // of a gate that has ended: they stay on the device
    } else if (![400, 413].includes(answer.status)) {
      throw later(answer);
    } else if (some.length > 1) {
      size = Math.ceil(some.length / 2); // until the one that cannot be read is alone
    } else {
      console.error("The server does not accept this scan", answer.body);
      const [{ key, sent }] = some;
      await ("name" in sent ? settle([{ key, conflict: answer.body.code }]) : removeScans([key]));
      start += 1;
    }
  }
}

async function noteResults(scans, results, token) {
  const found = new Map(results.map((result) => [result.nonce, result]));
  const answered = scans.filter(({ nonce }) => found.has(nonce));
  const undone = await settle(
    answered.map(({ key, nonce, sent }) => {
      const { scan_id: scanId, result } = found.get(nonce);
      sentAs.set(nonce, scanId);
      return { key, conflict: "name" in sent && !scanId ? result : null };
    }),
  );
  for (const { key, nonce } of answered.filter((scan) => undone.includes(scan.key))) {
    await undoSent(sentAs.get(nonce), token);
    await removeScans([key]);
  }
}

// Undoes a scan that somebody undid on this device while it was on its way. It may be undone already. Throws where the
// server is busy: the scan stays, and is undone in the next round.
async function undoSent(scanId, token) {
  if (scanId) {
    const answer = await write(`/scans/${scanId}/undo`, { nonce: newNonce(), device: deviceName() }, token);
    if (answer.status === TOO_MANY) {
      throw later(answer);
    }
  }
}

function post(eventId, scans, token) {
  const body = { device: deviceName(), scans: scans.map(({ sent }) => sent) };
  return write(`/events/${eventId}/scans/batch`, body, token);
}

function write(path, body, token) {
  const options = { body, seconds: SLOW_REQUEST };
  return token ? request("POST", path, { ...options, token }) : call("POST", path, options);
}

function later(answer) {
  const seconds = Number(answer.headers.get("Retry-After"));
  return Object.assign(new Unreachable(`status ${answer.status}`), seconds ? { pause: seconds * 1000 } : {});
}
