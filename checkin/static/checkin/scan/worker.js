// The service worker of the scan page: keeps the page and its scripts, so that it opens without network. What the API
// answers is never kept here. The server writes SHELL, `{version, files}`, in front of this (scan_page.py).
/* global SHELL */

const PREFIX = "eventhub-scan-";
const CACHE = PREFIX + SHELL.version;

self.addEventListener("install", (event) => {
  event.waitUntil(keep());
});

self.addEventListener("activate", (event) => {
  event.waitUntil(takeOver());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  const isKept = SHELL.files.includes(pathname);
  if (event.request.method === "GET" && origin === self.location.origin && isKept) {
    event.respondWith(answer(pathname, event.request));
  }
});

// All files of one version, or none: a page never runs with scripts of another.
async function keep() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.files.map((file) => new Request(file, { cache: "reload" })));
  await self.skipWaiting();
}

async function takeOver() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(pathname, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(pathname)) ?? fetch(request);
}
