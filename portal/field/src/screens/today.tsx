/** What do I do next, and where? */

import { accept } from "../act.ts";
import { t, named, titled, way, word } from "../look.ts";
import { age, clock, day, dayKey, distance, lasting, soon } from "../format.ts";
import { useModel, useTick, type Shown } from "../model.ts";
import { Carrier, Priority } from "../parts/carrier.tsx";
import { Icon } from "../parts/icons.tsx";
import { NavigateLink } from "../parts/navigate.tsx";
import { LongList } from "../parts/long-list.tsx";
import { NewsCard } from "../parts/news-card.tsx";
import { Card, Empty, Notice, Row, Screen } from "../parts/ui.tsx";
import { reason } from "../parts/sync-chip.tsx";
import { link } from "../route.ts";
import { isRehearsing } from "../rehearsal.ts";
import { distanceTo, isOver, job, lacking, nextStep, promised, running, visits } from "../work.ts";

export function Today() {
  const model = useModel();
  useTick(30_000);
  const all = visits(isRehearsing());
  const open = all.filter((visit) => !isOver(visit));
  const ended = all.filter(isOver);
  const [first, ...rest] = open;
  const today = dayKey(model.now());
  const groups = new Map<string, Shown[]>();
  for (const visit of rest) {
    const on = dayKey(visit.planned_start, job(visit).position?.timezone);
    const key = on <= today ? today : on;
    groups.set(key, [...(groups.get(key) ?? []), visit]);
  }
  return (
    <Screen title={isRehearsing() ? t("rehearsal_today") : t("today")} above={day(model.now())}>
      <Line />
      <NewsCard />
      {!model.isReady ? (
        <div class="skeleton" aria-hidden="true" />
      ) : !first && !ended.length ? (
        <Nothing />
      ) : (
        <>
          {first && <NextVisit visit={first} />}
          {[...groups].map(([key, list]) => (
            <Card key={key} title={key === today ? t("then") : day(list[0]!.planned_start)}>
              <LongList items={list} row={(visit) => <VisitRow key={visit.id} visit={visit} />} />
            </Card>
          ))}
          {ended.length > 0 && (
            <Card title={t("done_before")}>
              <LongList items={ended} row={(visit) => <VisitRow key={visit.id} visit={visit} />} />
            </Card>
          )}
        </>
      )}
      <p class="heard quiet small">
        {model.status.lastHeardAt ? t("heard", { age: age(Date.now() - model.status.lastHeardAt) }) : t("never_heard")}
      </p>
    </Screen>
  );
}

/** One quiet line where nothing goes, and why. */
function Line() {
  const { status, outdated, isNewerHere } = useModel();
  const offset = useModel().core?.session.offset ?? 0;
  return (
    <>
      {status.stopped && status.stopped !== "login" && <Notice tone="quiet">{reason(status.stopped)}</Notice>}
      {status.stopped === "login" && <Notice tone="act">{t("stopped_login")} <a href={link("login")}>{t("log_in")}</a></Notice>}
      {Math.abs(offset) > 120_000 && <Notice tone="attention">{t("clock_wrong", { time: lasting(Math.abs(offset)) })}</Notice>}
      {(outdated || isNewerHere) && <Notice tone="attention">{t("outdated")}</Notice>}
    </>
  );
}

function Nothing() {
  return (
    <Empty icon="today" title={isRehearsing() ? t("rehearsal_none") : t("no_visits")}>
      <p>{isRehearsing() ? t("rehearsal_hint") : t("no_visits_hint")}</p>
      {isRehearsing() && <a class="primary" href={link("more")}>{t("rehearsal_begin")}</a>}
    </Empty>
  );
}

function NextVisit({ visit }: { visit: Shown }) {
  const found = job(visit);
  const { order, position } = found;
  const step = nextStep(found);
  const away = distanceTo(position);
  const ran = running(visit.id);
  const now = useModel().now();
  const [lack] = step === "finish" ? lacking(found) : [];
  const isToday = dayKey(visit.planned_start, position?.timezone) <= dayKey(now, position?.timezone);
  return (
    <article class={`card hero p${order?.priority ?? 4}`} aria-labelledby="next-title">
      {dayKey(visit.planned_start, position?.timezone) !== dayKey(now, position?.timezone) && <p class={`hero-day ${isToday ? "" : "later"}`}>{!isToday && <>{t("none_today")} </>}<b>{day(visit.planned_start, position?.timezone)}</b></p>}
      <p class="hero-when">
        <b>{clock(visit.planned_start, position?.timezone)}</b>–{clock(visit.planned_end, position?.timezone)}
        <span class="state">{word("visit", visit.status)}{ran ? ` · ${lasting(ran.ms)}` : ""}</span>
      </p>
      <h2 id="next-title"><a href={link("visit", visit.id)}>{titleOf(visit, order)}</a></h2>
      <p class="tags">
        <Priority of={order?.priority} />
        <Carrier of={order?.carrier} />
        {order?.number && <span class="mono small">{order.number}</span>}
      </p>
      <p class="where"><Icon name="place" size={18} /> <span>{place(position)}{away !== null ? ` · ${distance(away)}` : ""}</span></p>
      <Due order={order} zone={position?.timezone} />
      <div class="buttons">
        {step === "accept" ? (
          <button class="primary" onClick={() => void accept(found)}>{t("step_accept")}</button>
        ) : (
          <a class="primary" href={link("visit", visit.id)}>{lack ? t("continue_with", { what: t(`lack_${lack}` as never) }) : step ? t(`step_${step}` as never) : t("open")}</a>
        )}
        <NavigateLink position={position} />
      </div>
    </article>
  );
}

function VisitRow({ visit }: { visit: Shown }) {
  const { order, position } = job(visit);
  const ended = isOver(visit);
  const end = visit.isLeft ? t("not_yours") : word("order", order?.status) || word("visit", visit.status);
  return (
    <Row
      href={link("visit", visit.id)}
      title={<>{!ended && <b class="when">{clock(visit.planned_start, position?.timezone)}</b>} {titleOf(visit, order)}</>}
      note={<>{place(position)}{ended ? ` · ${end}` : ""}</>}
      aside={ended ? <Icon name={order?.status === "verified" || order?.status === "closed" ? "good" : "clock"} /> : <><span class={`dot p${order?.priority ?? 4}`} role="img" aria-label={`P${order?.priority ?? "?"}`}>{order?.priority ?? "?"}</span></>}
    />
  );
}

const SETTLED = ["field_complete", "verifying", "verified", "verify_manual", "closed", "cancelled", "cannot_complete"];

/** What was promised, in time as the wall clock counts it; red only once it is too late. */
export function Due({ order, zone }: { order: Shown | undefined; zone: string | undefined }) {
  const model = useModel();
  const due = promised(order);
  if (!due || SETTLED.includes(order!.status)) return null;
  if (order!.is_clock_paused) return <p class="due"><Icon name="pause" size={18} /> <span>{t("due_paused")}</span></p>;
  const left = Date.parse(due.at) - model.now();
  const key = due.kind;
  return (
    <p class={`due ${left < 0 ? "act" : left < 3_600_000 ? "attention" : ""}`}>
      <Icon name={left < 0 ? "act" : "clock"} size={18} />
      <span>{left < 0 ? t(`${key}_late`, { time: lasting(-left) }) : t(`${key}_by`, { at: soon(due.at, model.now(), zone), time: lasting(left) })}</span>
    </p>
  );
}

export function titleOf(visit: Shown | null, order: Shown | undefined): string {
  if (visit?.is_rehearsal) return t("rehearsal_title");
  return titled(order) || word("fault", order?.fault_class) || t("work_order");
}

/** A place as one asks for it on the way: its name, the site it is on, the street. */
export function place(position: Shown | undefined): string {
  if (!position) return t("place_unknown");
  return [...new Set([named(position), onSite(position), position.address])].filter(Boolean).join(" · ");
}

/** The site a place is on; a site itself is its own. */
function onSite(position: Shown): string {
  return way(position)[0] ?? "";
}
