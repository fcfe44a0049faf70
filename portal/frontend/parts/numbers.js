// Numbers as portal/words.py writes them: three significant digits on the ladder of the unit.
// tests/portal compares both on the same table of cases.

const SHOWN = { m3: "m³", "m3/h": "m³/h", "W/m2": "W/m²", "mg/m3": "mg/m³", "K diff": "K", 1: "" };
const STEPS = {
  Wh: [["Wh", 1], ["kWh", 1e3], ["MWh", 1e6], ["GWh", 1e9]],
  kWh: [["kWh", 1], ["MWh", 1e3], ["GWh", 1e6]],
  MWh: [["kWh", 1e-3], ["MWh", 1], ["GWh", 1e3]],
  W: [["W", 1], ["kW", 1e3], ["MW", 1e6]],
  kW: [["kW", 1], ["MW", 1e3], ["GW", 1e6]],
  MW: [["kW", 1e-3], ["MW", 1], ["GW", 1e3]],
  GJ: [["MJ", 1e-3], ["GJ", 1], ["TJ", 1e3]],
  kg: [["kg", 1], ["t", 1e3]],
  "kg/h": [["kg/h", 1], ["t/h", 1e3]],
};

export function shownUnit(unit) {
  return SHOWN[unit] ?? unit;
}

export function significant(value, digits = 3) {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  const places = Math.min(Math.max(digits - 1 - Math.floor(Math.log10(Math.abs(rounded))), 0), 20);
  return rounded.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

// The step of a unit's ladder that fits a value: its symbol, and how many units one of it is.
export function ladder(unit, value) {
  const steps = STEPS[unit] ?? [[unit, 1]];
  return steps.filter(([, factor]) => Math.abs(value) >= factor).at(-1) ?? steps[0];
}

export function number(value, unit = "", digits = 3) {
  if (digits === 0) {
    const places = Math.abs(value) < 1e6 ? 1 : 0;
    const exact = value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
    return { digits: exact, unit: shownUnit(unit) };
  }
  const [symbol, factor] = value === 0 ? [unit, 1] : ladder(unit, value);
  return { digits: significant(value / factor, digits), unit: shownUnit(symbol) };
}
