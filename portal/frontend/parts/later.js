// Charts and maps are large: they load when they are on screen and the page has come to rest.
// On a phone the drawn picture stays until it is touched or focused, which spares data and battery.
// Which file holds them is told by the page (<link rel="...">), as names are hashed.

const isPhone = matchMedia("(max-width: 759px), (pointer: coarse)").matches;

export function watchPlots() {
  for (const figure of document.querySelectorAll("[data-chart]")) {
    whenWanted(figure, async () => (await import("./chart.js")).openChart(figure));
  }
}

export function watchMaps() {
  for (const figure of document.querySelectorAll("[data-map]")) {
    whenWanted(figure, async () => (await import("./map.js")).openMap(figure));
  }
}

function whenWanted(figure, open) {
  let isOpened = false;
  const once = () => {
    if (isOpened) return;
    isOpened = true;
    open().catch((error) => {
      isOpened = false;
      console.warn(error);
    });
  };
  for (const touch of ["pointerenter", "pointerdown", "focusin", "enerfield:open"]) {
    figure.addEventListener(touch, once, { passive: true });
  }
  if (isPhone) return;
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    afterRest(once);
  });
  seen.observe(figure);
}

function afterRest(task) {
  const rest = () => ("requestIdleCallback" in window ? requestIdleCallback(task, { timeout: 3000 }) : setTimeout(task, 300));
  if (document.readyState === "complete") rest();
  else addEventListener("load", rest, { once: true });
}
