// Keeps the screen on, where the browser can: one that goes dark at the door costs a minute.

export function keepAwake() {
  document.addEventListener("visibilitychange", request);
  return request();
}

async function request() {
  if (document.hidden) {
    return;
  }
  try {
    await navigator.wakeLock.request("screen");
  } catch {
    // The browser cannot, or the battery is low.
  }
}
