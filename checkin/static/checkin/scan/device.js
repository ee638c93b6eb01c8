// What this device remembers: the token of its gate, what the gate may do, the choices made on the page.

const PREFIX = "eventhub-scan-";
const TOKEN = /^#?(evg_[\w-]+)$/;
const TOKEN_IN_LINK = /#(evg_[\w-]+)\s*$/;
// For browsers that store nothing, as some do in a private window.
const memory = new Map();

export function remembered(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

export function remember(name, value) {
  memory.set(name, String(value));
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // The page works until it is closed.
  }
}

export function forget(...names) {
  for (const name of names) {
    memory.delete(name);
    try {
      localStorage.removeItem(PREFIX + name);
    } catch {
      // Nothing was stored.
    }
  }
}

// Takes the token out of the address, so that nobody reads it there or passes it on with the link.
export function takeToken() {
  const found = TOKEN.exec(location.hash);
  if (location.hash) {
    history.replaceState(null, "", location.pathname);
  }
  return found ? useToken(found[1]) : remembered("token");
}

export function useToken(token) {
  if (token !== remembered("token")) {
    forgetGate();
    remember("token", token);
  }
  return token;
}

export function forgetGate() {
  forget("token", "gate", "kind", "checkpoint");
}

// The token in what somebody pasted: the whole link, or the token alone.
export function tokenIn(text) {
  return (TOKEN_IN_LINK.exec(text) ?? TOKEN.exec(text.trim()))?.[1] ?? null;
}

// How the log of scans names this device: "Android 3f2a".
export function deviceName() {
  let name = remembered("device");
  if (!name) {
    const system = /Android|iPhone|iPad|Windows|Mac OS|CrOS|Linux/.exec(navigator.userAgent)?.[0] ?? "Device";
    name = `${system} ${newNonce().slice(0, 4)}`;
    remember("device", name);
  }
  return name;
}

// crypto.randomUUID exists in secure contexts only, and a server in a local network is none.
export function newNonce() {
  if (crypto.randomUUID) {
    return crypto.randomUUID();
  }
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
