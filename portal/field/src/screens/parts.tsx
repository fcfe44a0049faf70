/** What was taken from the van. */

import { useState } from "preact/hooks";
import { act } from "../act.ts";
import { exact, stamp } from "../format.ts";
import { named, t } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { Card, Empty, Row as Line, Screen, Sheet } from "../parts/ui.tsx";
import { back } from "../route.ts";
import { isEnded, type Job } from "../work.ts";

export function Parts({ found }: { found: Job }) {
  const model = useModel();
  const [chosen, choose] = useState<Shown | null>(null);
  const [sought, seek] = useState("");
  const order = found.order;
  if (!order) return null;
  const stock = model.all("stock").map((one) => ({ stock: one, part: model.one("part", one.part_id) }));
  const mine = stock
    .filter(({ stock: one, part }) => one.is_mine !== false && matches(part, sought))
    .sort((a, b) => named(a.part).localeCompare(named(b.part)));
  return (
    <Screen title={t("parts")} isSub dock={<button class="primary wide" onClick={() => back()}>{t("ready")}</button>}>
      <Card title={t("used_here")}>
        {(order.parts ?? []).length === 0 && <p class="quiet">{t("no_parts_yet")}</p>}
        {(order.parts ?? []).map((used: Shown, place: number) => (
          <Line key={place} icon="part" title={<>{exact(used.quantity)} × {named(model.one("part", used.part_id)) || used.part_id}</>} note={stamp(used.at, found.position?.timezone)} />
        ))}
      </Card>
      {!isEnded(found.visit) && (
        <Card title={t("in_the_van")}>
          <input type="search" aria-label={t("find_part")} placeholder={t("find_part")} value={sought} onInput={(event) => seek(event.currentTarget.value)} />
          {mine.length === 0 && <Empty icon="part" title={sought ? t("nothing_found") : t("van_empty")} />}
          {mine.slice(0, 60).map(({ stock: one, part }) => (
            <Line key={one.id} onClick={() => choose(one)} title={named(part) || one.part_id} note={part?.number} aside={<b class={one.quantity > 0 ? "" : "act"}>{exact(one.quantity, part?.unit)}</b>} />
          ))}
        </Card>
      )}
      {chosen && <TakeSheet stock={chosen} order={order.id} onClose={() => choose(null)} />}
    </Screen>
  );
}

function TakeSheet({ stock, order, onClose }: { stock: Shown; order: string; onClose: () => void }) {
  const model = useModel();
  const part = model.one("part", stock.part_id);
  const [count, setCount] = useState(1);
  const take = (): void => {
    onClose();
    void act([{ entity: "work_order", entity_id: order, command: "use_part", args: { part_id: stock.part_id, store_id: stock.store_id, quantity: count } }]);
  };
  return (
    <Sheet title={named(part)} onClose={onClose}>
      <div class="stepper" role="group" aria-label={t("quantity")}>
        <button class="secondary square" aria-label={t("less")} disabled={count <= 1} onClick={() => setCount(count - 1)}><Icon name="minus" size={26} /></button>
        <output>{exact(count, part?.unit)}</output>
        <button class="secondary square" aria-label={t("one_more")} onClick={() => setCount(count + 1)}><Icon name="plus" size={26} /></button>
      </div>
      {count > stock.quantity && <p class="hint">{t("stock_negative")}</p>}
      <button class="primary wide" onClick={take}>{t("take_parts", { n: count })}</button>
    </Sheet>
  );
}

function matches(part: Shown | undefined, sought: string): boolean {
  const text = `${part?.name ?? ""} ${part?.name_zh ?? ""} ${part?.number ?? ""}`.toLowerCase();
  return sought.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
