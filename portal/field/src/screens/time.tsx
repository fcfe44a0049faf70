/** How long did it take? The clock of this phone, or minutes entered by hand. */

import { useState } from "preact/hooks";
import { act } from "../act.ts";
import { lasting, stamp } from "../format.ts";
import { t } from "../look.ts";
import { useModel, useTick } from "../model.ts";
import { Card, Field, Notice, Row, Screen } from "../parts/ui.tsx";
import { back } from "../route.ts";
import type { Row as Punch } from "../sync/types.ts";
import { isEnded, running, turnClock, type Job } from "../work.ts";

const MOST_MIN = 1_440;

export function Time({ found }: { found: Job }) {
  const model = useModel();
  useTick(1_000);
  const [minutes, setMinutes] = useState("");
  const { visit, position } = found;
  const runs = running(visit.id);
  const punches: Punch[] = visit.punches ?? [];
  const typed = /^\d{1,4}$/.test(minutes.trim()) ? Number(minutes) : 0;
  const isRight = typed > 0 && typed <= MOST_MIN;
  const book = async (): Promise<void> => {
    const started_at = new Date(model.now() - typed * 60_000).toISOString();
    if (await act([{ entity: "visit", entity_id: visit.id, command: "punch", args: { kind: "work", seconds: typed * 60, started_at } }])) setMinutes("");
  };
  const turn = async (kind: "work" | null): Promise<void> => {
    await act(turnClock(visit.id, kind));
    model.tell();
  };
  return (
    <Screen title={t("time")} isSub dock={<button class="primary wide" onClick={() => back()}>{t("ready")}</button>}>
      <Card title={t("clock_here")}>
        <p>{runs ? `${t(`time_${runs.kind}` as never)} ${lasting(runs.ms)}` : t("clock_stands")}</p>
        {!isEnded(visit) && (
          runs?.kind === "work"
            ? <button class="secondary wide" onClick={() => void turn(null)}>{t("clock_stop")}</button>
            : <button class="secondary wide" onClick={() => void turn("work")}>{t("clock_start")}</button>
        )}
      </Card>
      <Card title={t("time_by_hand")}>
        <Field label={t("minutes_worked")} error={minutes && !isRight ? t("minutes_wrong") : undefined}>
          {(id) => <input id={id} inputMode="numeric" value={minutes} maxLength={4} onInput={(event) => setMinutes(event.currentTarget.value)} />}
        </Field>
        <button class="secondary wide" disabled={!isRight} onClick={() => void book()}>{t("book_time")}</button>
      </Card>
      <Card title={t("time_booked")}>
        {!punches.length && <Notice tone="quiet">{t("no_time_yet")}</Notice>}
        {punches.map((one, place) => <Row key={place} icon="clock" title={`${t(`time_${one.kind}` as never)} ${lasting(one.seconds * 1000)}`} note={stamp(one.started_at, position?.timezone)} />)}
      </Card>
    </Screen>
  );
}
