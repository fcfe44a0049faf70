/** This phone: who is logged in on it, the world its core lives in, and when it sends. Page and service worker share it. */

import { openDB } from "idb";
import { Core } from "./sync/core.ts";
import type { Env } from "./sync/env.ts";
import { newId } from "./sync/ids.ts";
import { Store } from "./sync/store.ts";
import type { Geo } from "./sync/types.ts";

declare const __APP__: string;

const TILES = "field-tiles";
/** A line that is dead and does not say so would hold up everything behind it; a piece of a photo takes 50 s at 5 kB/s. */
const PATIENCE_MS = 90_000;
const BOOT = newId(Date.now());

interface Person {
  email: string;
  database: string;
}

const registry = () =>
  openDB("enerfield-field", 1, {
    upgrade(made) {
      made.createObjectStore("phone");
    },
  });

/** Who is logged in, or was last. */
export async function lastPerson(): Promise<Person | undefined> {
  return (await registry()).get("phone", "current");
}

/** Each person has a database of their own on this phone; the same one whenever they come back. */
export async function databaseFor(email: string): Promise<string> {
  const known = await registry();
  const key = `person ${email.trim().toLowerCase()}`;
  const found: string | undefined = await known.get("phone", key);
  if (found) return found;
  const made = `field ${newId(Date.now())}`;
  await known.put("phone", made, key);
  return made;
}

export async function remember(person: Person): Promise<void> {
  await (await registry()).put("phone", person, "current");
}

let place: (Geo & { at: number }) | null = null;

/** Ask where the phone is, quietly where it was allowed before; null where it cannot be told. */
export async function locate(mayAsk = false): Promise<Geo | null> {
  if (!("geolocation" in navigator)) return null;
  if (!mayAsk) {
    const state = await navigator.permissions?.query({ name: "geolocation" }).catch(() => null);
    if (state?.state !== "granted") return null;
  }
  return new Promise((resolve) =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        place = { lat: coords.latitude, lon: coords.longitude, acc: coords.accuracy, age_s: 0, at: Date.now() };
        resolve(place);
      },
      () => resolve(null),
      { enableHighAccuracy: true, maximumAge: 60_000, timeout: 8_000 },
    ),
  );
}

/** The last known place with its age. */
export function here(): Geo | null {
  if (!place || Date.now() - place.at > 3_600_000) return null;
  return { lat: place.lat, lon: place.lon, acc: Math.round(place.acc), age_s: Math.round((Date.now() - place.at) / 1000) };
}

function environment(): Env {
  return {
    base: "", fetch: (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) }), now: () => Date.now(), mono: () => performance.now(), bootId: BOOT,
    random: Math.random, locks: navigator.locks ?? null, tz: Intl.DateTimeFormat().resolvedOptions().timeZone, app: __APP__,
    geo: here, estimate: async () => (await navigator.storage?.estimate?.()) ?? {}, shed: () => caches.delete(TILES),
  };
}

export async function openCore(database: string): Promise<Core> {
  return Core.open(environment(), await Store.open(database));
}

/** Send when something was written, the line came back, the page shows again, and while it shows every 30 s and when
    what failed is due again. */
export function keepSending(core: Core): () => void {
  const now = (): void => void core.sync({ isForced: true });
  const quietly = (): void => void (document.visibilityState === "visible" && core.sync({ withTags: false }));
  const shown = (): void => void (document.visibilityState === "visible" && now());
  const told = (message: MessageEvent): void => void (message.data === "sync" && now());
  const timer = setInterval(quietly, 30_000);
  let due: ReturnType<typeof setTimeout> | undefined;
  const stop = core.on(() => {
    clearTimeout(due);
    if (core.wait !== null && !core.status.isSending) due = setTimeout(quietly, core.wait + 50);
  });
  addEventListener("online", now);
  document.addEventListener("visibilitychange", shown);
  navigator.serviceWorker?.addEventListener("message", told);
  now();
  return () => {
    clearInterval(timer);
    clearTimeout(due);
    stop();
    removeEventListener("online", now);
    document.removeEventListener("visibilitychange", shown);
    navigator.serviceWorker?.removeEventListener("message", told);
  };
}

/** Ask the browser to send once the line is back, even when the page is closed (Chromium only, never the only way). */
export async function askBackgroundSync(): Promise<void> {
  const ready = (await navigator.serviceWorker?.getRegistration()) as any;
  await ready?.sync?.register("drain").catch(() => undefined);
}
