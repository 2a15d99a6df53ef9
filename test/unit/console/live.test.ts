import assert from "node:assert/strict";
import { html } from "../../../runtime/console/browser/html";
import { LivePage } from "../../../runtime/console/browser/live";
import { FakeDocument, FakeElement } from "./fake-document";
import { NOW } from "./support";

describe("console: keeping a page up to date", () => {
  let document: FakeDocument;
  let text: string;
  let loads: number;
  let fault: Error | undefined;
  let again: () => void;

  beforeEach(async () => {
    document = new FakeDocument(["grid"]);
    text = "one";
    loads = 0;
    fault = undefined;
    const load = async () => {
      loads += 1;
      if (fault) throw fault;
      return html`<p>${text}</p>`;
    };
    const ask = async () => ({ ok: false, why: "nobody" }) as const;
    const after = (_: number, work: () => void): void => void (again = work);
    new LivePage({ document, panels: [{ id: "grid", load }], ask, now: () => NOW, after }).start();
    await document.settled();
  });

  const turn = async (): Promise<void> => {
    again();
    await document.settled();
  };

  it("shows what is new and leaves alone what is not", async () => {
    assert.equal(document.body("grid"), "<p>one</p>");
    document.element("grid").innerHTML = "<p>one</p><!-- as the reader left it -->";
    await turn();
    assert.match(document.body("grid"), /as the reader left it/);
    text = "two";
    await turn();
    assert.equal(document.body("grid"), "<p>two</p>");
    assert.equal(loads, 3);
  });

  it("pauses on request and while nobody looks, and goes on at once", async () => {
    const button = document.getElementById("live")!;
    button.happen("click");
    assert.equal(button.attributes["aria-pressed"], "false");
    await turn();
    assert.equal(loads, 1);
    button.happen("click");
    await document.settled();
    assert.equal(loads, 2);
    document.see("hidden");
    await turn();
    assert.equal(loads, 2);
    document.see("visible");
    await document.settled();
    assert.equal(loads, 3);
  });

  it("says that a part failed instead of standing still", async () => {
    fault = new Error("<broken>");
    await turn();
    assert.match(document.body("grid"), /This part of the page failed: Error: &#60;broken&#62;/);
    fault = undefined;
    await turn();
    assert.equal(document.body("grid"), "<p>one</p>");
  });

  it("keeps the reader's place, and what he was reading", async () => {
    const bar = new FakeElement();
    bar.dataset["key"] = 'job_"1';
    const line = new FakeElement();
    const section = new FakeElement();
    section.dataset["panel"] = "grid";
    const detailed = new FakeElement();
    detailed.dataset["detail"] = "it waits for the wind";
    bar.around.set("[data-detail]", detailed).set("section", section);
    section.found.set(".detail", line);
    document.main.happen("focusin", bar);
    assert.equal(line.textContent, "it waits for the wind");

    const body = document.element("grid");
    const fresh = new FakeElement();
    body.found.set('[data-key="job_\\"1"]', fresh).set("old", bar).set(".detail", line);
    document.activeElement = bar;
    line.textContent = "";
    text = "two";
    await turn();
    assert.equal(fresh.focused, 1);
    assert.equal(line.textContent, "it waits for the wind");
    document.main.happen("mouseover", null);
    assert.equal(line.textContent, "it waits for the wind");
  });
});
