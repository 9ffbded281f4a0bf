// The time zone of the device is chosen beforehand; where it is not offered, or another was chosen, nothing happens.
"use strict";

const zones = document.querySelector("[data-zone-of-the-device]");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zones?.value === "UTC" && [...zones.options].some((one) => one.value === here)) zones.value = here;
