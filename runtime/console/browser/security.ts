import { ask } from "./ask";
import type { PageDocument } from "./dom";
import { LivePage } from "./live";
import { access } from "./panels/access";
import { incidents } from "./panels/incidents";
import { keys } from "./panels/keys";
import { sessions } from "./panels/sessions";

/** The script of /console/security. */
declare const document: PageDocument;

new LivePage({
  document,
  panels: [access, incidents, sessions, keys],
  ask,
  now: () => Date.now(),
  after: (milliseconds, work) => void setTimeout(work, milliseconds),
}).start();
