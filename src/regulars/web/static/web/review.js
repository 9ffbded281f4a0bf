// The form of a review at the customer's table. Every field is put into the browser's own store as it is typed and sent
// at once; without a connection it stays there, also when the tab is closed, and is sent when there is one again; the
// page itself opens again without one, too (`review_offline.js`, which this needs). What
// was written elsewhere meanwhile is never overwritten: both texts are shown. Without this script it is a plain form.
"use strict";

const form = document.getElementById("review-form");
const PAUSE_MS = 600;
const AGAIN_MS = 4000;

function device() {
  let name = localStorage.getItem("regulars-device");
  if (!name) {
    name = [...crypto.getRandomValues(new Uint8Array(12))].map((one) => one.toString(16).padStart(2, "0")).join("");
    localStorage.setItem("regulars-device", name);
  }
  return name;
}

// Printing, and answers that wait: on the page before the talk.
const printer = document.querySelector("[data-print]");
if (printer) {
  printer.hidden = false;
  printer.addEventListener("click", () => window.print());
}
const unsent = document.getElementById("unsent");
if (unsent) unsent.hidden = !Object.keys(stored(unsent.dataset.store)).length;

function holdReview() {
  const store = form.dataset.store;
  const kept = document.getElementById("kept");
  const waiting = stored(store); // by field: {value, mark, asked}
  const clashing = new Set();
  let timer = 0;
  let sending = false;

  const field = (name) => form.elements.namedItem(name);
  const mark = (name) => field(`v.${name}`);
  const valueOf = (one) => (one.type === "checkbox" ? (one.checked ? "on" : "") : one.value);

  function put(one, value) {
    if (one.type === "checkbox") one.checked = value === "on";
    else one.value = value;
    one.closest("details")?.setAttribute("open", "");
  }

  function remember() {
    if (Object.keys(waiting).length) localStorage.setItem(store, JSON.stringify(waiting));
    else localStorage.removeItem(store);
  }

  function tell(state, more = "") {
    const text = form.dataset[{ "signed-out": "signedOut" }[state] ?? state] ?? "";
    kept.dataset.state = state === "refused" || state === "signed-out" || state === "wait" ? "trouble" : state;
    kept.textContent = `${text} ${more}`.trim();
  }

  function typed(event) {
    const one = event.target;
    if (!one.name || !mark(one.name)) return;
    waiting[one.name] = { value: valueOf(one), mark: mark(one.name).value, asked: field(`asked.${one.name}`)?.value ?? "" };
    remember();
    clearTimeout(timer);
    timer = setTimeout(() => send(), event.type === "change" ? 0 : PAUSE_MS);
  }

  const toSend = () => Object.entries(waiting).filter(([name]) => !clashing.has(name));

  // Returns whether the server was reached and kept what was sent. `ask`: also when there is nothing to send.
  async function send(ask = false) {
    clearTimeout(timer);
    const fields = toSend().map(([name, one]) => ({ name, ...one }));
    if (sending || (!fields.length && !ask)) return false;
    sending = true;
    tell("sending");
    let again = 0;
    let done = false;
    try {
      const answer = await fetch(form.dataset.save, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": field("csrfmiddlewaretoken").value },
        body: JSON.stringify({ device: device(), fields }),
      });
      const isOurs = answer.headers.get("Content-Type")?.startsWith("application/json");
      if (!isOurs) {
        const signedIn = answer.status === 403 && (await renewed());
        if (!signedIn) tell(answer.redirected || answer.status === 403 ? "signed-out" : "offline");
        again = signedIn ? 1 : AGAIN_MS;
      } else if (answer.ok) {
        settle(fields, (await answer.json()).fields);
        done = true;
      } else tell("refused", (await answer.json()).refused);
    } catch {
      tell("offline");
      again = AGAIN_MS;
    }
    sending = false;
    if (again) timer = setTimeout(() => send(), again);
    else if (toSend().some(([name, one]) => fields.every((sent) => sent.name !== name || sent.value !== one.value))) timer = setTimeout(() => send(), PAUSE_MS);
    return done;
  }

  // Who signed in again in another tab has another token: the form is asked for the one that is good now.
  async function renewed() {
    const answer = await fetch(form.action);
    if (!answer.ok || answer.redirected) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = page.querySelector('#review-form input[name="csrfmiddlewaretoken"]');
    if (token) {
      field("csrfmiddlewaretoken").value = token.value;
      keepPage(form).catch(() => {}); // whoever signed in had it forgotten
    }
    return Boolean(token);
  }

  function settle(sent, answers) {
    for (const now of answers) {
      const what = sent.find((one) => one.name === now.name);
      if (now.clash) {
        showClash(now);
        continue;
      }
      if (mark(now.name)) mark(now.name).value = now.mark;
      noteSent(form, now.name, what.value, now.mark);
      if (waiting[now.name]?.value === what.value) delete waiting[now.name];
      else if (waiting[now.name]) waiting[now.name].mark = now.mark;
    }
    remember();
    tell(clashing.size ? "clash" : "kept");
  }

  function showClash(now) {
    const one = field(now.name);
    if (!one) {
      delete waiting[now.name];
      return;
    }
    clashing.add(now.name);
    const box = one.closest("[data-field]");
    box.querySelector(".elsewhere")?.remove();
    const shown = document.getElementById("elsewhere").content.firstElementChild.cloneNode(true);
    const said = shown.querySelector("p");
    if (now.by) said.textContent = said.dataset.by.replace("%NAME%", now.by);
    const option = [...(one.options ?? [])].find((each) => each.value === now.value);
    shown.querySelector("blockquote").textContent = option ? option.textContent : now.value || "–";
    if (one.tagName === "SELECT" || one.type === "checkbox" || one.type === "date") shown.querySelector("[data-take=both]").remove();
    shown.addEventListener("click", (event) => {
      const take = event.target.dataset.take;
      if (!take) return;
      if (take === "theirs") put(one, now.value);
      if (take === "both") put(one, [now.value, one.value].filter(Boolean).join(one.tagName === "TEXTAREA" ? "\n" : "; "));
      mark(now.name).value = now.mark;
      clashing.delete(now.name);
      shown.remove();
      one.dispatchEvent(new Event("change", { bubbles: true }));
      one.focus();
    });
    box.append(shown);
  }

  // On the page that was kept for a lost connection: what was sent since then. Then, what the last visit could not send.
  for (const [name, one] of Object.entries(sentSince(form))) {
    if (!field(name) || !mark(name)) continue;
    put(field(name), one.value);
    mark(name).value = one.mark;
  }
  for (const [name, one] of Object.entries(waiting)) {
    const there = field(name);
    if (there && mark(name)) put(there, one.value);
  }

  form.addEventListener("input", typed);
  form.addEventListener("change", typed);
  window.addEventListener("online", () => send());
  // To finish, everything must have arrived first: a form that is sent without a connection would be lost.
  let arrived = false;
  window.addEventListener("pageshow", () => {
    arrived = false;
  });
  form.addEventListener("submit", async (event) => {
    if (arrived) return;
    event.preventDefault();
    const button = event.submitter;
    while (sending) await new Promise((resolve) => setTimeout(resolve, 100));
    const done = await send(true);
    if (clashing.size) form.querySelector(".elsewhere").scrollIntoView({ block: "center" });
    else if (done && !Object.keys(waiting).length) {
      arrived = true;
      form.requestSubmit(button);
    } else if (kept.dataset.state === "offline") tell("wait");
  });
  send();
  keepPage(form).catch(() => {}); // without a connection, or without room: the form works as it stands
}

if (form) holdReview();
