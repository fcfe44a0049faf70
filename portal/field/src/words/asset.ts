/** A place or a device and what is known of it. */

import type { Pair } from "./pair.ts";

export const asset = {
  asset_not_here: ["This asset is not on this phone.", "本机没有这台设备的资料。"],
  asset_not_here_hint: [
    "With a signal it can be opened; offline the phone holds what your visits need.",
    "有信号时可以打开；离线时本机只保存任务所需的资料。",
  ],
  values_now: ["Values", "实时数值"],
  is_on: ["yes", "是"],
  is_off: ["no", "否"],
  no_data: ["no data", "无数据"],
  devices: ["Devices", "设备"],
  warranty: ["warranty to {at}", "质保至 {at}"],
  documents: ["Documents", "资料"],
  documents_offline: ["Documents need a signal.", "查看资料需要信号。"],
  no_history: ["Nothing happened here yet.", "这里还没有记录。"],
  mend: ["Put something right", "更正资料"],
  mend_name: ["Name", "名称"],
  mend_plate: ["Name plate", "铭牌"],
  mend_pin: ["Place on the map", "地图位置"],
  mend_pin_note: ["It stands where you stand now", "以您现在站的位置为准"],
  hang_label: ["Hang a label on it", "挂上标签"],
  hang_label_note: ["Scan the label", "扫描该标签"],
  mended: ["Changed. It goes as soon as there is a signal.", "已更正，有信号后立即发送。"],
  mend_waits: ["Changed on this phone, not sent yet", "已在本机更正，尚未发送"],
  name_here: ["What it is called", "名称"],
  plate_hint: ["As the plate on the device says.", "请按设备铭牌填写。"],
  plate_manufacturer: ["Maker", "制造商"],
  plate_model: ["Model", "型号"],
  plate_serial_number: ["Serial number", "出厂编号"],
  pin_hint: ["Stand before it, then wait until the phone knows where it is.", "请站在它面前，等手机定位。"],
  pin_found: ["Known to {m} m", "定位精度 {m} 米"],
  pin_vague: ["That is not exact. Try again nearer to a window or outside.", "定位不够准确，请靠近窗口或到室外再试。"],
  pin_nowhere: ["The phone does not know where it is. Allow the place for this page, or go outside.", "手机无法定位。请允许本页使用位置，或到室外再试。"],
  pin_here: ["It stands here", "就在这里"],
} satisfies Record<string, Pair>;
