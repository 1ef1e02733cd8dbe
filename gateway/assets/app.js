// Enhancements. Every page works without this file.
"use strict";

// The focus goes to the error message, so that it is read out and seen first.
document.querySelector("[data-focus]")?.focus();

// "Menu" becomes a button that opens and closes the menu.
const menu = document.getElementById("menu");
const menuLink = document.querySelector("[data-menu-button]");
if (menu && menuLink) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = menuLink.className;
  button.append(...menuLink.childNodes);
  button.setAttribute("aria-controls", "menu");
  const set = (isOpen) => {
    menu.dataset.state = isOpen ? "open" : "closed";
    button.setAttribute("aria-expanded", isOpen);
  };
  button.addEventListener("click", () => set(menu.dataset.state !== "open"));
  window.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.dataset.state !== "open" || document.querySelector("dialog[open]")) return;
    set(false);
    if (button.offsetParent) button.focus();
  });
  set(location.hash === "#menu");
  menuLink.replaceWith(button);
}

// A button shows or hides what is typed in a password field. Before the form is sent, the field hides its
// text again.
for (const field of document.querySelectorAll("input[type=password][data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "utrecht-button utrecht-button--secondary-action";
  button.setAttribute("aria-controls", field.id);
  const label = () => {
    button.textContent = field.type === "password" ? field.dataset.show : field.dataset.hide;
    button.setAttribute("aria-label", `${button.textContent}: ${field.labels[0].textContent}`);
  };
  button.addEventListener("click", () => { field.type = field.type === "password" ? "text" : "password"; label(); });
  label();
  field.after(button);
  field.form?.addEventListener("submit", () => { field.type = "password"; });
}

// A form is sent once, even if the button is pressed twice. It can be sent again after 10 seconds, after "Stop", and when
// the page is shown again.
const unlockForms = () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
};
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (Date.now() - Number(form.dataset.sent ?? 0) < 10000) return event.preventDefault();
    form.dataset.sent = Date.now();
  });
}
window.addEventListener("keydown", (event) => { if (event.key === "Escape") unlockForms(); });
window.navigation?.addEventListener("navigateerror", unlockForms);

// The browser may show a page from its own memory, also after a logout: a private page is loaded anew.
window.addEventListener("pageshow", (event) => {
  unlockForms();
  if (event.persisted && document.querySelector("[data-private]")) location.reload();
});

// Two minutes before the session ends, a dialog offers to go on or to log out. Escape goes on. What was typed on the page
// stays in any case.
const { idle, idleTitle, idleGoOn, idleGoneOn, idleOver, idleClose, idleLast, idleFailed, logOut } = document.body.dataset;
if (idle && window.HTMLDialogElement) {
  const dialog = document.createElement("dialog");
  dialog.className = "zp-idle";
  dialog.setAttribute("role", "alertdialog");
  dialog.setAttribute("aria-labelledby", "idle-title");
  const title = document.createElement("p");
  title.id = "idle-title";
  // A screen reader reads the title also when it changes while the dialog is open.
  title.setAttribute("role", "alert");
  const button = (text, kind) => {
    const made = document.createElement("button");
    made.className = `utrecht-button utrecht-button--${kind}-action`;
    made.textContent = text;
    return made;
  };
  const goOn = button(idleGoOn, "primary");
  const close = button(idleClose, "primary");
  const leave = document.createElement("form");
  leave.method = "post";
  leave.action = "/logout";
  leave.append(button(logOut, "secondary"));
  const actions = document.createElement("div");
  actions.className = "zp-actions";
  actions.append(goOn, close, leave);
  dialog.append(title, actions);
  document.body.append(dialog);
  const WARNING = 120;
  let ends, timer, isLast = false;
  const secondsLeft = () => (ends - Date.now()) / 1000;
  const showDialog = (text, isOver) => {
    title.textContent = text;
    goOn.hidden = leave.hidden = isOver;
    close.hidden = !isOver;
    if (!dialog.open) dialog.showModal();
    (isOver ? close : goOn).focus();
  };
  const requestSession = (method) => {
    const headers = { "content-type": "application/json" };
    // The page asks this by itself, not the person, so the request must not keep the session alive.
    if (method === "GET") headers["x-passive"] = "yes";
    return fetch("/api/v1/session", { method, headers, body: method === "POST" ? "{}" : undefined }).catch(() => null);
  };
  const check = async () => {
    clearTimeout(timer);
    if (secondsLeft() <= 0) {
      // Another tab may have kept the session alive.
      const response = await requestSession("GET");
      if (response?.ok) return setEnd((await response.json()).idle_seconds);
      if (response?.status === 401) return showDialog(idleOver, true);
      timer = setTimeout(check, 30000);
      return;
    }
    if (secondsLeft() <= WARNING && !isLast) showDialog(idleTitle, false);
    timer = setTimeout(check, Math.max(1, secondsLeft() > WARNING ? secondsLeft() - WARNING : secondsLeft()) * 1000);
  };
  const setEnd = (seconds) => {
    ends = Date.now() + seconds * 1000;
    if (dialog.open) dialog.close();
    check();
  };
  const extend = async () => {
    const response = await requestSession("POST");
    if (response?.status === 401) return showDialog(idleOver, true);
    if (!response?.ok) return showDialog(idleFailed, false);
    const seconds = (await response.json()).idle_seconds;
    // The session is near its longest life and cannot be prolonged: the dialog says so, once.
    isLast = seconds <= WARNING;
    setEnd(seconds);
    if (isLast) return showDialog(idleLast, true);
    const status = document.getElementById("status");
    if (status) status.textContent = idleGoneOn;
  };
  goOn.addEventListener("click", extend);
  close.addEventListener("click", () => dialog.close());
  // Escape, and the way back on a phone.
  dialog.addEventListener("cancel", (event) => {
    if (goOn.hidden) return;
    event.preventDefault();
    extend();
  });
  document.addEventListener("visibilitychange", check);
  setEnd(Number(idle));
}

// Live updates: when something new comes in for a part of this page, that part is fetched again. Only in a
// visible tab.
const parts = document.querySelectorAll("[data-live]");
if (parts.length && "EventSource" in window) {
  let source;
  let opened = false;
  const refresh = async (section) => {
    const headers = { "x-passive": "yes" };
    const response = await fetch(location.href, { credentials: "same-origin", redirect: "error", headers })
      .catch(() => null);
    if (!response?.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    // Another tab has changed the account or the client, so this page is about a former one.
    if (fresh.body.dataset.about !== document.body.dataset.about) return location.reload();
    for (const part of document.querySelectorAll(`[data-live~="${section}"]`)) {
      const other = fresh.getElementById(part.id);
      if (!other || other.innerHTML === part.innerHTML) continue;
      part.innerHTML = other.innerHTML;
      const status = document.getElementById("status");
      if (status) status.textContent = part.dataset.liveStatus;
    }
  };
  const refreshAll = () => {
    for (const section of new Set([...parts].flatMap((part) => part.dataset.live.split(" ")))) refresh(section);
  };
  const close = () => { source?.close(); source = undefined; };
  const listen = () => {
    if (document.visibilityState === "hidden") return close();
    if (source) return;
    source = new EventSource("/live");
    source.addEventListener("change", (event) => refresh(event.data));
    source.addEventListener("open", () => {
      // What came in while the stream was closed is fetched now.
      if (opened) refreshAll();
      opened = true;
      for (const part of parts) part.dataset.liveReady = "yes";
    });
    source.addEventListener("error", () => {
      // A browser does not try again when the answer is no stream, such as during an outage: connect again
      // later.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      setTimeout(listen, 5000);
    });
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}
