/** Where a visit stands, as five dots with words. */

import { t } from "../look.ts";
import type { Row } from "../sync/types.ts";

const PLACE: Record<string, number> = {
  planned: 0, offered: 0, accepted: 1, enroute: 2, on_site: 3, working: 4, break: 4, done: 5, partial: 5, aborted: 5, no_access: 5,
};
const NAMES = ["stage_accepted", "stage_travel", "stage_there", "stage_working", "stage_done"] as const;

export function Stages({ visit, order }: { visit: Row; order: Row | undefined }) {
  const at = order?.status === "verified" || order?.status === "closed" ? 5 : (PLACE[visit.status] ?? 0);
  return (
    <ol class="stages">
      {NAMES.map((name, place) => (
        <li key={name} class={place < at - 1 ? "done" : place === at - 1 ? "now" : ""} aria-current={place === at - 1 ? "step" : undefined}>{t(name)}</li>
      ))}
    </ol>
  );
}
