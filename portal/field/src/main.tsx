/** Starts the app, and the service worker that keeps it here without a signal. */

import { render } from "preact";
import { App } from "./app.tsx";
import "./install.ts";
import { show } from "./look.ts";
import { model } from "./model.ts";
import { isRehearsing } from "./rehearsal.ts";
import { followLinks } from "./route.ts";
import "./style.css";

show();
document.documentElement.classList.toggle("rehearsing", isRehearsing());
followLinks();
render(<App />, document.getElementById("app")!);

if ("serviceWorker" in navigator)
  addEventListener("load", () => {
    void navigator.serviceWorker.register("/field/sw.js", { scope: "/field/" }).then((found) => {
      const look = (): void => void (found.waiting && found.active && model.tellNewer());
      found.addEventListener("updatefound", () => found.installing?.addEventListener("statechange", look));
      look();
    });
  });
