/** What is to be looked at, one item after the other. */

import { useState } from "preact/hooks";
import { act } from "../act.ts";
import { shownUnit } from "../amount.ts";
import { applying, isAnswered, isFailed, missing, type Item } from "../checklist.ts";
import { limits } from "../format.ts";
import { look, named, t } from "../look.ts";
import { useModel } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { PhotoButton, Thumb } from "../parts/photo.tsx";
import { Empty, Screen } from "../parts/ui.tsx";
import { back } from "../route.ts";
import type { Row } from "../sync/types.ts";
import { checklistOf, isEnded, type Job } from "../work.ts";

export function Checklist({ found }: { found: Job }) {
  const { order } = found;
  const list = checklistOf(order);
  if (!list || !order) return <Screen title={t("checklist")} isSub><Empty icon="list" title={t("no_checklist")} /></Screen>;
  const items = applying(list.items, order.answers ?? {});
  const open = missing(list.items, order.answers ?? {});
  const questions = items.filter((item) => item.type !== "note");
  const done = questions.filter((item) => isAnswered(item, order.answers ?? {})).length;
  return (
    <Screen
      title={named(list)} above={t("n_of_m", { n: done, m: questions.length })} isSub
      dock={<button class="primary wide" onClick={() => back()}>{open.length ? t("items_left", { n: open.length }) : t("ready")}</button>}
    >
      <div class="progress" role="progressbar" aria-label={t("checklist")} aria-valuemin={0} aria-valuemax={questions.length} aria-valuenow={done}>
        <span style={{ inlineSize: `${questions.length ? (100 * done) / questions.length : 0}%` }} />
      </div>
      <ol class="items">{items.map((item) => <OneItem key={item.key} item={item} found={found} answer={order.answers?.[item.key]} />)}</ol>
    </Screen>
  );
}

function OneItem({ item, found, answer }: { item: Item; found: Job; answer: Row | undefined }) {
  const model = useModel();
  const order = found.order!;
  const text = (look.locale === "zh" && item.text_zh) || item.text;
  const value = answer?.value;
  const failed = isFailed(item, value);
  const disabled = isEnded(found.visit);
  const id = `item-${item.key}`;
  const say = (value: unknown, note: string | null = answer?.note ?? null): void => {
    const reading = item.type === "reading" && item.point_id && typeof value === "number"
      ? [{ entity: "point", entity_id: item.point_id, command: "read", args: { value, read_at: new Date(model.now()).toISOString(), photo: null, is_rehearsal: found.visit.is_rehearsal === true } }] : [];
    void act([{ entity: "work_order", entity_id: order.id, command: "answer", args: { item: item.key, value, note } }, ...reading]);
  };
  if (item.type === "note") return <li class="item note"><p>{text}</p></li>;
  return (
    <li class={`item ${failed ? "failed" : isAnswered(item, order.answers ?? {}) ? "answered" : ""}`}>
      <p class="item-text" id={id}>
        {text}
        {item.is_mandatory === false && <span class="quiet small"> {t("optional")}</span>}
      </p>
      {item.type === "yes_no" && (
        <div class="choices two" role="group" aria-labelledby={id}>
          {[true, false].map((one) => (
            <button key={String(one)} class="option big" disabled={disabled} aria-pressed={value === one} onClick={() => say(one)}>
              <Icon name={one ? "tick" : "cross"} /> {one ? t("yes") : t("no")}
            </button>
          ))}
        </div>
      )}
      {item.type === "choice" && (
        <div class="choices stacked" role="group" aria-labelledby={id}>
          {(item.choices as string[]).map((one) => (
            <button key={one} class="option" disabled={disabled} aria-pressed={value === one} onClick={() => say(one)}>
              {value === one && <Icon name="tick" size={18} />}{choiceName(item, one)}
            </button>
          ))}
        </div>
      )}
      {(item.type === "number" || item.type === "reading") && <NumberItem item={item} id={id} value={value} disabled={disabled} say={say} />}
      {item.type === "text" && <TextItem id={id} value={value ?? ""} disabled={disabled} say={say} />}
      {item.type === "photo" && (
        <div class="thumbs">
          {value && <Thumb sha256={value} alt={text} />}
          {!disabled && <PhotoButton order={order.id} role="evidence" label={value ? t("photo_again") : t("take_photo")} onDone={(hash) => say(hash)} />}
        </div>
      )}
      {failed && (
        <div class="failed-note">
          <p><Icon name="attention" size={18} /> {t("item_failed")}</p>
          <TextItem id={id} label={t("what_did_you_see")} value={answer?.note ?? ""} disabled={disabled} say={(note) => say(value, note)} />
        </div>
      )}
    </li>
  );
}

function choiceName(item: Item, value: string): string {
  const words = look.locale === "zh" ? item.choices_zh : null;
  return (Array.isArray(words) && words[(item.choices as string[]).indexOf(value)]) || value;
}

function NumberItem({ item, id, value, disabled, say }: { item: Item; id: string; value: unknown; disabled: boolean; say: (value: unknown) => void }) {
  const [text, setText] = useState(value === undefined || value === null ? "" : String(value));
  const kept = limits(item.low, item.high, item.unit);
  const write = (): void => {
    const read = Number(text.replace(",", "."));
    if (text.trim() !== "" && Number.isFinite(read) && read !== value) say(read);
  };
  return (
    <>
      <div class="with-unit">
        <input aria-labelledby={id} inputMode="decimal" enterKeyHint="done" value={text} disabled={disabled} onInput={(event) => setText(event.currentTarget.value)} onBlur={write} />
        <span>{shownUnit(item.unit)}</span>
      </div>
      {kept && <p class="hint">{kept}</p>}
    </>
  );
}

function TextItem({ id, label, value, disabled, say }: { id: string; label?: string; value: string; disabled: boolean; say: (value: string) => void }) {
  const [text, setText] = useState(value);
  return (
    <textarea
      rows={2} {...(label ? { "aria-label": label, placeholder: label } : { "aria-labelledby": id })} value={text} disabled={disabled} maxLength={2000}
      onInput={(event) => setText(event.currentTarget.value)} onBlur={() => text !== value && say(text)}
    />
  );
}
