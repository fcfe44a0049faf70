/** How is this phone set, and what can I practise? */

import { useEffect, useState } from "preact/hooks";
import { lasting, size } from "../format.ts";
import { look, named, setLocale, setTheme, t, type Locale, type Theme } from "../look.ts";
import { useModel } from "../model.ts";
import { installer } from "../install.ts";
import { Icon } from "../parts/icons.tsx";
import { toast } from "../parts/toast.tsx";
import { Card, Choice, Notice, Row, Screen, Sheet } from "../parts/ui.tsx";
import { pushState, subscribe } from "../push.ts";
import { beginPractice, isRehearsing, setRehearsing } from "../rehearsal.ts";
import { go, link } from "../route.ts";
import { learn } from "../words/index.ts";
import { more as words } from "../words/more.ts";

learn(words);

declare const __APP__: string;

export function More({ onLogOut }: { onLogOut: () => void }) {
  const model = useModel();
  const { core } = model;
  const me = model.all("person").find((one) => one.is_me);
  const [isLeaving, leave] = useState(false);
  const offset = core?.session.offset ?? 0;
  return (
    <Screen title={t("more")}>
      <Card title={named(me) || t("me")}>
        <Row icon="up" href={link("unsent")} title={t("not_sent_title")} aside={model.unsent.length || undefined} />
        <Row icon="news" href={link("news")} title={t("news_title")} />
        <Row icon="report" href={link("report")} title={t("report_fault")} />
      </Card>
      <Rehearsal />
      <Card title={t("look")}>
        <Choice label={t("language")} value={look.locale} options={[["zh", "中文"], ["en", "English"]] as [Locale, string][]} onChange={setLocale} />
        <Choice label={t("theme")} value={look.theme} options={(["auto", "light", "dark", "sunlight"] as Theme[]).map((one) => [one, t(`theme_${one}`)] as [Theme, string])} onChange={setTheme} />
      </Card>
      <Push />
      <Install />
      <Card title={t("this_phone")}>
        <Storage />
        <p class="fact"><span>{t("clock_offset")}</span><b>{Math.abs(offset) < 1_000 ? t("clock_right") : `${offset > 0 ? "+" : "−"}${Math.abs(offset) < 60_000 ? `${Math.round(Math.abs(offset) / 1000)} s` : lasting(Math.abs(offset))}`}</b></p>
        <p class="fact"><span>{t("version")}</span><b class="mono">{__APP__}</b></p>
        <button class="secondary wide" onClick={() => leave(true)}><Icon name="out" /> {t("log_out")}</button>
      </Card>
      {isLeaving && (
        <Sheet title={t("log_out")} onClose={() => leave(false)}>
          {model.unsent.length > 0 && <Notice tone="attention">{t("log_out_unsent", { n: model.unsent.length })}</Notice>}
          <p>{t("log_out_means")}</p>
          {model.unsent.length > 0 && <a class="secondary wide" href={link("unsent")}>{t("export")}</a>}
          <button class="primary wide" onClick={onLogOut}>{t("log_out")}</button>
        </Sheet>
      )}
    </Screen>
  );
}

function Rehearsal() {
  const model = useModel();
  const isOn = isRehearsing();
  const begin = async (): Promise<void> => {
    const place = model.all("position").find((one) => one.kind !== "site") ?? model.all("position")[0];
    if (!place) return toast(t("rehearsal_no_place"), "attention");
    go(link("visit", await beginPractice(place.id)));
  };
  return (
    <Card title={t("rehearsal")} tone={isOn ? "practice" : ""}>
      <label class="switch">
        <span><b>{t("rehearsal_mode")}</b><br /><span class="quiet small">{t("rehearsal_note")}</span></span>
        <input type="checkbox" role="switch" checked={isOn} onChange={(event) => setRehearsing(event.currentTarget.checked)} />
      </label>
      {isOn && <button class="primary wide" onClick={() => void begin()}><Icon name="lab" /> {t("rehearsal_begin")}</button>}
    </Card>
  );
}

function Push() {
  const { core } = useModel();
  const [state, setState] = useState<string>("");
  useEffect(() => void pushState().then(setState), []);
  if (!state || state === "absent") return null;
  return (
    <Card title={t("push")}>
      <p class="quiet">{t(`push_${state}` as never)}</p>
      {state === "off" && <button class="secondary wide" onClick={() => void subscribe(core!).then(setState)}><Icon name="bell" /> {t("push_on_button")}</button>}
    </Card>
  );
}

function Install() {
  const [isOver, setOver] = useState(matchMedia("(display-mode: standalone)").matches);
  if (isOver) return null;
  const isApple = /iPhone|iPad/.test(navigator.userAgent);
  return (
    <Card title={t("install")}>
      <p class="quiet">{isApple ? t("install_apple") : t("install_note")}</p>
      {!isApple && !installer.offered && <p class="quiet">{t("install_how")}</p>}
      {installer.offered && <button class="secondary wide" onClick={() => void installer.offered!.prompt().then(() => setOver(true))}><Icon name="phone" /> {t("install")}</button>}
    </Card>
  );
}

function Storage() {
  const [found, setFound] = useState<{ usage?: number; quota?: number; isKept: boolean } | null>(null);
  useEffect(() => {
    void (async () => {
      const estimate = (await navigator.storage?.estimate?.()) ?? {};
      setFound({ ...estimate, isKept: (await navigator.storage?.persisted?.()) ?? false });
    })();
  }, []);
  if (!found?.quota) return null;
  const left = found.quota - (found.usage ?? 0);
  return (
    <>
      <p class="fact"><span>{t("storage")}</span><b class={left < 50_000_000 ? "act" : ""}>{t("storage_left", { used: size(found.usage ?? 0), left: size(left) })}</b></p>
      {!found.isKept && <p class="hint">{t("storage_not_kept")}</p>}
    </>
  );
}
