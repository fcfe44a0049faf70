/** Who are you? Once on this phone; it stays logged in for thirty days of silence. */

import { useState } from "preact/hooks";
import { look, setLocale, t } from "../look.ts";
import { Field, Notice } from "../parts/ui.tsx";
import { databaseFor, lastPerson, openCore, remember } from "../phone.ts";
import { Halt } from "../sync/session.ts";
import type { Core } from "../sync/core.ts";

export function LogIn({ email, onDone, waiting }: { email: string; onDone: (core: Core) => void; waiting: number }) {
  const [failure, setFailure] = useState("");
  const [isBusy, setBusy] = useState(false);

  async function enter(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const address = String(form.get("email")).trim();
    setBusy(true);
    setFailure("");
    try {
      const database = await databaseFor(address);
      const core = await openCore(database);
      await core.logIn(address, String(form.get("password")), deviceName());
      await remember({ email: address, database });
      void navigator.storage?.persist?.();
      onDone(core);
    } catch (error) {
      if (error instanceof Halt) setFailure(error.why === "login" ? t("login_wrong") : error.status === 429 ? t("login_wait") : t("stopped_server"));
      else setFailure(navigator.onLine ? t("stopped_server") : t("login_offline"));
    } finally {
      setBusy(false);
    }
  }

  return (
    <main class="gate" id="page">
      <div class="gate-mark" aria-hidden="true">
        <svg viewBox="0 0 26 26" width="64" height="64" fill="none">
          <rect x="1" y="1" width="24" height="24" rx="7" fill="var(--accent)" />
          <path d="M8 8.2h10M8 13h7M8 17.8h10" stroke="var(--accent-ink)" stroke-width="2.4" stroke-linecap="round" />
        </svg>
      </div>
      <h1>{t("app_name")}</h1>
      <p class="quiet">{t("app_claim")}</p>
      {waiting > 0 && <Notice tone="attention">{t("login_waiting", { n: waiting })}</Notice>}
      <form onSubmit={enter}>
        <Field label={t("email")}>
          {(id) => <input id={id} name="email" type="email" autocomplete="username" required value={email} inputMode="email" />}
        </Field>
        <Field label={t("password")}>
          {(id) => <input id={id} name="password" type="password" autocomplete="current-password" required />}
        </Field>
        {failure && <p class="error" role="alert">{failure}</p>}
        <button class="primary" disabled={isBusy}>{isBusy ? t("wait") : t("log_in")}</button>
      </form>
      <p class="hint">{t("login_hint")}</p>
      <button class="quiet-button" lang={look.locale === "zh" ? "en" : "zh-CN"} onClick={() => setLocale(look.locale === "zh" ? "en" : "zh")}>
        {look.locale === "zh" ? "English" : "中文"}
      </button>
    </main>
  );
}

/** The address logged in with last, and how much of theirs waits. */
export async function remembered(): Promise<{ email: string; database: string } | undefined> {
  return lastPerson();
}

function deviceName(): string {
  const platform = (navigator as any).userAgentData?.platform ?? navigator.platform ?? "";
  return `${t("app_name")} ${platform}`.trim().slice(0, 100);
}
