/** A list of any length: only what is near the screen is drawn, the rest is room of the height it last had. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const CHUNK = 20;
const ROW_PX = 66;
/** How far beyond the screen rows are drawn already. */
const AHEAD = "900px 0px";

export function LongList<Item>({ items, row }: { items: Item[]; row: (item: Item) => ComponentChildren }) {
  if (items.length <= 2 * CHUNK) return <>{items.map(row)}</>;
  const chunks = Array.from({ length: Math.ceil(items.length / CHUNK) }, (_none, place) => items.slice(place * CHUNK, (place + 1) * CHUNK));
  return <>{chunks.map((some, place) => <Chunk key={place} isFirst={place === 0} count={some.length} draw={() => some.map(row)} />)}</>;
}

function Chunk({ isFirst, count, draw }: { isFirst: boolean; count: number; draw: () => ComponentChildren }) {
  const holder = useRef<HTMLDivElement>(null);
  const height = useRef(count * ROW_PX);
  const [isNear, come] = useState(isFirst);
  useEffect(() => {
    const watch = new IntersectionObserver(([seen]) => {
      if (!seen!.isIntersecting && seen!.boundingClientRect.height > 0) height.current = seen!.boundingClientRect.height;
      come(seen!.isIntersecting);
    }, { rootMargin: AHEAD });
    watch.observe(holder.current!);
    return () => watch.disconnect();
  }, []);
  return <div ref={holder} class="chunk" style={isNear ? undefined : { blockSize: `${height.current}px` }}>{isNear && draw()}</div>;
}
