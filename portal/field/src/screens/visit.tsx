/** What is wrong, what do I do next, and what is still missing? */

import { useState } from "preact/hooks";
import * as deeds from "../act.ts";
import { applying, isAnswered } from "../checklist.ts";
import { clock, lasting, measured, stamp } from "../format.ts";
import { named, t, way, word } from "../look.ts";
import { useModel, useTick, type Shown } from "../model.ts";
import { Carrier, Priority } from "../parts/carrier.tsx";
import { Icon } from "../parts/icons.tsx";
import { NavigateLink } from "../parts/navigate.tsx";
import { Stages } from "../parts/stages.tsx";
import { Afterwards, Story } from "../parts/story.tsx";
import { Card, Empty, Notice, Row, Screen, Sheet } from "../parts/ui.tsx";
import { back, go, link } from "../route.ts";
import { booked, checklistOf, hasRole, isEnded, isOnServer, isOver, job, lacking, nextStep, permitOf, photos, running, startLacks, type Job } from "../work.ts";
import { Checklist } from "./checklist.tsx";
import { Codes } from "./codes.tsx";
import { Parts } from "./parts.tsx";
import { Photos } from "./photos.tsx";
import { Reading } from "./reading.tsx";
import { ReasonSheet, type Asked } from "./reason.tsx";
import { Safety } from "./safety.tsx";
import { Signature } from "./signature.tsx";
import { Time } from "./time.tsx";
import { Due, titleOf } from "./today.tsx";

export function Visit({ id, part }: { id: string; part: string | undefined }) {
  const model = useModel();
  const visit = model.one("visit", id);
  if (!visit) {
    return (
      <Screen title={t("visit")} isSub>
        {model.isReady ? <Empty icon="today" title={t("visit_gone")}><a class="secondary" href={link()}>{t("today")}</a></Empty> : <div class="skeleton" />}
      </Screen>
    );
  }
  const found = job(visit);
  switch (part) {
    case "checklist":
      return <Checklist found={found} />;
    case "photos":
      return <Photos found={found} />;
    case "parts":
      return <Parts found={found} />;
    case "reading":
      return <Reading found={found} />;
    case "signature":
      return <Signature found={found} />;
    case "time":
      return <Time found={found} />;
    case "codes":
      return <Codes found={found} />;
    case "safety":
      return <Safety found={found} />;
    default:
      return <Overview found={found} />;
  }
}

function Overview({ found }: { found: Job }) {
  const model = useModel();
  useTick(15_000);
  const [asked, ask] = useState<Asked | null>(null);
  const [isMore, setMore] = useState(false);
  const { visit, order, position, device } = found;
  const alarm = model.one("alarm", order?.alarm_id);
  const hasBegun = ["working", "break"].includes(visit.status);
  const refused = model.needy.filter((entry) => entry.op.entity_id === visit.id || entry.op.entity_id === order?.id);
  return (
    <Screen
      title={titleOf(visit, order)} above={order?.number || t("visit")} isSub isLarge
      actions={!isEnded(visit) && !visit.isLeft ? <button class="icon-button" aria-label={t("more_actions")} onClick={() => setMore(true)}><Icon name="more" size={24} /></button> : undefined}
      dock={<Dock found={found} ask={ask} />}
    >
      {(visit.isLeft || order?.isLeft) && <Notice tone="attention">{t("no_longer_yours")}</Notice>}
      {order?.status === "cancelled" && <Notice tone="act">{t("office_cancelled")}</Notice>}
      {refused.length > 0 && <Notice tone="act">{t("needs_you", { n: refused.length })} <a href={link("unsent")}>{t("see_why")}</a></Notice>}
      {order?.status === "on_hold" && (
        <Notice tone="attention">{t("on_hold_until", { reason: word("hold", order.hold_reason), at: stamp(order.hold_until, position?.timezone) })}</Notice>
      )}
      <section class={`card head p${order?.priority ?? 4}`}>
        <p class="tags"><Priority of={order?.priority} /><Carrier of={order?.carrier} /><span class="state">{word("order", order?.status)}</span></p>
        <Stages visit={visit} order={order} />
        {!isOver(visit) && <Due order={order} zone={position?.timezone} />}
        <p class="quiet small">{t("planned")} {stamp(visit.planned_start, position?.timezone)}–{clock(visit.planned_end, position?.timezone)}</p>
        <Running visit={visit} />
      </section>
      {isEnded(visit) && <Afterwards found={found} />}
      {hasBegun && <Tasks found={found} />}
      <Card title={t("what_is_wrong")}>
        {order?.description && <p class="text">{order.description}</p>}
        {alarm && (
          <p class="text"><Icon name="alarm" size={18} /> <span>{named(alarm)} <b>{measured(alarm.value, alarm.unit)}</b> <span class="quiet">{stamp(alarm.raised_at, position?.timezone)}</span>{alarm.returned_at && <span class="good"><br />{t("alarm_over", { at: stamp(alarm.returned_at, position?.timezone) })}</span>}</span></p>
        )}
        {!order?.description && !alarm && <p class="quiet">{word("fault", order?.fault_class) || t("nothing_said")}</p>}
        {order?.customer && <p class="text quiet">{t("customer")}: {order.customer}</p>}
        {order?.contact?.phone && <p><a class="secondary" href={`tel:${order.contact.phone}`}><Icon name="phone" /> {order.contact.name} {order.contact.phone}</a></p>}
      </Card>
      {(position || device) && <Card>
        {position && <Row icon="place" href={link("asset", "position", position.id)} title={named(position)} note={[...way(position).slice(0, -1), position.address].filter(Boolean).join(" · ")} />}
        {device && <Row icon="device" href={link("asset", "device", device.id)} title={`${device.manufacturer} ${device.model}`} note={device.serial_number} />}
        {position && !isOver(visit) && <p class="buttons"><NavigateLink position={position} /></p>}
      </Card>}
      {!isOver(visit) && !hasBegun && <Tasks found={found} />}
      <Story found={found} />
      {asked && <ReasonSheet asked={asked} onClose={() => ask(null)} />}
      {isMore && <More found={found} ask={ask} onClose={() => setMore(false)} />}
    </Screen>
  );
}

/** The next step as the largest button, the scan beside it. */
function Dock({ found, ask }: { found: Job; ask: (asked: Asked) => void }) {
  const { visit, order } = found;
  const step = nextStep(found);
  if (!step) return <a class="primary wide" href={link()}>{t("to_today")}</a>;
  const lacks = step === "finish" ? lacking(found) : [];
  const deed: Record<string, () => unknown> = {
    accept: () => deeds.accept(found), travel: () => deeds.travel(found), arrive: () => deeds.arrive(found),
    work: () => deeds.work(found), resume: () => deeds.resume(found),
    start: () => go(link("visit", visit.id, "safety")),
    finish: async () => (lacks.length ? go(link("visit", visit.id, TASK_OF[lacks[0]!] ?? "checklist")) : (await deeds.finish(found)) && scrollTo(0, 0)),
  };
  const label = step === "finish" && lacks.length ? t("continue_with", { what: t(`lack_${lacks[0]}` as never) }) : t(`step_${step}` as never);
  return (
    <>
      {step === "accept" && (
        <button class="secondary" onClick={() => ask({ title: t("decline"), kind: "text", onDone: (reason) => deeds.decline(found, reason) })}>{t("decline")}</button>
      )}
      {step === "travel" && <button class="secondary" onClick={() => deeds.arrive(found)}>{t("im_here")}</button>}
      {step === "finish" && <a class="secondary square" aria-label={t("scan")} href={`${link("scan")}?visit=${visit.id}`}><Icon name="scan" size={26} /></a>}
      <button class="primary wide" disabled={!order} onClick={() => void deed[step]!()}>{label}</button>
    </>
  );
}

const TASK_OF: Record<string, string> = {
  checklist_done: "checklist", photos_registered: "photos", codes_given: "codes", signature_if_needed: "signature", permit_handed_back: "safety",
  time_booked: "time",
};

/** Everything the work needs, each with how far it is. */
function Tasks({ found }: { found: Job }) {
  const { visit, order } = found;
  const model = useModel();
  if (!order) return <Notice tone="quiet">{t("order_missing")}</Notice>;
  const list = checklistOf(order);
  const items = list ? applying(list.items, order.answers ?? {}).filter((item) => item.type !== "note") : [];
  const answered = items.filter((item) => isAnswered(item, order.answers ?? {})).length;
  const files = photos(order);
  const lacks = new Set(lacking(found));
  const hasBegun = order.status !== "dispatched" && order.status !== "accepted";
  const permit = permitOf(order);
  const points = model.of("point", "position_id", order.position_id).filter((one) => one.kind === "register");
  const to = (part: string): string => link("visit", visit.id, part);
  const onPhone = files.length > 0 && !files.every(isOnServer);
  const mark = (guard: string, isDone: boolean) => (isDone ? <Icon name="good" /> : hasBegun && lacks.has(guard) ? <span class="todo">{t("to_do")}</span> : null);
  return (
    <Card title={t("tasks")}>
      {(order.needs_permit || permit) && (
        <Row
          icon="lock" href={to("safety")} title={t("permit")} tone={startLacks(order).length ? "act" : ""}
          note={permit ? `${word("permit", permit.kind)} · ${permit.handed_back_at ? t("handed_back") : permit.confirmed_at ? t("confirmed") : t("isolation_open")}` : t("permit_missing")}
          aside={mark("permit_handed_back", Boolean(permit?.handed_back_at))}
        />
      )}
      {list && <Row icon="list" href={to("checklist")} title={named(list)} note={t("n_of_m", { n: answered, m: items.length })} aside={mark("checklist_done", answered === items.length && items.length > 0)} />}
      <Row
        icon="camera" href={to("photos")} title={t("photos")}
        note={files.length ? t("photos_on_server", { here: files.filter(isOnServer).length, all: files.length }) : t("before_and_after")}
        aside={!lacks.has("photos_registered") && onPhone ? <span class="attention"><Icon name="phone" /></span> : mark("photos_registered", hasRole(order, "before") && hasRole(order, "after"))}
      />
      {points.length > 0 && <Row icon="meter" href={to("reading")} title={t("meter_reading")} note={points.map((point) => named(point)).slice(0, 2).join(", ")} />}
      <Row icon="part" href={to("parts")} title={t("parts")} note={order.parts?.length ? t("n_parts", { n: order.parts.length }) : t("from_the_van")} />
      <Row
        icon="comment" href={to("codes")} title={t("what_was_it")} aside={mark("codes_given", Boolean(order.problem_code && order.cause_code && order.remedy_code))}
        note={[order.problem_code, order.cause_code, order.remedy_code].filter(Boolean).map(codeName).join(" · ") || t("problem_cause_remedy")}
      />
      <Row icon="clock" href={to("time")} title={t("time")} note={timeNote(visit)} aside={mark("time_booked", booked(visit, "work") > 0 || running(visit.id)?.kind === "work")} />
      {(order.needs_signature || hasRole(order, "signature")) && (
        <Row icon="pen" href={to("signature")} title={t("signature")} aside={mark("signature_if_needed", hasRole(order, "signature"))} note={hasRole(order, "signature") ? t("signed") : t("signature_needed")} />
      )}
    </Card>
  );

  function codeName(code: string): string {
    return named(model.all("failure_code").find((one) => one.code === code)) || code;
  }
}

function timeNote(visit: Shown): string {
  const runs = running(visit.id);
  if (runs) return `${t(`time_${runs.kind}` as never)} ${lasting(runs.ms)}`;
  const worked = booked(visit, "work");
  return worked ? lasting(worked * 1000) : t("time_hint");
}

function Running({ visit }: { visit: Shown }) {
  useTick(1_000);
  const runs = running(visit.id);
  const [worked, travelled] = [booked(visit, "work"), booked(visit, "travel")];
  if (!runs && !worked && !travelled) return null;
  const total = (seconds: number, kind: string): number => seconds * 1000 + (runs?.kind === kind ? runs.ms : 0);
  return (
    <p class="times">
      {(travelled > 0 || runs?.kind === "travel") && <span class={runs?.kind === "travel" ? "runs" : ""}><Icon name="go" size={16} /> {t("stage_travel")} {lasting(total(travelled, "travel"))}</span>}
      {(worked > 0 || runs?.kind === "work") && <span class={runs?.kind === "work" ? "runs" : ""}><Icon name="clock" size={16} /> {t("stage_working")} {lasting(total(worked, "work"))}</span>}
      {runs?.kind === "break" && <span class="runs"><Icon name="pause" size={16} /> {word("visit", "break")} {lasting(runs.ms)}</span>}
    </p>
  );
}

/** The rarer ways on. */
function More({ found, ask, onClose }: { found: Job; ask: (asked: Asked) => void; onClose: () => void }) {
  const { visit, order } = found;
  const isWorking = ["working", "break"].includes(visit.status);
  const then = (asked: Asked) => () => { onClose(); ask(asked); };
  return (
    <Sheet title={t("more_actions")} onClose={onClose}>
      {visit.status === "working" && <Row icon="pause" title={t("pause")} onClick={() => { onClose(); void deeds.pause(found); }} />}
      {isWorking && order?.status === "in_progress" && (
        <>
          <Row icon="clock" title={t("hold")} note={t("hold_note")} onClick={then({ title: t("hold"), kind: "hold", onDone: (reason, until) => deeds.hold(found, reason, until!) })} />
          <Row icon="history" title={t("partial")} note={t("partial_note")} onClick={then({ title: t("partial"), kind: "text", onDone: (reason) => deeds.leavePartial(found, reason) })} />
          <Row icon="cross" title={t("give_up")} note={t("give_up_note")} onClick={then({ title: t("give_up"), kind: "text", onDone: (reason) => deeds.giveUp(found, reason) })} />
        </>
      )}
      {["enroute", "on_site"].includes(visit.status) && <Row icon="lock" title={t("no_access")} note={t("no_access_note")} onClick={then({ title: t("no_access"), kind: "text", onDone: (reason) => deeds.noAccess(found, reason) })} />}
      {visit.status === "accepted" && <Row icon="cross" title={t("decline")} onClick={then({ title: t("decline"), kind: "text", onDone: (reason) => deeds.decline(found, reason).then((done) => (back(), done)) })} />}
      {order && <Row icon="pen" title={t("signature")} href={link("visit", visit.id, "signature")} />}
      <Row icon="report" title={t("report_fault")} href={`${link("report")}?position=${order?.position_id ?? ""}`} />
    </Sheet>
  );
}
