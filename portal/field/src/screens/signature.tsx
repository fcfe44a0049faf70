/** The customer signs: by finger, or by typing their name. */

import { useEffect, useRef, useState } from "preact/hooks";
import { attach } from "../act.ts";
import { t } from "../look.ts";
import { useModel } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { Thumb } from "../parts/photo.tsx";
import { Card, Choice, Field, Screen } from "../parts/ui.tsx";
import { back } from "../route.ts";
import type { Row } from "../sync/types.ts";
import type { Job } from "../work.ts";

const INK = "#12161b";

export function Signature({ found }: { found: Job }) {
  useModel();
  const { order } = found;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [way, setWay] = useState<"finger" | "name">("finger");
  const [name, setName] = useState("");
  const [hasInk, setInk] = useState(false);
  const last = useRef<[number, number] | null>(null);
  const signed = (order?.attachments ?? []).filter((one: Row) => one.role === "signature");
  useEffect(() => prepare(canvas.current), [way]);
  if (!order) return null;
  const save = async (): Promise<void> => {
    const surface = way === "finger" ? canvas.current! : typed(name.trim());
    const made = await new Promise<Blob | null>((resolve) => surface.toBlob(resolve, "image/png"));
    if (made && (await attach(order.id, "signature", new Uint8Array(await made.arrayBuffer()), "image/png"))) back();
  };
  return (
    <Screen
      title={t("signature")} isSub
      dock={
        <>
          {way === "finger" && <button class="secondary" disabled={!hasInk} onClick={() => { prepare(canvas.current); setInk(false); }}>{t("again")}</button>}
          <button class="primary wide" disabled={way === "finger" ? !hasInk : name.trim().length < 2} onClick={() => void save()}>{t("accept_signature")}</button>
        </>
      }
    >
      {signed.length > 0 && <Card title={t("signed")}>{signed.map((one: Row) => <Thumb key={one.sha256} sha256={one.sha256} alt={t("signature")} />)}</Card>}
      <p>{t("signature_means")}</p>
      <Choice label={t("how_to_sign")} value={way} options={[["finger", t("by_finger")], ["name", t("by_name")]]} onChange={setWay} />
      {way === "finger" ? (
        <canvas ref={canvas} class="sign" width={720} height={360} role="img" aria-label={t("sign_here")} {...pen(last, () => setInk(true))} />
      ) : (
        <Field label={t("your_name")}>{(id) => <input id={id} class="large" autocomplete="name" value={name} onInput={(event) => setName(event.currentTarget.value)} />}</Field>
      )}
      <p class="hint"><Icon name="pen" size={16} /> {t("signature_hint")}</p>
    </Screen>
  );
}

function prepare(surface: HTMLCanvasElement | null): void {
  const context = surface?.getContext("2d");
  if (!surface || !context) return;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, surface.width, surface.height);
  Object.assign(context, { strokeStyle: INK, lineWidth: 4, lineCap: "round", lineJoin: "round" });
}

type Tip = { current: [number, number] | null };

function pen(last: Tip, onInk: () => void) {
  const spot = (event: PointerEvent): [number, number] => {
    const surface = event.currentTarget as HTMLCanvasElement;
    const box = surface.getBoundingClientRect();
    return [((event.clientX - box.left) * surface.width) / box.width, ((event.clientY - box.top) * surface.height) / box.height];
  };
  return {
    onPointerDown(event: PointerEvent) {
      (event.currentTarget as HTMLCanvasElement).setPointerCapture(event.pointerId);
      last.current = spot(event);
    },
    onPointerMove(event: PointerEvent) {
      if (!last.current) return;
      const context = (event.currentTarget as HTMLCanvasElement).getContext("2d")!;
      const next = spot(event);
      context.beginPath();
      context.moveTo(...last.current);
      context.lineTo(...next);
      context.stroke();
      last.current = next;
      onInk();
    },
    onPointerUp() {
      last.current = null;
    },
    onPointerCancel() {
      last.current = null;
    },
  };
}

function typed(name: string): HTMLCanvasElement {
  const surface = document.createElement("canvas");
  surface.width = 720;
  surface.height = 200;
  prepare(surface);
  const context = surface.getContext("2d")!;
  context.fillStyle = INK;
  context.font = "italic 64px 'Noto Sans SC', 'PingFang SC', cursive, serif";
  context.textBaseline = "middle";
  context.fillText(name, 32, 100, 656);
  return surface;
}
