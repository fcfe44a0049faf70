// Beside every built file its gzip and brotli twin, which the web server prefers.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const compressible = new Set([".js", ".mjs", ".css", ".svg", ".json", ".wasm", ".geojson", ".webmanifest"]);

export const compressedTwins = (folder) => ({
  name: "compressed-twins",
  enforce: "post",
  closeBundle: {
    order: "post",
    sequential: true,
    handler() {
      for (const name of readdirSync(folder)) {
        if (!compressible.has(extname(name))) continue;
        const bytes = readFileSync(join(folder, name));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 10 };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params: quality }));
      }
    },
  },
});
