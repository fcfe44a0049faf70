/** What is not on the server yet, why, and what can be done about it? */

import { useState } from "preact/hooks";
import { age, lasting, size } from "../format.ts";
import { look, named, t, titled, word } from "../look.ts";
import { model as kept, useModel, useTick } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { reason } from "../parts/sync-chip.tsx";
import { Thumb } from "../parts/photo.tsx";
import { Card, Empty, Notice, Screen, Sheet } from "../parts/ui.tsx";
import { link } from "../route.ts";
import { eventOf } from "../story.ts";
import { exported } from "../sync/export.ts";
import { LOST } from "../sync/pull.ts";
import type { OpEntry } from "../sync/types.ts";

export function Unsent() {
  const model = useModel();
  useTick(5_000);
  const { core, unsent, needy, status } = model;
  const files = model.blobs.filter((one) => one.state !== "server");
  const waiting = unsent.filter((entry) => entry.state !== "needs_you");
  const oldest = Math.min(...[...unsent.map((one) => one.savedAt), ...files.map((one) => one.addedAt)]);
  const wait = core?.wait ?? 0;
  const isOld = Number.isFinite(oldest) && Date.now() - oldest > 86_400_000;
  return (
    <Screen
      title={t("not_sent_title")} isSub
      dock={
        <>
          <button class="secondary" disabled={!unsent.length && !files.length} onClick={() => void save()}><Icon name="download" /> {t("export")}</button>
          <button class="primary wide" disabled={status.isSending} onClick={() => void core?.sync({ isForced: true })}>
            <Icon name="again" /> {status.isSending ? t("sending") : t("send_now")}
          </button>
        </>
      }
    >
      {status.stopped === "login" && <Notice tone="act">{t("stopped_login")} <a href={link("login")}>{t("log_in")}</a></Notice>}
      {status.stopped && status.stopped !== "login" && (
        <Notice tone="attention">
          {reason(status.stopped)}
          {wait > 0 && <span class="quiet"> {wait < 60_000 ? t("next_try_soon") : t("next_try", { time: lasting(wait) })}</span>}
        </Notice>
      )}
      {model.isNewerHere && <Notice tone="attention">{t("outdated")}</Notice>}
      {isOld && <Notice tone="attention">{t("unsent_old")}</Notice>}
      {!unsent.length && !files.length && <Empty icon="good" title={t("all_sent_long")}><p>{status.lastHeardAt ? t("heard", { age: age(Date.now() - status.lastHeardAt) }) : ""}</p></Empty>}
      {needy.length > 0 && <Card title={t("needs_you", { n: needy.length })} tone="act-edge">{needy.map((entry) => <Needy key={entry.op_id} entry={entry} />)}</Card>}
      {waiting.length > 0 && (
        <Card title={t("waiting_n", { n: waiting.length })}>
          <ul class="outbox">
            {waiting.map((entry) => (
              <li key={entry.op_id}>
                <State of={entry.state} />
                <span class="row-text"><span class="row-title">{said(entry)}</span><span class="row-note">{about(entry)} · {age(Date.now() - entry.savedAt)}</span></span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {files.length > 0 && (
        <Card title={t("photos_n", { n: files.length })}>
          <ul class="outbox">
            {files.map((one) => (
              <li key={one.sha256}>
                <Thumb sha256={one.sha256} alt={word("role", one.role)} />
                <span class="row-text">
                  <span class="row-title">{word("role", one.role)} · {size(one.size)}</span>
                  <span class={`row-note ${one.state === "refused" ? "act" : ""}`}>
                    {one.state === "refused" ? refusal(one.reason) : one.offset ? t("part_sent", { done: size(one.offset), all: size(one.size) }) : t("on_phone")}
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {(unsent.length > 0 || files.length > 0) && <p class="hint">{t("unsent_hint")}</p>}
    </Screen>
  );

  async function save(): Promise<void> {
    const url = URL.createObjectURL(await exported(core!.store, Date.now()));
    const anchor = Object.assign(document.createElement("a"), { href: url, download: `enerfield-${new Date().toISOString().slice(0, 16).replace(":", "")}.json` });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
}

/** Why a photo will not go. */
function refusal(why: string | null): string {
  return why === LOST ? t("photo_lost") : `${t("photo_refused")}: ${why ?? ""}`;
}

/** One that somebody must look at: what, why, and the way on. */
function Needy({ entry }: { entry: OpEntry }) {
  const { core } = useModel();
  const [isSure, ask] = useState(false);
  const result = entry.result;
  const isConflict = result?.outcome === "conflict";
  const why = isConflict ? word("conflict", result?.class) : ((look.locale === "zh" && result?.message_zh) || result?.message || word("refused", result?.code));
  return (
    <div class="needy">
      <p class="row-title">{said(entry)}</p>
      <p class="row-note">{about(entry)}</p>
      <p class="why"><Icon name="act" size={18} /> {why}</p>
      {result?.fix_hint && <p class="hint">{result.fix_hint}</p>}
      <div class="buttons">
        {isConflict ? (
          <button class="secondary" onClick={() => void core!.dismiss(entry.op_id)}>{t("understood")}</button>
        ) : (
          <>
            <button class="secondary" onClick={() => ask(true)}><Icon name="bin" /> {t("discard")}</button>
            <button class="primary" onClick={() => void core!.repeat(entry.op_id).then(() => core!.sync({ isForced: true }))}><Icon name="again" /> {t("try_again")}</button>
          </>
        )}
      </div>
      {isSure && (
        <Sheet title={t("discard_sure")} onClose={() => ask(false)}>
          <p>{t("discard_means")}</p>
          <button class="primary danger wide" onClick={() => void core!.dismiss(entry.op_id)}>{t("discard")}</button>
        </Sheet>
      )}
    </div>
  );
}

function State({ of }: { of: string }) {
  return <span class={`op-state ${of}`}><Icon name={of === "sending" ? "up" : of === "held" ? "clock" : "phone"} size={16} /> {word("state", of)}</span>;
}

/** An operation in words. */
function said({ op }: OpEntry): string {
  return word("command", eventOf(op));
}

function about({ op }: OpEntry): string {
  const order = kept.one("work_order", op.entity === "visit" ? kept.one("visit", op.entity_id)?.work_order_id : op.entity_id);
  if (order) return order.number || titled(order) || t("work_order");
  return named(kept.one(op.entity, op.entity_id)) || word("entity", op.entity);
}
