(() => {
  "use strict";
  const main = document.getElementById("main");
  const connection = document.getElementById("connection");
  if (!connection) return;
  /* The address of the same page without styles, script and previews. */
  const bare = (address) => {
    const found = new URL(address);
    found.searchParams.set("look", "1");
    return found;
  };
  const place = (element) => {
    if (!element || !element.closest("[data-live]")) return null;
    const href = element.getAttribute("href");
    return element.id ? "#" + CSS.escape(element.id) : href ? `a[href="${CSS.escape(href)}"]` : null;
  };
  /* Shows what is new of another answer, and leaves everything else as it is: tabs, texts being typed, the focus. */
  const show = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const content = fresh.getElementById("main");
    if (!content || content.dataset.content !== main.dataset.content) return false;
    const focused = document.activeElement;
    const found = place(focused);
    for (const old of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(old.id);
      if (next && next.innerHTML !== old.innerHTML) old.replaceChildren(...next.childNodes);
    }
    if (found && !focused.isConnected) (document.querySelector(found) || main).focus({ preventScroll: true });
    return true;
  };
  const look = async () => {
    try {
      const answer = await fetch(bare(location.href), { cache: "no-store" });
      const text = await answer.text();
      connection.textContent = "";
      if (answer.ok && !show(text)) return location.reload();
      setTimeout(look, 1000);
    } catch {
      connection.textContent = "The sandbox has stopped.";
      setTimeout(look, 5000);
    }
  };
  /* Sends a form that was refused once more, as a page: its answer says why. */
  const send = (form, submitter) => {
    const pressed = document.createElement("input");
    pressed.type = "hidden";
    [pressed.name, pressed.value] = [submitter?.name || "", submitter?.value || ""];
    form.append(pressed);
    form.submit();
  };
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!("quiet" in form.dataset)) return;
    const body = new URLSearchParams(new FormData(form, event.submitter));
    event.preventDefault();
    try {
      const answer = await fetch(bare(form.action), { method: "POST", body });
      const text = await answer.text();
      const shown = new URL(answer.url);
      shown.searchParams.delete("look");
      if (!answer.ok) send(form, event.submitter);
      else if (show(text)) history.replaceState(null, "", shown);
      else location.assign(shown);
    } catch {
      /* Perhaps it was done: it is not sent a second time. */
      connection.textContent = "The sandbox has stopped.";
    }
  });
  setTimeout(look, 1000);
})();
