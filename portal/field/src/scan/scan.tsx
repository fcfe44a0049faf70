/** Which thing is this? By camera, NFC, reader, typed code, a picture, or the list of what is near. */

import { useEffect, useRef, useState } from "preact/hooks";
import { act } from "../act.ts";
import { distance } from "../format.ts";
import { named, t } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { Field, Row, Screen, Sheet } from "../parts/ui.tsx";
import { locate } from "../phone.ts";
import { query } from "../route.ts";
import { asBoundHere, find, parse } from "../tag.ts";
import { distanceTo, job } from "../work.ts";
import { isRehearsing } from "../rehearsal.ts";
import { beep, Camera, readPicture } from "./camera.ts";
import { Result, type Found } from "./found.tsx";
import { hasNfc, readNfc } from "./nfc.ts";
import { learn } from "../words/index.ts";
import { scan as words } from "../words/scan.ts";

learn(words);

const AGAIN_MS = 1_500;
const SILENCE_MS = 5_000;

type How = "camera" | "nfc" | "wedge" | "typed";
type Trouble = "denied" | "none" | "busy" | null;

export function Scan() {
  const model = useModel();
  const video = useRef<HTMLVideoElement>(null);
  const camera = useRef<Camera | null>(null);
  const before = useRef({ text: "", at: 0 });
  const [trouble, setTrouble] = useState<Trouble>(null);
  const [hint, setHint] = useState<string | null>(null);
  const [found, setFound] = useState<Found | null>(null);
  const [sheet, setSheet] = useState<"type" | "near" | null>(null);
  const [able, setAble] = useState<{ torch: boolean; zoom: number | null; lenses: MediaDeviceInfo[] }>({ torch: false, zoom: null, lenses: [] });
  const [isLit, light] = useState(false);
  const expected = query("visit") ? model.one("visit", query("visit")!) : undefined;
  const job_ = expected && job(expected);

  async function took(text: string, how: How): Promise<void> {
    const now = Date.now();
    if (text === before.current.text && now - before.current.at < AGAIN_MS) return;
    before.current = { text, at: now };
    beep();
    setHint(null);
    const read = parse(text);
    const tag = model.core ? asBoundHere(await find(model.core.store, read), read, model.ops) : null;
    if (tag && !isRehearsing()) void act([{ entity: "tag", entity_id: tag.id, command: "scan", args: { tag: read.text, how } }]);
    const device = model.one("device", tag?.device_id);
    setFound({ text: read.text, id: read.id, tag, device, position: model.one("position", tag?.position_id ?? device?.position_id) });
    setSheet(null);
  }

  useEffect(() => {
    const given = query("text");
    if (given) {
      void took(given, "wedge");
      return;
    }
    void locate();
    const looked = { dark: 0, count: 0 };
    const made = new Camera(video.current!, (seen) => {
      looked.count += 1;
      looked.dark = looked.dark * 0.8 + (seen.light < 40 ? 0.2 : 0);
      if (seen.text) void took(seen.text, "camera");
    });
    camera.current = made;
    const open = async (): Promise<void> => {
      try {
        await made.open();
        setTrouble(null);
        setAble({ ...made.can, lenses: await made.lenses() });
      } catch (error) {
        const name = (error as Error).name;
        setTrouble(name === "NotAllowedError" ? "denied" : name === "NotReadableError" ? "busy" : "none");
      }
    };
    const shown = (): void => void (document.visibilityState === "visible" ? open() : made.close());
    const silence = setInterval(() => {
      if (Date.now() - before.current.at > SILENCE_MS) setHint(looked.dark > 0.5 ? "scan_dark" : looked.count ? "scan_far" : "scan_slow");
    }, SILENCE_MS);
    document.addEventListener("visibilitychange", shown);
    void open();
    return () => {
      clearInterval(silence);
      document.removeEventListener("visibilitychange", shown);
      made.end();
    };
  }, []);

  const reportFor = query("for") === "report";
  return (
    <Screen title={query("onto") ? t("scan_label") : query("move") ? t("scan_thing") : t("scan")} above={job_?.position ? named(job_.position) : undefined} isSub>
      <div class={`finder ${trouble ? "off" : ""}`}>
        <video ref={video} playsInline muted aria-label={t("camera_picture")} />
        {!trouble && <div class="frame" aria-hidden="true" />}
        {trouble && <div class="finder-trouble"><Icon name="camera" size={36} /><p>{t(`camera_${trouble}`)}</p></div>}
        <div class="finder-tools">
          {able.torch && <button class="icon-button" aria-pressed={isLit} aria-label={t("torch")} onClick={() => { light(!isLit); void camera.current?.set({ torch: !isLit }); }}><Icon name="torch" size={24} /></button>}
          {able.zoom && <button class="icon-button" aria-label={t("zoom")} onClick={() => void camera.current?.set({ zoom: able.zoom! })}>2×</button>}
          {able.lenses.length > 1 && (
            <label class="lens"><Icon name="lens" size={22} /><span class="unseen">{t("lens")}</span>
              <select onChange={(event) => void camera.current?.choose(event.currentTarget.value)}>{able.lenses.map((one, place) => <option key={one.deviceId} value={one.deviceId}>{one.label || `${t("lens")} ${place + 1}`}</option>)}</select>
            </label>
          )}
        </div>
      </div>
      <p role="status" class="scan-says">{found ? t("scan_read", { what: found.position ? named(found.position) : found.text.slice(-12) }) : hint && (!trouble || hint === "picture_empty") ? t(hint as never) : trouble ? "" : t("scan_hint")}</p>
      <div class="ways">
        <button class="secondary" onClick={() => setSheet("type")}><Icon name="keyboard" size={22} /> {t("type_code")}</button>
        <button class="secondary" onClick={() => { void locate(true); setSheet("near"); }}><Icon name="list" size={22} /> {t("pick_near")}</button>
        <label class="secondary photo-button">
          <Icon name="picture" size={22} /> {t("from_picture")}
          <input type="file" accept="image/*" class="unseen" onChange={(event) => void pictured(event.currentTarget)} />
        </label>
        {hasNfc() && <NfcButton onRead={(text) => void took(text, "nfc")} />}
      </div>
      {sheet === "type" && <TypeSheet onRead={(text) => void took(text, "typed")} onClose={() => setSheet(null)} />}
      {sheet === "near" && <NearSheet onPick={(position) => { setSheet(null); setFound({ text: "", id: null, tag: null, position, device: undefined }); }} onClose={() => setSheet(null)} />}
      {found && <Result found={found} visit={expected} isReport={reportFor} onClose={() => { setFound(null); before.current = { text: "", at: 0 }; }} />}
    </Screen>
  );

  async function pictured(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    if (!file) return;
    const text = await readPicture(file).catch(() => null);
    input.value = "";
    if (text) await took(text, "camera");
    else setHint("picture_empty");
  }
}

function NfcButton({ onRead }: { onRead: (text: string) => void }) {
  const [state, setState] = useState<"idle" | "waiting" | "denied">("idle");
  const over = useRef(new AbortController());
  useEffect(() => () => over.current.abort(), []);
  const begin = (): void => {
    setState("waiting");
    readNfc(onRead, over.current.signal).catch(() => setState("denied"));
  };
  return <button class="secondary" disabled={state === "waiting"} onClick={begin}><Icon name="nfc" size={22} /> {state === "waiting" ? t("nfc_hold") : state === "denied" ? t("nfc_denied") : "NFC"}</button>;
}

function TypeSheet({ onRead, onClose }: { onRead: (text: string) => void; onClose: () => void }) {
  const [text, setText] = useState("");
  const read = parse(text);
  const isWrong = /^[\s\w-]{8,9}$/.test(text.trim()) && !read.tail && text.replace(/[\s-]/g, "").length === 8;
  return (
    <Sheet title={t("type_code")} onClose={onClose}>
      <form onSubmit={(event) => { event.preventDefault(); if (text.trim()) onRead(text.trim()); }}>
        <Field label={t("short_code")} hint={t("short_code_hint")} error={isWrong ? t("code_slip") : undefined}>
          {(id) => <input id={id} class="large mono" autocapitalize="characters" autocomplete="off" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} placeholder="7K3M-9P2X" />}
        </Field>
        <button class="primary wide" disabled={text.trim().length < 6}>{t("find")}</button>
      </form>
    </Sheet>
  );
}

function NearSheet({ onPick, onClose }: { onPick: (position: Shown) => void; onClose: () => void }) {
  const model = useModel();
  const [sought, seek] = useState("");
  const list = model.all("position").map((one) => ({ one, away: distanceTo(one) }))
    .filter(({ one }) => `${one.name} ${one.name_zh ?? ""} ${one.code ?? ""}`.toLowerCase().includes(sought.toLowerCase()))
    .sort((a, b) => (a.away ?? 1e9) - (b.away ?? 1e9));
  return (
    <Sheet title={t("pick_near")} onClose={onClose}>
      <input type="search" aria-label={t("find_place")} placeholder={t("find_place")} value={sought} onInput={(event) => seek(event.currentTarget.value)} />
      {list.slice(0, 20).map(({ one, away }) => <Row key={one.id} icon="place" title={named(one)} note={one.address} aside={away !== null ? distance(away) : undefined} onClick={() => onPick(one)} />)}
    </Sheet>
  );
}
