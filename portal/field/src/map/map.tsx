/** Where are my visits, and what is near? The list beneath says the same. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Map as Canvas, NavigationControl, setWorkerUrl, type GeoJSONSource } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { distance } from "../format.ts";
import { named, t, word } from "../look.ts";
import { model, useModel, type Shown } from "../model.ts";
import { Icon } from "../parts/icons.tsx";
import { Card, Empty, Row, Screen } from "../parts/ui.tsx";
import { here, locate } from "../phone.ts";
import { go, link } from "../route.ts";
import { isRehearsing } from "../rehearsal.ts";
import { distanceTo, isEnded, job, visits } from "../work.ts";
import { titleOf } from "../screens/today.tsx";
import { learn } from "../words/index.ts";
import { map as words } from "../words/map.ts";

learn(words);

interface Spot {
  id: string;
  href: string;
  name: string;
  note: string;
  lon: number;
  lat: number;
  rank: number;
  away: number | null;
}

/** Visits first, then places with open alarms, then the rest. */
function spots(): Spot[] {
  const open = visits(isRehearsing()).filter((one) => !isEnded(one));
  const alarmed = new Set(model.all("alarm").filter((one) => one.state !== "normal").map((one) => one.position_id));
  const ofVisits = open.map(job).filter(({ position }) => typeof position?.lat === "number");
  const taken = new Set(ofVisits.map(({ position }) => position!.id));
  const made = (position: Shown, rank: number, name: string, href: string, note: string): Spot => ({
    id: href, href, name, note, rank, lon: position.lon, lat: position.lat, away: distanceTo(position),
  });
  return [
    ...ofVisits.map(({ visit, order, position }, place) => made(position!, 3, `${place + 1} · ${titleOf(visit, order)}`, link("visit", visit.id), named(position))),
    ...model.all("position").filter((one) => typeof one.lat === "number" && !taken.has(one.id)).map((one) =>
      made(one, alarmed.has(one.id) ? 2 : 1, named(one), link("asset", "position", one.id), alarmed.has(one.id) ? t("open_alarms") : word("kind", one.kind)),
    ),
  ].sort((a, b) => b.rank - a.rank || (a.away ?? 1e9) - (b.away ?? 1e9));
}

export function MapScreen() {
  useModel();
  const holder = useRef<HTMLDivElement>(null);
  const canvas = useRef<Canvas | null>(null);
  const [sought, seek] = useState("");
  const [, again] = useState(0);
  const list = spots();
  const shape = list.map((one) => `${one.id} ${one.rank}`).join();

  useEffect(() => {
    if (!holder.current || !list.length) return;
    setWorkerUrl(worker);
    const made = new Canvas({
      container: holder.current, style: style(list), bounds: around(list), fitBoundsOptions: { padding: 48, maxZoom: 15 }, attributionControl: false,
      dragRotate: false, pitchWithRotate: false, localIdeographFontFamily: "sans-serif", cooperativeGestures: false,
    });
    made.addControl(new NavigationControl({ showCompass: false }), "top-right");
    made.on("click", "spot", (event) => go(event.features![0]!.properties.href as string));
    canvas.current = made;
    return () => made.remove();
  }, [list.length > 0]);
  useEffect(() => void (canvas.current?.getSource("spots") as GeoJSONSource | undefined)?.setData(features(list)), [shape]);

  const mine = async (): Promise<void> => {
    const at = await locate(true);
    if (at) canvas.current?.easeTo({ center: [at.lon, at.lat], zoom: 15 });
    again((count) => count + 1);
  };
  const shown = list.filter((one) => `${one.name} ${one.note}`.toLowerCase().includes(sought.toLowerCase()));
  return (
    <Screen title={t("map")}>
      {!list.length && <Empty icon="map" title={t("map_empty")} />}
      {list.length > 0 && <div class="map" ref={holder} role="region" aria-label={t("map_twin")} />}
      <div class="buttons">
        <button class="secondary wide" onClick={() => void mine()}><Icon name="place" /> {here() ? t("my_place") : t("show_distances")}</button>
      </div>
      <Card>
        <input type="search" aria-label={t("find_place")} placeholder={t("find_place")} value={sought} onInput={(event) => seek(event.currentTarget.value)} />
        {shown.slice(0, 40).map((one) => (
          <Row key={one.id} icon={one.rank === 3 ? "today" : one.rank === 2 ? "alarm" : "place"} tone={one.rank === 2 ? "act" : ""} href={one.href} title={one.name} note={one.note} aside={one.away !== null ? distance(one.away) : undefined} />
        ))}
        {shown.length > 40 && <p class="quiet small">{t("and_more", { n: shown.length - 40 })}</p>}
      </Card>
    </Screen>
  );
}

function features(list: Spot[]): any {
  return {
    type: "FeatureCollection",
    features: list.map((one) => ({ type: "Feature", geometry: { type: "Point", coordinates: [one.lon, one.lat] }, properties: { name: one.name, rank: one.rank, href: one.href } })),
  };
}

function around(list: Spot[]): [number, number, number, number] {
  const near = list.some((one) => one.rank === 3) ? list.filter((one) => one.rank === 3) : list;
  const [lon, lat] = [near.map((one) => one.lon), near.map((one) => one.lat)];
  return [Math.min(...lon) - 0.002, Math.min(...lat) - 0.002, Math.max(...lon) + 0.002, Math.max(...lat) + 0.002];
}

function style(list: Spot[]): any {
  const read = getComputedStyle(document.documentElement);
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color || read.color;
  };
  const [land, ink, accent, act, surface, line] = ["--map-land", "--ink", "--accent", "--act", "--surface", "--line-strong"].map(colour);
  probe.remove();
  const tiles = document.querySelector<HTMLMetaElement>('meta[name="tiles"]')?.content;
  return {
    version: 8,
    sources: { spots: { type: "geojson", data: features(list) }, ...(tiles ? { tiles: { type: "raster", tiles: [tiles], tileSize: 256 } } : {}) },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": land } },
      ...(tiles ? [{ id: "tiles", type: "raster", source: "tiles", paint: { "raster-opacity": 0.6 } }] : []),
      {
        id: "spot", type: "circle", source: "spots",
        paint: {
          "circle-radius": ["match", ["get", "rank"], 3, 13, 2, 9, 6], "circle-color": ["match", ["get", "rank"], 3, accent, 2, act, surface],
          "circle-stroke-width": 2, "circle-stroke-color": ["match", ["get", "rank"], 1, line, surface],
        },
      },
      {
        id: "name", type: "symbol", source: "spots", layout: { "text-field": ["get", "name"], "text-size": 13, "text-font": ["sans-serif"], "text-offset": [0, 1.3], "text-anchor": "top", "text-optional": true, "symbol-sort-key": ["-", ["get", "rank"]] },
        paint: { "text-color": ink, "text-halo-color": land, "text-halo-width": 1.6 },
      },
    ],
  };
}
