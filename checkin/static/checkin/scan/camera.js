// The camera and the loop that looks for codes. The loop ends only when the camera is stopped.

const PAUSE = 125;

export class Camera {
  #video;
  #decoder;
  #onText;
  #stream = null;
  #run = 0;
  #cameras = [];

  constructor(video, decoder, onText) {
    this.#video = video;
    this.#decoder = decoder;
    this.#onText = onText;
  }

  // Browsers give a camera to secure pages only.
  static get isPossible() {
    return Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia);
  }

  get isOn() {
    return this.#stream !== null;
  }

  get hasTorch() {
    return Boolean(this.#track?.getCapabilities?.().torch);
  }

  get hasOthers() {
    return this.#cameras.length > 1;
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  // Throws what getUserMedia throws.
  async start(deviceId = null) {
    this.stop();
    const run = this.#run;
    const wanted = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: { ideal: "environment" } };
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...wanted, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    if (run !== this.#run) {
      end(stream);
      return;
    }
    this.#stream = stream;
    this.#track.addEventListener("ended", () => this.#lost(run));
    this.#video.srcObject = stream;
    await this.#video.play();
    this.#cameras = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    this.#loop(this.#run);
  }

  stop() {
    this.#run += 1;
    end(this.#stream);
    this.#stream = this.#video.srcObject = null;
  }

  // The camera was unplugged, or another program took it.
  #lost(run) {
    if (run === this.#run) {
      this.stop();
      this.#video.dispatchEvent(new Event("lost"));
    }
  }

  async next() {
    const now = this.#track?.getSettings().deviceId;
    const place = this.#cameras.findIndex(({ deviceId }) => deviceId === now);
    await this.start(this.#cameras[(place + 1) % this.#cameras.length].deviceId);
  }

  async setTorch(isOn) {
    await this.#track?.applyConstraints({ advanced: [{ torch: isOn }] });
  }

  async #loop(run) {
    while (run === this.#run) {
      try {
        const text = this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
          ? await this.#decoder.frame(this.#video)
          : null;
        if (text && run === this.#run) {
          await this.#onText(text);
        }
      } catch (error) {
        // One bad frame, or one bad code, must not end the loop.
        console.warn(error);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

function end(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}
