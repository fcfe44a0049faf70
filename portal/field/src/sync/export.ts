/** Everything this phone has not got through, as one file: the last resort. */

import type { Store } from "./store.ts";

export async function exported(store: Store, now: number): Promise<Blob> {
  const ops = (await store.ops()).filter((entry) => entry.state !== "server");
  const blobs = (await store.blobs()).filter((one) => one.state !== "server" && one.isHere);
  const device_id = await store.meta<string>("device_id");
  const parts: string[] = [];
  parts.push(JSON.stringify({ kind: "enerfield field export", device_id, at: new Date(now).toISOString() }).slice(0, -1));
  parts.push(',"operations":[', ops.map((entry) => JSON.stringify({ ...entry.op, state: entry.state, result: entry.result })).join(","), ']');
  parts.push(',"files":[');
  for (const [place, one] of blobs.entries()) {
    const bytes = (await store.bytes(one.sha256)) ?? new Uint8Array();
    parts.push(place ? "," : "", JSON.stringify({ ...one, base64: base64(bytes) }));
  }
  parts.push("]}");
  return new Blob(parts, { type: "application/json" });
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
