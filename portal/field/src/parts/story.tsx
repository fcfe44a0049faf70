/** What became of a visit, and all that happened to its order. */

import { useState } from "preact/hooks";
import { act } from "../act.ts";
import { stamp } from "../format.ts";
import { t, word } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { link } from "../route.ts";
import { story, type Told } from "../story.ts";
import type { Row } from "../sync/types.ts";
import { isOnServer, photos, type Job } from "../work.ts";
import { Icon } from "./icons.tsx";
import { reason } from "./sync-chip.tsx";
import { Card } from "./ui.tsx";

const LONGEST = 30;

/** What became of it: sent, watched by sensors, verified. */
export function Afterwards({ found }: { found: Job }) {
  const { order, visit } = found;
  const { status, unsent } = useModel();
  const files = photos(order);
  const here = files.filter(isOnServer).length;
  const signatures = (order?.attachments ?? []).filter((one: Row) => one.role === "signature");
  const isSigned = signatures.every(isOnServer);
  const waiting = unsent.filter((entry) => entry.op.entity_id === order?.id || entry.op.entity_id === visit.id).length;
  const verdict = order?.verification?.verdict ?? (order?.status === "verified" ? "verified" : null);
  return (
    <Card title={t("afterwards")}>
      <ol class="path">
        <li class={waiting ? "now" : "done"}>{waiting ? t("waits_to_be_sent", { n: waiting }) : t("report_arrived")} {waiting > 0 && status.stopped && <span class="quiet">{reason(status.stopped)}</span>}</li>
        {files.length > 0 && <li class={here < files.length ? "now" : "done"}>{t("photos_on_server", { here, all: files.length })}</li>}
        {signatures.length > 0 && <li class={isSigned ? "done" : "now"}>{t(isSigned ? "signature_on_server" : "signature_on_phone")}</li>}
        <li class={verdict === "verified" ? "done" : verdict ? "bad" : "now"}>
          {verdict ? t(`verdict_${verdict}` as never) : order?.status === "verifying" ? t("sensors_watch") : word("order", order?.status)}
        </li>
      </ol>
    </Card>
  );
}

/** The order's story, this phone's unsent steps among it, and a line to add to it. */
export function Story({ found }: { found: Job }) {
  const model = useModel();
  const [text, setText] = useState("");
  const { order } = found;
  if (!order) return null;
  const of = (entity: string): Shown[] => model.of(entity, "work_order_id", order.id);
  const about = new Set([order.id, ...[...of("visit"), ...of("permit")].map((one) => one.id)]);
  const told = story({ events: of("event"), comments: of("comment"), ops: model.ops, about });
  const write = async (event: Event): Promise<void> => {
    event.preventDefault();
    const args = { text: text.trim(), is_public: false };
    if (args.text && (await act([{ entity: "work_order", entity_id: order.id, command: "comment", args }]))) setText("");
  };
  return (
    <Card title={t("history")}>
      <form class="say" onSubmit={(event) => void write(event)}>
        <input aria-label={t("remark")} placeholder={t("remark")} value={text} onInput={(event) => setText(event.currentTarget.value)} maxLength={2000} />
        <button class="secondary" disabled={!text.trim()}>{t("add")}</button>
      </form>
      {told.length > 0 && <ol class="events">{told.slice(0, LONGEST).map((one, place) => <Line key={place} of={one} zone={found.position?.timezone} />)}</ol>}
    </Card>
  );
}

function Line({ of: one, zone }: { of: Told; zone: string | undefined }) {
  const isRemark = one.command === "comment";
  const what = isRemark ? one.text : `${word("command", one.command)}${one.text ? `: ${word("hold", one.text)}` : ""}`;
  return (
    <li class={`${isRemark ? "said" : ""} ${one.state}`}>
      <p class="quiet small">{stamp(one.at, zone)} {one.who ?? t(one.by === "me" ? "me" : one.by === "system" ? "by_itself" : "somebody")}</p>
      <p>{what}{one.count > 1 ? ` × ${one.count}` : ""}</p>
      {one.state === "waiting" && <p class="attention small"><Icon name="phone" size={16} /> {t("not_sent_yet")}</p>}
      {one.state === "refused" && <p class="act small"><Icon name="act" size={16} /> <a href={link("unsent")}>{t("needs_look")}</a></p>}
    </li>
  );
}
