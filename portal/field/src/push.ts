/** Notices by web push: asked for by a tap, shown by the service worker. */

import { look } from "./look.ts";
import type { Core } from "./sync/core.ts";

export async function pushState(): Promise<"absent" | "on" | "off" | "denied"> {
  const worker = await navigator.serviceWorker?.getRegistration();
  if (!worker?.pushManager || typeof Notification === "undefined") return "absent";
  if (Notification.permission === "denied") return "denied";
  return (await worker.pushManager.getSubscription().catch(() => null)) ? "on" : "off";
}

export async function subscribe(core: Core): Promise<"on" | "off" | "denied"> {
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const worker = await navigator.serviceWorker.ready;
  try {
    const { body } = await core.session.ask("GET", "/api/v1/field/push-key");
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: body.key });
    const { endpoint, keys } = made.toJSON();
    const device_id = await core.store.meta<string>("device_id");
    const answer = await core.session.ask("POST", "/api/v1/field/subscriptions", { device_id, endpoint, keys, locale: look.locale });
    return answer.status < 300 ? "on" : "off";
  } catch {
    return "off";
  }
}
