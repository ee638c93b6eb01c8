// Reads QR codes from frames of a video and from photos: by the browser's own detector where it has one, else by jsQR
// in a worker.

import { isCode } from "./typing.js";

const WORKER = "/scan/decoder-worker.js";
const SIDE = 640;
const PHOTO_SIDES = [1280, 640, 2000];
const PATIENCE = 5000;

export class Decoder {
  #native = null;
  #worker = null;
  #waiting = new Map();
  #canvas = document.createElement("canvas");

  static async create() {
    const decoder = new Decoder();
    decoder.#native = await nativeDetector();
    return decoder;
  }

  // Returns the text of a code in the middle of the picture, or null.
  async frame(video) {
    if (this.#native) {
      try {
        const texts = (await this.#native.detect(video)).map(({ rawValue }) => rawValue);
        // A poster beside the ticket may have a code, too.
        return texts.find(isCode) ?? texts[0] ?? null;
      } catch {
        // Some phones have the detector and not the service behind it.
        this.#native = null;
      }
    }
    const side = Math.min(video.videoWidth, video.videoHeight);
    const left = (video.videoWidth - side) / 2;
    const top = (video.videoHeight - side) / 2;
    const target = Math.min(side, SIDE);
    return this.#read(video, [left, top, side, side], target, target, false);
  }

  async photo(file) {
    const picture = await createImageBitmap(file);
    try {
      for (const longest of PHOTO_SIDES) {
        const scale = Math.min(1, longest / Math.max(picture.width, picture.height));
        const [width, height] = [Math.ceil(picture.width * scale), Math.ceil(picture.height * scale)];
        const text = await this.#read(picture, [0, 0, picture.width, picture.height], width, height, true);
        if (text) {
          return text;
        }
      }
      return null;
    } finally {
      picture.close();
    }
  }

  async #read(source, part, width, height, isPhoto) {
    if (!width || !height) {
      return null;
    }
    Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(source, ...part, 0, 0, width, height);
    const pixels = context.getImageData(0, 0, width, height).data.buffer;
    return this.#ask({ pixels, width, height, isPhoto });
  }

  #ask(question) {
    this.#worker ??= this.#started();
    const id = crypto.getRandomValues(new Uint32Array(1))[0];
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#restart("no answer"), PATIENCE);
      const done = (settle) => (value) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        settle(value);
      };
      this.#waiting.set(id, { resolve: done(resolve), reject: done(reject) });
      this.#worker.postMessage({ id, ...question }, [question.pixels]);
    });
  }

  #started() {
    const worker = new Worker(WORKER);
    worker.addEventListener("message", ({ data }) => this.#waiting.get(data.id)?.resolve(data.text));
    worker.addEventListener("error", (event) => this.#restart(event.message || "did not load"));
    return worker;
  }

  // The next picture starts a new worker.
  #restart(reason) {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of [...this.#waiting.values()]) {
      reject(new Error(`Decoder: ${reason}`));
    }
  }
}

async function nativeDetector() {
  try {
    const formats = await window.BarcodeDetector.getSupportedFormats();
    return formats.includes("qr_code") ? new window.BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}
