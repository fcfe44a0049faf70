/** Measured values as people read them: as many digits as the quantity has meaning, the unit beside them. */

/** Digits after the point by unit; other units have four significant digits. */
const DECIMALS: Record<string, number> = {
  V: 1, A: 1, Hz: 2, "°C": 1, K: 1, bar: 2, kPa: 1, MPa: 3, "%": 1, s: 0, min: 0, h: 1, "mg/m3": 1, "W/m2": 0, ppm: 0, lx: 0, dB: 1,
};
const SIGNIFICANT = 4;
const SHOWN: Record<string, string> = { m3: "m³", "m3/h": "m³/h", "W/m2": "W/m²", "mg/m3": "mg/m³", "K diff": "K", "1": "" };

const SHOWN_ZH: Record<string, string> = { pcs: "个", pair: "对", set: "套" };

export const shownUnit = (unit: string | null | undefined, locale = ""): string =>
  unit ? ((locale.startsWith("zh") && SHOWN_ZH[unit]) || (SHOWN[unit] ?? unit)) : "";

/** Say what was measured; `isExact` where every digit counts: registers, and what somebody typed. */
export function amount(value: unknown, unit: string | null | undefined, locale: string, { isExact = false } = {}): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  return `${digits(value, unit ?? "", locale, isExact)} ${shownUnit(unit, locale)}`.trimEnd();
}

function digits(value: number, unit: string, locale: string, isExact: boolean): string {
  const write = (options: Intl.NumberFormatOptions): string => writer(locale, options).format(value);
  if (isExact) return write({ maximumFractionDigits: 6 });
  const decimals = DECIMALS[unit];
  if (decimals === undefined) return write({ maximumSignificantDigits: SIGNIFICANT });
  const isTiny = value !== 0 && Math.abs(value) < 10 ** -decimals;
  return write(isTiny ? { maximumSignificantDigits: 2 } : { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

const writers = new Map<string, Intl.NumberFormat>();

function writer(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  if (!writers.has(key)) writers.set(key, new Intl.NumberFormat(locale, options));
  return writers.get(key)!;
}
