// The form of a review is kept in the browser, to open without a connection (`review_offline.js`). It is forgotten before
// somebody signs out, on each page for people who are not signed in, and when the review is finished. What was typed and
// could not be sent yet stays, under the name of who typed it.
"use strict";

// Forgets what has `part` in its name: of one review, or, when empty, of all.
async function forget(part) {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("regulars-review-") && key.endsWith("-since") && key.includes(part)) localStorage.removeItem(key);
  }
  if (!navigator.serviceWorker || !window.caches) return;
  if (part) {
    const pages = await caches.open("regulars-reviews");
    for (const one of await pages.keys()) if (one.url.includes(part)) await pages.delete(one);
  } else await caches.delete("regulars-reviews");
  for (const one of await navigator.serviceWorker.getRegistrations()) if (one.scope.includes(part)) await one.unregister();
}

const forgotten = document.querySelector("[data-forget]");
if (forgotten) forget(forgotten.dataset.forget);

const leaving = document.getElementById("sign-out");
leaving?.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await forget("");
  } finally {
    leaving.submit();
  }
});
