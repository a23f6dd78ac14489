(() => {
  "use strict";
  const campaigns = [...document.querySelectorAll(".campaign")];
  const listed = [...document.querySelectorAll("nav li")];
  const find = document.getElementById("find");
  const texts = new Map();
  const text = (campaign) => {
    if (!texts.has(campaign)) texts.set(campaign, campaign.textContent.toLocaleLowerCase());
    return texts.get(campaign);
  };
  const search = () => {
    const words = find.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    campaigns.forEach((campaign, index) => {
      campaign.hidden = !words.every((word) => text(campaign).includes(word));
      if (listed[index]) listed[index].hidden = campaign.hidden;
    });
    const found = campaigns.filter((campaign) => !campaign.hidden).length;
    document.getElementById("said").textContent = words.length ? `${found} of ${campaigns.length}` : "";
    document.getElementById("none").hidden = found > 0;
  };
  if (find) {
    document.getElementById("tools").hidden = false;
    find.addEventListener("input", search);
    addEventListener("keydown", (event) => {
      if (event.key === "/" && event.target === document.body) { event.preventDefault(); find.focus(); }
    });
    search();
  }
  const unpacked = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
  };
  const near = new IntersectionObserver(async (entries) => {
    for (const { isIntersecting, target } of entries) {
      target.near = isIntersecting;
      const html = isIntersecting ? await unpacked(target.dataset.packed) : "";
      // It may have left while it was unpacked; what is far away costs no memory.
      for (const frame of target.querySelectorAll("iframe")) {
        if (!target.near) frame.removeAttribute("srcdoc");
        else if (html) frame.srcdoc = html;
      }
    }
  }, { rootMargin: "800px" });
  for (const each of document.querySelectorAll("[data-packed]")) near.observe(each);
})();
