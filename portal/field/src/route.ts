/** Where we are: the path under /field/, kept in the address so that back works and a link can be sent. */

import { useEffect, useReducer } from "preact/hooks";

const ROOT = "/field/";
const listeners = new Set<() => void>();

export function path(): string[] {
  return location.pathname.startsWith(ROOT) ? location.pathname.slice(ROOT.length).split("/").filter(Boolean).map(decodeURIComponent) : [];
}

export const query = (name: string): string | null => new URLSearchParams(location.search).get(name);

export const link = (...parts: string[]): string => ROOT + parts.map((part) => encodeURIComponent(part)).join("/");

export function go(to: string, { isReplacing = false } = {}): void {
  if (isReplacing) history.replaceState({ depth: history.state?.depth ?? 0 }, "", to);
  else history.pushState({ depth: (history.state?.depth ?? 0) + 1 }, "", to);
  for (const listener of listeners) listener();
  scrollTo(0, 0);
}

/** Go back where we came from; from a link opened directly, to `otherwise`. */
export function back(otherwise = ROOT): void {
  if (history.state?.depth) history.back();
  else go(otherwise, { isReplacing: true });
}

export function useRoute(): string[] {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const listener = (): void => again(undefined as never);
    listeners.add(listener);
    addEventListener("popstate", listener);
    return () => {
      listeners.delete(listener);
      removeEventListener("popstate", listener);
    };
  }, []);
  return path();
}

/** Let links inside the app change the screen without a request. */
export function followLinks(): void {
  document.addEventListener("click", (event) => {
    const anchor = (event.target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
    if (!anchor || anchor.target || event.defaultPrevented || event.metaKey || event.ctrlKey || anchor.origin !== location.origin) return;
    if (!anchor.pathname.startsWith(ROOT)) return;
    event.preventDefault();
    go(anchor.pathname + anchor.search);
  });
}
