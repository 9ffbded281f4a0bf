// Copies what browsers need of the npm packages into the web package, where it is kept under version control so that
// nobody needs npm to run Regulars: npm install --no-package-lock && npm run build
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

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
  "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
  "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
  "@fontsource-variable/inter/LICENSE": "inter.LICENSE.txt",
  "@tabler/icons/LICENSE": "tabler-icons.LICENSE.txt",
};
for (const [from, to] of Object.entries(copies)) copyFileSync(`${packages}/${from}`, `${target}/${to}`);

const symbols = icons.map((name) => {
  const picture = readFileSync(`${packages}/@tabler/icons/icons/outline/${name}.svg`, "utf8");
  const inner = picture.replace(/[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "").replace(/\s*\n\s*/g, "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
});
writeFileSync(`${target}/icons.svg`, `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
