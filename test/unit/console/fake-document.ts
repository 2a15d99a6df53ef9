import type { PageDocument, PageElement } from "../../../runtime/console/browser/dom";

type Listener = (event: { target: PageElement | null }) => void;

/** As much of an element as the page's script touches. */
export class FakeElement implements PageElement {
  innerHTML = "";
  textContent: string | null = "";
  hidden = false;
  readonly dataset: Record<string, string | undefined> = {};
  readonly attributes: Record<string, string> = {};
  /** By selector. */
  readonly found = new Map<string, FakeElement>();
  readonly around = new Map<string, FakeElement>();
  focused = 0;
  private readonly listeners = new Map<string, Listener>();

  querySelector(selector: string): FakeElement | null {
    return this.found.get(selector) ?? null;
  }

  closest(selector: string): FakeElement | null {
    return this.around.get(selector) ?? null;
  }

  contains(other: PageElement | null): boolean {
    return [...this.found.values()].includes(other as FakeElement);
  }

  setAttribute(name: string, value: string): void {
    this.attributes[name] = value;
  }

  focus(): void {
    this.focused += 1;
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners.set(type, listener);
  }

  happen(type: string, target: FakeElement | null = null): void {
    this.listeners.get(type)?.({ target });
  }
}

/** A document with a button, a stamp and a section for each panel. */
export class FakeDocument implements PageDocument {
  activeElement: FakeElement | null = null;
  visibilityState: "visible" | "hidden" = "visible";
  readonly main = new FakeElement();
  private readonly byId = new Map<string, FakeElement>();
  private readonly bodies = new Map<string, FakeElement>();
  private onVisibility: () => void = () => undefined;

  constructor(panels: readonly string[]) {
    for (const id of ["live", "stamp"]) this.byId.set(id, new FakeElement());
    for (const id of panels) this.bodies.set(`#${id} .body`, new FakeElement());
  }

  getElementById(id: string): FakeElement | null {
    return this.byId.get(id) ?? null;
  }

  querySelector(selector: string): FakeElement | null {
    return selector === "main" ? this.main : (this.bodies.get(selector) ?? null);
  }

  addEventListener(_type: string, listener: () => void): void {
    this.onVisibility = listener;
  }

  see(state: "visible" | "hidden"): void {
    this.visibilityState = state;
    this.onVisibility();
  }

  element(panel: string): FakeElement {
    return this.bodies.get(`#${panel} .body`)!;
  }

  body(panel: string): string {
    return this.element(panel).innerHTML;
  }

  text(id: string): string {
    return this.byId.get(id)?.textContent ?? "";
  }

  /** What the script began in this turn is done; nothing of it waits for time to pass. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
