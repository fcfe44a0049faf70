// Builds the field app into portal/static/field/: hashed files, compressed twins, service worker, manifest.
// The page itself is served by portal/field_app.py under /field/, so that the worker's scope is no more than that.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";
import { compressedTwins } from "../../script/compressed-twins.js";

const here = import.meta.dirname;
const built = resolve(here, "../static/field");
const version = createHash("sha256").update(readFileSync(resolve(here, "../../package-lock.json"))).digest("hex").slice(0, 8);
const app = `${JSON.parse(readFileSync(resolve(here, "version.json"), "utf8")).version}+${version}`;

export default defineConfig({
  root: here,
  base: "/static/field/",
  publicDir: resolve(here, "public"),
  logLevel: "warn",
  define: { __APP__: JSON.stringify(app) },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es", rollupOptions: { output: { entryFileNames: "[name]-[hash].js", assetFileNames: "[name]-[hash][extname]" } } },
  plugins: [
    VitePWA({
      strategies: "injectManifest",
      srcDir: "src",
      filename: "sw.ts",
      injectRegister: false,
      scope: "/field/",
      base: "/static/field/",
      injectManifest: {
        globPatterns: ["**/*.{js,css,wasm,svg,png}"],
        globIgnores: ["**/sw.js", "**/maplibre*", "**/map-*"], // the map is cached when it is first looked at
        maximumFileSizeToCacheInBytes: 2_000_000,
        modifyURLPrefix: { "": "/static/field/" },
        dontCacheBustURLsMatching: /-[\w-]{8}\.\w+$/,
      },
      manifest: {
        id: "/field/",
        name: "Enerfield Field",
        short_name: "Enerfield",
        description: "A technician's day: visits, scan, repair, evidence, with or without a signal.",
        start_url: "/field/",
        scope: "/field/",
        display: "standalone",
        orientation: "any",
        background_color: "#f5f6f7",
        theme_color: "#1c3f78",
        categories: ["utilities", "business"],
        icons: [
          { src: "/static/field/icon.svg", sizes: "any", type: "image/svg+xml" },
          { src: "/static/field/icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "/static/field/icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "/static/field/icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
        shortcuts: [{ name: "Scan", url: "/field/scan", icons: [{ src: "/static/field/icon-192.png", sizes: "192x192" }] }],
      },
    }),
    compressedTwins(built),
  ],
  build: {
    outDir: built,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      output: {
        entryFileNames: "[name]-[hash].js",
        chunkFileNames: "[name]-[hash].js",
        assetFileNames: "[name]-[hash][extname]",
      },
    },
  },
});
