// Keeps the list fresh: fetches this page again and puts its list in the place of the one shown. The server renders.
"use strict";

async function renew() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("entries");
  const shown = document.getElementById("entries");
  if (!fresh || fresh.innerHTML === shown.innerHTML) return;
  const focused = document.activeElement?.id;
  shown.replaceWith(fresh);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

setInterval(() => renew().catch(() => {}), 1000);
