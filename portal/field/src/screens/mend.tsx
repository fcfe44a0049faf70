/** What is written here is wrong: put the name, the plate or the pin right, hang a label on it. With or without a signal. */

import { useEffect, useState } from "preact/hooks";
import { act } from "../act.ts";
import { look, named, t } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { toast } from "../parts/toast.tsx";
import { Field, Notice, Row, Sheet } from "../parts/ui.tsx";
import { locate } from "../phone.ts";
import { go, link } from "../route.ts";
import type { Intent } from "../sync/core.ts";
import type { Geo, Row as Values } from "../sync/types.ts";

type Mend = "name" | "plate" | "pin";
const PLATE = ["manufacturer", "model", "serial_number"] as const;
const LONGEST = 200;

/** What may be put right here, and each with its own small form. */
export function MendSheet({ position, device, onClose }: { position: Shown | undefined; device: Shown | undefined; onClose: () => void }) {
  const [mend, choose] = useState<Mend | null>(null);
  if (mend === "name") return <NameSheet position={position!} onClose={onClose} />;
  if (mend === "plate") return <PlateSheet device={device!} onClose={onClose} />;
  if (mend === "pin") return <PinSheet position={position!} onClose={onClose} />;
  const onto = device ? `device:${device.id}` : `position:${position?.id}`;
  return (
    <Sheet title={t("mend")} onClose={onClose}>
      {position && <Row icon="pen" title={t("mend_name")} note={named(position)} onClick={() => choose("name")} />}
      {device && <Row icon="device" title={t("mend_plate")} note={`${device.manufacturer} ${device.model} · ${device.serial_number}`} onClick={() => choose("plate")} />}
      {position && <Row icon="place" title={t("mend_pin")} note={t("mend_pin_note")} onClick={() => choose("pin")} />}
      <Row icon="scan" title={t("hang_label")} note={t("hang_label_note")} onClick={() => go(`${link("scan")}?onto=${onto}`)} />
    </Sheet>
  );
}

/** Where a change of this phone stands: still to be sent, or contradicted by somebody else's. */
export function Mended({ ids }: { ids: string[] }) {
  const model = useModel();
  const isWaiting = model.unsent.some(({ op, state }) => ids.includes(op.entity_id) && state !== "needs_you");
  const isRefused = model.needy.some(({ op }) => ids.includes(op.entity_id));
  const isDisputed = model.all("conflict").some((one) => ids.includes(one.entity_id) && one.class === "same_field" && !one.resolved_at);
  return (
    <>
      {isDisputed && <Notice tone="attention">{t("conflict_same_field")}</Notice>}
      {isRefused && <Notice tone="act"><a href={link("unsent")}>{t("needs_look")}</a></Notice>}
      {isWaiting && <Notice tone="quiet">{t("mend_waits")}</Notice>}
    </>
  );
}

/** Write a change down with what was seen before it; the server tells by that whether somebody else changed it too. */
async function change(entity: string, row: Shown, command: string, said: Values): Promise<boolean> {
  const was = Object.fromEntries(Object.keys(said).map((name) => [name, row[name] ?? null]));
  const intent: Intent = { entity, entity_id: row.id, command, args: { ...said, was } };
  const isDone = await act([intent]);
  if (isDone) toast(t("mended"));
  return isDone;
}

function NameSheet({ position, onClose }: { position: Shown; onClose: () => void }) {
  const field = look.locale === "zh" && position.name_zh ? "name_zh" : "name";
  const [text, setText] = useState<string>(position[field] ?? "");
  const said = text.trim();
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await change("position", position, "rename", { [field]: said })) onClose();
  };
  return (
    <Sheet title={t("mend_name")} onClose={onClose}>
      <form onSubmit={(event) => void save(event)}>
        <Field label={t("name_here")}>{(id) => <input id={id} class="large" value={text} maxLength={LONGEST} autocomplete="off" onInput={(event) => setText(event.currentTarget.value)} />}</Field>
        <button class="primary wide" disabled={!said || said === position[field]}>{t("save")}</button>
      </form>
    </Sheet>
  );
}

function PlateSheet({ device, onClose }: { device: Shown; onClose: () => void }) {
  const [said, setSaid] = useState<Values>(Object.fromEntries(PLATE.map((name) => [name, device[name] ?? ""])));
  const changed = Object.fromEntries(PLATE.filter((name) => said[name].trim() !== (device[name] ?? "")).map((name) => [name, said[name].trim()]));
  const isWhole = PLATE.every((name) => said[name].trim());
  const save = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await change("device", device, "relabel", changed)) onClose();
  };
  return (
    <Sheet title={t("mend_plate")} onClose={onClose}>
      <form onSubmit={(event) => void save(event)}>
        <p class="quiet">{t("plate_hint")}</p>
        {PLATE.map((name) => (
          <Field key={name} label={t(`plate_${name}`)}>
            {(id) => <input id={id} class={name === "serial_number" ? "mono" : ""} value={said[name]} maxLength={LONGEST} autocomplete="off" autocapitalize="off" spellcheck={false} onInput={(event) => setSaid({ ...said, [name]: event.currentTarget.value })} />}
          </Field>
        ))}
        <button class="primary wide" disabled={!isWhole || !Object.keys(changed).length}>{t("save")}</button>
      </form>
    </Sheet>
  );
}

const GOOD_ENOUGH_M = 50;

function PinSheet({ position, onClose }: { position: Shown; onClose: () => void }) {
  const [at, setAt] = useState<Geo | null | "asking">("asking");
  const ask = (): void => {
    setAt("asking");
    void locate(true).then(setAt);
  };
  useEffect(ask, []);
  const isVague = at !== "asking" && at !== null && at.acc > GOOD_ENOUGH_M;
  const save = async (): Promise<void> => {
    const { lat, lon } = at as Geo;
    if (await change("position", position, "move_pin", { lat, lon })) onClose();
  };
  return (
    <Sheet title={t("mend_pin")} onClose={onClose}>
      <p>{t("pin_hint")}</p>
      {at === "asking" && <p class="quiet">{t("wait")}</p>}
      {at === null && <Notice tone="attention">{t("pin_nowhere")}</Notice>}
      {at !== "asking" && at && <p class={isVague ? "attention" : "good"}><Icon name="place" size={18} /> {t("pin_found", { m: Math.max(1, Math.round(at.acc)) })}</p>}
      {isVague && <p class="hint">{t("pin_vague")}</p>}
      <div class="buttons">
        <button class="secondary" onClick={ask}>{t("again")}</button>
        <button class="primary" disabled={at === "asking" || !at} onClick={() => void save()}>{t("pin_here")}</button>
      </div>
    </Sheet>
  );
}
