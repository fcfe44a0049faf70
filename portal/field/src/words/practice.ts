/** Rehearsal: practice that reaches nothing real. */

import type { Pair } from "./pair.ts";

export const practice = {
  rehearsal: ["Rehearsal", "演练"],
  rehearsal_bar: ["Rehearsal: this is practice", "演练模式：不是真实工单"],
  rehearsal_today: ["Practice visits", "演练任务"],
  rehearsal_title: ["Practice: pressure too low", "演练：压力过低"],
  rehearsal_none: ["No practice visits", "暂无演练任务"],
  rehearsal_hint: ["Begin one and work through it; it is never real.", "开始一次演练，从头做到尾；不会产生真实数据。"],
  rehearsal_begin: ["Begin a practice visit", "开始一次演练"],
  rehearsal_mode: ["Practise", "演练模式"],
  rehearsal_note: ["Work through a practice fault. Nothing of it reaches real work.", "用模拟故障走一遍全流程，不影响任何真实工作。"],
  rehearsal_no_report: ["You are practising. A report would be real: leave rehearsal first.", "正在演练。报修会成为真实工单，请先退出演练。"],
  rehearsal_no_place: ["No place is on this phone yet. Connect once, then practise.", "本机还没有任何位置。请先联网一次再演练。"],
} satisfies Record<string, Pair>;
