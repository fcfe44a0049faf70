/** What is wrong, and where? Written down in three taps, sent when it can be. */

import { useState } from "preact/hooks";
import { act, attach } from "../act.ts";
import { look, named, t } from "../look.ts";
import { useModel } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { shrink } from "../parts/photo.tsx";
import { toast } from "../parts/toast.tsx";
import { Card, Choice, Field, Notice, Row, Screen } from "../parts/ui.tsx";
import { FAULTS } from "../machine.ts";
import { go, link, query } from "../route.ts";
import { isRehearsing } from "../rehearsal.ts";
import { newId } from "../sync/ids.ts";
import { distanceTo } from "../work.ts";
import { distance } from "../format.ts";
import { learn } from "../words/index.ts";
import { report as words } from "../words/report.ts";

learn(words);

export function Report() {
  const model = useModel();
  const [position, setPosition] = useState(query("position") ?? "");
  const [fault, setFault] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [sought, seek] = useState("");
  const [photos, setPhotos] = useState<File[]>([]);
  const tag = query("tag");
  const place = model.one("position", position);
  const chosen = FAULTS.find((one) => one.code === fault);
  const twin = model.of("work_order", "position_id", position).find((one) => one.fault_class === fault && !["closed", "cancelled", "rejected", "merged", "verified"].includes(one.status));
  const near = model
    .all("position")
    .map((one) => ({ one, away: distanceTo(one) }))
    .filter(({ one }) => `${one.name} ${one.name_zh ?? ""} ${one.code ?? ""} ${one.address ?? ""}`.toLowerCase().includes(sought.toLowerCase()))
    .sort((a, b) => (a.away ?? 1e9) - (b.away ?? 1e9) || named(a.one).localeCompare(named(b.one)));

  async function send(): Promise<void> {
    const order = newId(model.now());
    const args = {
      position_id: position || null, device_id: query("device"), tag, fault_class: fault, title: named({ name: chosen?.name, name_zh: chosen?.name_zh }),
      description: text.trim() || null, priority: null,
    };
    if (!(await act([{ entity: "work_order", entity_id: order, command: "report", args }]))) return;
    for (const photo of photos) {
      try {
        await attach(order, "evidence", await shrink(photo), "image/jpeg");
      } catch {
        toast(t("photo_unreadable"), "act");
      }
    }
    toast(t("reported"));
    go(link(), { isReplacing: true });
  }

  return (
    <Screen title={t("report_fault")} isSub dock={<button class="primary wide" disabled={(!position && !tag) || !fault || isRehearsing()} onClick={() => void send()}>{t("send_report")}</button>}>
      {isRehearsing() && <Notice tone="attention">{t("rehearsal_no_report")} <a href={link("more")}>{t("rehearsal")}</a></Notice>}
      <Card title={t("where")}>
        {place ? (
          <Row icon="place" title={named(place)} note={place.address} onClick={() => setPosition("")} aside={<span class="link">{t("choose_other")}</span>} />
        ) : tag ? (
          <Row icon="scan" title={t("by_tag")} note={tag.slice(-12)} />
        ) : (
          <>
            <a class="secondary wide" href={`${link("scan")}?for=report`}><Icon name="scan" size={24} /> {t("scan_tag")}</a>
            <input type="search" aria-label={t("find_place")} placeholder={t("find_place")} value={sought} onInput={(event) => seek(event.currentTarget.value)} />
            {near.slice(0, 8).map(({ one, away }) => <Row key={one.id} icon="place" title={named(one)} note={one.address} aside={away !== null ? distance(away) : undefined} onClick={() => setPosition(one.id)} />)}
          </>
        )}
      </Card>
      <section class="card">
        <Choice label={t("what")} value={fault} options={FAULTS.map((one) => [one.code, look.locale === "zh" ? one.name_zh : one.name] as [string, string])} onChange={setFault} />
      </section>
      {chosen?.is_danger && <Notice tone="act">{t("danger_words")}</Notice>}
      {twin && <Notice tone="attention">{t("known_already", { number: twin.number || "" })}</Notice>}
      <Card>
        <Field label={t("describe")}>{(id) => <textarea id={id} rows={3} maxLength={2000} value={text} onInput={(event) => setText(event.currentTarget.value)} />}</Field>
        <label class="secondary photo-button">
          <Icon name="camera" size={22} /> {photos.length ? t("photos_n", { n: photos.length }) : t("take_photo")}
          <input type="file" accept="image/*" capture="environment" class="unseen" onChange={(event) => setPhotos([...photos, ...(event.currentTarget.files ?? [])])} />
        </label>
      </Card>
    </Screen>
  );
}
