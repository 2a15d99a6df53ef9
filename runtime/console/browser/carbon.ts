import { ask } from "./ask";
import type { PageDocument } from "./dom";
import { LivePage } from "./live";
import { grid } from "./panels/grid";
import { power } from "./panels/power";
import { saved } from "./panels/saved";

/** The script of /console/carbon. */
declare const document: PageDocument;

new LivePage({
  document,
  panels: [grid, saved, power],
  ask,
  now: () => Date.now(),
  after: (milliseconds, work) => void setTimeout(work, milliseconds),
}).start();
