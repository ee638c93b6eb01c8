// The answer to a scan in sound and vibration, for who looks at the person and not at the screen.

// Notes as [hertz, start, seconds].
const SOUNDS = {
  good: [[880, 0, 0.09], [1320, 0.09, 0.14]],
  warn: [[520, 0, 0.16], [520, 0.22, 0.16]],
  bad: [[200, 0, 0.45]],
};
const VIBRATIONS = { good: [90], warn: [90, 70, 90], bad: [350] };
const LOUDNESS = 0.25;

let context = null;

// Browsers let a page make sounds only after somebody has touched it or pressed a key.
export function prepareSound() {
  for (const event of ["pointerdown", "keydown"]) {
    document.addEventListener(event, unlock, { capture: true });
  }
}

function unlock() {
  const Context = window.AudioContext ?? window.webkitAudioContext;
  if (Context) {
    context ??= new Context();
    context.resume().catch(() => {});
  }
}

export function signal(tone, { withSound }) {
  navigator.vibrate?.(VIBRATIONS[tone]);
  if (withSound && context?.state === "running") {
    SOUNDS[tone].forEach((note) => play(tone, note));
  }
}

function play(tone, [hertz, start, seconds]) {
  const [oscillator, volume] = [context.createOscillator(), context.createGain()];
  const begin = context.currentTime + start;
  oscillator.type = tone === "good" ? "sine" : "square";
  oscillator.frequency.value = hertz;
  volume.gain.setValueAtTime(LOUDNESS, begin);
  volume.gain.exponentialRampToValueAtTime(0.001, begin + seconds);
  oscillator.connect(volume).connect(context.destination);
  oscillator.start(begin);
  oscillator.stop(begin + seconds);
}
