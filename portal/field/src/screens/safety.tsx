/** Am I safe, is it locked off, is it the right thing? Then work begins. */

import { useEffect, useState } from "preact/hooks";
import { act, start } from "../act.ts";
import { stamp } from "../format.ts";
import { t, word } from "../look.ts";
import { useModel } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { PhotoButton } from "../parts/photo.tsx";
import { Card, Field, Notice, Screen } from "../parts/ui.tsx";
import { locate } from "../phone.ts";
import { go, link, query } from "../route.ts";
import type { Geo } from "../sync/types.ts";
import { isEnded, isInside, permitOf, startLacks, type Job } from "../work.ts";

const QUESTIONS = ["gear", "area", "energy", "way_out"] as const;

export function Safety({ found }: { found: Job }) {
  useModel();
  const { visit, order, position } = found;
  const tag = query("tag");
  const [said, setSaid] = useState<Record<string, boolean>>(() => JSON.parse(sessionStorage.getItem(`safety ${visit.id}`) ?? "{}"));
  const [at, setAt] = useState<Geo | null>(null);
  const [isOverriding, setOverriding] = useState(false);
  const [reason, setReason] = useState("");
  const [photo, setPhoto] = useState<string | null>(null);
  useEffect(() => void locate().then(setAt), []);
  if (!order) return null;
  const isDone = QUESTIONS.every((question) => said[question]);
  const isOn = order.status === "in_progress";
  const lacks = startLacks(order);
  const isNear = isInside(position, order, at);
  const set = (question: string, value: boolean): void => {
    const next = { ...said, [question]: value };
    setSaid(next);
    sessionStorage.setItem(`safety ${visit.id}`, JSON.stringify(next));
  };
  const begin = async (proof: { tag?: string; override?: { reason: string; photo: string } }): Promise<void> => {
    if (await start(found, { ...proof, safety: said })) go(link("visit", visit.id), { isReplacing: true });
  };
  const dock = isOn || isEnded(visit) ? undefined : tag ? (
    <button class="primary wide" disabled={!isDone || lacks.length > 0} onClick={() => void begin({ tag })}>{t("start_work")}</button>
  ) : (
    <>
      {isNear && <button class="secondary" disabled={!isDone || lacks.length > 0} onClick={() => void begin({})}>{t("start_near")}</button>}
      <button class="primary wide" disabled={!isDone || lacks.length > 0} onClick={() => go(`${link("scan")}?visit=${visit.id}`)}><Icon name="scan" size={26} /> {t("scan_to_start")}</button>
    </>
  );
  return (
    <Screen title={isOn ? t("permit") : t("before_you_start")} isSub dock={dock}>
      {tag && <Notice tone="good">{t("right_asset")}</Notice>}
      <Permit found={found} />
      {!isOn && (
        <Card title={t("safety")}>
          {QUESTIONS.map((question) => (
            <label class="check big" key={question}>
              <input type="checkbox" checked={said[question] === true} onChange={(event) => set(question, event.currentTarget.checked)} />
              <span>{t(`safety_${question}` as never)}</span>
            </label>
          ))}
        </Card>
      )}
      {!isOn && !tag && (
        <Card>
          {!isOverriding ? (
            <button class="quiet-button" onClick={() => setOverriding(true)}>{t("cannot_scan")}</button>
          ) : (
            <>
              <Field label={t("why_no_scan")}>{(id) => <textarea id={id} rows={2} value={reason} maxLength={500} onInput={(event) => setReason(event.currentTarget.value)} />}</Field>
              <div class="buttons">
                <PhotoButton order={order.id} role="tag" label={photo ? t("photo_again") : t("photo_of_asset")} onDone={setPhoto} />
                <button class="primary" disabled={!reason.trim() || !photo || !isDone || lacks.length > 0} onClick={() => void begin({ override: { reason: reason.trim(), photo: photo! } })}>{t("start_work")}</button>
              </div>
            </>
          )}
        </Card>
      )}
    </Screen>
  );
}

function Permit({ found }: { found: Job }) {
  const model = useModel();
  const permit = permitOf(found.order);
  if (!permit) return found.order?.needs_permit ? <Notice tone="act">{t("permit_missing")} {t("permit_ask")}</Notice> : null;
  const isLate = Date.parse(permit.expires_at) < model.now();
  return (
    <Card title={`${t("permit")}: ${word("permit", permit.kind)}`} aside={permit.handed_back_at ? <Icon name="good" /> : undefined}>
      <p class={isLate && !permit.handed_back_at ? "act" : "quiet"}>{t("valid_until", { at: stamp(permit.expires_at, found.position?.timezone) })}</p>
      <ul class="isolation">
        {(permit.isolation ?? []).map((one: any, place: number) => (
          <li key={place}><Icon name={permit.confirmed_at || one.confirmed_by ? "good" : "lock"} size={18} /> {one.name ?? one.point}</li>
        ))}
      </ul>
      {!permit.confirmed_at && (permit.isolation ?? []).length > 0 && (
        <button class="primary wide" onClick={() => void act([{ entity: "permit", entity_id: permit.id, command: "confirm" }])}>{t("isolation_confirm")}</button>
      )}
      {!permit.handed_back_at && found.order?.status === "in_progress" && (
        <button class="secondary wide" onClick={() => void act([{ entity: "permit", entity_id: permit.id, command: "hand_back" }])}>{t("hand_back")}</button>
      )}
    </Card>
  );
}
