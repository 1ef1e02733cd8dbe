// Enhancements. Every page works without this file.
"use strict";

// Focus on what went wrong, so that it is read out and seen first.
document.querySelector("[data-focus]")?.focus();

// A button that shows or hides what is typed in a password field; the field is a password again when it is sent.
for (const field of document.querySelectorAll("input[type=password][data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "utrecht-button utrecht-button--secondary-action";
  button.setAttribute("aria-controls", field.id);
  const label = () => { button.textContent = field.type === "password" ? field.dataset.show : field.dataset.hide; };
  button.addEventListener("click", () => { field.type = field.type === "password" ? "text" : "password"; label(); });
  label();
  field.after(button);
  field.form?.addEventListener("submit", () => { field.type = "password"; });
}

// One submit at a time.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}

// A page that the browser kept is not shown again after a logout: it is asked for anew.
window.addEventListener("pageshow", (event) => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  if (event.persisted && document.querySelector("[data-private]")) location.reload();
});

// Two minutes before the session ends: a question, and one button to go on. What was typed stays in any case.
const { idle, idleTitle, idleGoOn, idleOver, idleClose, idleLast, idleFailed } = document.body.dataset;
if (idle && window.HTMLDialogElement) {
  const dialog = document.createElement("dialog");
  dialog.className = "zp-idle";
  dialog.setAttribute("role", "alertdialog");
  dialog.setAttribute("aria-labelledby", "idle-title");
  const title = document.createElement("p");
  title.id = "idle-title";
  // Read out also where it changes while the question is open.
  title.setAttribute("role", "alert");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "utrecht-button utrecht-button--primary-action";
  button.textContent = idleGoOn;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "utrecht-button utrecht-button--primary-action";
  close.textContent = idleClose;
  close.hidden = true;
  dialog.append(title, button, close);
  document.body.append(dialog);
  const WARNING = 120;
  let ends, timer, isLast = false;
  const left = () => (ends - Date.now()) / 1000;
  const say = (text, isOver) => {
    title.textContent = text;
    button.hidden = isOver;
    close.hidden = !isOver;
    if (!dialog.open) dialog.showModal();
    (isOver ? close : button).focus();
  };
  const ask = (method) => {
    const headers = { "content-type": "application/json" };
    // Asked by the page itself, it must not keep the session alive.
    if (method === "GET") headers["x-passive"] = "yes";
    return fetch("/api/v1/session", { method, headers, body: method === "POST" ? "{}" : undefined }).catch(() => null);
  };
  const check = async () => {
    clearTimeout(timer);
    if (left() <= 0) {
      // Another tab may have gone on with it.
      const response = await ask("GET");
      if (response?.ok) return begin((await response.json()).idle_seconds);
      if (response?.status === 401) return say(idleOver, true);
      timer = setTimeout(check, 30000);
      return;
    }
    if (left() <= WARNING && !isLast) say(idleTitle, false);
    timer = setTimeout(check, Math.max(1, left() > WARNING ? left() - WARNING : left()) * 1000);
  };
  const begin = (seconds) => {
    ends = Date.now() + seconds * 1000;
    if (dialog.open) dialog.close();
    check();
  };
  close.addEventListener("click", () => dialog.close());
  button.addEventListener("click", async () => {
    const response = await ask("POST");
    if (response?.status === 401) return say(idleOver, true);
    if (!response?.ok) return say(idleFailed, false);
    const seconds = (await response.json()).idle_seconds;
    // The longest that anybody is logged in is nearly over: there is nothing to go on with, and it is said once.
    isLast = seconds <= WARNING;
    begin(seconds);
    if (isLast) say(idleLast, true);
  });
  document.addEventListener("visibilitychange", check);
  begin(Number(idle));
}

// Live: when something new comes in for a part of this page, that part is fetched again. In the visible tab only.
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
    // Another person or client meanwhile, in another tab: then this page is about something else.
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
      // Whatever came in while nobody listened is fetched now.
      if (opened) refreshAll();
      opened = true;
      for (const part of parts) part.dataset.liveReady = "yes";
    });
    source.addEventListener("error", () => {
      // A browser gives up for good when the answer is no stream, such as during an outage: begin again later.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      setTimeout(listen, 5000);
    });
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}
