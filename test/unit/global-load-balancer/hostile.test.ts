import assert from "node:assert/strict";
import { call, Cleanup, counting, raw, startBackend, startProxy, type TestBackend } from "../../support/balancer";
import type { Proxy } from "../../../runtime/scalability/global-load-balancer/proxy";

const HOST = "Host: a\r\n";

/** Requests that two servers could read in two ways, or that no server should take. */
const REFUSED: Record<string, string> = {
  "a length beside chunks (CL.TE)": `POST / HTTP/1.1\r\n${HOST}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`,
  "chunks beside a length (TE.CL)": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\nA\r\n0\r\n\r\n`,
  "an obscured transfer coding (TE.TE)": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n`,
  "a transfer coding twice": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "an unknown transfer coding": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  "chunked before another coding": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  "a vertical tab before the coding": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  "a space before the colon": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  "two lengths": `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nAB`,
  "a list of lengths": `POST / HTTP/1.1\r\n${HOST}Content-Length: 1, 1\r\n\r\nA`,
  "a signed length": `POST / HTTP/1.1\r\n${HOST}Content-Length: +1\r\n\r\nA`,
  "a hexadecimal length": `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x1\r\n\r\nA`,
  "a negative length": `POST / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`,
  "a folded header": `GET / HTTP/1.1\r\n${HOST}X-A: b\r\n c: d\r\n\r\n`,
  "bare line feeds": "GET / HTTP/1.1\nHost: a\n\n",
  "a bare carriage return in a header": `GET / HTTP/1.1\r\n${HOST}X-A: b\rX-B: c\r\n\r\n`,
  "a NUL in a header": `GET / HTTP/1.1\r\n${HOST}X-A: b\0c\r\n\r\n`,
  "two hosts": "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  "the same host twice": "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
  "no host": "GET / HTTP/1.1\r\n\r\n",
  "a host with a path": "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
  "a host with a user": "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
  "a target without a path": `GET a HTTP/1.1\r\n${HOST}\r\n`,
  "a target with a fragment": `GET /a#b HTTP/1.1\r\n${HOST}\r\n`,
  "an asterisk": `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  "another scheme": `GET file:///etc/passwd HTTP/1.1\r\n${HOST}\r\n`,
  "a coding in HTTP/1.0": `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "a bad chunk size": `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
  "an unknown version": `GET / HTTP/3.7\r\n${HOST}\r\n`,
  "an unknown method": `STEAL / HTTP/1.1\r\n${HOST}\r\n`,
  CONNECT: "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
  "an endless header": `GET / HTTP/1.1\r\n${HOST}X-A: ${"x".repeat(100_000)}\r\n\r\n`,
};

describe("global load balancer: hostile clients", () => {
  const cleanup = new Cleanup();
  let backend: TestBackend;
  let proxy: Proxy;
  let seen: string[];

  before(async () => {
    seen = [];
    backend = await startBackend(cleanup, (request, response) => {
      seen.push(`${String(request.method)} ${String(request.url)}`);
      request.resume();
      request.on("end", () => response.end(JSON.stringify(request.headers)));
    });
    proxy = await startProxy(cleanup, {
      endpoints: [{ id: "a", address: backend.address }],
      outlier: { enabled: false },
    });
  });
  after(() => cleanup.run());
  beforeEach(() => {
    seen.length = 0;
  });

  for (const [what, bytes] of Object.entries(REFUSED)) {
    it(`${what}: refused, and what follows on the connection is not read`, async () => {
      const answer = await raw(proxy.port, `${bytes}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /);
      assert.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, answer);
      // A chunked request is begun before its chunks are read; what was smuggled behind it never is.
      assert.ok(!seen.some((each) => each.includes("smuggled")), seen.join());
    });
  }

  it("an absolute target names the host that counts", async () => {
    const answer = await raw(
      proxy.port,
      `GET http://other.example:81/x?y HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
    );
    assert.deepEqual(seen, ["GET /x?y"]);
    assert.match(answer, /"host":"other\.example:81"/);
  });

  it("a client cannot take the balancer's own headers away, nor the message's length", async () => {
    const answer = await raw(
      proxy.port,
      `POST / HTTP/1.1\r\n${HOST}Connection: close, x-forwarded-for, content-length, host\r\nContent-Length: 2\r\n\r\nhi`,
    );
    assert.match(answer, /"x-forwarded-for":"127\.0\.0\.1"/);
    assert.match(answer, /"content-length":"2"/);
    assert.match(answer, /"host":"a"/);
  });

  it("an endpoint's answer that could be read in two ways reaches nobody", async () => {
    const liar = await startBackend(cleanup, (_request, response) => {
      response.socket?.end(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
      );
    });
    proxy.apply({ name: "liar", match: [{ pathPrefix: "/liar" }], endpoints: [{ id: "a", address: liar.address }] });
    assert.equal((await call(proxy.port, { path: "/liar" })).status, 502);
  });

  it("no client can have an endpoint ejected: not by uploads that break off or stall, nor by what cannot be sent on", async () => {
    const { observer, changes } = counting();
    const outlier = { consecutiveErrors: 1, consecutiveGatewayFailures: 1 };
    const other = await startBackend(cleanup, (request, response) => {
      request.resume();
      request.on("end", () => response.end("ok"));
    });
    const endpoints = [
      { id: "a", address: backend.address },
      { id: "b", address: other.address },
    ];
    const timeouts = { idleSeconds: 0.05 };
    const wary = await startProxy(cleanup, { endpoints, outlier, timeouts }, { observer });
    const head = `POST / HTTP/1.1\r\n${HOST}`;
    await Promise.all([
      ...Array.from({ length: 10 }, () => raw(wary.port, `${head}Content-Length: 1000\r\n\r\nbegun`, 20)),
      ...Array.from({ length: 10 }, () =>
        raw(wary.port, `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\nzz`, 500),
      ),
      ...Array.from({ length: 5 }, () => raw(wary.port, `${head}Content-Length: 1000\r\n\r\nbegun`, 500)),
      ...Array.from({ length: 5 }, () =>
        raw(wary.port, `GET / HTTP/1.1\r\n${HOST}X-A: b\x7fc\r\nConnection: close\r\n\r\n`, 500),
      ),
      ...Array.from({ length: 5 }, () => raw(wary.port, `GET /\x7f HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, 500)),
    ]);
    while ((wary.backend("web")?.upstream.inFlight ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal((await call(wary.port)).status, 200);
    assert.deepEqual(changes, []);
  });

  it("random bytes, and requests with bytes changed, never stop it", async function () {
    this.timeout(60_000);
    let state = 42;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const seeds = [
      ...Object.values(REFUSED).filter((each) => each.length < 1000),
      `GET /a/b?c=d HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x01\x01\x05\0\0\0\x01\x82",
    ];
    for (let round = 0; round < 20; round += 1) {
      await Promise.all(
        Array.from({ length: 20 }, () => {
          const bytes =
            random(4) === 0
              ? Buffer.from(Array.from({ length: random(200) }, () => random(256)))
              : Buffer.from(seeds[random(seeds.length)] ?? "", "latin1");
          for (let change = random(4); change > 0 && bytes.length > 0; change -= 1)
            bytes[random(bytes.length)] = random(256);
          return raw(proxy.port, bytes, 50);
        }),
      );
    }
    assert.equal((await call(proxy.port)).status, 200);
    while ((proxy.backend("web")?.upstream.inFlight ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
