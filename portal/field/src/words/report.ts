/** Reporting a fault. */

import type { Pair } from "./pair.ts";

export const report = {
  where: ["Where?", "在哪里？"],
  what: ["What is wrong?", "什么问题？"],
  by_tag: ["At this tag", "按此标签"],
  describe: ["What did you see? (optional)", "看到了什么？（选填）"],
  send_report: ["Report", "提交"],
  reported: ["Reported. It goes as soon as there is a signal.", "已登记，有信号后立即发送。"],
  known_already: ["This is known already ({number}). Yours is added to it.", "此故障已有工单（{number}），您的情况会补充进去。"],
  danger_words: ["Danger to life: keep people away, no sparks, call for help first. Then report.", "有生命危险：疏散人员，杜绝火花，先求助，再报修。"],
  scan_tag: ["Scan its tag", "扫描设备标签"],
  choose_other: ["change", "更换"],
} satisfies Record<string, Pair>;
