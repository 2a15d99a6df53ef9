import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RootRoute } from "../kernel/http/front";
import { type ConsolePage, shell } from "./shell";

const PAGES: readonly ConsolePage[] = [
  {
    name: "carbon",
    title: "Carbon",
    panels: [
      { id: "grid", title: "Intensity and plan" },
      { id: "saved", title: "Saved and missed" },
      { id: "power", title: "Power and emissions now" },
    ],
  },
  {
    name: "security",
    title: "Security",
    panels: [
      { id: "access", title: "Who was let in, and who was not" },
      { id: "incidents", title: "Incidents" },
      { id: "sessions", title: "Sessions" },
      { id: "keys", title: "Keys" },
    ],
  },
];

/** Where the build puts the pages' scripts (tools/browser.ts). */
const SCRIPTS = join(__dirname, "scripts");

/** The console's pages, by path. They know the engines by their HTTP API alone, so that each may be absent. */
export function consolePages(scripts: string = SCRIPTS): Record<string, RootRoute> {
  const home: RootRoute = async () => ({
    status: 302,
    contentType: "text/plain; charset=utf-8",
    body: "",
    headers: { location: `/console/${PAGES[0]!.name}` },
  });
  const routes = PAGES.map((page): [string, RootRoute] => {
    const path = join(scripts, `${page.name}.js`);
    return [`/console/${page.name}`, async () => shell(page, PAGES, await readFile(path, "utf8"))];
  });
  return { "/console": home, ...Object.fromEntries(routes) };
}
