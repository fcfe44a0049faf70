/** Asking the server: a token on every request, the signature on every answer, the clock beside it. */

import { offset, sample, type Sample } from "./clock.ts";
import type { Env } from "./env.ts";
import type { Store } from "./store.ts";
import type { Heard, Row, Tokens } from "./types.ts";

export type Stopped = "offline" | "captive" | "login" | "server";

/** A request could not be answered; `why` tells people whose fault it is. */
export class Halt extends Error {
  override name = "Halt";
  readonly why: Stopped;
  readonly status: number;
  /** how long the server asks us to wait [ms] */
  readonly after: number;
  constructor(why: Stopped, status = 0, message: string = why, after = 0) {
    super(message);
    this.why = why;
    this.status = status;
    this.after = after;
  }
}

export interface Answer {
  status: number;
  headers: Headers;
  body: any;
}

const EARLY_MS = 30_000;

export class Session {
  #env: Env;
  #store: Store;
  samples: Sample[] = [];
  /** when the server was last heard since this app was started */
  heard: Heard | null = null;

  constructor(env: Env, store: Store) {
    this.#env = env;
    this.#store = store;
  }

  /** Read back what was known about the clock. */
  async recall(): Promise<void> {
    this.samples = (await this.#store.meta<Sample[]>("clock")) ?? [];
  }

  get offset(): number {
    return offset(this.samples);
  }

  /** Ask, as the person logged in; a token that ran out is exchanged first. Answers below 500 come back, signed. */
  async ask(method: string, path: string, body?: Row | Uint8Array<ArrayBuffer>, headers: Row = {}): Promise<Answer> {
    let token = await this.#token(false);
    let answer = await this.#send(method, path, body, { ...headers, Authorization: `Bearer ${token}` });
    if (answer.status === 401) {
      token = await this.#token(true, token);
      answer = await this.#send(method, path, body, { ...headers, Authorization: `Bearer ${token}` });
      if (answer.status === 401) throw new Halt("login", 401);
    }
    return answer;
  }

  /** Fetch a file to look at; null where there is no line or no such file. */
  async file(path: string): Promise<Blob | null> {
    try {
      const token = await this.#token(false);
      const response = await this.#env.fetch(this.#env.base + path, { method: "GET", headers: { Authorization: `Bearer ${token}` } });
      return response.ok ? await response.blob() : null;
    } catch {
      return null;
    }
  }

  async #send(method: string, path: string, body: Row | Uint8Array<ArrayBuffer> | undefined, headers: Row): Promise<Answer> {
    const isBytes = body instanceof Uint8Array;
    const type: Record<string, string> = body === undefined ? {} : { "Content-Type": isBytes ? "application/offset+octet-stream" : "application/json" };
    const [asked, askedMono] = [this.#env.now(), this.#env.mono()];
    let response: Response;
    let said: any;
    try {
      response = await this.#env.fetch(this.#env.base + path, {
        method, headers: { ...type, ...headers }, body: isBytes ? body : body && JSON.stringify(body), cache: "no-store",
      });
      said = await json(response); // a line may break in the middle of an answer, too
    } catch (error) {
      if (error instanceof Error && error.name === "Crashed") throw error;
      throw new Halt("offline", 0, String(error));
    }
    const [answered, rtt] = [this.#env.now(), this.#env.mono() - askedMono];
    const answer: Answer = { status: response.status, headers: response.headers, body: said };
    if (isStrange(response, path)) throw new Halt(response.status >= 500 ? "server" : "captive", response.status);
    await this.#note(answer, asked, answered, askedMono, rtt);
    if ([429, 502, 503, 504].includes(answer.status)) throw new Halt("server", answer.status, "server", patience(response));
    return answer;
  }

  async #note(answer: Answer, asked: number, answered: number, askedMono: number, rtt: number): Promise<void> {
    const said = Date.parse(answer.body?.server_time ?? "");
    if (Number.isNaN(said)) return;
    this.heard = { at: answer.body.server_time, mono_ms: Math.round(askedMono + rtt / 2), within_ms: Math.ceil(rtt / 2) };
    this.samples = sample(this.samples, asked, answered, said);
    await this.#store.setMeta({ clock: this.samples });
  }

  async #token(isRefused: boolean, refused?: string): Promise<string> {
    const kept = await this.#store.meta<Tokens>("tokens");
    if (!kept) throw new Halt("login");
    if (!isRefused && kept.expiresAt - EARLY_MS > this.#env.now()) return kept.access_token;
    return this.#alone(`refresh ${this.#store.name}`, async () => {
      const now = (await this.#store.meta<Tokens>("tokens")) ?? kept;
      const isRenewed = refused ? now.access_token !== refused : now.expiresAt - EARLY_MS > this.#env.now();
      return isRenewed ? now.access_token : this.#refresh(now);
    });
  }

  async #refresh(now: Tokens): Promise<string> {
    const device_id = await this.#store.meta<string>("device_id");
    const answer = await this.#send("POST", "/api/v1/auth/refresh", { refresh_token: now.refresh_token, device_id }, {});
    if (answer.status !== 200) throw new Halt(answer.status < 500 && answer.status !== 429 ? "login" : "server", answer.status);
    await this.#store.setMeta({ tokens: tokensOf(answer.body, this.#env.now()) });
    return answer.body.access_token;
  }

  #alone<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#env.locks ? (this.#env.locks.request(name, work) as Promise<T>) : work();
  }
}

/** How long the server asks us to wait [ms]; at most an hour is believed. */
function patience(response: Response): number {
  const seconds = Number(response.headers.get("Retry-After") ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 3_600) * 1000 : 0;
}

/** Read the tokens of an answer; when they run out is told by the phone's own clock. */
export function tokensOf(body: Row, now: number): Tokens {
  return { access_token: body.access_token, refresh_token: body.refresh_token, expiresAt: now + body.expires_in * 1000 };
}

/** Tell whether somebody else answered: a log-in page of a hotel, a proxy. Ours is signed; log-in answers are JSON. */
function isStrange(response: Response, path: string): boolean {
  if (path.startsWith("/api/v1/field/")) return response.headers.get("Enerfield-Signature") !== "1" && response.status !== 401;
  return response.status < 500 && response.status !== 204 && !(response.headers.get("Content-Type") ?? "").includes("json");
}

async function json(response: Response): Promise<any> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
