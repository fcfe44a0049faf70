/** Language and theme of this phone. */

import { FAULTS } from "./machine.ts";
import { known, learn, type Key } from "./words/index.ts";

export type Locale = "en" | "zh";
export type Theme = "auto" | "light" | "dark" | "sunlight";

learn(Object.fromEntries(FAULTS.map((one) => [`fault_${one.code}`, [one.name, one.name_zh] as const])));

const listeners = new Set<() => void>();

function stored<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  const kept = localStorage.getItem(key) as T | null;
  return kept && allowed.includes(kept) ? kept : otherwise;
}

export const look = {
  locale: stored<Locale>("field-language", ["en", "zh"], navigator.language.startsWith("zh") ? "zh" : "en"),
  theme: stored<Theme>("field-theme", ["auto", "light", "dark", "sunlight"], "auto"),
};

export function setLocale(locale: Locale): void {
  look.locale = locale;
  localStorage.setItem("field-language", locale);
  show();
}

export function setTheme(theme: Theme): void {
  look.theme = theme;
  localStorage.setItem("field-theme", theme);
  show();
}

export function onLook(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function show(): void {
  document.documentElement.lang = look.locale === "zh" ? "zh-CN" : "en";
  document.documentElement.dataset.theme = look.theme;
  for (const listener of listeners) listener();
}

/** Say something; `{name}` in the text is filled in. Where a key ends in `_one`, it is for exactly one. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  const text = said(values.n === 1 && known[`${key}_one`] ? `${key}_one` : key) ?? key;
  return text.replaceAll(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ""));
}

/** Say a code in words; one we have no words for is shown as it is. */
export function word(kind: string, code: string | null | undefined): string {
  return code ? (said(`${kind}_${code}`) ?? code.replaceAll("_", " ")) : "";
}

/** Begin with a capital, where a script has them. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function said(key: string): string | undefined {
  return known[key]?.[look.locale === "zh" ? 1 : 0];
}

/** The name of a thing in the language of this phone. */
export function named(row: Record<string, any> | null | undefined): string {
  if (!row) return "";
  return (look.locale === "zh" && row.name_zh) || row.name || "";
}

/** The names from the site down to a place, itself the last. */
export function way(position: Record<string, any>): string[] {
  return (look.locale === "zh" && position.path_zh) || position.path || [];
}

/** The title of a work order in the language of this phone, where the product made it; else as people wrote it. */
export function titled(order: Record<string, any> | null | undefined): string {
  return (look.locale === "zh" && order?.title_zh) || order?.title || "";
}
