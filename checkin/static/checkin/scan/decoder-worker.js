// Finds QR codes in pictures, beside the page, so that it stays quick. Served at /scan/decoder-worker.js.
"use strict";

importScripts("/static/checkin/scan/jsqr-1.4.0.js");

self.addEventListener("message", ({ data: { id, pixels, width, height, isPhoto } }) => {
  let text = null;
  try {
    // A printed code is dark on light. Only a photo, of which there is one, is worth looking at the other way round.
    const inversionAttempts = isPhoto ? "attemptBoth" : "dontInvert";
    text = self.jsQR(new Uint8ClampedArray(pixels), width, height, { inversionAttempts })?.data || null;
  } catch {
    // What cannot be decoded holds no code.
  }
  self.postMessage({ id, text });
});
