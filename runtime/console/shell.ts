import { createHash } from "node:crypto";
import type { RootAnswer } from "../kernel/http/front";
import { STYLE } from "./style";

/** A page of the console: its parts are filled by its script, which asks the engines over HTTP. */
export interface ConsolePage {
  /** Below /console/. */
  name: string;
  title: string;
  panels: readonly { id: string; title: string }[];
}

/** The document around a page's panels: one file that needs no other, and runs nothing but its own script. */
export function shell(page: ConsolePage, pages: readonly ConsolePage[], script: string): RootAnswer {
  // What ends a script element may stand in a text of the script; it means the same with the backslash.
  const inline = script.replace(/<\/(?=script)/gi, "<\\/").replace(/<!--/g, "<\\!--");
  const links = pages.map(
    ({ name, title }) => `<a href="/console/${name}"${name === page.name ? ' aria-current="page"' : ""}>${title}</a>`,
  );
  const panels = page.panels.map(
    ({ id, title }) =>
      `<section id="${id}" data-panel="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2><div class="body"><p class="note">Asking…</p></div></section>`,
  );
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${page.title}: Machine Native Ops</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><a class="skip" href="#main">To the content</a>
<header><h1>${page.title}</h1><nav aria-label="Pages of the console">${links.join("")}</nav><span class="push note" id="stamp"></span><button id="live" type="button" aria-pressed="true">Live</button></header>
<main id="main"><noscript><p>This page asks the engines with a script, which is switched off. The same figures are in the HTTP API: <a href="/">/</a>.</p></noscript>
${panels.join("\n")}
</main><footer class="note">Every figure links to the query that it comes from. Times are UTC. <a href="/openapi.json">API</a> · <a href="/metrics">metrics</a></footer>
<script>${inline}</script></body></html>
`;
  return { status: 200, contentType: "text/html; charset=utf-8", body, headers: headersOf(inline) };
}

function headersOf(script: string): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(STYLE)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",
  };
}

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
