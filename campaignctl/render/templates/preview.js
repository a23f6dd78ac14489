(() => {
  "use strict";
  const mine = document.currentScript.dataset.version;
  const live = document.getElementById("live");
  const kept = "campaignctl " + location.pathname;
  try {
    const before = JSON.parse(sessionStorage.getItem(kept) || "null");
    if (before) {
      for (const id of before.chosen) {
        const input = document.getElementById(id);
        if (input) input.checked = true;
      }
      const find = document.getElementById("find");
      if (find && before.words) {
        find.value = before.words;
        find.dispatchEvent(new Event("input"));
      }
      scrollTo({ top: before.top, behavior: "instant" });
    }
    sessionStorage.removeItem(kept);
  } catch { /* A browser without storage shows the page from its beginning. */ }
  const reload = () => {
    const chosen = [...document.querySelectorAll("input:checked")].map((input) => input.id);
    const words = document.getElementById("find")?.value;
    try { sessionStorage.setItem(kept, JSON.stringify({ chosen, words, top: scrollY })); } catch { /* As above. */ }
    location.reload();
  };
  const look = async () => {
    try {
      const answer = await fetch("version", { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      if ((await answer.text()) !== mine) return reload();
      live.textContent = "Reloads when a file changes";
      live.classList.remove("stopped");
      setTimeout(look, 500);
    } catch {
      live.textContent = "The preview has ended";
      live.classList.add("stopped");
      setTimeout(look, 5000);
    }
  };
  setTimeout(look, 500);
})();
