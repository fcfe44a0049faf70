/** Rehearsal: the whole flow on a practice order; nothing of it reaches real work. */

import { model } from "./model.ts";
import { newId } from "./sync/ids.ts";

const KEY = "field-rehearsal";

export const isRehearsing = (): boolean => localStorage.getItem(KEY) === "1";

export function setRehearsing(on: boolean): void {
  localStorage.setItem(KEY, on ? "1" : "0");
  document.documentElement.classList.toggle("rehearsing", on);
  model.tell();
}

/** Begin a practice order at a position; returns its visit. */
export async function beginPractice(position_id: string): Promise<string> {
  const visit_id = newId(Date.now());
  await model.core!.write([{ entity: "work_order", command: "rehearse", args: { visit_id, position_id } }]);
  void model.core!.sync({ isForced: true });
  return visit_id;
}
