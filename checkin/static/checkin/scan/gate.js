// The gate: what it may do, and its scans. All scans go through `submit`.

import { request, Unreachable } from "./api.js";
import { deviceName, newNonce, remember, remembered } from "./device.js";

const SECONDS = 2;
const ATTEMPTS = 2;
const PATIENCE = 10;

let isReachable = true;
let failures = 0;
// What decides about a scan, which the server may have all the same (`wasTried`), while the server cannot be reached.
let unreachable = async () => ({ code: "unreachable", ok: false });
// Who hears what the server has answered.
let answered = () => {};

export class GateEnded extends Error {}

export function isOnline() {
  return isReachable;
}

export function onUnreachable(handler) {
  unreachable = handler;
}

export function onAnswer(handler) {
  answered = handler;
}

// Returns what GET /gate says; without a connection what it said last. Throws GateEnded, or Unreachable.
export async function loadGate() {
  try {
    const { body } = await call("GET", "/gate", { seconds: remembered("gate") ? SECONDS : PATIENCE });
    remember("gate", JSON.stringify(body));
    return body;
  } catch (error) {
    const known = remembered("gate");
    if (error instanceof Unreachable && known) {
      return JSON.parse(known);
    }
    throw error;
  }
}

// Returns `{status, headers, body}`, and notes whether the server can be reached. Throws GateEnded, or Unreachable.
export async function call(method, path, options = {}) {
  try {
    const answer = await request(method, path, { ...options, token: remembered("token") });
    failures = 0;
    noteReachable(true);
    if (answer.status === 401) {
      throw new GateEnded();
    }
    return answer;
  } catch (error) {
    if (error instanceof Unreachable) {
      failures += error.tookTooLong ? ATTEMPTS : 1;
      noteReachable(failures < ATTEMPTS);
    }
    throw error;
  }
}

// Sends a scan: `{code}` or `{attendee_id}` with kind, checkpoint_id and force; `{name}` is a walk-in. The answer is
// `{code, ok, body, scan}`, where `code` is the result or why it was refused.
export async function submit(gate, scan) {
  const sent = { nonce: newNonce(), at: new Date().toISOString(), device: deviceName(), ...scan };
  const { at, device, ...known } = sent;
  const path = `/events/${gate.event.event_id}/${"name" in sent ? "walk-ins" : "scans"}`;
  const body = "name" in sent ? { name: sent.name, nonce: sent.nonce, device } : { ...known, device };
  // Who stands at the door does not wait for a network that is known to be gone.
  const wasTried = isReachable;
  const found = wasTried ? await outcome(path, body) : null;
  if (found) {
    answered({ ...found, scan: sent });
  }
  return { ...(found ?? (await unreachable(sent, wasTried))), scan: sent };
}

// Takes back a scan. The answer is as for `submit`.
export async function undo(scanId) {
  const found = await outcome(`/scans/${scanId}/undo`, { nonce: newNonce(), device: deviceName() });
  if (found) {
    answered(found);
  }
  return found ?? { code: "not_undone", ok: false };
}

// Returns null where the server cannot be reached. The nonce makes a second attempt harmless.
async function outcome(path, body) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const answer = await call("POST", path, { body, seconds: SECONDS });
      if (answer.status >= 400) {
        return { code: answer.body.code, ok: false, body: answer.body };
      }
      if (typeof answer.body?.result === "string") {
        return { code: answer.body.result, ok: true, body: answer.body };
      }
    } catch (error) {
      if (!(error instanceof Unreachable)) {
        throw error;
      }
      if (error.tookTooLong) {
        return null;
      }
    }
  }
  return null;
}

function noteReachable(now) {
  if (now !== isReachable) {
    isReachable = now;
    window.dispatchEvent(new Event(now ? "gate-online" : "gate-offline"));
  }
}
