// Copies what browsers need of the npm packages into the web package, where it is kept under version control so that
// nobody needs npm to run Regulars: npm install --no-package-lock && npm run build
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import subsetFont from "subset-font";

const packages = "node_modules";
const target = "../src/regulars/web/static/web/third_party";
const icons = `sun building chart-dots chart-bar upload file-import settings search user users bell plus x check pencil trash
  download filter columns bookmark tag arrow-back-up alert-triangle info-circle clock calendar mail phone logout menu-2
  chevron-down chevron-right key shield-lock history copy external-link git-merge database webhook language refresh eye lock
  fingerprint device-mobile list-check file-spreadsheet note map-pin coin arrows-sort share plug dots`.split(/\s+/);

mkdirSync(target, { recursive: true });
const copies = {
  "htmx.org/dist/htmx.min.js": "htmx.min.js",
  "htmx.org/LICENSE": "htmx.LICENSE.txt",
  "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
  "@fontsource-variable/inter/LICENSE": "inter.LICENSE.txt",
  "@fontsource-variable/noto-sans-devanagari/LICENSE": "noto-devanagari.LICENSE.txt",
  "@fontsource-variable/noto-sans-bengali/LICENSE": "noto-bengali.LICENSE.txt",
  "@fontsource-variable/noto-sans-thai/LICENSE": "noto-thai.LICENSE.txt",
  "@fontsource-variable/noto-nastaliq-urdu/LICENSE": "noto-nastaliq.LICENSE.txt",
  "@tabler/icons/LICENSE": "tabler-icons.LICENSE.txt",
  "vega/LICENSE": "vega.LICENSE.txt",
  "vega-lite/LICENSE": "vega-lite.LICENSE.txt",
  "d3-scale/LICENSE": "d3.LICENSE.txt",
};
for (const [from, to] of Object.entries(copies)) copyFileSync(`${packages}/${from}`, `${target}/${to}`);

const symbols = icons.map((name) => {
  const picture = readFileSync(`${packages}/@tabler/icons/icons/outline/${name}.svg`, "utf8");
  const inner = picture.replace(/[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
});
writeFileSync(`${target}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);

await build({
  entryPoints: ["charts.mjs"],
  outfile: `${target}/vega.min.js`,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2021",
  // Vega-Lite asks all of Vega for four small functions, which vega-util has as well.
  alias: { vega: "vega-util" },
});

// Fonts, cut to the letters of our languages and the weights in use: a first page must stay light.
const span = (first, last) => String.fromCodePoint(...Array.from({ length: last - first + 1 }, (_, at) => first + at));
const joiners = "\u200c\u200d\u25cc\u00a0 ";
const urdu =
  "ءآأؤئابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہۂۃھیےۓ۔،؛؟٪٫٬ًٍُِّٰٔكيهةى" + span(0x6f0, 0x6f9) + "\u200e\u200f";
const fonts = [
  ["inter", "latin", "inter-latin", span(0x20, 0xff) + "ıŒœʻʼˆ˚˜\u200b–—‘’‚“”„•…‰‹›€™←↑→↓∕−≤≥✓"],
  ["noto-sans-devanagari", "devanagari", "noto-devanagari", span(0x900, 0x950) + span(0x958, 0x972) + "₹" + joiners],
  ["noto-sans-bengali", "bengali", "noto-bengali", span(0x980, 0x9fe) + "।॥₹" + joiners],
  ["noto-sans-thai", "thai", "noto-thai", span(0xe01, 0xe3a) + span(0xe3f, 0xe5b) + joiners],
  ["noto-nastaliq-urdu", "arabic", "noto-nastaliq", urdu + joiners],
];
for (const [family, script, name, letters] of fonts) {
  const whole = readFileSync(`${packages}/@fontsource-variable/${family}/files/${family}-${script}-wght-normal.woff2`);
  const options = { targetFormat: "woff2", variationAxes: { wght: { min: 400, max: 700 } } };
  writeFileSync(`${target}/${name}.woff2`, await subsetFont(whole, letters, options));
}

// Fonts of printed documents, as Typst takes them (TrueType, one file a family): customers write in more letters than
// our languages have, so Inter keeps Greek and Cyrillic, and the others keep all they have.
const printed = "../src/regulars/base/printing/fonts";
const european =
  span(0x20, 0x7e) + span(0xa0, 0x24f) + span(0x2b0, 0x52f) + span(0x1e00, 0x1eff) + span(0x2000, 0x209f) +
  span(0x20a0, 0x20c0) + "™←↑→↓∕−≤≥≈✓•●○■□▲▼";
const european_features = ["calt", "ccmp", "kern", "locl", "mark", "mkmk", "tnum"];
const weights = { min: 400, max: 700 };
const print = async (from, name, letters, options) => {
  const cut = await subsetFont(readFileSync(`${packages}/${from}`), letters, {
    targetFormat: "truetype",
    noHinting: true,
    ...options,
  });
  writeFileSync(`${printed}/${name}.ttf`, cut);
};
mkdirSync(printed, { recursive: true });
copyFileSync(`${packages}/inter-ui/LICENSE.txt`, `${printed}/inter.LICENSE.txt`);
await print("inter-ui/variable/InterVariable.woff2", "inter", european, {
  keepFeatures: european_features,
  variationAxes: { wght: weights, opsz: 14 },
});
for (const [family, script, name] of fonts.slice(1)) {
  copyFileSync(`${packages}/@fontsource-variable/${family}/LICENSE`, `${printed}/${name}.LICENSE.txt`);
  const from = `@fontsource-variable/${family}/files/${family}-${script}-wght-normal.woff2`;
  await print(from, name, undefined, { keepAllGlyphs: true, variationAxes: { wght: weights } });
}
