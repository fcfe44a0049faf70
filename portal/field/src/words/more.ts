/** How this phone is set, and practice. */

import type { Pair } from "./pair.ts";

export const more = {
  look: ["Look", "显示"],
  language: ["Language", "语言"],
  theme: ["Theme", "主题"],
  theme_auto: ["Phone", "跟随手机"],
  theme_light: ["Light", "浅色"],
  theme_dark: ["Dark", "深色"],
  theme_sunlight: ["Sun", "强光"],
  push: ["Notices", "通知"],
  push_on: ["This phone is told of new visits and changes.", "有新任务或变化时会通知本机。"],
  push_off: ["Be told of new visits even when the app is closed.", "应用关闭时也能收到新任务通知。"],
  push_denied: ["Notices are blocked in the browser's settings for this page.", "浏览器设置中已屏蔽本页的通知。"],
  push_on_button: ["Switch notices on", "开启通知"],
  install: ["Install on this phone", "安装到手机"],
  install_note: ["Installed, it opens like any app and the phone keeps what waits to be sent.", "安装后像普通应用一样打开，未发送的记录也更安全。"],
  install_how: ["In the browser's menu, tap 'Install app' or 'Add to Home screen'.", "请在浏览器菜单中点“安装应用”或“添加到主屏幕”。"],
  install_apple: [
    "Tap Share, then 'Add to Home Screen'. Otherwise the phone may forget unsent work after seven days.",
    "点“分享”，再点“添加到主屏幕”。否则手机可能在七天后清除未发送的记录。",
  ],
  this_phone: ["This phone", "本机"],
  storage: ["Storage", "存储"],
  storage_left: ["{used} used, {left} left", "已用 {used}，剩余 {left}"],
  storage_not_kept: ["The browser may clear this when space runs out. Install the app to keep it.", "空间不足时浏览器可能清除数据。安装应用可避免。"],
  clock_offset: ["Clock", "时钟"],
  clock_right: ["right", "准确"],
  version: ["Version", "版本"],
  log_out: ["Log out", "退出登录"],
  log_out_unsent: ["{n} entries are not sent yet.", "还有 {n} 条记录未发送。"],
  log_out_unsent_one: ["One entry is not sent yet.", "还有 1 条记录未发送。"],
  log_out_means: ["What is not sent stays on this phone and goes when you log in again.", "未发送的记录会留在本机，重新登录后继续发送。"],
} satisfies Record<string, Pair>;
