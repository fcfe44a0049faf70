// Curves one can brush and zoom, drawn by ECharts in place of the server's picture.
// The figure's data-chart is the address of the data; a zoom asks again with start, end and width,
// so that the peaks are kept and no more points travel than the screen has.
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, BrushComponent, DataZoomComponent, GridComponent, MarkLineComponent, ToolboxComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { colours } from "./colours.js";
import { ladder, significant, shownUnit } from "./numbers.js";

use([LineChart, BarChart, GridComponent, TooltipComponent, DataZoomComponent, BrushComponent, ToolboxComponent, MarkLineComponent, AriaComponent, CanvasRenderer]);

const DASHES = { electricity: "solid", heat: [8, 3], cooling: [3, 3], gas: [10, 3, 2, 3], water: [6, 3, 2, 3], steam: [12, 4], fuel: [2, 4] };

export async function openChart(figure) {
  const source = new URL(figure.dataset.chart, location.href);
  const data = await fetchCurve(source, figure.clientWidth);
  const drawn = [...figure.querySelectorAll("svg")].map((svg) => svg.getBoundingClientRect().height);
  const height = Math.max(...drawn, 200);
  const holder = document.createElement("div");
  holder.className = "canvas";
  holder.style.height = `${height}px`;
  figure.append(holder);
  figure.classList.add("is-live");
  // instants are drawn at their wall-clock time in the site's zone, so that ticks fall on its hours and days
  const chart = init(holder, null, { useUTC: true, locale: document.documentElement.lang.startsWith("zh") ? "ZH" : "EN" });
  const state = { figure, chart, source, data };
  draw(state);
  chart.on("datazoom", debounced(() => zoomed(state), 250));
  new ResizeObserver(() => chart.resize()).observe(holder);
  for (const query of ["(prefers-color-scheme: dark)"]) matchMedia(query).addEventListener("change", () => draw(state));
  figure.enerfieldChart = state;
  figure.closest("[data-chart-card]")?.querySelectorAll("[data-picture]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => savePicture(state, button.dataset.picture));
  });
  document.addEventListener("enerfield:refresh", debounced(() => refresh(state), 4000));
  if (figure.dataset.every) setInterval(() => refresh(state), Number(figure.dataset.every) * 1000);
}

async function fetchCurve(source, width, span = null) {
  const url = new URL(source);
  url.searchParams.set("width", Math.max(Math.round(width * Math.min(devicePixelRatio, 2)), 200));
  if (span) {
    url.searchParams.set("start", Math.round(span[0]));
    url.searchParams.set("end", Math.round(span[1]));
  }
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${url.pathname}: ${answer.status}`);
  return answer.json();
}

async function refresh(state) {
  if (document.hidden || state.span) return;
  state.data = await fetchCurve(state.source, state.figure.clientWidth);
  draw(state);
}

async function zoomed(state) {
  const zoom = state.chart.getOption().dataZoom?.[0];
  if (!zoom || !state.data.can_zoom) return;
  const whole = zoom.start <= 0.5 && zoom.end >= 99.5;
  const { start, end } = state.data;
  state.span = whole ? null : [start + ((end - start) * zoom.start) / 100, start + ((end - start) * zoom.end) / 100];
  const asked = state.span;
  const fine = await fetchCurve(state.source, state.figure.clientWidth, asked);
  if (asked !== state.span) return;
  state.chart.setOption({ series: series(fine, colours(state.figure), state.factor) });
  state.figure.dispatchEvent(new CustomEvent("enerfield:span", { bubbles: true, detail: asked }));
}

function draw(state) {
  const { chart, data, figure } = state;
  const look = colours(figure);
  const highest = Math.max(...data.series.flatMap((one) => [...one.points.map((point) => Math.abs(point[1] ?? 0)), ...(one.upper ?? []).map(Math.abs)]), 0);
  [state.unit, state.factor] = highest ? ladder(data.unit, highest) : [data.unit, 1];
  const zone = data.zone;
  const fontSize = 0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize);
  chart.setOption({
    animation: false,
    aria: { enabled: true, label: { description: figure.querySelector("svg")?.getAttribute("aria-label") ?? "" } },
    textStyle: { fontFamily: look.font, fontSize, color: look.ink2 },
    grid: { left: 8, right: 12, top: fontSize * 2.2, bottom: data.can_zoom ? 52 : 6, containLabel: true },
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: look.raised, borderColor: look.line, textStyle: { color: look.ink, fontSize: fontSize * 1.08 },
      formatter: (items) => tooltip(items, state),
    },
    xAxis: {
      type: "time", min: wall(data.start, zone) - half(data), max: wall(data.end, zone) - half(data),
      axisLabel: { color: look.ink3, fontSize, hideOverlap: true, formatter: (at) => tick(at, data) },
      axisLine: { lineStyle: { color: look.strong } }, axisTick: { show: false }, splitLine: { show: false },
    },
    yAxis: {
      type: "value", scale: !data.from_zero, name: shownUnit(state.unit), nameTextStyle: { color: look.ink3, fontSize, align: "left", padding: [0, 0, 0, -fontSize] },
      axisLabel: { color: look.ink3, fontSize, formatter: (value) => significant(value, 4).replace(/\.0+$|(\.\d*?)0+$/, "$1") },
      splitLine: { lineStyle: { color: look.line } },
    },
    dataZoom: data.can_zoom ? [
      { type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: false },
      { type: "slider", filterMode: "none", height: 26, bottom: 10, borderColor: look.line, fillerColor: look.soft, dataBackground: { lineStyle: { color: look.strong }, areaStyle: { opacity: 0 } }, selectedDataBackground: { lineStyle: { color: look.accent }, areaStyle: { opacity: 0 } }, handleStyle: { color: look.raised, borderColor: look.strong }, textStyle: { color: look.ink3 }, labelFormatter: (at) => tick(at, data) },
    ] : [],
    series: series(data, look, state.factor),
  }, { replaceMerge: ["series"] });
}

function series(data, look, factor) {
  const isFan = data.series.some((one) => one.upper);
  return data.series.flatMap((one, index) => {
    const colour = one.is_before ? look.ink3 : look.carrier(one.carrier);
    if (one.upper) return band(one, index, data.zone, factor, colour);
    const common = { name: one.name, data: placed(one, data.zone, factor, colour), emphasis: { disabled: true }, z: one.is_before ? 1 : 2 };
    if (one.kind === "bar") {
      return { ...common, type: "bar", itemStyle: { color: colour, opacity: one.is_before ? 0.35 : 1 }, barMaxWidth: 28, barGap: "10%", stack: one.stack };
    }
    return {
      ...common, type: "line", showSymbol: false, connectNulls: false, sampling: undefined, stack: one.stack,
      step: one.kind === "step" ? "end" : false,
      lineStyle: { color: colour, width: one.is_before ? 1.25 : 1.75, type: one.is_before ? "dashed" : (data.series.length > 2 && !isFan ? (DASHES[one.carrier] ?? "solid") : "solid") },
      itemStyle: { color: colour },
      areaStyle: one.is_before || data.series.length > 2 && !one.stack ? undefined : { color: colour, opacity: one.stack ? 0.25 : 0.1 },
    };
  });
}

// A band is two stacked lines that are not drawn: its lower edge, and what lies between the edges, filled.
function band(one, index, zone, factor, colour) {
  const common = { type: "line", stack: `band ${index}`, stackStrategy: "all", showSymbol: false, connectNulls: false, emphasis: { disabled: true }, z: 1, lineStyle: { opacity: 0 }, itemStyle: { color: colour } };
  const edges = one.points.map(([at, low], place) => [wall(at, zone), at, low === null ? null : low / factor, one.upper[place] === null ? null : one.upper[place] / factor]);
  return [
    { ...common, name: "", data: edges.map(([x, at, low]) => [x, low, at]) },
    { ...common, name: one.name, areaStyle: { color: colour, opacity: 0.14 }, data: edges.map(([x, at, low, high]) => [x, low === null || high === null ? null : high - low, at, low, high]) },
  ];
}

// The third value is the instant itself, for the words of the tooltip.
function placed(one, zone, factor, colour) {
  return one.points.map(([at, value]) => {
    const place = [wall(at, zone), value === null ? null : value / factor, at];
    return at === one.running ? { value: place, itemStyle: { color: colour, opacity: 0.45, borderColor: colour, borderType: "dashed" } } : place;
  });
}

// Bars are centred on the start of their bucket, so that the label below names them: half a bucket of room.
function half(data) {
  const bars = data.series.find((one) => one.kind === "bar" && one.points.length > 1);
  if (!bars) return 0;
  const steps = bars.points.slice(1).map(([at], index) => at - bars.points[index][0]).sort((a, b) => a - b);
  return steps[steps.length >> 1] / 2;
}

const offsets = new Map();
function wall(at, zone) {
  const key = `${zone} ${Math.floor(at / 3_600_000)}`;
  if (!offsets.has(key)) {
    const shown = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(at);
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d+):(\d+))?/.exec(shown.find((part) => part.type === "timeZoneName").value);
    offsets.set(key, sign ? (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000 : 0);
  }
  return at + offsets.get(key);
}

function tooltip(items, state) {
  if (!items.length) return "";
  const { data, factor, unit } = state;
  const { zone } = data;
  const at = items[0].value[2];
  const box = document.createElement("div");
  const head = document.createElement("div");
  head.textContent = when(at, zone, { weekday: "short", day: "numeric", month: "short", hour: data.grain === "day" || data.grain === "month" ? undefined : "2-digit", minute: data.grain === "day" || data.grain === "month" ? undefined : "2-digit" });
  if (data.series.some((one) => one.running === at)) head.textContent += ` (${data.words.running})`;
  box.append(head);
  const digits = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: factor === 1 ? 7 : 5 });
  for (const item of items) {
    if (!item.seriesName || item.seriesName.startsWith("series\0")) continue;
    const line = document.createElement("div");
    const [, value, , low, high] = item.value;
    const isUnknown = value === null || value === undefined || Number.isNaN(value);
    if (isUnknown && item.value.length > 3) continue;
    const said = isUnknown ? data.words.none : item.value.length > 3 ? `${digits(low)} – ${digits(high)}` : digits(value);
    line.textContent = `${item.seriesName}: ${said}${isUnknown ? "" : ` ${shownUnit(unit)}`}`;
    box.append(line);
  }
  return box;
}

function tick(at, data) {
  const span = data.end - data.start;
  if (span <= 2 * 86_400_000) return when(at, "UTC", { hour: "2-digit", minute: "2-digit" });
  if (span <= 120 * 86_400_000) return when(at, "UTC", { day: "numeric", month: "short" });
  return when(at, "UTC", { month: "short", year: "numeric" });
}

const formats = new Map();
function when(at, zone, parts) {
  const key = zone + JSON.stringify(parts);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : "zh-CN", { ...parts, timeZone: zone, hourCycle: "h23" }));
  return formats.get(key).format(at);
}

function savePicture(state, name) {
  const link = document.createElement("a");
  link.href = state.chart.getDataURL({ pixelRatio: 2, backgroundColor: colours(state.figure).surface });
  link.download = `${name}.png`;
  link.click();
}

function debounced(task, wait) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => task(...given), wait);
  };
}
