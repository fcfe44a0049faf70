/** What was scanned, and what can be done with it here. */

import { useState } from "preact/hooks";
import { named, t, titled } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { Notice, Row, Sheet } from "../parts/ui.tsx";
import { isRehearsing } from "../rehearsal.ts";
import { go, link, query } from "../route.ts";
import { parse } from "../tag.ts";
import type { Row as Values } from "../sync/types.ts";
import { isEnded, job, visits } from "../work.ts";
import { BindSheet, HangSheet, nameOf, type Target } from "./binding.tsx";

export interface Found {
  text: string;
  id: string | null;
  tag: (Values & { id: string }) | null;
  position: Shown | undefined;
  device: Shown | undefined;
}

export function Result(given: { found: Found; visit: Shown | undefined; isReport: boolean; onClose: () => void }) {
  const { found, onClose } = given;
  const [onto, moved] = [query("onto"), query("move")];
  if (onto) {
    const [kind, id] = onto.split(":") as [Target["kind"], string];
    return <HangSheet id={found.tag?.id ?? found.id} text={found.text} from={targetOf(found)} onto={{ kind, id }} onClose={onClose} />;
  }
  if (moved) return <Moved text={moved} found={found} onClose={onClose} />;
  return found.position || found.device ? <Known {...given} /> : <Unknown {...given} />;
}

const targetOf = ({ tag, position, device }: Found): Target | null =>
  tag?.device_id || device ? { kind: "device", id: tag?.device_id ?? device!.id } : tag?.position_id || position ? { kind: "position", id: tag?.position_id ?? position!.id } : null;

/** The label was scanned before; this is the thing it is to hang on. */
function Moved({ text, found, onClose }: { text: string; found: Found; onClose: () => void }) {
  const target = targetOf(found);
  if (found.text === text || !target)
    return (
      <Sheet title={t("scan_thing")} onClose={onClose}>
        <Notice tone="attention">{found.text === text ? t("scan_thing_itself") : t("tag_unknown")}</Notice>
        <button class="primary wide" onClick={onClose}>{t("scan_again")}</button>
      </Sheet>
    );
  return <HangSheet id={parse(text).id} text={text} from={null} onto={target} isMove onClose={onClose} />;
}

function Unknown({ found, visit, onClose }: { found: Found; visit: Shown | undefined; onClose: () => void }) {
  const [isBinding, bind] = useState(false);
  const wanted = visit && job(visit);
  const { text } = found;
  const suffix = text ? `?tag=${encodeURIComponent(text)}` : "";
  if (isBinding) return <BindSheet id={found.id!} text={text} onClose={onClose} />;
  return (
    <Sheet title={t("tag_unknown")} onClose={onClose}>
      <p class="mono">{text}</p>
      <p>{t("tag_unknown_hint")}</p>
      {wanted?.order && wanted.order.status !== "in_progress" && text && <button class="secondary wide" onClick={() => go(link("visit", visit!.id, "safety") + suffix, { isReplacing: true })}>{t("use_anyway")}</button>}
      {found.id && !wanted && <button class="secondary wide" onClick={() => bind(true)}>{t("bind_it")}</button>}
      <a class="secondary wide" href={`${link("report")}${suffix}`}>{t("report_fault")}</a>
      <button class="primary wide" onClick={onClose}>{t("scan_again")}</button>
    </Sheet>
  );
}

function Known({ found, visit, isReport, onClose }: { found: Found; visit: Shown | undefined; isReport: boolean; onClose: () => void }) {
  const model = useModel();
  const [isMoving, move] = useState(false);
  const { tag, position, device, text } = found;
  const wanted = visit && job(visit);
  const isRight = Boolean(wanted?.order && (position?.id === wanted.order.position_id || (device && device.id === wanted.order.device_id)));
  const here = visits(isRehearsing()).filter((one) => !isEnded(one) && model.one("work_order", one.work_order_id)?.position_id === position?.id);
  const suffix = tag || text ? `?tag=${encodeURIComponent(text)}` : "";
  const about = `position=${position?.id ?? ""}${device ? `&device=${device.id}` : ""}${text ? `&tag=${encodeURIComponent(text)}` : ""}`;
  if (isMoving) return <BindSheet id={tag!.id} text={text} isMove onClose={onClose} />;
  return (
    <Sheet title={nameOf(device ?? position, device ? "device" : "position")} onClose={onClose}>
      {position && device && <p class="quiet">{named(position)}</p>}
      {wanted && isRight && <Notice tone="good">{t("right_asset")}</Notice>}
      {wanted && !isRight && <Notice tone="act">{t("wrong_asset", { here: named(position), there: named(wanted.position) })}</Notice>}
      {wanted && isRight && wanted.order!.status !== "in_progress" && (
        <button class="primary wide" onClick={() => go(link("visit", visit!.id, "safety") + suffix, { isReplacing: true })}>{t("go_on")}</button>
      )}
      {isReport && <button class="primary wide" onClick={() => go(`${link("report")}?${about}`, { isReplacing: true })}>{t("report_here")}</button>}
      {!wanted && here.map((one) => <Row key={one.id} icon="today" href={["on_site", "enroute", "accepted"].includes(one.status) ? link("visit", one.id, "safety") + suffix : link("visit", one.id)} title={t("your_visit")} note={titled(model.one("work_order", one.work_order_id))} />)}
      <Row icon="device" href={device ? link("asset", "device", device.id) : link("asset", "position", position!.id)} title={t("open_asset")} />
      {!isReport && <Row icon="report" href={`${link("report")}?${about}`} title={t("report_fault")} />}
      {tag && !wanted && !isReport && !isRehearsing() && <Row icon="again" title={t("label_elsewhere")} note={t("label_elsewhere_note")} onClick={() => move(true)} />}
      <button class="secondary wide" onClick={onClose}>{t("scan_again")}</button>
    </Sheet>
  );
}
