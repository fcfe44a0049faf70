import assert from "node:assert/strict";
import { test } from "node:test";

Object.assign(globalThis, { localStorage: { getItem: () => null, setItem: () => undefined } });
const { look, titled } = await import("../src/look.ts");

test("the title of an order the product made reads in the phone's language; people's own stays as it is", () => {
  const made = { title: "Pressure too low", title_zh: "压力过低" };
  look.locale = "zh";
  assert.equal(titled(made), "压力过低");
  assert.equal(titled({ title: "Pump stands still", title_zh: null }), "Pump stands still");
  look.locale = "en";
  assert.equal(titled(made), "Pressure too low");
  assert.equal(titled(undefined), "");
});

test("times are the site's, wherever the phone thinks it is", async () => {
  const { clock, dayKey, site, stamp } = await import("../src/format.ts");
  look.locale = "en";
  const at = "2026-11-27T17:30:00.000Z";
  site.zone = "Asia/Shanghai";
  assert.equal(clock(at), "01:30");
  assert.equal(dayKey(at), "2026-11-28");
  assert.equal(stamp(at), "Sat 28 Nov 01:30");
  assert.equal(clock(at, "Europe/Berlin"), "18:30", "a place may have a zone of its own");
  assert.equal(clock(at, undefined), "01:30");
  site.zone = "";
});
