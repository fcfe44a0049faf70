/** What was wrong, why, and what helped. */

import { useState } from "preact/hooks";
import { act } from "../act.ts";
import { named, t } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { Choice, Screen } from "../parts/ui.tsx";
import { back } from "../route.ts";
import type { Job } from "../work.ts";

const KINDS = ["problem", "cause", "remedy"] as const;

export function Codes({ found }: { found: Job }) {
  const model = useModel();
  const order = found.order;
  const [chosen, setChosen] = useState<Record<string, string | null>>({
    problem: order?.problem_code ?? null, cause: order?.cause_code ?? null, remedy: order?.remedy_code ?? null,
  });
  if (!order) return null;
  const choose = (kind: string, code: string): void => {
    const next = { ...chosen, [kind]: code };
    setChosen(next);
    void act([{ entity: "work_order", entity_id: order.id, command: "codes", args: { problem: next.problem, cause: next.cause, remedy: next.remedy } }]);
  };
  return (
    <Screen title={t("what_was_it")} isSub dock={<button class="primary wide" onClick={() => back()}>{t("ready")}</button>}>
      {KINDS.map((kind) => (
        <section class="card" key={kind}>
          <Choice
            label={t(kind)} value={chosen[kind] ?? null} onChange={(code) => choose(kind, code)}
            options={fitting(model.of("failure_code", "kind", kind), order.fault_class).map((one) => [one.code, named(one)] as [string, string])}
          />
        </section>
      ))}
    </Screen>
  );
}

/** Codes for this class of fault first, then those for any. */
function fitting(codes: Shown[], fault: string | null): Shown[] {
  const rank = (one: Shown): number => ((one.fault_classes ?? []).includes(fault) ? 0 : (one.fault_classes ?? []).length ? 2 : 1);
  return [...codes].sort((a, b) => rank(a) - rank(b));
}
