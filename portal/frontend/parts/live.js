// Values change without a reload: one stream of server-sent events for the whole page.
// `values`: [[point id, milliseconds, value or null, is good], …]   `alarms`: something about alarms changed
import htmx from "htmx.org";
import { number } from "./numbers.js";

const STALE_AFTER_MS = 5 * 60_000;

export function watchLive() {
  const address = document.body.dataset.liveFeed;
  if (!address) return;
  const shown = index();
  if (!shown.size && !document.querySelector("[data-live-count], [data-refresh]")) return;
  const url = new URL(address, location.href);
  if (shown.size) url.searchParams.set("points", [...shown.keys()].join(","));
  const feed = new EventSource(url);
  feed.addEventListener("values", (event) => show(shown, JSON.parse(event.data)));
  feed.addEventListener("alarms", alarmsChanged);
  // a stream of some points tells of their alarms only: news of all alarms come by one of their own
  const others = shown.size && document.querySelector("[data-refresh~='alarms']") ? new EventSource(address) : null;
  others?.addEventListener("alarms", alarmsChanged);
  feed.addEventListener("open", () => lost(false));
  feed.addEventListener("error", () => setTimeout(() => lost(feed.readyState !== EventSource.OPEN), 4000));
  addEventListener("pagehide", () => {
    feed.close();
    others?.close();
  });
  setInterval(() => age(shown), 30_000);
}

function alarmsChanged() {
  refresh("alarms");
  recount();
}

let isCounting = false;
function recount() {
  const badges = document.querySelectorAll("[data-live-count='alarms']");
  if (!badges.length || isCounting) return;
  isCounting = true;
  setTimeout(async () => {
    isCounting = false;
    const answer = await fetch(badges[0].dataset.source);
    if (!answer.ok) return;
    const count = (await answer.text()).trim();
    for (const badge of badges) {
      badge.textContent = count;
      badge.dataset.count = count;
    }
  }, 1500);
}

function index() {
  const shown = new Map();
  for (const element of document.querySelectorAll("[data-live]")) {
    const point = element.dataset.live;
    if (!shown.has(point)) shown.set(point, []);
    shown.get(point).push(element);
  }
  return shown;
}

function show(shown, values) {
  for (const [point, at, value, isGood] of values) {
    for (const element of shown.get(point) ?? []) paint(element, at, value, isGood);
  }
  document.dispatchEvent(new CustomEvent("enerfield:refresh"));
  refresh("values");
}

function paint(element, at, value, isGood) {
  element.dataset.at = at;
  if (value === null || !isGood) {
    element.classList.add("stale");
    return;
  }
  const words = number(value, element.dataset.unit, Number(element.dataset.digits ?? 3));
  const [digits, unit] = [element.querySelector("b"), element.querySelector("i")];
  if (digits.textContent === words.digits && unit.textContent === words.unit) return;
  digits.textContent = words.digits;
  unit.textContent = words.unit;
  element.title = `${value.toLocaleString("en-US", { maximumFractionDigits: 3 })} ${element.dataset.unit}`;
  element.classList.remove("stale", "changed");
  requestAnimationFrame(() => element.classList.add("changed"));
}

function age(shown) {
  const now = Date.now();
  for (const elements of shown.values()) {
    for (const element of elements) {
      if (element.dataset.at && now - Number(element.dataset.at) > STALE_AFTER_MS) element.classList.add("stale");
    }
  }
}

// Parts of the page that depend on many values are asked for again, at most every few seconds each.
const waiting = new Map();
function refresh(topic) {
  for (const part of document.querySelectorAll(`[data-refresh~="${topic}"]`)) {
    if (waiting.has(part)) continue;
    const pause = Number(part.dataset.pause ?? 2000);
    waiting.set(part, setTimeout(() => {
      waiting.delete(part);
      if (!document.hidden) htmx.trigger(part, "enerfield:refresh");
    }, pause));
  }
}

function lost(isLost) {
  let bar = document.querySelector(".link-lost");
  if (isLost && !bar) {
    bar = document.createElement("div");
    bar.className = "link-lost";
    bar.setAttribute("role", "status");
    bar.textContent = document.body.dataset.lost;
    document.querySelector(".top").after(bar);
  } else if (!isLost) bar?.remove();
}
