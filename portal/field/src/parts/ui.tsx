/** The few shapes every screen is made of. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../look.ts";
import { back } from "../route.ts";
import { Icon, type IconName } from "./icons.tsx";
import { SyncChip } from "./sync-chip.tsx";

interface ScreenProps {
  title: string;
  isSub?: boolean;
  /** the title is long: it stands large on the page, the bar shows what is above it */
  isLarge?: boolean;
  above?: string;
  actions?: ComponentChildren;
  dock?: ComponentChildren;
  children: ComponentChildren;
}

/** A screen: its name, the way back, what waits to be sent, and a dock for the thumb. */
export function Screen({ title, isSub = false, isLarge = false, above, actions, dock, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Enerfield`;
    if (isSub) heading.current?.focus({ preventScroll: true });
  }, [title]);
  const name = <h1 ref={heading} tabIndex={-1}>{title}</h1>;
  return (
    <>
      <header class="bar">
        {isSub && (
          <button class="icon-button" aria-label={t("back")} onClick={() => back()}>
            <Icon name="left" size={24} />
          </button>
        )}
        <div class="bar-title">
          {above && <p class={isLarge ? "above only" : "above"}>{above}</p>}
          {!isLarge && name}
        </div>
        {actions}
        <SyncChip />
      </header>
      <main id="page" class={dock ? "page has-dock" : "page"}>
        {isLarge && name}
        {children}
      </main>
      {dock && <footer class="dock">{dock}</footer>}
    </>
  );
}

export function Card({ title, id, children, tone, aside }: { title?: string; id?: string; children: ComponentChildren; tone?: string; aside?: ComponentChildren }) {
  return (
    <section class={`card ${tone ?? ""}`} id={id}>
      {title && (
        <div class="card-head">
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}

export function Notice({ tone, children }: { tone: "good" | "attention" | "act" | "quiet"; children: ComponentChildren }) {
  const icon: IconName = tone === "quiet" ? "clock" : tone;
  return (
    <div class={`notice ${tone}`}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} size={40} />
      <p class="lead">{title}</p>
      {children}
    </div>
  );
}

/** A row that leads somewhere, a whole thumb high. */
export function Row({ icon, href, onClick, title, note, aside, tone }: {
  icon?: IconName; href?: string; onClick?: () => void; title: ComponentChildren; note?: ComponentChildren; aside?: ComponentChildren; tone?: string;
}) {
  const inner = (
    <>
      {icon && (
        <span class={`row-icon ${tone ?? ""}`}>
          <Icon name={icon} size={22} />
        </span>
      )}
      <span class="row-text">
        <span class="row-title">{title}</span>
        {note && <span class="row-note">{note}</span>}
      </span>
      {aside && <span class="row-aside">{aside}</span>}
      {(href || onClick) && <Icon name="right" size={18} />}
    </>
  );
  if (href) return <a class="row" href={href}>{inner}</a>;
  return onClick ? <button class="row" onClick={onClick}>{inner}</button> : <div class="row">{inner}</div>;
}

/** A sheet from below: a dialog that the thumb reaches. */
export function Sheet({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog} class="sheet" aria-labelledby={id}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onClick={(event) => { if (event.target === dialog.current) onClose(); }}
    >
      <div class="sheet-inner">
        <div class="sheet-head">
          <h2 id={id}>{title}</h2>
          <button class="icon-button" aria-label={t("close")} onClick={onClose}>
            <Icon name="cross" size={22} />
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}

/** One of a few, as large buttons. */
export function Choice<T extends string>({ label, value, options, onChange, isStacked = false }: {
  label: string; value: T | null; options: readonly [T, string][]; onChange: (value: T) => void; isStacked?: boolean;
}) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id} class="choice">
      <p id={id} class="label">{label}</p>
      <div class={isStacked ? "choices stacked" : "choices"}>
        {options.map(([one, words]) => (
          <button key={one} type="button" class="option" aria-pressed={value === one} onClick={() => onChange(one)}>
            {value === one && <Icon name="tick" size={18} />}
            {words}
          </button>
        ))}
      </div>
    </div>
  );
}

export function Field({ label, children, hint, error }: { label: string; children: (id: string) => ComponentChildren; hint?: ComponentChildren; error?: ComponentChildren }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {hint && <p class="hint">{hint}</p>}
      {error && <p class="error" role="alert"><Icon name="attention" size={16} /> {error}</p>}
    </div>
  );
}

/** Text that is written down when the finger leaves the field. */
export function Later({ id, value, onDone, isLong = false, ...rest }: {
  id: string; value: string; onDone: (value: string) => void; isLong?: boolean; inputmode?: any; placeholder?: string; maxlength?: number;
}) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const shared = {
    id, value: text, ...rest,
    onInput: (event: any) => setText(event.currentTarget.value),
    onBlur: () => text !== value && onDone(text),
  };
  return isLong ? <textarea rows={3} {...shared} /> : <input {...shared} />;
}
