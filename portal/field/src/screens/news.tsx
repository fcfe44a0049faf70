/** What changed while I was away? */

import { useEffect } from "preact/hooks";
import { stamp } from "../format.ts";
import { t, titled } from "../look.ts";
import { useModel } from "../model.ts";
import { see, told } from "../parts/news-card.tsx";
import { Card, Empty, Row, Screen } from "../parts/ui.tsx";
import { link } from "../route.ts";
import type { News as One } from "../sync/types.ts";

export function News() {
  const model = useModel();
  const sorted = [...model.news].sort((a, b) => b.at - a.at);
  useEffect(() => see(model.news), [model.news.length]);
  return (
    <Screen title={t("news_title")} isSub>
      {sorted.length === 0 && <Empty icon="news" title={t("news_none")} />}
      {sorted.length > 0 && (
        <Card>
          {sorted.slice(0, 60).map((one) => <Row key={one.key} href={whereTo(one)} icon="news" title={told(one)} note={`${title(one)} · ${stamp(one.at)}`} />)}
        </Card>
      )}
    </Screen>
  );

  function visitOf(one: One) {
    return one.entity === "visit" ? model.one("visit", one.id) : model.of("visit", "work_order_id", one.id)[0];
  }

  function whereTo(one: One): string | undefined {
    const visit = visitOf(one);
    return visit && link("visit", visit.id);
  }

  function title(one: One): string {
    const order = one.entity === "work_order" ? model.one("work_order", one.id) : model.one("work_order", visitOf(one)?.work_order_id);
    return titled(order);
  }
}
