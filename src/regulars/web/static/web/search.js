// The search box: arrows move between results, Enter opens the one in focus (or all results), Escape closes.
"use strict";

// Where a page has no search of its own, / goes to the box for everything.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=radio]), textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector('[data-key="/"]')) return;
  document.getElementById("find")?.focus();
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest(".find, .search-page") || event.target.closest(".found");
  if (!form) return;
  const found = form.querySelector(".found-now") || document.getElementById("found");
  const box = document.querySelector(form.matches(".find") ? "#find" : "#everything");
  const hits = found ? [...found.querySelectorAll(".hit")] : [];
  const at = hits.indexOf(event.target);
  if (event.key === "ArrowDown" && hits.length) hits[Math.min(at + 1, hits.length - 1)].focus();
  else if (event.key === "ArrowUp" && at === 0) box.focus();
  else if (event.key === "ArrowUp" && at > 0) hits[at - 1].focus();
  else if (event.key === "Escape" && form.matches(".find")) {
    found.replaceChildren();
    box.focus();
  } else return;
  event.preventDefault();
});

// An empty box has no results, not even those that are still on their way.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "found-now" && !document.getElementById("find").value.trim()) {
    event.detail.shouldSwap = false;
    event.detail.target.replaceChildren();
  }
});
