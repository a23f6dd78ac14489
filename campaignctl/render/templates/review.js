(() => {
  "use strict";
  const groups = [...document.querySelectorAll(".group")];
  const find = document.getElementById("find");
  const said = document.getElementById("said");
  const texts = new Map();
  const text = (group) => {
    if (!texts.has(group)) texts.set(group, group.textContent.toLocaleLowerCase());
    return texts.get(group);
  };
  const count = () => {
    const shown = groups.filter((group) => getComputedStyle(group).display !== "none").length;
    said.textContent = shown === groups.length ? "" : `${shown} of ${groups.length} shown`;
    document.getElementById("none").hidden = shown > 0;
  };
  const search = () => {
    const words = find.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    for (const group of groups) group.hidden = !words.every((word) => text(group).includes(word));
    count();
  };
  const unfold = (open) => { for (const group of groups) group.open = open; };
  if (find) {
    document.getElementById("tools").hidden = false;
    find.addEventListener("input", search);
    document.getElementById("open").addEventListener("click", () => unfold(true));
    document.getElementById("close").addEventListener("click", () => unfold(false));
    for (const input of document.querySelectorAll(".filters input[type=radio]")) input.addEventListener("change", count);
    addEventListener("keydown", (event) => {
      if (event.key === "/" && event.target === document.body) { event.preventDefault(); find.focus(); }
    });
    search();
  }
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open]):not(.gap)")];
    for (const each of folded) each.open = true;
  });
  addEventListener("afterprint", () => { for (const each of folded) each.open = false; });
})();
