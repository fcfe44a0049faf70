// Bundles the portal's front end: every file on top of portal/frontend/ becomes an entry with a hashed name.
// manifest.json maps the plain name to the hashed one: {"app.js": "app-1a2b.js", "app.css": "app-3c4d.css"}.
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig } from "vite";
import { compressedTwins } from "./compressed-twins.js";

const sources = resolve(import.meta.dirname, "../portal/frontend");
const built = resolve(import.meta.dirname, "../portal/static/build");

const plainManifest = {
  name: "plain-manifest",
  generateBundle(_options, bundle) {
    const names = {};
    for (const file of Object.values(bundle)) {
      if (file.type === "chunk" && file.isEntry) names[`${file.name}.js`] = file.fileName;
      else if (file.type === "asset" && file.fileName.endsWith(".css")) names[file.names[0]] = file.fileName;
    }
    this.emitFile({ type: "asset", fileName: "manifest.json", source: JSON.stringify(names, null, 1) });
  },
};

export default defineConfig({
  root: sources,
  base: "/static/build/",
  publicDir: false,
  logLevel: "warn",
  plugins: [plainManifest, compressedTwins(built)],
  build: {
    outDir: built,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: scripts or fonts
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000, // MapLibre, ECharts and the API viewer are loaded only where they are used
    rollupOptions: {
      onwarn: (warning, warn) => warning.code === "EVAL" || warn(warning), // htmx's, which the pages forbid
      input: readdirSync(sources).filter((name) => name.endsWith(".js")).map((name) => join(sources, name)),
      output: {
        entryFileNames: "[name]-[hash].js",
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
      },
    },
  },
});
