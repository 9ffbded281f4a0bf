// The list of accounts: filters that open, addresses without empty values, selecting, and keys. j k move between rows,
// x selects, Enter opens. Rows are looked up when a key is pressed, since htmx replaces them.
"use strict";

const rows = () => [...document.querySelectorAll("#results tbody tr")];
const marks = () => [...document.querySelectorAll('#results input[name="account"]')];

function count() {
  const form = document.getElementById("bulk");
  if (!form) return;
  const all = form.elements.all?.checked;
  const marked = marks().filter((mark) => mark.checked).length;
  const said = form.querySelector("[data-many]");
  const text = marked === 1 ? said.dataset.one : said.dataset.many.replace("{count}", marked.toLocaleString(document.documentElement.lang));
  said.textContent = all ? "" : text;
  form.classList.toggle("open", marked > 0);
  const page = document.getElementById("mark-page");
  page.checked = marked > 0 && marked === marks().length;
  page.indeterminate = marked > 0 && !page.checked;
}

document.addEventListener("change", (event) => {
  if (event.target.id === "mark-page") for (const mark of marks()) mark.checked = event.target.checked;
  if (event.target.id === "mark-page" || event.target.form?.id === "bulk") count();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("#filters .opens");
  if (!opener) return;
  const open = opener.form.classList.toggle("open");
  opener.setAttribute("aria-expanded", open);
  if (open) opener.form.querySelector(".further select, .further input").focus();
});

// After links replaced the whole list, filters that were open stay open.
let filtersOpen = false;
document.addEventListener("htmx:beforeSwap", () => {
  filtersOpen = document.getElementById("filters")?.classList.contains("open") ?? false;
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id === "accounts" && filtersOpen) {
    const form = document.getElementById("filters");
    form.classList.add("open");
    form.querySelector(".opens").setAttribute("aria-expanded", true);
  }
  count();
});

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.id !== "filters" && event.target.id !== "counts") return;
  const said = event.detail.formData;
  for (const [name, value] of [...said.entries()]) if (value === "") said.delete(name);
});

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input:not([type=checkbox]), textarea, select, [popover]")) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const all = rows();
  const row = event.target.closest("#results tbody tr");
  if (event.key === "j" || event.key === "k") {
    const at = all.indexOf(row);
    const next = all[at < 0 ? 0 : Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), all.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "x" && row) row.querySelector('input[name="account"]').click();
  else if (event.key === "Enter" && event.target === row) row.querySelector("th a").click();
  else return;
  event.preventDefault();
});
count();
