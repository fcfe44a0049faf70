/** A carrier by its colour and its letter; a priority by its number and word. */

import { look, word } from "../look.ts";

const LETTERS: Record<string, [string, string]> = {
  electricity: ["E", "电"], heat: ["H", "热"], cooling: ["C", "冷"], steam: ["S", "汽"], gas: ["G", "气"], water: ["W", "水"],
  fuel: ["F", "燃"], environment: ["N", "环"],
};

export function Carrier({ of, size = "" }: { of: string | null | undefined; size?: "" | "large" }) {
  if (!of) return null;
  const letters = LETTERS[of];
  return (
    <span class={`carrier ${of} ${size}`} role="img" aria-label={word("carrier", of)} title={word("carrier", of)}>
      {letters ? letters[look.locale === "zh" ? 1 : 0] : "?"}
    </span>
  );
}

export function Priority({ of }: { of: number | null | undefined }) {
  if (!of) return null;
  return <span class={`priority p${of}`}>P{of} · {word("priority", String(of))}</span>;
}
