/** The service worker: the app's files without a signal, push notices, sending while the page is closed. */

import { lastPerson, openCore } from "./phone.ts";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };
declare const __APP__: string;

const FILES = self.__WB_MANIFEST;
const CACHE = `field-shell ${__APP__} ${hash(FILES.map((one) => one.url + (one.revision ?? "")).join())}`;
const PAGE = "/field/";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll([new Request(PAGE, { cache: "reload" }), ...FILES.map((one) => one.url)])),
  );
});

// A new version waits until no page uses the old one; only then are the old files dropped. Data are never touched here.
self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) if (name.startsWith("field-shell") && name !== CACHE) await caches.delete(name);
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname.startsWith(PAGE)) event.respondWith(kept(new Request(PAGE), event.request));
  else if (url.pathname.startsWith("/static/field/")) event.respondWith(kept(event.request, event.request));
});

async function kept(wanted: Request, asked: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const found = await cache.match(wanted, { ignoreSearch: true, ignoreVary: true });
  if (found) return found;
  const answer = await fetch(asked);
  if (answer.ok && asked.mode !== "navigate") await cache.put(asked, answer.clone()); // the map's code, looked at once
  return answer;
}

// A push is always shown: a browser that sees nothing takes the subscription away.
self.addEventListener("push", (event) => {
  event.waitUntil(notify(event.data));
});

async function notify(data: PushMessageData | null): Promise<void> {
  let said: { title?: string; body?: string; url?: string; tag?: string } = {};
  try {
    said = data?.json() ?? {};
  } catch {
    said = { body: data?.text() };
  }
  const options = { body: said.body ?? "", tag: said.tag ?? "field", data: { url: said.url ?? PAGE }, icon: "/static/field/icon-192.png", badge: "/static/field/badge.png" };
  await self.registration.showNotification(said.title ?? "Enerfield", options);
  if (!(await tellPages())) await drain();
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const target = String(event.notification.data?.url ?? PAGE);
  const url = target.startsWith(PAGE) ? target : PAGE;
  event.waitUntil(
    (async () => {
      const [open] = (await self.clients.matchAll({ type: "window" })) as WindowClient[];
      if (!open) await self.clients.openWindow(url);
      else await (await open.focus()).navigate(url);
    })(),
  );
});

(self as any).addEventListener("sync", (event: any) => {
  event.waitUntil(tellPages().then((told: boolean) => (told ? undefined : drain())));
});

/** Let an open page send, which shows what it does; tells whether there was one. */
async function tellPages(): Promise<boolean> {
  const pages = await self.clients.matchAll({ type: "window" });
  for (const page of pages) page.postMessage("sync");
  return pages.length > 0;
}

async function drain(): Promise<void> {
  const person = await lastPerson();
  if (!person) return;
  const core = await openCore(person.database);
  await core.sync({ isForced: true, withTags: false });
  core.store.close();
}

function hash(text: string): string {
  let value = 5381;
  for (const letter of text) value = ((value << 5) + value + letter.charCodeAt(0)) >>> 0;
  return value.toString(36);
}
