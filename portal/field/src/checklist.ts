/** Check-lists on the phone: which items apply, what is missing, what an answer means (as workorders/rules/checklist.py). */

import type { Row } from "./sync/types.ts";

export interface Item extends Row {
  key: string;
  type: "yes_no" | "number" | "text" | "choice" | "photo" | "reading" | "note";
}

/** The items that apply, given the answers; one under an item that does not apply does not either. */
export function applying(items: Item[], answers: Row): Item[] {
  const shown = new Set<string>();
  return items.filter((item) => {
    const condition = item.shown_if;
    const applies = !condition || (shown.has(condition.item) && answers[condition.item]?.value === condition.equals);
    if (applies) shown.add(item.key);
    return applies;
  });
}

export const isAnswered = (item: Item, answers: Row): boolean => ![undefined, null, ""].includes(answers[item.key]?.value);

export function missing(items: Item[], answers: Row): Item[] {
  return applying(items, answers).filter((item) => item.is_mandatory !== false && item.type !== "note" && !isAnswered(item, answers));
}

/** Tell whether an answer shows a fault: the server then opens the repair. */
export function isFailed(item: Item, value: unknown): boolean {
  if (value === undefined || value === null || value === "") return false;
  if (item.type === "yes_no") return value === (item.failing === undefined ? false : item.failing);
  if (item.type === "choice") return (item.failing ?? []).includes(value);
  if (item.type === "number" || item.type === "reading")
    return (typeof item.low === "number" && (value as number) < item.low) || (typeof item.high === "number" && (value as number) > item.high);
  return false;
}
