/** Line icons, drawn here; always beside a word or with a spoken name. */

const PATHS = {
  today: "M4 5h12v12H4zM4 8.5h12M7 3v3m6-3v3m-6 6 2 2 4-4",
  map: "m3 5 5-2 4 2 5-2v12l-5 2-4-2-5 2zM8 3v12m4-10v12",
  scan: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4M3 10h14",
  report: "M10 3 2.5 16.5h15zM10 8v4m0 2.2v.1",
  more: "M4.9 10a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0zm5.8 0a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0zm5.8 0a.7.7 0 1 1-1.4 0 .7.7 0 0 1 1.4 0z",
  left: "m12 5-5 5 5 5",
  right: "m8 5 5 5-5 5",
  tick: "m4 10.5 4 4 8-9",
  cross: "m5 5 10 10M15 5 5 15",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  up: "M10 16V5m0 0 4 4m-4-4L6 9M5 3h10",
  phone: "M6 2.5h8v15H6zM9 15h2",
  clock: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM10 6v4.2l3 1.8",
  camera: "M3 6h3l1.5-2h5L14 6h3v10H3zM10 13.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  pen: "M3 17h14M5 13.5 13.5 5 16 7.5 7.5 16l-3 .5z",
  list: "M7 5h10M7 10h10M7 15h10M3 5h.01M3 10h.01M3 15h.01",
  part: "M10 2.8 16.5 6v8L10 17.2 3.5 14V6zM3.5 6 10 9.2 16.5 6M10 9.2v8",
  meter: "M3.5 14a6.8 6.8 0 1 1 13 0M10 12l3-4",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 0 1 6 0V9",
  comment: "M3 4h14v9H9l-4 3.5V13H3z",
  device: "M5 3h10v14H5zM8 7h4M8 10h4m-2 4h.01",
  place: "M10 17s5-4.7 5-9a5 5 0 0 0-10 0c0 4.3 5 9 5 9Zm0-7a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  go: "m3.5 9.5 13-6-6 13-1.5-5.5z",
  alarm: "M5 13V9a5 5 0 0 1 10 0v4l1.5 2h-13zM8.5 17.5h3",
  history: "M4 6v3h3M4.3 9a6 6 0 1 1-.3 3M10 7v3.5l2.5 1.5",
  file: "M5 2.5h6l4 4v11H5zM11 2.5v4h4",
  torch: "M7 3h6v3l-1.5 2.5V17h-3V8.5L7 6z",
  lens: "M10 16.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Zm0-4a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  keyboard: "M2.5 5.5h15v9h-15zM5 8.5h.01M8 8.5h.01M11 8.5h.01M14 8.5h.01M6 11.5h8",
  nfc: "M4 15V5h3l5 8V5M15 4c2 3.5 2 8.5 0 12",
  picture: "M3 4h14v12H3zM3 14l4-4 3 3 3-4 4 5M7.5 8h.01",
  download: "M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M4 16h12",
  again: "M4 10a6 6 0 0 1 10.5-4L16 7.5M16 4v3.5h-3.5M16 10a6 6 0 0 1-10.5 4L4 12.5M4 16v-3.5h3.5",
  bin: "M4 6h12M8 6V4h4v2M5.5 6l1 11h7l1-11",
  bell: "M5 13V9a5 5 0 0 1 10 0v4l1.5 2h-13zM8.5 17.5h3",
  language: "M3 5h8M7 3v2m2.5 0C9 9 6.5 11.5 3.5 13M5 8c1 2.5 3 4 5 5m.5 4 3.5-8 3.5 8m-6-2.5h5",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 2v2m0 12v2M2 10h2m12 0h2M4.5 4.5 6 6m8 8 1.5 1.5m0-11L14 6m-8 8-1.5 1.5",
  out: "M8 4H4v12h4M8 10h9m0 0-3-3m3 3-3 3",
  lab: "M8 3h4M8.5 3v5L4 16h12l-4.5-8V3M6.5 12h7",
  good: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM6.5 10.3l2.4 2.4 4.6-5",
  attention: "M10 3 2.5 16.5h15zM10 8v4m0 2.2v.1",
  act: "M6.8 2.5h6.4l4.3 4.3v6.4l-4.3 4.3H6.8l-4.3-4.3V6.8zM10 6.5v4.5m0 2.6v.1",
  pause: "M7 4v12m6-12v12",
  person: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 17c0-3.5 2.7-5.2 6-5.2s6 1.7 6 5.2",
  news: "M3 4h11v12H5a2 2 0 0 1-2-2zM14 8h3v6a2 2 0 0 1-2 2M6 8h5M6 11h5",
  storage: "M4 5c0-1.2 2.7-2 6-2s6 .8 6 2v10c0 1.2-2.7 2-6 2s-6-.8-6-2zM4 5c0 1.2 2.7 2 6 2s6-.8 6-2M4 10c0 1.2 2.7 2 6 2s6-.8 6-2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"
      stroke-linejoin="round" aria-hidden="true" focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
