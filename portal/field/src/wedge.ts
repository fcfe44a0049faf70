/** Readers that type: keys that come faster than fingers, ended by Enter or Tab, outside of fields. */

const GAP_MS = 30;
const SHORTEST = 6;
/** A burst that begins this soon after another key is a person's, or has lost its beginning. */
const PAUSE_MS = 300;

/** Watch the whole page; returns how to stop. */
export function watchWedge(onRead: (text: string) => void): () => void {
  let [typed, last, isWhole] = ["", -PAUSE_MS, true];
  const key = (event: KeyboardEvent): void => {
    const isField = (event.target as Element).closest?.("input, textarea, select, [contenteditable]");
    if (isField || event.ctrlKey || event.metaKey || event.altKey) return;
    const gap = event.timeStamp - last;
    last = event.timeStamp;
    if (gap > GAP_MS) [typed, isWhole] = ["", gap > PAUSE_MS];
    if (event.key.length === 1) typed += event.key;
    else if ((event.key === "Enter" || event.key === "Tab") && typed.length >= SHORTEST && isWhole) {
      event.preventDefault();
      event.stopPropagation();
      const text = typed;
      typed = "";
      onRead(text);
    }
  };
  document.addEventListener("keydown", key, { capture: true });
  return () => document.removeEventListener("keydown", key, { capture: true });
}
