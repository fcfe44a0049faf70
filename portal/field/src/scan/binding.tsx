/** A label and the thing it hangs on: bound the first time, moved with a reason, both without a signal too. */

import { useState } from "preact/hooks";
import { act } from "../act.ts";
import { distance } from "../format.ts";
import { named, t } from "../look.ts";
import { model, useModel, type Shown } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { toast } from "../parts/toast.tsx";
import { Card, Choice, Field, Notice, Row, Sheet } from "../parts/ui.tsx";
import { go, link } from "../route.ts";
import { distanceTo } from "../work.ts";

export interface Target {
  kind: "position" | "device";
  id: string;
}

const REASONS = ["wrong", "exchanged", "moved", "other"] as const;
const MOST = 12;

export function nameOf(row: Shown | undefined, kind: Target["kind"]): string {
  return kind === "device" && row ? `${row.manufacturer} ${row.model}` : named(row) || t("asset");
}

/** Write down what a label hangs on; true when it is on the phone's disk. */
async function hang(id: string, text: string, onto: Target, reason: string | null): Promise<void> {
  const args = { tag: text, [`${onto.kind}_id`]: onto.id, ...(reason ? { reason } : {}) };
  if (!(await act([{ entity: "tag", entity_id: id, command: reason ? "rebind" : "bind", args }]))) return;
  toast(t("label_hung"));
  go(link("asset", onto.kind, onto.id), { isReplacing: true });
}

/** Choose what a label hangs on: from what is near, or by scanning the thing. */
export function BindSheet({ id, text, isMove = false, onClose }: { id: string; text: string; isMove?: boolean; onClose: () => void }) {
  const { all } = useChoices();
  const [kind, setKind] = useState<Target["kind"]>("position");
  const [sought, seek] = useState("");
  const [onto, choose] = useState<Target | null>(null);
  const list = all(kind).filter(({ name }) => name.toLowerCase().includes(sought.toLowerCase()));
  if (onto) return <HangSheet id={id} text={text} from={null} onto={onto} isMove={isMove} onClose={onClose} />;
  return (
    <Sheet title={isMove ? t("label_elsewhere") : t("tag_unbound")} onClose={onClose}>
      <p>{t("tag_unbound_hint")}</p>
      <button class="secondary wide" onClick={() => go(`${link("scan")}?move=${encodeURIComponent(text)}`)}><Icon name="scan" size={24} /> {t("scan_thing")}</button>
      <Choice label={t("bind_to")} value={kind} options={[["position", t("a_place")], ["device", t("a_device")]]} onChange={setKind} />
      <input type="search" aria-label={t("find_place")} placeholder={t("find_place")} value={sought} onInput={(event) => seek(event.currentTarget.value)} />
      <Card>
        {list.slice(0, MOST).map(({ one, name, away }) => (
          <Row key={one.id} icon={kind === "position" ? "place" : "device"} title={name} note={kind === "device" ? one.serial_number : undefined} aside={away !== null ? distance(away) : undefined} onClick={() => choose({ kind, id: one.id })} />
        ))}
      </Card>
    </Sheet>
  );
}

function useChoices() {
  useModel();
  const all = (kind: Target["kind"]) =>
    model.all(kind)
      .map((one) => ({ one, name: nameOf(one, kind), away: kind === "position" ? distanceTo(one) : null }))
      .sort((a, b) => (a.away ?? 1e9) - (b.away ?? 1e9) || a.name.localeCompare(b.name));
  return { all };
}

/** The label and the thing are known: hang it there; one that hangs elsewhere is moved, and why is said. */
export function HangSheet({ id, text, from, onto, isMove = false, onClose }: {
  id: string | null; text: string; from: Target | null; onto: Target; isMove?: boolean; onClose: () => void;
}) {
  const [why, setWhy] = useState<(typeof REASONS)[number] | null>(null);
  const [words, setWords] = useState("");
  const there = nameOf(model.one(onto.kind, onto.id), onto.kind);
  const isHere = from !== null && from.kind === onto.kind && from.id === onto.id;
  const isElsewhere = isMove || (from !== null && !isHere);
  const reason = why === "other" ? words.trim() : why ? t(`move_${why}`) : "";
  if (!id || isHere)
    return (
      <Sheet title={there} onClose={onClose}>
        <Notice tone={isHere ? "good" : "attention"}>{isHere ? t("label_here") : t("not_a_label")}</Notice>
        <button class="primary wide" onClick={onClose}>{t("scan_again")}</button>
      </Sheet>
    );
  return (
    <Sheet title={isElsewhere ? t("label_move") : t("tag_unbound")} onClose={onClose}>
      {from && !isHere && <Notice tone="attention">{t("label_hangs_on", { what: nameOf(model.one(from.kind, from.id), from.kind) })}</Notice>}
      <p>{t("label_onto", { what: there })}</p>
      {isElsewhere && <Choice label={t("why")} value={why} options={REASONS.map((one) => [one, t(`move_${one}`)] as [(typeof REASONS)[number], string])} onChange={setWhy} isStacked />}
      {isElsewhere && why === "other" && <Field label={t("why")}>{(field) => <textarea id={field} rows={2} value={words} maxLength={500} onInput={(event) => setWords(event.currentTarget.value)} />}</Field>}
      <button class="primary wide" disabled={isElsewhere && !reason} onClick={() => void hang(id, text, onto, isElsewhere ? reason : null)}>{isElsewhere ? t("label_move") : t("hang_here")}</button>
    </Sheet>
  );
}
