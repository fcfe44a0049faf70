/** The map. Comes with it. */

import type { Pair } from "./pair.ts";

export const map = {
  map_empty: ["No places are on this phone yet.", "本机还没有任何位置。"],
  map_twin: ["Map; the list below says the same", "地图，下方列表内容相同"],
  my_place: ["Where am I?", "我在哪里"],
  show_distances: ["Show how far it is", "显示距离"],
} satisfies Record<string, Pair>;
