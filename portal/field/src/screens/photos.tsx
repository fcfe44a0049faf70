/** How it looked before and after, and which pictures the server has. */

import { size, stamp } from "../format.ts";
import { t, word } from "../look.ts";
import { useModel } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { PhotoButton, Thumb } from "../parts/photo.tsx";
import { Card, Screen } from "../parts/ui.tsx";
import { back } from "../route.ts";
import type { Row } from "../sync/types.ts";
import { isEnded, isOnServer, photos, type Job } from "../work.ts";

const ROLES = ["before", "after", "evidence"] as const;

export function Photos({ found }: { found: Job }) {
  const { order, visit } = found;
  if (!order) return null;
  const taken = photos(order);
  const here = taken.filter(isOnServer).length;
  return (
    <Screen
      title={t("photos")} above={taken.length ? t("on_server_of", { here, all: taken.length }) : t("before_and_after")} isSub
      dock={<button class="primary wide" onClick={() => back()}>{t("ready")}</button>}
    >
      {ROLES.map((role) => {
        const list = taken.filter((one) => one.role === role || (role === "evidence" && !ROLES.includes(one.role)));
        return (
          <Card key={role} title={word("role", role)} aside={list.length > 0 ? (list.every(isOnServer) ? <Icon name="good" /> : undefined) : role !== "evidence" ? <span class="todo">{t("to_do")}</span> : undefined}>
            <ul class="thumbs">
              {list.map((one) => <li key={one.sha256}><OnePhoto photo={one} /></li>)}
            </ul>
            {!isEnded(visit) && <PhotoButton order={order.id} role={role} label={t("take_photo")} />}
          </Card>
        );
      })}
      <p class="hint">{t("photos_hint")}</p>
    </Screen>
  );
}

function OnePhoto({ photo }: { photo: Row }) {
  const { blobs } = useModel();
  const blob = blobs.find((one) => one.sha256 === photo.sha256);
  const isThere = isOnServer(photo);
  const part = blob && !isThere && blob.offset > 0 ? ` ${Math.round((100 * blob.offset) / blob.size)} %` : "";
  return (
    <figure class="photo">
      <Thumb sha256={photo.sha256} alt={`${word("role", photo.role)}, ${stamp(photo.taken_at)}`} />
      <figcaption class={isThere ? "good" : blob?.state === "refused" ? "act" : "attention"}>
        <Icon name={isThere ? "good" : blob?.state === "refused" ? "act" : "phone"} size={16} />
        {isThere ? t("on_server") : blob?.state === "refused" ? t("photo_refused") : blob ? `${t("on_phone")}${part}` : t("on_other_phone")}
        {photo.size && <span class="quiet"> {size(photo.size)}</span>}
      </figcaption>
    </figure>
  );
}
