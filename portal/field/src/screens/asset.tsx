/** What stands here, how is it now, and what happened to it? */

import { useEffect, useState } from "preact/hooks";
import { age, clock, distance, exact, measured, stamp } from "../format.ts";
import { named, t, titled, way, word } from "../look.ts";
import { useModel, type Shown } from "../model.ts";
import { Carrier } from "../parts/carrier.tsx";
import { Icon } from "../parts/icons.tsx";
import { NavigateLink } from "../parts/navigate.tsx";
import { Card, Empty, Notice, Row, Screen } from "../parts/ui.tsx";
import { link } from "../route.ts";
import type { Row as Values } from "../sync/types.ts";
import { distanceTo } from "../work.ts";
import { Mended, MendSheet } from "./mend.tsx";
import { learn } from "../words/index.ts";
import { asset as words } from "../words/asset.ts";

learn(words);

export function Asset({ kind, id }: { kind: string; id: string }) {
  const model = useModel();
  const [isMending, mend] = useState(false);
  const device = kind === "device" ? model.one("device", id) : undefined;
  const position = model.one("position", kind === "position" ? id : device?.position_id);
  const devices = position ? model.of("device", "position_id", position.id) : device ? [device] : [];
  if (!position && !device)
    return (
      <Screen title={t("asset")} isSub>
        <Empty icon="place" title={t("asset_not_here")}><p>{t("asset_not_here_hint")}</p></Empty>
      </Screen>
    );
  const place = position?.id ?? "";
  const alarms = model.of("alarm", "position_id", place).filter((one) => one.state !== "normal");
  const orders = model.of("work_order", "position_id", place).sort((a, b) => String(b.reported_at).localeCompare(String(a.reported_at)));
  const away = distanceTo(position);
  const only = device ?? (devices.length === 1 ? devices[0] : undefined);
  return (
    <Screen
      title={named(position) || `${device!.manufacturer} ${device!.model}`} above={position ? way(position).slice(0, -1).join(" › ") || word("kind", position.kind) : device!.serial_number} isSub isLarge
      actions={<button class="icon-button" aria-label={t("mend")} onClick={() => mend(true)}><Icon name="pen" size={24} /></button>}
      dock={<><NavigateLink position={position} /><a class="primary wide" href={`${link("report")}?position=${place}${device ? `&device=${device.id}` : ""}`}><Icon name="report" /> {t("report_fault")}</a></>}
    >
      <Mended ids={[place, ...devices.map((one) => one.id)]} />
      <section class="card head">
        <p class="tags">
          {(position?.carriers ?? []).map((one: string) => <Carrier key={one} of={one} />)}
          <span>{word("kind", position?.kind)}</span>
          {position?.code && <span class="mono small">{position.code}</span>}
        </p>
        {position?.address && <p class="where"><Icon name="place" size={18} /> {position.address}{away !== null ? ` · ${distance(away)}` : ""}</p>}
      </section>
      {alarms.length > 0 && (
        <Card title={t("open_alarms")} tone="act-edge">
          {alarms.map((one) => (
            <Row key={one.id} icon="alarm" tone="act" title={named(one)} note={`${stamp(one.raised_at, position?.timezone)} · ${word("alarm", one.state)}`} aside={<b>{measured(one.value, one.unit)}</b>} />
          ))}
        </Card>
      )}
      <Values position={place} zone={position?.timezone} />
      {devices.length > 0 && (
        <Card title={t("devices")}>
          {devices.map((one) => (
            <Row
              key={one.id} icon="device" title={`${one.manufacturer} ${one.model}`} note={`${one.serial_number} · ${word("device", one.status)}`}
              aside={one.warranty_until && Date.parse(one.warranty_until) > model.now() ? <span class="good small">{t("warranty", { at: one.warranty_until })}</span> : undefined}
            />
          ))}
        </Card>
      )}
      <Documents position={place} device={devices[0]} />
      <Card title={t("history")}>
        {orders.length === 0 && <p class="quiet">{t("no_history")}</p>}
        {orders.slice(0, 5).map((one) => {
          const visit = model.of("visit", "work_order_id", one.id)[0];
          return <Row key={one.id} icon="history" href={visit ? link("visit", visit.id) : undefined} title={titled(one) || word("fault", one.fault_class)} note={`${one.number} · ${word("order", one.status)} · ${stamp(one.reported_at, position?.timezone)}`} />;
        })}
      </Card>
      {isMending && <MendSheet position={position} device={only} onClose={() => mend(false)} />}
    </Screen>
  );
}

/** Values now, where there is a line; else the last ones, with their age. */
function Values({ position, zone }: { position: string; zone: string | undefined }) {
  const model = useModel();
  const points = model.of("point", "position_id", position);
  const [fresh, setFresh] = useState<Record<string, Values>>({});
  const ids = points.map((one) => one.id).join(",");
  useEffect(() => {
    let isOver = false;
    const ask = async (): Promise<void> => {
      if (!ids || document.visibilityState !== "visible") return;
      const answer = await model.core?.session.ask("POST", "/api/v1/latest", { points: ids.split(",") }).catch(() => null);
      if (isOver || answer?.status !== 200) return;
      setFresh(Object.fromEntries((answer.body as Values[]).map((row) => [row.point_id, row])));
    };
    void ask();
    const timer = setInterval(() => void ask(), 10_000);
    return () => {
      isOver = true;
      clearInterval(timer);
    };
  }, [ids]);
  if (!points.length) return null;
  return (
    <Card title={t("values_now")}>
      <dl class="values">
        {points.slice(0, 12).map((point) => <OneValue key={point.id} point={point} fresh={fresh[point.id]} now={model.now()} zone={zone} />)}
      </dl>
    </Card>
  );
}

const STALE_MS = 30 * 60_000;

function OneValue({ point, fresh, now, zone }: { point: Shown; fresh: Values | undefined; now: number; zone: string | undefined }) {
  const at = fresh?.read_at ?? point.at;
  const value = fresh?.value ?? point.value;
  const isKnown = typeof value === "number" && at;
  const old = isKnown ? now - Date.parse(at) : 0;
  return (
    <div class={isKnown && old < STALE_MS ? "" : "stale"}>
      <dt>{named(point) || point.quantity}</dt>
      <dd>
        {isKnown ? <b>{shown(point, value)}</b> : <span class="hatched">{t("no_data")}</span>}
        {isKnown && <span class="quiet small">{old < 60_000 ? clock(at, zone) : age(old)}</span>}
      </dd>
    </div>
  );
}

/** A register whole, a switch in words, all else in the digits that mean something. */
function shown(point: Shown, value: number): string {
  if (point.kind === "state" && (value === 0 || value === 1)) return t(value ? "is_on" : "is_off");
  return point.kind === "register" ? exact(value, point.unit) : measured(value, point.unit);
}

/** Manuals and drawings: read where there is a line, and kept by the phone once opened. */
function Documents({ position, device }: { position: string; device: Shown | undefined }) {
  const { core, status } = useModel();
  const [found, setFound] = useState<Values[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const where = position ? `positions/${position}` : `devices/${device!.id}`;
  const load = (before: Values[], cursor: string | null): void => {
    void core?.session.ask("GET", `/api/v1/${where}/documents${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`).then(
      (answer) => {
        setFound(answer.status === 200 ? [...before, ...answer.body.items] : before);
        setNext(answer.status === 200 ? answer.body.next : null);
      },
      () => setFound(before.length ? before : null),
    );
  };
  useEffect(() => load([], null), [where]);
  if (found === null && status.stopped) return <Notice tone="quiet">{t("documents_offline")}</Notice>;
  if (!found?.length) return null;
  const open = async (one: Values): Promise<void> => {
    const answer = await core!.session.file(`/api/v1/documents/${one.id}/content`);
    if (answer) window.open(URL.createObjectURL(answer), "_blank", "noopener");
  };
  return (
    <Card title={t("documents")}>
      {found.map((one) => <Row key={one.id} icon="file" onClick={() => void open(one)} title={one.title} note={word("document", one.kind)} />)}
      {next && <Row icon="file" onClick={() => load(found, next)} title={t("more")} />}
    </Card>
  );
}
