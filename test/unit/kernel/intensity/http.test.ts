import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { get, getJson, retryAfterMilliseconds } from "../../../../runtime/kernel/intensity/http";
import { answering, faultOf, NOW } from "../../../support/intensity/feeds";

const KEY = "canary-key-71";
const url = new URL(`https://feed.invalid/v3/latest?token=${KEY}`);
const signal = new AbortController().signal;

async function faultFor(reply: Parameters<typeof answering>[0][string]) {
  const { fetch } = answering({ latest: reply });
  const fault = await faultOf(() => getJson(url, { fetch, headers: { "auth-token": KEY }, signal, now: NOW }));
  assert.ok(!fault.message.includes(KEY) && !fault.message.includes("feed.invalid"), fault.message);
  return fault;
}

describe("questions to feeds", () => {
  it("say that a key was refused, without the key, and do not try it again at once", async () => {
    const fault = await faultFor({ status: 401, body: `bad token ${KEY}` });
    assert.match(fault.message, /refused the key \(HTTP 401\)/);
    assert.equal(fault.retryAfterMilliseconds, 15 * 60_000);
  });

  it("say that the key's plan does not allow it", async () => {
    assert.match((await faultFor({ status: 403, body: KEY })).message, /does not allow this with the key \(HTTP 403\)/);
  });

  it("give a feed the peace it asks for, in seconds or until a date", async () => {
    const fault = await faultFor({ status: 429, headers: { "retry-after": "120" } });
    assert.match(fault.message, /asked too often \(HTTP 429\), wants peace for 120 s/);
    assert.equal(fault.retryAfterMilliseconds, 120_000);
    assert.equal(retryAfterMilliseconds(new Date(NOW + 30_000).toUTCString(), NOW), 30_000);
    assert.equal(retryAfterMilliseconds("soon", NOW), undefined);
    assert.equal((await faultFor({ status: 503 })).retryAfterMilliseconds, 60_000);
  });

  it("do not follow a redirect, which could carry the key elsewhere", async () => {
    assert.match((await faultFor({ status: 302, headers: { location: "https://other.invalid" } })).message, /HTTP 302/);
  });

  it("name what went wrong on the way by the system's code only", async () => {
    const cause = Object.assign(new Error(`connect to feed.invalid ${KEY}`), { code: "ECONNREFUSED" });
    const fault = await faultFor(Object.assign(new TypeError("fetch failed"), { cause }));
    assert.equal(fault.message, "cannot be reached (ECONNREFUSED)");
  });

  it("refuse what is not JSON", async () => {
    assert.equal((await faultFor(`<html>${KEY}</html>`)).message, "did not answer in JSON");
  });

  it("read no more than 8 MB", async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const fetch = () => Promise.resolve(new Response(body));
    const fault = await faultOf(() => get(url, { fetch, signal, now: NOW }));
    assert.match(fault.message, /more than 8388608 bytes/);
    assert.ok(sent < 20, `it went on reading: ${String(sent)} MB`);
  });

  it("are asked by the platform's own fetch, which takes its time limit and follows nowhere", async () => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url!);
      if (request.url === "/here") return void response.end('{"key": "given"}');
      if (request.url === "/moved") return void response.writeHead(302, { location: "/here" }).end();
      if (request.url === "/broken") {
        response.writeHead(200, { "content-length": "100" });
        response.write("{", () => response.destroy());
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const at = (path: string): URL =>
      new URL(path, `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    try {
      const request = { fetch: globalThis.fetch, signal, now: NOW };
      assert.deepEqual(await getJson(at("/here"), request), { key: "given" });
      assert.match((await faultOf(() => get(at("/moved"), request))).message, /HTTP 302/);
      assert.match((await faultOf(() => get(at("/broken"), request))).message, /broke off its answer/);
      const late = new AbortController();
      const waiting = faultOf(() => get(at("/silent"), { ...request, signal: late.signal }));
      while (!paths.includes("/silent")) await new Promise((resolve) => setImmediate(resolve));
      late.abort();
      assert.equal((await waiting).message, "was given up waiting for");
      assert.deepEqual(paths, ["/here", "/moved", "/broken", "/silent"]);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
