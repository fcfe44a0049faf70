// The shell of every page: small, loaded last, and nothing on the page needs it to be read.
import "./portal.css";
import "htmx.org";
import { watchMenus } from "./parts/menus.js";
import { watchLive } from "./parts/live.js";
import { watchPlots, watchMaps } from "./parts/later.js";
import { watchScans } from "./parts/scans.js";
import { watchPickers } from "./parts/pickers.js";
import { watchNear } from "./parts/near.js";
import { watchForms } from "./parts/kept.js";
import { watchSliders } from "./parts/sliders.js";
import { watchReadouts } from "./parts/readout.js";

watchMenus();
watchLive();
watchPlots();
watchMaps();
watchScans();
watchPickers();
watchNear();
watchForms();
watchSliders();
watchReadouts();
