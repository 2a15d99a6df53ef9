import type { Ask } from "./ask";
import type { PageDocument, PageElement } from "./dom";
import { html } from "./html";
import type { Panel } from "./panel";

const PERIOD_MILLISECONDS = 5000;

interface LiveOptions {
  document: PageDocument;
  panels: readonly Panel[];
  ask: Ask;
  now: () => number;
  /** Calls back after so many ms. */
  after: (milliseconds: number, work: () => void) => void;
}

/** Keeps the panels of a page up to date while somebody looks at it, until told to pause. */
export class LivePage {
  private paused = false;
  private turning = false;
  /** What each panel holds: what did not change is left alone, and with it whatever the reader does there. */
  private readonly shown = new Map<string, string>();
  /** What was explained last, by panel. */
  private readonly details = new Map<string, string>();

  constructor(private readonly options: LiveOptions) {}

  start(): void {
    const { document } = this.options;
    const button = document.getElementById("live");
    button?.addEventListener("click", () => {
      this.paused = !this.paused;
      button.setAttribute("aria-pressed", String(!this.paused));
      if (!this.paused) void this.turn();
    });
    document.addEventListener("visibilitychange", () => void this.turn());
    for (const type of ["mouseover", "focusin"]) {
      document.querySelector("main")?.addEventListener(type, ({ target }) => this.explain(target));
    }
    void this.loop();
  }

  private async loop(): Promise<void> {
    await this.turn();
    this.options.after(PERIOD_MILLISECONDS, () => void this.loop());
  }

  /** One look at everything; the panels do not wait for each other. */
  async turn(): Promise<void> {
    const { document, panels } = this.options;
    if (this.paused || this.turning || document.visibilityState === "hidden") return;
    this.turning = true;
    try {
      await Promise.all(panels.map((panel) => this.show(panel)));
      const stamp = document.getElementById("stamp");
      if (stamp)
        stamp.textContent = `as of ${new Date(this.options.now()).toISOString().slice(0, 19).replace("T", " ")} UTC`;
    } finally {
      this.turning = false;
    }
  }

  private async show(panel: Panel): Promise<void> {
    const { document, ask, now } = this.options;
    const body = document.querySelector(`#${panel.id} .body`);
    if (!body) return;
    // A fault of the page's own is said too: a panel that stands still would look like one that is up to date.
    const content = await panel
      .load(ask, now())
      .catch((error: unknown) => html`<p class="note">This part of the page failed: ${String(error)}</p>`);
    if (this.shown.get(panel.id) === content.text) return;
    this.shown.set(panel.id, content.text);
    const key = focusedKey(document.activeElement, body);
    const detail = this.details.get(panel.id);
    body.innerHTML = content.text;
    const line = body.querySelector(".detail");
    if (line && detail !== undefined) line.textContent = detail;
    // Whoever moves by keyboard stays where he is.
    if (key !== undefined)
      body.querySelector(`[data-key="${key.replace(/["\\]/g, "\\$&")}"]`)?.focus({ preventScroll: true });
  }

  /** Tells in words what the pointer or the focus is on. */
  private explain(target: PageElement | null): void {
    const detail = target?.closest("[data-detail]")?.dataset.detail;
    const section = target?.closest("section");
    const line = section?.querySelector(".detail");
    if (detail === undefined || !section || !line) return;
    line.textContent = detail;
    this.details.set(section.dataset.panel ?? "", detail);
  }
}

function focusedKey(active: PageElement | null, body: PageElement): string | undefined {
  return active && body.contains(active) ? active.dataset.key : undefined;
}
