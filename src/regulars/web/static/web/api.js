/* The description of the API in the theme that was chosen, else in that of the device. */
const page = document.documentElement;
const device = matchMedia("(prefers-color-scheme: dark)");
const paint = () => page.classList.toggle("dark-mode", (page.dataset.theme || (device.matches ? "dark" : "light")) === "dark");
device.addEventListener("change", paint);
paint();
