import type { Ask } from "./ask";
import { type Html, html } from "./html";

/** One part of a page. It asks the engines by HTTP and says what it found, also that it found nothing. */
export interface Panel {
  /** Of the section that the page has for it. */
  id: string;
  load(ask: Ask, now: number): Promise<Html>;
}

/** A figure with the query that it comes from. */
export const figure = (text: string, path: string): Html => html`<a class="figure" href="${path}">${text}</a>`;

export const note = (text: string): Html => html`<p class="note">${text}</p>`;

export const badge = (text: string, kind: "demo" | "warn"): Html =>
  html`<strong class="badge ${kind}">${text}</strong>`;

/** Rows of cells; a table that is wider than the page scrolls by itself, with the keyboard too. */
export function table(caption: string, head: readonly string[], rows: readonly (readonly (Html | string)[])[]): Html {
  const cells = (row: readonly (Html | string)[]): Html =>
    html`<tr>
      ${row.map((cell, i) => (i === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}
    </tr>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head.map((title) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(cells)}
      </tbody>
    </table>
  </div>`;
}

/** Terms with what they are. */
export const list = (entries: readonly (readonly [term: string, what: Html | string])[]): Html =>
  html`<dl>
    ${entries.map(
      ([term, what]) =>
        html`<div>
          <dt>${term}</dt>
          <dd>${what}</dd>
        </div>`,
    )}
  </dl>`;
