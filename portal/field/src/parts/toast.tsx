/** Something short to know, said once, for eyes and screen readers. */

import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icons.tsx";

interface Told {
  text: string;
  tone: "good" | "attention" | "act";
}

let show: (told: Told | null) => void = () => undefined;
let timer = 0;

export function toast(text: string, tone: Told["tone"] = "good"): void {
  show({ text, tone });
  clearTimeout(timer);
  timer = window.setTimeout(() => show(null), tone === "good" ? 3_500 : 8_000);
}

export function Toasts() {
  const [told, setTold] = useState<Told | null>(null);
  useEffect(() => {
    show = setTold;
  }, []);
  return (
    <div class="toasts" role="status">
      {told && (
        <div class={`toast ${told.tone}`}>
          <Icon name={told.tone} /> {told.text}
        </div>
      )}
    </div>
  );
}
