/** What waits to be sent, on every screen: a number and where it stands. */

import { t } from "../look.ts";
import { useModel } from "../model.ts";
import { link } from "../route.ts";
import { Icon } from "./icons.tsx";

export function SyncChip() {
  const { core, unsent, needy, status, blobs } = useModel();
  if (!core) return null;
  const files = blobs.filter((one) => one.state !== "server").length;
  const count = unsent.length + files;
  const tone = needy.length || status.stopped === "login" ? "act" : status.stopped ? "attention" : count ? "attention" : "good";
  const said = needy.length ? t("needs_you", { n: needy.length }) : count ? t("not_sent", { n: count }) : status.stopped ? t("offline_short") : t("all_sent");
  return (
    <a class={`chip ${tone} ${status.isSending ? "sending" : ""}`} href={link("unsent")}>
      <Icon name={tone === "good" ? "tick" : tone === "act" ? "act" : status.isSending ? "up" : "phone"} size={16} />
      <span role="status">{said}</span>
    </a>
  );
}

/** Whose fault it is that nothing goes, and what to do. */
export function reason(stopped: string | null): string {
  return stopped ? t(`stopped_${stopped}` as never) : "";
}
