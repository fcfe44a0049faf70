/** What the dial shows, checked against what it showed before. */

import { useState } from "preact/hooks";
import { act } from "../act.ts";
import { shownUnit } from "../amount.ts";
import { age, exact } from "../format.ts";
import { named, t } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { PhotoButton } from "../parts/photo.tsx";
import { toast } from "../parts/toast.tsx";
import { Card, Empty, Field, Screen } from "../parts/ui.tsx";
import { back } from "../route.ts";
import type { Job } from "../work.ts";

export function Reading({ found }: { found: Job }) {
  const model = useModel();
  const points = model.of("point", "position_id", found.order?.position_id ?? "").filter((one) => one.kind === "register");
  return (
    <Screen title={t("meter_reading")} isSub dock={<button class="primary wide" onClick={() => back()}>{t("ready")}</button>}>
      {points.length === 0 && <Empty icon="meter" title={t("no_registers")} />}
      {points.map((point) => <OneDial key={point.id} point={point} order={found.order!.id} isPractice={found.visit.is_rehearsal === true} />)}
    </Screen>
  );
}

/** Tell what is strange about a reading: nothing, a step back, or far more than the dial could run. */
export function strange(point: Record<string, any>, value: number): "reading_back" | "reading_far" | "reading_dial" | null {
  if (typeof point.dial === "number" && (value < 0 || value >= point.dial)) return "reading_dial";
  if (typeof point.value !== "number") return null;
  if (value < point.value) return "reading_back";
  const usual = Math.max(Math.abs(point.value) * 0.25, 1_000);
  return value - point.value > usual ? "reading_far" : null;
}

function OneDial({ point, order, isPractice }: { point: Shown; order: string; isPractice: boolean }) {
  const model = useModel();
  const [text, setText] = useState("");
  const [isSure, setSure] = useState(false);
  const [photo, setPhoto] = useState<string | null>(null);
  const value = Number(text.replace(/\s/g, "").replace(",", "."));
  const isNumber = text.trim() !== "" && Number.isFinite(value);
  const doubt = isNumber ? strange(point, value) : null;
  const save = async (): Promise<void> => {
    const read_at = new Date(model.now()).toISOString();
    if (!(await act([{ entity: "point", entity_id: point.id, command: "read", args: { value, read_at, photo, is_rehearsal: isPractice } }]))) return;
    setText("");
    setSure(false);
    toast(t("reading_saved"));
  };
  return (
    <Card title={named(point)}>
      <p class="quiet">{t("last_reading")}: <b>{exact(point.value, point.unit)}</b>{point.at ? ` · ${age(model.now() - Date.parse(point.at))}` : ""}</p>
      <Field label={t("dial_shows")} error={doubt ? t(doubt) : undefined}>
        {(id) => (
          <div class="with-unit">
            <input id={id} class="large" inputMode="decimal" value={text} onInput={(event) => { setText(event.currentTarget.value); setSure(false); }} autocomplete="off" />
            <span>{shownUnit(point.unit)}</span>
          </div>
        )}
      </Field>
      {doubt && doubt !== "reading_dial" && (
        <label class="check"><input type="checkbox" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} /> {t("reading_sure")}</label>
      )}
      <div class="buttons">
        <PhotoButton order={order} role="meter" label={photo ? t("photo_again") : t("photo_of_dial")} onDone={setPhoto} />
        <button class="primary" disabled={!isNumber || doubt === "reading_dial" || (doubt !== null && !isSure)} onClick={() => void save()}>{t("save")}</button>
      </div>
    </Card>
  );
}
