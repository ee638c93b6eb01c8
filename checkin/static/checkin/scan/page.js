// The scan page: starts its parts, and leads each scan to its answer.

import { canForce, inWords } from "./answers.js";
import { Unreachable } from "./api.js";
import { keepAwake } from "./awake.js";
import { Decoder } from "./decoder.js";
import { forgetGate, remember, remembered, takeToken, tokenIn, useToken } from "./device.js";
import { prepareSound, signal } from "./feedback.js";
import { GateEnded, loadGate, submit, undo } from "./gate.js";
import { Numbers } from "./numbers.js";
import { forgetOffline, startOffline, undoOffline } from "./offline.js";
import { People } from "./people.js";
import { listenToTyping } from "./typing.js";
import { Viewfinder } from "./viewfinder.js";

const REPEATED = 3000;
const GATE_PAUSE = 60_000;
const MAX_CODE = 100;
const part = (id) => document.getElementById(id);

let gate = null;
let checkpointChanged = () => {};
let numbers = null;
let viewfinder = null;
const seen = new Map(); // when each code was last in view
let admission = null;
let refusal = null;
// One scan after the other, so that the answers come in order and none is lost.
let line = Promise.resolve();

// Scans ---------------------------------------------------------------------------------------------------------------

// Somebody holds a ticket before the camera for a while, and a scanner may read one twice.
function scanned(text) {
  const code = text.trim().slice(0, MAX_CODE);
  const isAgain = Date.now() - (seen.get(code) ?? 0) < REPEATED;
  seen.set(code, Date.now());
  return isAgain || !code ? line : admit({ code });
}

function admit(scan) {
  const chosenNow = { ...choices(), ...scan };
  return inLine(() => submit(gate, chosenNow));
}

function inLine(work) {
  const shown = line.then(async () => {
    document.body.classList.add("is-busy");
    try {
      show(await work());
    } catch (error) {
      fail(error);
    } finally {
      document.body.classList.remove("is-busy");
    }
  });
  line = shown;
  return shown;
}

function checkpointChosen() {
  return Number(part("checkpoint").value) || gate.checkpoint_id;
}

function choices() {
  const checkpoint = checkpointChosen();
  const kind = document.querySelector("[name=kind]:checked").value;
  return checkpoint ? { kind, checkpoint_id: checkpoint } : { kind };
}

// Answers -------------------------------------------------------------------------------------------------------------

function show(answer) {
  const words = inWords(answer);
  const panel = part("answer");
  panel.className = `answer ${words.tone}`;
  part("answer-mark").textContent = { good: "✓", warn: "!", bad: "✕" }[words.tone];
  part("answer-text").replaceChildren(
    textLine("answer-title", words.title),
    ...(words.name ? [textLine("answer-name", words.name)] : []),
    ...(words.status && words.status !== words.title ? [textLine("answer-status", words.status)] : []),
    ...(words.sentence ? [textLine("answer-sentence", words.sentence)] : []),
  );
  signal(words.tone, { withSound: part("sound").checked });
  if (answer.code === "unreachable") {
    seen.clear();
  }
  offerNext(answer, words);
}

function textLine(name, text) {
  return Object.assign(document.createElement("span"), { className: name, textContent: text });
}

function offerNext(answer, { name }) {
  const hadFocus = part("answer-actions").contains(document.activeElement);
  if (["admitted", "left", "kept"].includes(answer.code)) {
    admission = { scanId: answer.body.scan_id, nonce: answer.scan.nonce };
    part("undo").textContent = `Undo check-${answer.code === "left" ? "out" : "in"} of ${name}`;
  } else if (answer.code === "undone" || answer.code === "undone_already") {
    admission = null;
  } else if (admission) {
    admission.isAsked = false;
  }
  refusal = gate.may.includes("force") && canForce(answer) ? answer.scan : null;
  part("force").textContent = name ? `Let ${name} in anyway` : "Let in anyway";
  part("undo").hidden = !admission;
  part("force").hidden = !refusal;
  if (hadFocus && (document.activeElement.hidden || document.activeElement === document.body)) {
    part("answer").focus({ preventScroll: true });
  }
}

function forced() {
  if (refusal) {
    const { nonce, at, device, ...scan } = refusal;
    refusal = null; // a second press is none
    inLine(() => submit(gate, { ...scan, force: true }));
  }
}

function undone() {
  if (admission && !admission.isAsked) {
    const { scanId, nonce } = admission;
    admission.isAsked = true;
    inLine(() => (scanId ? undo(scanId) : undoOffline(nonce)));
  }
}

function fail(error) {
  if (error instanceof GateEnded) {
    end("This link is no longer valid. Ask the organizer for a new one.");
    return;
  }
  console.error(error);
  const msg = "Something went wrong on this page. Reload it.";
  if (gate) {
    show({ code: "failed", ok: false, body: { msg } });
  } else {
    end(msg);
  }
}

// The gate ------------------------------------------------------------------------------------------------------------

async function open() {
  try {
    gate = await loadGate();
  } catch (error) {
    if (error instanceof GateEnded) {
      end("This link is no longer valid. Ask the organizer for a new one.");
    } else {
      end("There is no connection. This page tries again by itself.");
      setTimeout(open, REPEATED);
    }
    return;
  }
  part("title").textContent = gate.event.title;
  showCheckpoints();
  checkpointChanged = startOffline(gate, () => choices().checkpoint_id);
  part("start").hidden = true;
  part("work").hidden = part("forget").hidden = false;
  numbers = new Numbers(gate, checkpointChosen);
  new People(gate, admit);
  listenToTyping(part("typing"), part("code"), scanned);
  setInterval(look, GATE_PAUSE);
  keepAwake();
  viewfinder = new Viewfinder(await Decoder.create(), scanned, (code) => show({ code, ok: false }));
  await viewfinder.open();
}

// New checkpoints appear without a reload.
async function look() {
  try {
    const known = JSON.stringify(gate.checkpoints);
    Object.assign(gate, await loadGate());
    if (JSON.stringify(gate.checkpoints) !== known) {
      showCheckpoints();
    }
  } catch (error) {
    if (!(error instanceof Unreachable)) {
      fail(error);
    }
  }
}

function end(sentence) {
  viewfinder?.close();
  part("numbers").hidden = true;
  part("work").hidden = true;
  part("start").hidden = false;
  part("start-sentence").textContent = sentence;
}

function showCheckpoints() {
  const bound = gate.checkpoints.find(({ checkpoint_id: id }) => id === gate.checkpoint_id);
  const isChoice = !gate.checkpoint_id && gate.checkpoints.length > 1;
  part("checkpoint-choice").hidden = !isChoice;
  const ended = gate.event.status === "cancelled" ? "This event is cancelled." : "";
  part("gate-name").textContent = [bound ? `${gate.name}: ${bound.name}` : gate.name, ended].filter(Boolean).join(". ");
  if (isChoice) {
    part("checkpoint").replaceChildren(...gate.checkpoints.map((each) => new Option(each.name, each.checkpoint_id)));
    const chosenBefore = gate.checkpoints.find((each) => String(each.checkpoint_id) === remembered("checkpoint"));
    const first = chosenBefore ?? gate.checkpoints.find((each) => each.is_entrance) ?? gate.checkpoints[0];
    part("checkpoint").value = first.checkpoint_id;
  }
}

function rememberChoices() {
  const kind = remembered("kind");
  document.querySelectorAll("[name=kind]").forEach((choice) => {
    choice.checked = choice.value === (kind ?? "in");
    choice.addEventListener("change", () => chosen("kind", choice.value));
  });
  part("checkpoint").addEventListener("change", (event) => chosen("checkpoint", event.target.value));
  part("sound").checked = remembered("sound") !== "off";
  part("sound").addEventListener("change", (event) => remember("sound", event.target.checked ? "on" : "off"));
}

function chosen(name, value) {
  remember(name, value);
  checkpointChanged();
  numbers?.show();
  seen.clear();
}

function start() {
  rememberChoices();
  prepareSound();
  part("undo").addEventListener("click", undone);
  part("force").addEventListener("click", forced);
  part("forget").addEventListener("click", async () => {
    if (await forgetOffline()) {
      forgetGate();
      location.reload();
    }
  });
  part("link-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const token = tokenIn(part("link").value);
    if (token) {
      useToken(token);
      location.reload();
    } else {
      part("start-sentence").textContent = "That is not the link of a gate. It ends with # and a long code.";
    }
  });
  // A gate that was revoked says so, also when nobody scans.
  window.addEventListener("unhandledrejection", ({ reason }) => fail(reason));
  // Another gate's link, opened where this page is open.
  window.addEventListener("hashchange", () => location.reload());
  if (takeToken()) {
    open();
  } else {
    end("Open the link that the organizer gave you, or scan its QR code with this phone’s camera.");
  }
}

start();
