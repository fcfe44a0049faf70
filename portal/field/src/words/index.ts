/** All that can be said, by topic. Topics of screens that are fetched later come with them. */

import { app } from "./app.ts";
import type { asset } from "./asset.ts";
import type { map } from "./map.ts";
import type { more } from "./more.ts";
import type { Pair } from "./pair.ts";
import { practice } from "./practice.ts";
import type { report } from "./report.ts";
import type { scan } from "./scan.ts";
import { sync } from "./sync.ts";
import { tasks } from "./tasks.ts";
import { things } from "./things.ts";
import { today } from "./today.ts";
import { visit } from "./visit.ts";
import { work } from "./work.ts";

type Later = typeof asset & typeof map & typeof more & typeof report & typeof scan;
type Now = typeof app & typeof practice & typeof sync & typeof tasks & typeof things & typeof today & typeof visit & typeof work;
export type Key = keyof (Now & Later);

export const known: Record<string, Pair> = { ...app, ...practice, ...sync, ...tasks, ...things, ...today, ...visit, ...work };

/** Take in the words of a topic. */
export function learn(words: Record<string, Pair>): void {
  Object.assign(known, words);
}
