/** Which screen, for whom; the bar for the thumb beneath. */

import type { ComponentType } from "preact";
import { useEffect, useReducer, useState } from "preact/hooks";
import { onLook, t } from "./look.ts";
import { model, useModel } from "./model.ts";
import { Icon, type IconName } from "./parts/icons.tsx";
import { Toasts } from "./parts/toast.tsx";
import { Screen } from "./parts/ui.tsx";
import { keepSending, lastPerson, openCore } from "./phone.ts";
import { isRehearsing, setRehearsing } from "./rehearsal.ts";
import { go, link, useRoute } from "./route.ts";
import { LogIn } from "./screens/log-in.tsx";
import { News } from "./screens/news.tsx";
import { Today } from "./screens/today.tsx";
import { Unsent } from "./screens/unsent.tsx";
import { Visit } from "./screens/visit.tsx";
import type { Core } from "./sync/core.ts";
import { watchWedge } from "./wedge.ts";

let stopSending = (): void => undefined;

async function enter(core: Core): Promise<void> {
  stopSending();
  await model.attach(core);
  stopSending = keepSending(core);
}

export function App() {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const [state, setState] = useState<"opening" | "out" | "in">("opening");
  const [email, setEmail] = useState("");
  const [first = "", second = "", third] = useRoute();
  const kept = useModel();

  useEffect(() => onLook(() => again(undefined as never)), []);
  useEffect(() => watchWedge((text) => go(`${link("scan")}?text=${encodeURIComponent(text)}`)), []);
  useEffect(() => {
    void (async () => {
      const person = await lastPerson();
      setEmail(person?.email ?? "");
      if (!person) return setState("out");
      const core = await openCore(person.database);
      const isIn = Boolean(await core.store.meta("tokens"));
      if (isIn) await enter(core);
      else await model.attach(core);
      setState(isIn ? "in" : "out");
    })();
  }, []);

  async function logOut(): Promise<void> {
    stopSending();
    await model.core?.logOut();
    setRehearsing(false);
    go(link(), { isReplacing: true });
    setState("out");
  }

  if (state === "opening") return <div class="skeleton" aria-busy="true" />;
  if (state === "out" || first === "login")
    return (
      <LogIn
        email={email} waiting={kept.unsent.length}
        onDone={(core) => void enter(core).then(() => { setState("in"); go(link(), { isReplacing: true }); })}
      />
    );
  const isSub = ["visit", "asset", "scan", "unsent", "news", "report"].includes(first);
  return (
    <>
      <a class="skip" href="#page">{t("skip")}</a>
      {isRehearsing() && <p class="practice-bar" role="note"><Icon name="lab" size={16} /> {t("rehearsal_bar")}</p>}
      <div class="screen" key={`${first}/${second}/${third ?? ""}`}>{screen(first, second, third, () => void logOut())}</div>
      <Toasts />
      {!isSub && <Bottom at={first} />}
    </>
  );
}

function screen(first: string, second: string, third: string | undefined, logOut: () => void) {
  switch (first) {
    case "visit":
      return <Visit id={second} part={third} />;
    case "asset":
      return <Later name="asset" title={t("asset")} isSub load={() => import("./screens/asset.tsx").then((found) => found.Asset)} with={{ kind: second, id: third ?? "" }} />;
    case "scan":
      return <Later name="scan" title={t("scan")} isSub load={() => import("./scan/scan.tsx").then((found) => found.Scan)} with={{}} />;
    case "map":
      return <Later name="map" title={t("map")} load={() => import("./map/map.tsx").then((found) => found.MapScreen)} with={{}} />;
    case "unsent":
      return <Unsent />;
    case "news":
      return <News />;
    case "report":
      return <Later name="report" title={t("report_fault")} isSub load={() => import("./screens/report.tsx").then((found) => found.Report)} with={{}} />;
    case "more":
      return <Later name="more" title={t("more")} load={() => import("./screens/more.tsx").then((found) => found.More)} with={{ onLogOut: logOut }} />;
    default:
      return <Today />;
  }
}

const fetched = new Map<string, ComponentType<any>>();

/** A screen whose code comes when it is first looked at; the service worker holds all but the map from the first day. */
function Later<Props extends object>({ name, title, isSub = false, load, with: given }: {
  name: string; title: string; isSub?: boolean; load: () => Promise<ComponentType<Props>>; with: Props;
}) {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const [isLost, lose] = useState(false);
  const Found = fetched.get(name);
  useEffect(() => {
    if (!Found) load().then((found) => again(fetched.set(name, found) as never), () => lose(true));
  }, []);
  if (Found) return <Found {...given} />;
  return <Screen title={title} isSub={isSub}>{isLost ? <p>{t("part_missing")}</p> : <div class="skeleton" aria-busy="true" />}</Screen>;
}

const PLACES: [string, IconName, "today" | "map" | "scan" | "report" | "more"][] = [
  ["", "today", "today"], ["map", "map", "map"], ["scan", "scan", "scan"], ["report", "report", "report"], ["more", "more", "more"],
];

function Bottom({ at }: { at: string }) {
  return (
    <nav class="bottom" aria-label={t("navigation")}>
      {PLACES.map(([path, icon, words]) => (
        <a key={words} class={words === "scan" ? "big" : ""} href={path ? link(path) : link()} aria-current={at === path ? "page" : undefined}>
          <Icon name={icon} size={words === "scan" ? 32 : 24} />
          <span>{t(words)}</span>
        </a>
      ))}
    </nav>
  );
}
