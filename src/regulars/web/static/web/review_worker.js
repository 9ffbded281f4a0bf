// Answers for the form of one review when the connection is gone. It asks the server first, always; without an answer it
// gives the page and its files as `review_offline.js` kept them. It keeps nothing itself, and answers for no other page.
// Served at /reviews/worker.js: a worker may not answer for addresses above its own.
"use strict";

const PATIENCE_MS = 8000;
const OLDEST_MS = 24 * 60 * 60 * 1000;
const PAGES = "regulars-reviews";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

const isForm = (request) => new URL(request.url).pathname === new URL(self.registration.scope).pathname;

async function answer(request) {
  const kept = await keptFor(request);
  if (!kept) return fetch(request);
  const tooLong = new Promise((_resolve, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE_MS));
  let now;
  try {
    now = await Promise.race([fetch(request), tooLong]);
  } catch {
    return kept;
  }
  if (now.status >= 500 && isForm(request)) return kept;
  // Signed out, no longer allowed, or cancelled: what was kept is nobody's to read any more.
  if (isForm(request) && !now.ok) await forget(request);
  return now;
}

async function keptFor(request) {
  const kept = await caches.match(request, { cacheName: PAGES, ignoreVary: true, ignoreSearch: true });
  const since = Date.parse(kept?.headers.get("Date") ?? "");
  if (!kept || !isForm(request) || Date.now() - since < OLDEST_MS) return kept;
  await forget(request);
  return undefined;
}

async function forget(request) {
  await (await caches.open(PAGES)).delete(request, { ignoreVary: true, ignoreSearch: true });
}
