/** What the page's script needs of the browser; nothing else of the runtime has one. */

export interface PageElement {
  innerHTML: string;
  textContent: string | null;
  hidden: boolean;
  readonly dataset: Record<string, string | undefined>;
  querySelector(selector: string): PageElement | null;
  closest(selector: string): PageElement | null;
  contains(other: PageElement | null): boolean;
  setAttribute(name: string, value: string): void;
  focus(options?: { preventScroll?: boolean }): void;
  addEventListener(type: string, listener: (event: { target: PageElement | null }) => void): void;
}

export interface PageDocument {
  readonly activeElement: PageElement | null;
  readonly visibilityState: "visible" | "hidden";
  getElementById(id: string): PageElement | null;
  querySelector(selector: string): PageElement | null;
  addEventListener(type: string, listener: () => void): void;
}
