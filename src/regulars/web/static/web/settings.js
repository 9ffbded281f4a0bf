// Copies what is shown only once. Without JavaScript the button is not there, and the text can be marked.
"use strict";

for (const button of document.querySelectorAll("[data-copies]")) {
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      return; // not allowed to, or not over HTTPS: it stays marked, to be copied by the keyboard
    }
    button.querySelector("span").textContent = button.dataset.copied;
    button.parentElement.querySelector("[role=status]").textContent = button.dataset.copied;
  });
}
