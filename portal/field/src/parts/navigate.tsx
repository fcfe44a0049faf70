/** The way there, in the phone's own map. */

import { t } from "../look.ts";
import type { Row } from "../sync/types.ts";
import { Icon } from "./icons.tsx";

export function NavigateLink({ position }: { position: Row | undefined }) {
  if (!position || typeof position.lat !== "number") return null;
  const spot = `${position.lat},${position.lon}`;
  const isApple = /iPhone|iPad|Macintosh/.test(navigator.userAgent);
  const href = isApple ? `maps://?daddr=${spot}` : `geo:${spot}?q=${spot}(${encodeURIComponent(position.name ?? "")})`;
  return (
    <a class="secondary" href={href} target="_blank" rel="noreferrer">
      <Icon name="go" size={20} /> {t("navigate")}
    </a>
  );
}
