// The region's map by MapLibre, in place of the server's drawing. Everything on it is ours (data-map is the
// address of the GeoJSON); a base map is drawn below it only where the installation has one (data-tiles).
import { AttributionControl, Map as Canvas, NavigationControl, Popup, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { colours } from "./colours.js";

const SHAPES = { good: "●", attention: "▲", act: "◆", unknown: "○" };
const DASHES = { heat: [4, 1.5], cooling: [4, 1.5], gas: [1.5, 2], water: [5, 1.5, 1, 1.5] };
const CARRIERS = ["electricity", "heat", "cooling", "gas", "water", "steam"];

export async function openMap(figure) {
  setWorkerUrl(worker);
  let data = await ask(figure.dataset.map);
  if (!data.bounds) return;
  const holder = document.createElement("div");
  holder.className = "canvas";
  figure.append(holder);
  const drawn = () => style(data, colours(figure), figure.dataset.tiles, textSize(figure));
  const map = new Canvas({
    container: holder, style: drawn(), bounds: data.bounds,
    fitBoundsOptions: { padding: { top: 44, bottom: 44, left: 64, right: 64 } }, attributionControl: false, cooperativeGestures: true, dragRotate: false, pitchWithRotate: false,
    localIdeographFontFamily: "sans-serif", locale: JSON.parse(figure.dataset.words ?? "{}"),
  });
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  if (figure.dataset.tiles) map.addControl(new AttributionControl({ compact: true }));
  map.on("load", () => {
    figure.classList.add("is-live");
    figure.querySelector("svg")?.setAttribute("hidden", "");
    figure.querySelector(".open-map")?.remove();
    wire(map, figure);
  });
  if (data.gathered || data.more_lines) {
    whenMoved(map, figure.dataset.map, (found) => {
      data = found;
      for (const name of ["base", "lines", "positions"]) map.getSource(name)?.setData(found[name]);
      figure.querySelector("[data-gathered]")?.toggleAttribute("hidden", !found.gathered);
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => map.setStyle(drawn()));
  figure.enerfieldMap = map;
}

// Names grow with the map, from 12 px on a phone to those of a wall, and with the letters of the page.
function textSize(figure) {
  const letter = parseFloat(getComputedStyle(document.documentElement).fontSize);
  return Math.max(0.75 * letter, Math.min(figure.clientWidth / 72, 1.25 * letter));
}

async function ask(address, signal) {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, signal });
  if (!answer.ok) throw new Error(`map: ${answer.status}`);
  return answer.json();
}

// What did not fit into one answer is asked for again, for the part of the map in sight.
function whenMoved(map, source, take) {
  let waiting, asking;
  map.on("moveend", () => {
    clearTimeout(waiting);
    asking?.abort();
    waiting = setTimeout(async () => {
      asking = new AbortController();
      const [[west, south], [east, north]] = map.getBounds().toArray();
      const address = new URL(source, location.href);
      const edges = { west: Math.max(west, -180), south: Math.max(south, -90), east: Math.min(east, 180), north: Math.min(north, 90) };
      for (const [name, edge] of Object.entries(edges)) address.searchParams.set(name, edge.toFixed(6));
      await ask(address, asking.signal).then(take, (error) => error.name === "AbortError" || console.warn(error));
    }, 300);
  });
}

// A circle with a number: gathered here (point_count, with the sum of places) or by the server (count).
const GATHERED = ["any", ["has", "point_count"], ["has", "count"]];
const PLACES = ["coalesce", ["get", "places"], ["get", "count"], 1];
const WORST = ["coalesce", ["get", "worst"], ["get", "rank"]];

function style(data, look, tiles, size) {
  const grown = size / 12;
  const sources = {
    base: { type: "geojson", data: data.base },
    lines: { type: "geojson", data: data.lines },
    positions: { type: "geojson", data: data.positions, cluster: true, clusterRadius: 34 * grown, clusterMaxZoom: 15, clusterProperties: { worst: ["max", ["get", "rank"]], places: ["+", ["coalesce", ["get", "count"], 1]] } },
  };
  if (tiles) sources.tiles = { type: "raster", tiles: [tiles], tileSize: 256 };
  const layers = [
    { id: "ground", type: "background", paint: { "background-color": look.land } },
    ...(tiles ? [{ id: "tiles", type: "raster", source: "tiles", paint: { "raster-opacity": 0.55 } }] : []),
    { id: "sea", type: "fill", source: "base", filter: ["==", ["get", "kind"], "sea"], paint: { "fill-color": look.sea } },
    { id: "park", type: "fill", source: "base", filter: ["==", ["get", "kind"], "park"], paint: { "fill-color": look.park } },
    { id: "block", type: "fill", source: "base", filter: ["==", ["get", "kind"], "block"], paint: { "fill-color": look.block } },
    { id: "street", type: "line", source: "base", filter: ["==", ["get", "kind"], "street"], paint: { "line-color": look.street, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.8, 16, 5] } },
    { id: "shore", type: "line", source: "base", filter: ["in", ["get", "kind"], ["literal", ["sea", "shore"]]], paint: { "line-color": look.shore, "line-width": 1.2 } },
    ...CARRIERS.map((carrier) => ({
      id: `line-${carrier}`, type: "line", source: "lines", filter: ["==", ["get", "carrier"], carrier], layout: { "line-cap": "butt", "line-join": "round" },
      paint: { "line-color": look.carrier(carrier), "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1, 16, 3.5], ...(DASHES[carrier] ? { "line-dasharray": DASHES[carrier] } : {}) },
    })),
    { id: "cluster", type: "circle", source: "positions", filter: GATHERED, paint: { "circle-radius": ["interpolate", ["linear"], PLACES, 2, 11 * grown, 40, 20 * grown, 5000, 30 * grown], "circle-color": look.surface, "circle-stroke-width": 2, "circle-stroke-color": ["match", WORST, 3, look.act, 2, look.attention, 1, look.ink3, look.good] } },
    { id: "cluster-count", type: "symbol", source: "positions", filter: GATHERED, layout: { "text-field": ["to-string", PLACES], "text-size": size, "text-font": ["sans-serif"], "text-allow-overlap": true }, paint: { "text-color": look.ink } },
    { id: "position", type: "circle", source: "positions", filter: ["!", GATHERED], paint: { "circle-radius": ["match", ["get", "kind"], ["plant", "intake"], 8 * grown, 6 * grown], "circle-color": ["match", ["get", "state"], "act", look.act, "attention", look.attention, look.surface], "circle-stroke-width": 2, "circle-stroke-color": ["match", ["get", "state"], "act", look.act, "attention", look.attention, "unknown", look.ink3, look.good] } },
    { id: "position-name", type: "symbol", source: "positions", filter: ["!", GATHERED], layout: { "text-field": ["concat", ["match", ["get", "state"], "act", `${SHAPES.act} `, "attention", `${SHAPES.attention} `, ""], ["get", "name"]], "text-size": size, "text-font": ["sans-serif"], "text-offset": [0, 1.1], "text-anchor": "top", "text-optional": true }, paint: { "text-color": look.ink, "text-halo-color": look.land, "text-halo-width": 1.4 } },
  ];
  return { version: 8, sources, layers };
}

function wire(map, figure) {
  map.on("click", "cluster", async (event) => {
    const [cluster] = map.queryRenderedFeatures(event.point, { layers: ["cluster"] });
    const ours = cluster.properties.cluster_id;
    const zoom = ours === undefined ? map.getZoom() + 2 : await map.getSource("positions").getClusterExpansionZoom(ours);
    map.easeTo({ center: cluster.geometry.coordinates, zoom });
  });
  map.on("click", "position", (event) => showPosition(map, event.features[0]));
  for (const layer of ["cluster", "position"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  for (const box of document.querySelectorAll("[data-layer]")) {
    box.addEventListener("change", () => map.setLayoutProperty(`line-${box.dataset.layer}`, "visibility", box.checked ? "visible" : "none"));
  }
  for (const row of document.querySelectorAll("[data-place]")) {
    row.addEventListener("click", () => map.easeTo({ center: JSON.parse(row.dataset.place), zoom: 16 }));
  }
}

function showPosition(map, feature) {
  const { name, link, words } = feature.properties;
  const box = document.createElement("div");
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.textContent = name;
  const said = document.createElement("div");
  said.textContent = words ?? "";
  box.append(anchor, said);
  new Popup({ offset: 10, maxWidth: "260px" }).setLngLat(feature.geometry.coordinates).setDOMContent(box).addTo(map);
}
