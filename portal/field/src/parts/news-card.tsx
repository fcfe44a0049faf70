/** What changed while you were away: told once, kept in a list. */

import { soon } from "../format.ts";
import { t, word } from "../look.ts";
import { model, useModel } from "../model.ts";
import { link } from "../route.ts";
import { Icon } from "./icons.tsx";
import type { News } from "../sync/types.ts";

const SEEN = "field-news-seen";
export const seenUpTo = (): number => Number(localStorage.getItem(SEEN) ?? 0);
export const see = (news: News[]): void => localStorage.setItem(SEEN, String(Math.max(0, ...news.map((one) => one.key ?? 0))));

export function NewsCard() {
  const { news } = useModel();
  const fresh = news.filter((one) => (one.key ?? 0) > seenUpTo());
  if (!fresh.length) return null;
  return (
    <a class="notice attention news" href={link("news")}>
      <Icon name="news" />
      <div>
        <b>{t("news_title")}</b>
        <ul>{fresh.slice(0, 3).map((one) => <li key={one.key}>{told(one)}</li>)}</ul>
        {fresh.length > 3 && <p>{t("and_more", { n: fresh.length - 3 })}</p>}
      </div>
      <Icon name="right" size={18} />
    </a>
  );
}

export function told(one: News): string {
  switch (one.kind) {
    case "moved":
      return t("news_moved", { from: at(one.before), to: at(one.after) });
    case "new_visit":
      return t("news_new_visit", { at: at(one.after) });
    case "priority":
      return t("news_priority", { to: String(one.after) });
    case "status":
      return t("news_status", { to: word("order", one.after as string) });
    case "resolved":
      return t("news_resolved");
    case "overwritten":
      return t("news_overwritten");
    default:
      return t("news_withdrawn", { at: at(one.before) });
  }
}

const at = (time: unknown): string => (Number.isNaN(Date.parse(String(time))) ? "" : soon(time as string, model.now()));
