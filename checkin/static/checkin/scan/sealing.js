// Encrypts the codes and names of scans that wait on this device, each with a key of its own, which goes with the scan.
// The browser keeps the key and shows it to nobody, scripts included.

const CIPHER = "AES-GCM";
const NONCE_BYTES = 12;

// Returns `{sealed}`, or `{open}` where the browser cannot encrypt.
export async function seal(contents) {
  try {
    const key = await crypto.subtle.generateKey({ name: CIPHER, length: 256 }, false, ["encrypt", "decrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const data = new TextEncoder().encode(JSON.stringify(contents));
    return { sealed: { key, iv, data: await crypto.subtle.encrypt({ name: CIPHER, iv }, key, data) } };
  } catch {
    return { open: contents };
  }
}

export async function unseal({ sealed, open }) {
  if (!sealed) {
    return open;
  }
  const { key, iv, data } = sealed;
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: CIPHER, iv }, key, data)));
}
