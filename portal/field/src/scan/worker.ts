/** Reads codes in pictures, away from the page: zxing, its wasm from our own host. */

import { BarcodeDetector, prepareZXingModule } from "barcode-detector/ponyfill";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

prepareZXingModule({ overrides: { locateFile: (name: string, prefix: string) => (name.endsWith(".wasm") ? wasm : prefix + name) }, fireImmediately: true });
const detector = new BarcodeDetector({ formats: ["qr_code", "data_matrix", "code_128", "ean_13"] });

const DARK = 60;
let surface: OffscreenCanvas | null = null;
let turn = 0;

self.onmessage = async ({ data }: MessageEvent<{ picture: ImageBitmap; isLoose?: boolean }>) => {
  const { picture, isLoose } = data;
  const scale = isLoose ? Math.min(1, 2000 / Math.max(picture.width, picture.height)) : 1;
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  if (surface?.width !== width || surface.height !== height) surface = new OffscreenCanvas(width, height);
  const context = surface.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const pixels = context.getImageData(0, 0, width, height);
  const light = brightness(pixels.data);
  turn += 1;
  if (light.mean < DARK && turn % 2) stretch(pixels.data, light.high);
  const found = await detector.detect(pixels).catch(() => []);
  self.postMessage({ text: found[0]?.rawValue ?? null, light: light.mean });
};

function brightness(data: Uint8ClampedArray): { mean: number; high: number } {
  let [sum, high, count] = [0, 1, 0];
  for (let at = 0; at < data.length; at += 4 * 97) {
    const value = data[at + 1]!;
    sum += value;
    count += 1;
    if (value > high) high = value;
  }
  return { mean: sum / Math.max(1, count), high };
}

/** In the dark, spread what little light there is over the whole range. */
function stretch(data: Uint8ClampedArray, high: number): void {
  const factor = 255 / high;
  for (let at = 0; at < data.length; at += 4) {
    data[at] = data[at]! * factor;
    data[at + 1] = data[at + 1]! * factor;
    data[at + 2] = data[at + 2]! * factor;
  }
}
