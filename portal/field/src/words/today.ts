/** Today: the next visit, the others, what is due. */

import type { Pair } from "./pair.ts";

export const today = {
  today: ["Today", "今日"],
  map: ["Map", "地图"],
  scan: ["Scan", "扫码"],
  report: ["Report", "报修"],
  more: ["More", "更多"],
  then: ["Then", "接下来"],
  done_before: ["Done", "已完成"],
  no_visits: ["No visits", "暂无任务"],
  no_visits_hint: ["New ones appear here as soon as the dispatcher sends them.", "调度派工后会立即出现在这里。"],
  heard: ["Last heard from the server: {age}", "最近一次同步：{age}"],
  never_heard: ["Nothing heard from the server yet", "尚未与服务器同步"],
  visit: ["Visit", "任务"],
  work_order: ["Work order", "工单"],
  visit_gone: ["This visit is not on this phone.", "本机没有这项任务。"],
  to_today: ["Back to today", "回到今日"],
  planned: ["Planned", "计划"],
  navigate: ["Navigate", "导航"],
  not_yours: ["no longer yours", "已不归您"],
  place_unknown: ["Place not known", "位置未知"],
  none_today: ["None left today. Next:", "今日已无任务，下一项："],
  respond_by: ["Accept by {at}, in {time}", "{at} 前接单，还有 {time}"],
  respond_late: ["Should have been accepted {time} ago", "接单已超时 {time}"],
  restore_by: ["Repair by {at}, in {time}", "{at} 前修复，还有 {time}"],
  restore_late: ["Should have been repaired {time} ago", "修复已超时 {time}"],
  due_paused: ["The clock is stopped while on hold", "挂起期间不计时"],
} satisfies Record<string, Pair>;
