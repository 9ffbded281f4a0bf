// Draws the charts of a page: every element with data-chart holds a Vega-Lite specification. Expressions are interpreted,
// not evaluated, as the policy of our pages demands. Colours are custom properties, so the theme needs no script.
"use strict";

const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;

function showTip(_handler, event, _item, text) {
  tip.hidden = text === null || text === undefined || text === "";
  if (tip.hidden) return;
  tip.textContent = text;
  const { width, height } = tip.getBoundingClientRect();
  const left = Math.min(Math.max(event.clientX - width / 2, 8), document.documentElement.clientWidth - width - 8);
  const above = event.clientY - height - 14;
  tip.style.insetInlineStart = "auto";
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 8 ? above : event.clientY + 18}px`;
}

function draw(place) {
  const wanted = JSON.parse(place.dataset.chart);
  place.removeAttribute("data-chart");
  // Widths of words are measured on a canvas, which knows no custom properties.
  const config = { font: getComputedStyle(place).fontFamily };
  const compiled = vega.compile(wanted, { config }).spec;
  new vega.View(vega.parse(compiled, {}, { ast: true }), { expr: vega.expressionInterpreter, renderer: "svg" })
    .tooltip(showTip)
    .hover()
    .initialize(place)
    .runAsync()
    // The place has its name, and the table says the rest: marks without names would only be in the way of listeners.
    .then(() => place.querySelector("svg").setAttribute("aria-hidden", "true"))
    .catch((problem) => console.error(problem));
}

async function drawAll() {
  await document.fonts.ready;
  for (const place of document.querySelectorAll("[data-chart]")) draw(place);
}

document.body.append(tip);
drawAll();
document.addEventListener("htmx:afterSettle", drawAll);
document.addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });
