// What a stack holds at an hour: under the pointer, the finger, or the arrow keys; said aloud while it moves.
// A figure's data-read has the steps: where each ends on the axis (0 to 1), its hours in words, and each part's rate.
export function watchReadouts() {
  const look = (within) => within.querySelectorAll("figure[data-read]:not([tabindex])").forEach(readable);
  look(document);
  document.addEventListener("htmx:load", ({ target }) => look(target));
}

function readable(figure) {
  const steps = JSON.parse(figure.dataset.read);
  const box = document.createElement("div");
  const line = document.createElement("div");
  box.className = "readout";
  line.className = "readline";
  box.setAttribute("aria-live", "polite");
  box.hidden = line.hidden = true;
  figure.append(line, box);
  figure.tabIndex = 0;
  const state = { figure, steps, box, line, at: -1 };
  const point = ({ clientX }) => show(state, stepAt(state, clientX));
  figure.addEventListener("pointermove", point);
  figure.addEventListener("pointerdown", point);
  figure.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && hide(state));
  figure.addEventListener("blur", () => hide(state));
  figure.addEventListener("keydown", (event) => {
    const last = steps.ends.length - 1;
    const to = { ArrowRight: state.at + 1, ArrowLeft: state.at - 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") hide(state);
    if (to === undefined) return;
    event.preventDefault();
    show(state, Math.min(Math.max(to, 0), last));
  });
}

// The drawing that is seen, and where its axis begins and ends on it [px].
function axis({ figure }) {
  const svg = [...figure.querySelectorAll("svg")].find((one) => one.getClientRects().length);
  const drawn = svg.getBoundingClientRect();
  const scale = drawn.width / svg.viewBox.baseVal.width;
  return { from: drawn.left + Number(svg.dataset.left) * scale, to: drawn.left + Number(svg.dataset.right) * scale };
}

function stepAt(state, x) {
  const { from, to } = axis(state);
  const share = (x - from) / (to - from);
  const found = state.steps.ends.findIndex((end) => share < end);
  return found < 0 ? state.steps.ends.length - 1 : found;
}

function show(state, at) {
  const { figure, steps, box, line } = state;
  if (at === state.at && !box.hidden) return;
  state.at = at;
  const { from, to } = axis(state);
  const around = figure.getBoundingClientRect();
  const middle = ((at ? steps.ends[at - 1] : steps.starts) + steps.ends[at]) / 2;
  const x = from + middle * (to - from) - around.left;
  box.replaceChildren(row(steps.hours[at], ""), ...steps.parts.filter((one) => one.rates[at]).map((one) => row(one.name, one.rates[at])));
  box.hidden = line.hidden = false;
  line.style.left = `${x}px`;
  box.style.left = `${Math.min(Math.max(x + 10, 0), around.width - box.offsetWidth)}px`;
  if (x + 10 + box.offsetWidth > around.width) box.style.left = `${Math.max(x - 10 - box.offsetWidth, 0)}px`;
}

function hide(state) {
  state.box.hidden = state.line.hidden = true;
}

function row(name, rate) {
  const line = document.createElement("div");
  line.append(name);
  if (rate) line.append(Object.assign(document.createElement("b"), { textContent: rate }));
  return line;
}
