import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runInNewContext } from "node:vm";
import { consolePages } from "../../../runtime/console/pages";
import { Front } from "../../../runtime/kernel/http/front";
import { browserScripts } from "../../../tools/browser";
import { FakeDocument } from "./fake-document";

const sha256 = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

describe("console: the page", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-console-"));
  let front: Front;
  let url: string;

  before(async () => {
    for (const [name, text] of browserScripts()) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    front = new Front(consolePages(join(folder, "runtime/console/scripts")));
    url = await front.listen("127.0.0.1", 0);
  });
  after(async () => {
    await front.close(0);
    rmSync(folder, { recursive: true });
  });

  const page = async (): Promise<{ response: Response; body: string }> => {
    const response = await fetch(`${url}/console/carbon`);
    return { response, body: await response.text() };
  };
  const between = (text: string, tag: string): string =>
    text.slice(text.indexOf(`<${tag}>`) + tag.length + 2, text.lastIndexOf(`</${tag}>`));

  it("is one document that needs no other, and its policy lets nothing else run", async () => {
    const { response, body } = await page();
    assert.equal(response.status, 200);
    assert.match(response.headers.get("content-type")!, /^text\/html; charset=utf-8$/);
    const policy = response.headers.get("content-security-policy")!;
    assert.match(policy, /default-src 'none'.*connect-src 'self'.*base-uri 'none'.*frame-ancestors 'none'/);
    assert.ok(policy.includes(`script-src ${sha256(between(body, "script"))};`));
    assert.ok(policy.includes(`style-src ${sha256(between(body, "style"))};`));
    assert.doesNotMatch(policy, /unsafe/);
    assert.deepEqual(
      ["x-content-type-options", "referrer-policy", "cross-origin-opener-policy"].map((name) =>
        response.headers.get(name),
      ),
      ["nosniff", "no-referrer", "same-origin"],
    );
    assert.doesNotMatch(body, /https?:\/\/(?!www\.w3\.org)|\ssrc=|@import|\sstyle=|\son[a-z]+=/);
    assert.equal([...body.matchAll(/<script/g)].length, 1);
  });

  it("can be used by keyboard and screen reader, in dark and on paper", async () => {
    const { body } = await page();
    assert.match(body, /<html lang="en">/);
    assert.match(body, /<a class="skip" href="#main">.*<main id="main">/s);
    for (const id of ["grid", "saved", "power"]) {
      assert.match(
        body,
        new RegExp(`<section id="${id}" data-panel="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">`),
      );
    }
    assert.match(body, /<button id="live" type="button" aria-pressed="true">/);
    for (const rule of ["prefers-color-scheme:dark", "@media print", ":focus-visible"])
      assert.ok(body.includes(rule), rule);
  });

  it("leads from /console to it, and answers reads only", async () => {
    const home = await fetch(`${url}/console`, { redirect: "manual" });
    assert.deepEqual([home.status, home.headers.get("location")], [302, "/console/carbon"]);
    assert.equal((await fetch(`${url}/console/carbon`, { method: "POST" })).status, 405);
    assert.equal((await fetch(`${url}/console/other`)).status, 404);
  });

  it("runs in a browser's bare world: asks each engine and shows that none answers", async () => {
    const { body } = await page();
    const document = new FakeDocument(["grid", "saved", "power"]);
    const asked: string[] = [];
    let again: (() => void) | undefined;
    const world = {
      document,
      AbortSignal,
      fetch: async (path: string) => {
        asked.push(path);
        return { ok: false, status: 503, json: async () => ({ code: "MNO_AGENT_UNAVAILABLE", detail: "<starting>" }) };
      },
      setTimeout: (work: () => void) => void (again = work),
    };
    runInNewContext(between(body, "script"), world);
    await document.settled();
    assert.match(document.body("grid"), /The intensity is not known: .*503 MNO_AGENT_UNAVAILABLE: &#60;starting&#62;/);
    assert.match(document.body("saved"), /Not known/);
    assert.match(document.body("power"), /Nothing is measured/);
    assert.match(document.text("stamp"), /^as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    const before = asked.length;
    assert.ok(before >= 5 && asked.every((path) => /^\/[a-z-]+\/v1\//.test(path)));
    again!();
    await document.settled();
    assert.equal(asked.length, 2 * before, "it asks again");
  });
});
