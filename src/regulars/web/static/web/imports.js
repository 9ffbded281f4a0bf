// Files are dropped or chosen and sent at once, with how much of them has arrived. Without this script the form has a
// button. The form is looked up each time, since htmx replaces the page.
"use strict";

const form = () => document.getElementById("upload");
const part = (name) => document.getElementById(`upload-${name}`);

function complain(text) {
  part("error").textContent = text;
  part("error").hidden = !text;
}

function send(files) {
  const names = [...files].map((file) => file.name);
  const size = [...files].reduce((sum, file) => sum + file.size, 0);
  if (!names.length) return;
  if (size > Number(form().dataset.limit)) {
    complain(form().dataset.tooLarge.replace("%FILE%", names.join(", ")));
    document.getElementById("files").value = "";
    return;
  }
  complain("");
  part("names").textContent = names.join(", ");
  form().requestSubmit();
}

document.addEventListener("change", (event) => {
  if (event.target.id === "files") send(event.target.files);
});

// A file that misses the place would otherwise be opened by the browser, in the place of the page.
for (const moment of ["dragenter", "dragover"]) {
  document.addEventListener(moment, (event) => {
    if (!form() || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form().classList.add("dragged");
  });
}
document.addEventListener("dragleave", (event) => {
  if (form() && !event.relatedTarget) form().classList.remove("dragged");
});
document.addEventListener("drop", (event) => {
  if (!form() || !event.dataTransfer?.files.length) return;
  event.preventDefault();
  form().classList.remove("dragged");
  document.getElementById("files").files = event.dataTransfer.files;
  send(event.dataTransfer.files);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id !== "upload") return;
  part("work").hidden = false;
  part("button").disabled = true;
});
document.addEventListener("htmx:xhr:progress", (event) => {
  if (event.target.id !== "upload" || !event.detail.lengthComputable) return;
  part("progress").value = (100 * event.detail.loaded) / event.detail.total;
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target.id !== "upload" || !form()) return;
  part("work").hidden = true;
  part("button").disabled = false;
});

// A page that asks again every second how far the work is may miss an answer; that loses nothing.
window.addEventListener(
  "htmx:sendError",
  (event) => {
    if (event.target.id === "work") event.stopPropagation();
  },
  true,
);
