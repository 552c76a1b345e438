(() => {
  const beacon = (path) => {
    if (!navigator.sendBeacon || !navigator.sendBeacon(path)) fetch(path, { method: "POST", keepalive: true });
  };
  for (const video of document.querySelectorAll("video[data-played]")) {
    video.addEventListener("playing", () => beacon(video.dataset.played), { once: true });
  }
  for (const link of document.querySelectorAll("a[data-opened]")) {
    link.addEventListener("click", () => beacon(link.dataset.opened));
  }
  for (const button of document.querySelectorAll("button[data-like]")) {
    const key = "liked:" + button.dataset.like, count = button.querySelector("[data-count]");
    let liked = false;
    try { liked = localStorage.getItem(key) === "1"; } catch {}
    const show = () => button.setAttribute("aria-pressed", String(liked));
    show();
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const answer = await fetch(button.dataset.like, { method: "POST" });
        if (!answer.ok) return;
        const state = await answer.json();
        liked = state.liked;
        count.textContent = state.likes || "";
        try { liked ? localStorage.setItem(key, "1") : localStorage.removeItem(key); } catch {}
        show();
      } finally { button.disabled = false; button.focus(); }
    });
  }
  for (const button of document.querySelectorAll("button[data-share]")) {
    const label = button.querySelector("[data-label]"), said = label.textContent;
    if (!navigator.share && !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const url = button.dataset.share;
      try {
        if (navigator.share) return void (await navigator.share({ url, title: document.title }));
        await navigator.clipboard.writeText(url);
        label.textContent = "Link copied";
        setTimeout(() => { label.textContent = said; }, 2000);
      } catch {}
    });
  }
})();
