/** The world outside the core, passed in: so that it runs in a page, a service worker and a test alike. */

import type { Geo } from "./types.ts";

export interface Env {
  /** address of the server, without a slash at the end; empty in a page */
  base: string;
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** wall clock of the device [ms] */
  now: () => number;
  /** monotonic clock since `bootId` began [ms] */
  mono: () => number;
  bootId: string;
  random: () => number;
  locks: LockManager | null;
  tz: string;
  app: string;
  geo: () => Geo | null;
  estimate: () => Promise<{ quota?: number; usage?: number }>;
  /** give up map tiles and the like; tells whether anything was freed */
  shed: () => Promise<boolean>;
}

/** SHA-256 in hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function sha256Base64(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return btoa(String.fromCharCode(...digest));
}
