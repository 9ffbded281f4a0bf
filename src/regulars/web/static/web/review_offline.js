// So that the form of a review opens again without a connection: the page and the files it needs are kept in the browser
// when it is opened, and what was sent since then beside them. `review_worker.js` answers with it, `forget.js` clears it.
"use strict";

const PAGES = "regulars-reviews";
const SINCE = "-since";

function stored(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

// Each page has a token of its own: by it one knows whether a page is the kept one.
function tokenOf(page) {
  return page.querySelector('#review-form input[name="csrfmiddlewaretoken"]')?.value;
}

async function keepPage(form) {
  if (!navigator.serviceWorker || !window.caches) return; // not over plain http
  const began = Date.now();
  const where = new URL(form.action).pathname;
  await navigator.serviceWorker.register(form.dataset.worker, { scope: where });
  const answer = await fetch(where);
  if (!answer.ok || answer.redirected) return;
  const token = tokenOf(new DOMParser().parseFromString(await answer.clone().text(), "text/html"));
  const since = stored(form.dataset.store + SINCE);
  if (!token || token === since.page) return; // without a connection it is the kept one that came
  const pages = await caches.open(PAGES);
  const files = performance.getEntriesByType("resource").map((one) => one.name);
  await pages.addAll([...new Set(files.filter((name) => name.startsWith(`${location.origin}/static/`)))]);
  await pages.put(where, answer);
  const later = Object.entries(stored(form.dataset.store + SINCE).fields ?? {}).filter(([, one]) => one.at >= began);
  localStorage.setItem(form.dataset.store + SINCE, JSON.stringify({ page: token, fields: Object.fromEntries(later) }));
}

// What was sent since the page was kept, if this is that page: by field {value, mark}.
function sentSince(form) {
  const since = stored(form.dataset.store + SINCE);
  return since.page === tokenOf(document) ? (since.fields ?? {}) : {};
}

function noteSent(form, name, value, mark) {
  const since = stored(form.dataset.store + SINCE);
  since.fields = { ...since.fields, [name]: { value, mark, at: Date.now() } };
  localStorage.setItem(form.dataset.store + SINCE, JSON.stringify(since));
}
