/** Why? In a few words, or one of the known reasons with a date. */

import { useState } from "preact/hooks";
import { capital, t, word } from "../look.ts";
import { HOLD_REASONS } from "../machine.ts";
import { model } from "../model.ts";
import { Choice, Field, Sheet } from "../parts/ui.tsx";

export interface Asked {
  title: string;
  kind: "text" | "hold";
  onDone: (reason: string, until?: string) => unknown;
}

const HOURS = [2, 24, 72, 168];

export function ReasonSheet({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState("24");
  const isHold = asked.kind === "hold";
  const done = (): void => {
    onClose();
    asked.onDone(reason.trim(), new Date(model.now() + Number(hours) * 3_600_000).toISOString());
  };
  return (
    <Sheet title={asked.title} onClose={onClose}>
      {isHold ? (
        <>
          <Choice label={t("why")} value={reason || null} options={HOLD_REASONS.map((one) => [one, capital(word("hold", one))] as [string, string])} onChange={setReason} />
          <Choice label={t("until_when")} value={hours} options={HOURS.map((one) => [String(one), t(`in_${one}` as never)] as [string, string])} onChange={setHours} />
        </>
      ) : (
        <Field label={t("why")}>
          {(id) => <textarea id={id} rows={3} value={reason} maxLength={500} onInput={(event) => setReason(event.currentTarget.value)} />}
        </Field>
      )}
      <button class="primary wide" disabled={!reason.trim()} onClick={done}>{asked.title}</button>
    </Sheet>
  );
}
