// Keys for who likes them; every page works without. j k move between cards, d s n open what to do with one, u takes
// back, / searches, ? shows this. Cards are looked up when a key is pressed, since htmx replaces them.
"use strict";

const cards = () => [...document.querySelectorAll(".action")];
const current = () => document.activeElement.closest(".action");

function move(by) {
  const all = cards();
  const at = all.indexOf(current());
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)];
  if (next) {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

function press(key) {
  const within = current() || cards()[0];
  const target = (within && within.querySelector(`[data-key="${key}"]`)) || document.querySelector(`[data-key="${key}"]`);
  if (!target) return false;
  if (target.matches("input")) target.focus();
  else target.click();
  if (target.matches("summary")) {
    const first = target.parentElement.open && target.parentElement.querySelector("button");
    if (first) first.focus();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=radio]), textarea, select");
  if (event.key === "Escape") {
    for (const open of document.querySelectorAll("details.verb[open]")) open.open = false;
    return;
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "?") document.getElementById("keys")?.showModal();
  else if (!"dsnu/".includes(event.key) || !press(event.key)) return;
  event.preventDefault();
});

// Buttons that open a dialog name it: data-opens="its id".
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
});

// After an action was done, the next card has the focus: the list is worked through without the mouse.
let place = 0;
document.addEventListener("htmx:beforeRequest", (event) => {
  const card = event.target.closest?.(".action");
  if (card) place = cards().indexOf(card);
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "page") return;
  const all = cards();
  (all[Math.min(place, all.length - 1)] || document.getElementById("page")).focus({ preventScroll: true });
});

// On a narrow screen the tab one is on may be out of sight.
function showTab() {
  const tab = document.querySelector(".tabs [aria-current]");
  if (!tab) return;
  const [own, all] = [tab.getBoundingClientRect(), tab.parentElement.getBoundingClientRect()];
  if (own.left < all.left || own.right > all.right) tab.parentElement.scrollBy(own.left - all.left - (all.width - own.width) / 2, 0);
}
showTab();
document.addEventListener("htmx:afterSettle", showTab);

// A lost connection loses nothing: the form stays as it was, and the page says so.
document.addEventListener("htmx:sendError", () => {
  document.getElementById("offline")?.showModal();
});
document.addEventListener("htmx:responseError", () => {
  document.getElementById("failed")?.showModal();
});
