/** Times, numbers and distances as people read them here. */

import { amount } from "./amount.ts";
import { look, t } from "./look.ts";

const tag = (): string => (look.locale === "zh" ? "zh-CN" : "en-GB");

const STYLES = {
  clock: { hour: "2-digit", minute: "2-digit", hour12: false },
  day: { weekday: "short", day: "numeric", month: "short" },
  key: {},
} satisfies Record<string, Intl.DateTimeFormatOptions>;
const writers = new Map<string, Intl.DateTimeFormat>();

/** Write an instant; making a writer takes a slow phone a millisecond, so that each is made once. */
function written(style: keyof typeof STYLES, locale: string, at: string | number, timeZone: string): string {
  const key = `${style} ${locale} ${timeZone}`;
  if (!writers.has(key)) writers.set(key, writer(locale, STYLES[style], timeZone));
  return writers.get(key)!.format(new Date(at));
}

/** The zone of the site: all times are told in it, wherever the phone thinks it is. Until the first visits came, the phone's. */
export const site = { zone: "" };

/** In the phone's own zone where the given one is not known here. */
function writer(locale: string, style: Intl.DateTimeFormatOptions, timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat(locale, timeZone ? { ...style, timeZone } : style);
  } catch {
    return new Intl.DateTimeFormat(locale, style);
  }
}

export function clock(at: string | number | null | undefined, timeZone: string = site.zone): string {
  return at === null || at === undefined ? "" : written("clock", tag(), at, timeZone);
}

export function day(at: string | number, timeZone: string = site.zone): string {
  return written("day", tag(), at, timeZone);
}

/** A time to come: without its day where that is today. */
export function soon(at: string | number, now: number, timeZone: string = site.zone): string {
  return dayKey(at, timeZone) === dayKey(now, timeZone) ? clock(at, timeZone) : stamp(at, timeZone);
}

export function stamp(at: string | number | null | undefined, timeZone: string = site.zone): string {
  return at === null || at === undefined ? "" : `${day(at, timeZone)} ${clock(at, timeZone)}`;
}

/** The local day an instant falls on, as a key that sorts. */
export function dayKey(at: string | number, timeZone: string = site.zone): string {
  return written("key", "sv-SE", at, timeZone);
}

export function lasting(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 60) return t("minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? t("hours_minutes", { n: hours, m: minutes % 60 }) : t("hours", { n: hours });
  return t("days", { n: Math.round(hours / 24) });
}

export function age(ms: number): string {
  return ms < 60_000 ? t("just_now") : t("ago", { time: lasting(ms) });
}

/** What was measured, with its unit. */
export const measured = (value: unknown, unit?: string | null): string => amount(value, unit, tag());

/** What a register shows or somebody typed: every digit counts. */
export const exact = (value: unknown, unit?: string | null): string => amount(value, unit, tag(), { isExact: true });

/** What a value must keep to: between two limits, or above or below one. */
export function limits(low: unknown, high: unknown, unit?: string | null): string {
  const [hasLow, hasHigh] = [typeof low === "number", typeof high === "number"];
  if (hasLow && hasHigh) return t("limits", { low: exact(low), high: exact(high, unit) });
  return hasLow ? t("at_least", { low: exact(low, unit) }) : hasHigh ? t("at_most", { high: exact(high, unit) }) : "";
}

export function size(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1_000))} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

export interface Spot {
  lat: number;
  lon: number;
}

/** Great-circle distance [m]. */
export function metres(a: Spot, b: Spot): number {
  const r = Math.PI / 180;
  const half = Math.sin(((b.lat - a.lat) * r) / 2) ** 2 + Math.cos(a.lat * r) * Math.cos(b.lat * r) * Math.sin(((b.lon - a.lon) * r) / 2) ** 2;
  return 2 * 6_371_000 * Math.asin(Math.sqrt(half));
}

export function distance(m: number): string {
  return m < 950 ? `${Math.round(m / 10) * 10} m` : `${(m / 1000).toFixed(m < 9_500 ? 1 : 0)} km`;
}
