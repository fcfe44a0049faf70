/** Photos and signatures: smallest first, in checked chunks, taken up again where they broke off.
 *
 * Two go at a time, so that one fills a thin line while the other waits for an answer; one at a time where the phone
 * has no locks, for nothing else keeps two requests from renewing the same token.
 */

import { sha256Base64, type Env } from "./env.ts";
import { Halt, type Session } from "./session.ts";
import type { Store } from "./store.ts";
import type { BlobEntry } from "./types.ts";

export const CHUNK = 256 * 1024;
const TRIES = 5;
const LANES = 2;
const KEPT_MS = 7 * 86_400_000;
const WRONG_CHECKSUM = 460;

/** Answers that are about the photo itself; any other is about this moment, and the photo waits for a better one. */
const NEVER = [400, 413, 415, 422];

/** Send what waits; return how many arrived. Throws Halt when nothing can be sent now. */
export async function upload(env: Env, store: Store, session: Session, progress: () => void = () => undefined): Promise<number> {
  const waiting = (await store.blobs()).filter((one) => one.state === "waiting" && one.isHere).sort((a, b) => a.size - b.size);
  let arrived = 0;
  const lane = async () => {
    try {
      for (let one = waiting.shift(); one; one = waiting.shift()) {
        if (await sendOne(env, store, session, one, progress)) arrived += 1;
        progress();
      }
    } finally {
      waiting.length = 0; // what stops one stops the other: it ends with the photo it has
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: env.locks ? LANES : 1 }, lane));
  const halted = ends.find((end) => end.status === "rejected");
  if (halted) throw halted.reason;
  return arrived;
}

async function sendOne(env: Env, store: Store, session: Session, blob: BlobEntry, progress: () => void): Promise<boolean> {
  let { url, offset } = blob;
  const bytes = await store.bytes(blob.sha256);
  if (!bytes) return false;
  for (let turn = 0; turn < TRIES; turn++) {
    if (!url) {
      const begun = await session.ask("POST", "/api/v1/field/uploads", { sha256: blob.sha256, size: blob.size, mime: blob.mime });
      if (begun.status === 200) return received(env, store, blob);
      if (NEVER.includes(begun.status)) return refuse(store, blob, begun.body?.message ?? String(begun.status));
      if (begun.status !== 201) throw new Halt("server", begun.status);
      url = pathOf(begun.headers.get("Location") ?? "");
      offset = 0;
      await remember(store, blob.sha256, { url, offset });
    } else {
      const asked = await session.ask("HEAD", url);
      if (asked.status === 404 || asked.status === 410) {
        url = null; // forgotten after 14 days: begin again
        continue;
      }
      if (asked.status >= 300) throw new Halt("server", asked.status);
      offset = Number(asked.headers.get("Upload-Offset") ?? 0);
    }
    const end = await sendChunks(store, session, blob, bytes, url, offset, progress);
    if (end === "here") return received(env, store, blob);
    if (typeof end === "object") return refuse(store, blob, end.reason);
    if (end === "gone") url = null;
  }
  return false;
}

type End = "here" | "again" | "gone" | { reason: string };

async function sendChunks(
  store: Store, session: Session, blob: BlobEntry, bytes: Uint8Array<ArrayBuffer>, url: string, from: number, progress: () => void,
): Promise<End> {
  let offset = from;
  while (offset < blob.size) {
    const chunk = bytes.slice(offset, offset + CHUNK);
    const answer = await session.ask("PATCH", url, chunk, {
      "Upload-Offset": String(offset), "Upload-Checksum": `sha256 ${await sha256Base64(chunk)}`, "Tus-Resumable": "1.0.0",
    });
    if (answer.status === 409 || answer.status === WRONG_CHECKSUM) return "again";
    if (answer.status === 404 || answer.status === 410) return "gone";
    if (NEVER.includes(answer.status)) return { reason: answer.body?.message ?? String(answer.status) };
    if (answer.status >= 300) throw new Halt("server", answer.status);
    if (answer.body?.state === "refused") return { reason: answer.body.reason ?? "" };
    offset = Number(answer.headers.get("Upload-Offset") ?? offset + chunk.length);
    await remember(store, blob.sha256, { url, offset });
    progress();
  }
  return "here";
}

function remember(store: Store, sha256: string, changed: Partial<BlobEntry>): Promise<void> {
  return store.write(["blobs"], async (tx) => {
    const kept = await tx.objectStore("blobs").get(sha256);
    if (kept) await tx.objectStore("blobs").put({ ...kept, ...changed });
  });
}

async function received(env: Env, store: Store, blob: BlobEntry): Promise<boolean> {
  await remember(store, blob.sha256, { state: "server", offset: blob.size, receivedAt: env.now(), reason: null });
  return true;
}

async function refuse(store: Store, blob: BlobEntry, reason: string): Promise<boolean> {
  await remember(store, blob.sha256, { state: "refused", reason });
  return false;
}

/** Forget the bytes of what the server has had for seven days. */
export async function tidy(env: Env, store: Store): Promise<void> {
  await forget(store, (one) => one.receivedAt !== null && one.receivedAt + KEPT_MS < env.now());
}

/** Give back the bytes of what the server has, now: the phone is full. Tells whether there were any. */
export function shedReceived(store: Store): Promise<boolean> {
  return forget(store, () => true);
}

function forget(store: Store, isOld: (one: BlobEntry) => boolean): Promise<boolean> {
  return store.write(["blobs", "bytes"], async (tx) => {
    const old = (await tx.objectStore("blobs").getAll()).filter((one) => one.state === "server" && one.isHere && isOld(one));
    for (const one of old) {
      await tx.objectStore("bytes").delete(one.sha256);
      await tx.objectStore("blobs").put({ ...one, isHere: false });
    }
    return old.length > 0;
  });
}

function pathOf(location: string): string {
  return location.startsWith("/") ? location : new URL(location, "http://here").pathname;
}
