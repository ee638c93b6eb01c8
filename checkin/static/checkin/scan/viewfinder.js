// The part of the page with the camera and its buttons, and with photos where there is no camera.

import { Camera } from "./camera.js";

const part = (id) => document.getElementById(id);
const PROBLEMS = {
  NotAllowedError: "This page may not use the camera. Allow it in the browser’s settings for this site.",
  NotFoundError: "This device has no camera.",
  NotReadableError: "Another program uses the camera.",
};
const OTHER_WAYS = "You can take a photo of the code, type it, or use a hardware scanner.";

export class Viewfinder {
  #decoder;
  #onText;
  #onProblem;
  #camera;
  #isWanted = false;

  // `onProblem` gets the code of an answer: no_code or unreadable.
  constructor(decoder, onText, onProblem) {
    this.#decoder = decoder;
    this.#onText = onText;
    this.#onProblem = onProblem;
    this.#camera = new Camera(part("video"), decoder, onText);
    part("photo").addEventListener("change", () => this.#readPhoto());
    part("camera-start").addEventListener("click", () => this.#start());
    part("camera-stop").addEventListener("click", () => this.#stop());
    part("camera-next").addEventListener("click", () => this.#guard(() => this.#camera.next()));
    part("torch").addEventListener("click", () => this.#switchTorch());
    part("video").addEventListener("lost", () => this.#show("The camera stopped."));
    document.addEventListener("visibilitychange", () => this.#seen());
  }

  async open() {
    if (!Camera.isPossible) {
      part("camera-start").hidden = true;
      this.#show(`The camera needs a secure connection (https). ${OTHER_WAYS}`);
    } else if (await isAllowed()) {
      await this.#start();
    } else {
      this.#show("");
    }
  }

  close() {
    this.#stop();
  }

  async #start() {
    this.#isWanted = true;
    await this.#guard(() => this.#camera.start());
  }

  #stop() {
    this.#isWanted = false;
    this.#camera.stop();
    this.#show("");
  }

  // A phone takes the camera from a page that is not in front, and not every phone gives it back.
  async #seen() {
    if (document.hidden) {
      this.#camera.stop();
    } else if (this.#isWanted && !this.#camera.isOn) {
      await this.#start();
    }
  }

  async #guard(work) {
    try {
      await work();
      this.#show("");
    } catch (error) {
      this.#camera.stop();
      this.#show(`${PROBLEMS[error.name] ?? "The camera did not start."} ${OTHER_WAYS}`);
    }
  }

  #show(sentence) {
    const { isOn, hasOthers, hasTorch } = this.#camera;
    part("camera-sentence").textContent = sentence;
    part("frame").hidden = part("camera-stop").hidden = !isOn;
    part("camera-start").hidden = isOn || !Camera.isPossible;
    part("camera-next").hidden = !(isOn && hasOthers);
    part("torch").hidden = !(isOn && hasTorch);
    part("torch").setAttribute("aria-pressed", "false");
  }

  async #switchTorch() {
    const isOn = part("torch").getAttribute("aria-pressed") !== "true";
    try {
      await this.#camera.setTorch(isOn);
      part("torch").setAttribute("aria-pressed", String(isOn));
    } catch {
      part("torch").hidden = true;
    }
  }

  async #readPhoto() {
    const [file] = part("photo").files;
    part("photo").value = "";
    if (!file) {
      return;
    }
    try {
      const text = await this.#decoder.photo(file);
      await (text ? this.#onText(text) : this.#onProblem("no_code"));
    } catch {
      this.#onProblem("unreadable");
    }
  }
}

async function isAllowed() {
  try {
    return (await navigator.permissions.query({ name: "camera" })).state === "granted";
  } catch {
    return false;
  }
}
