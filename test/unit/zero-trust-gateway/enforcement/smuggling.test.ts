import assert from "node:assert/strict";
import http2 from "node:http2";
import net from "node:net";
import { Cleanup, listenOn, raw } from "../../../support/balancer";
import { ALLOWED, DENIED, Parts, startGateway, type TestGateway } from "../../../support/gateway";

/** What an attacker wants the upstream to take for a request of its own; no policy allows it. */
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const A = "Host: a\r\nAuthorization: Bearer alice\r\n";

/**
 * Written after public descriptions: RFC 9112, sections 6.1 and 11.2; Linhart et al., "HTTP Request Smuggling" (2005); Kettle, "HTTP Desync
 * Attacks" (2019), "HTTP/2: The Sequel is Always Worse" (2021), "Browser-Powered Desync Attacks" (2022).
 */
const HTTP1: Record<string, string> = {
  "CL.TE": `POST / HTTP/1.1\r\n${A}Content-Length: ${String(5 + SMUGGLED.length)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.CL": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  "TE.TE, a second coding": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, a list": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, another name": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, a tab": `POST / HTTP/1.1\r\n${A}Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, a vertical tab": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, a space before the colon": `POST / HTTP/1.1\r\n${A}Transfer-Encoding : chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, quotes": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, in a folded line": `POST / HTTP/1.1\r\n${A}X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, behind a bare line feed": `POST / HTTP/1.1\r\n${A}X: y\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "TE.TE, behind a bare carriage return": `POST / HTTP/1.1\r\n${A}X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "a coding written with an underscore": `POST / HTTP/1.1\r\n${A}Transfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "a length written with an underscore": `POST / HTTP/1.1\r\n${A}Content_Length: 0\r\nContent-Length: ${String(SMUGGLED.length)}\r\n\r\n${SMUGGLED}`,
  "a coding in HTTP/1.0": `POST / HTTP/1.0\r\n${A}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  "two lengths": `POST / HTTP/1.1\r\n${A}Content-Length: 0\r\nContent-Length: ${String(SMUGGLED.length)}\r\n\r\n${SMUGGLED}`,
  "the same length twice": `POST / HTTP/1.1\r\n${A}Content-Length: 1\r\nContent-Length: 1\r\n\r\nA`,
  "a list of lengths": `POST / HTTP/1.1\r\n${A}Content-Length: 0, ${String(SMUGGLED.length)}\r\n\r\n${SMUGGLED}`,
  "a signed length": `POST / HTTP/1.1\r\n${A}Content-Length: +0\r\n\r\n${SMUGGLED}`,
  "a hexadecimal length": `POST / HTTP/1.1\r\n${A}Content-Length: 0x0\r\n\r\n${SMUGGLED}`,
  "a length with a space in it": `POST / HTTP/1.1\r\n${A}Content-Length: 1 2\r\n\r\n${SMUGGLED}`,
  "a chunk size with a sign": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n`,
  "a chunk size in another notation": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
  "a chunk size that overflows": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff5\r\nhello\r\n0\r\n\r\n`,
  "a chunk that is longer than its size": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n`,
  "a chunk behind a bare line feed": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n`,
  "a request in a chunk extension": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n0;\n${SMUGGLED}`,
  "CL.0, content of a GET": `GET / HTTP/1.1\r\n${A}Content-Length: ${String(SMUGGLED.length)}\r\n\r\n${SMUGGLED}`,
  "CL.0, content of a HEAD": `HEAD / HTTP/1.1\r\n${A}Content-Length: ${String(SMUGGLED.length)}\r\n\r\n${SMUGGLED}`,
  "CL.0, chunks of a GET": `GET / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  "a request line in a header": `GET / HTTP/1.1\r\n${A}X: y\r\r\n\r\n${SMUGGLED}`,
  "two hosts": `GET / HTTP/1.1\r\n${A}Host: b\r\n\r\n`,
  "a host behind a space": `GET / HTTP/1.1\r\nHost: a\r\n Host: b\r\nAuthorization: Bearer alice\r\n\r\n`,
  "another host in the target": `GET http://b/ HTTP/1.1\r\n${A}\r\n`,
  "another scheme in the target": `GET https://a/ HTTP/1.1\r\n${A}\r\n`,
  "a host with a user": `GET / HTTP/1.1\r\nHost: a@b\r\nAuthorization: Bearer alice\r\n\r\n`,
  "no host": "GET / HTTP/1.1\r\nAuthorization: Bearer alice\r\n\r\n",
  "a space before the first header": `GET / HTTP/1.1\r\n ${A}\r\n`,
  "a nominated credential": `GET / HTTP/1.1\r\n${A}Connection: close, authorization\r\n\r\n`,
  "a nominated cookie": `GET / HTTP/1.1\r\n${A}Cookie: a=b\r\nConnection: cookie\r\n\r\n`,
  "an overridden method": `POST / HTTP/1.1\r\n${A}X-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n`,
  "two content types": `POST / HTTP/1.1\r\n${A}Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 0\r\n\r\n`,
  "two credentials": `GET / HTTP/1.1\r\n${A}Authorization: Bearer bob\r\n\r\n`,
  "a method in small letters": `get / HTTP/1.1\r\n${A}\r\n`,
  "a CONNECT": "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
  "an upgrade to h2c": `GET / HTTP/1.1\r\n${A}Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: ${String(SMUGGLED.length)}\r\n\r\n${SMUGGLED}`,
  "trailers that look like headers": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n`,
  "too many headers": `GET / HTTP/1.1\r\n${A}${"X-A: b\r\n".repeat(200)}\r\n`,
};

/** Understood in one way, and sent on as one request whatever is in its content. */
const ONE: Record<string, string> = {
  "content that looks like a request": `POST / HTTP/1.1\r\n${A}Content-Length: ${String(SMUGGLED.length)}\r\nConnection: close\r\n\r\n${SMUGGLED}`,
  "a chunk that looks like a request": `POST / HTTP/1.1\r\n${A}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  "an upgrade to h2c without content": `GET / HTTP/1.1\r\n${A}Connection: close, upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`,
};

/** Fields of HTTP/2 requests beside method, path and credentials. */
const HTTP2: Record<string, http2.OutgoingHttpHeaders> = {
  "h2.TE": { "transfer-encoding": "chunked" },
  "h2, a line break in a name": { "x-a: b\r\ntransfer-encoding": "chunked" },
  "h2, a colon in a name": { "transfer-encoding:chunked": "x" },
  "h2, a request in the path": { ":path": "/ HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled" },
  "h2, a space in the path": { ":path": "/ HTTP/1.1" },
  "h2, a request in the method": { ":method": "GET /smuggled HTTP/1.1\r\nX: y" },
  "h2, another scheme": { ":scheme": "https" },
  "h2, a scheme with a path": { ":scheme": "http://b/smuggled?" },
  "h2, an absolute path": { ":path": "http://b/smuggled" },
  "h2, another host": { host: "b" },
  "h2, a connection header": { connection: "keep-alive" },
};

/** A server that reads no lengths at all: whatever looks like the beginning of a request is one to it. */
class Recorder {
  readonly connections: string[] = [];

  async start(cleanup: Cleanup, answer: (heads: number, socket: net.Socket) => void): Promise<string> {
    const server = net.createServer((socket) => {
      const index = this.connections.push("") - 1;
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        this.connections[index] += chunk.toString("latin1");
        answer(this.requests(index), socket);
      });
    });
    const port = await listenOn(server);
    cleanup.add(server, (each) => void each.close());
    return `http://127.0.0.1:${String(port)}`;
  }

  /** How many requests a server finds that goes by content-length. */
  requests(index: number): number {
    let rest = this.connections[index] ?? "";
    let count = 0;
    for (let end = rest.indexOf("\r\n\r\n"); end !== -1; end = rest.indexOf("\r\n\r\n")) {
      const head = rest.slice(0, end);
      assert.doesNotMatch(head, /transfer-encoding/i);
      const lengths = head.match(/^content-length: *\d+$/gim) ?? [];
      assert.ok(lengths.length <= 1, head);
      const length = Number(lengths[0]?.split(":")[1] ?? 0);
      if (rest.length < end + 4 + length) break;
      count += 1;
      rest = rest.slice(end + 4 + length);
    }
    return count;
  }
}

describe("zero-trust gateway: request smuggling", () => {
  const cleanup = new Cleanup();
  let recorder: Recorder;
  let gateway: TestGateway;

  before(async () => {
    recorder = new Recorder();
    let answered = 0;
    const url = await recorder.start(cleanup, (_heads, socket) => {
      const whole = recorder.connections.reduce((sum, _, index) => sum + recorder.requests(index), 0);
      for (; answered < whole; answered += 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    const parts = new Parts();
    parts.decide = ({ principal, resource }) =>
      principal.type === "User" && resource.id !== "/smuggled" ? ALLOWED : DENIED;
    gateway = await startGateway(cleanup, [{ name: "all", upstream: { url } }], { double: parts });
  });
  after(() => cleanup.run());

  const requests = (): number => recorder.connections.reduce((sum, _, index) => sum + recorder.requests(index), 0);
  const bytes = (): string => recorder.connections.join("");

  for (const [what, message] of Object.entries(HTTP1)) {
    it(`${what}: refused, and nothing of it reaches the upstream`, async () => {
      const before = bytes();
      const answer = await raw(gateway.port, message, 500);
      assert.match(answer, /^HTTP\/1\.1 4\d\d /, answer);
      assert.doesNotMatch(answer, /200 OK/);
      assert.equal(bytes(), before);
    });
  }

  for (const [what, message] of Object.entries(ONE)) {
    it(`${what}: goes on as one request`, async () => {
      const before = requests();
      const answer = await raw(gateway.port, message, 500);
      assert.match(answer, /^HTTP\/1\.1 200 /, answer);
      assert.equal(requests(), before + 1);
    });
  }

  it("each of several requests of one connection is decided on", async () => {
    const before = requests();
    const answer = await raw(
      gateway.port,
      `GET /a HTTP/1.1\r\n${A}\r\nGET /smuggled HTTP/1.1\r\n${A}Connection: close\r\n\r\n`,
      500,
    );
    assert.match(answer, /200 OK[^]*403 Forbidden/);
    assert.equal(requests(), before + 1);
    assert.doesNotMatch(bytes(), /^GET \/smuggled.*\r\n(?!Host: a\r\n\r\n)/m);
  });

  for (const [what, headers] of Object.entries(HTTP2)) {
    it(`${what}: refused, and nothing of it reaches the upstream`, async () => {
      const before = bytes();
      assert.doesNotMatch(await ask2(gateway.port, headers), /^2/);
      assert.equal(bytes(), before);
    });
  }

  it("h2, a line break in a value: the field is dropped, and what it would have brought does not reach the upstream", async () => {
    const before = requests();
    await ask2(gateway.port, { "x-a": "b\r\nTransfer-Encoding: chunked\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a" });
    assert.ok(requests() <= before + 1);
    assert.doesNotMatch(bytes(), /^x-a/im);
  });

  for (const length of ["0", "1", "99"]) {
    it(`h2.CL, a length of ${length} for other content: refused, and nothing of it reaches the upstream`, async () => {
      const before = bytes();
      assert.doesNotMatch(await ask2(gateway.port, { ":method": "POST", "content-length": length }, SMUGGLED), /^2/);
      assert.equal(bytes(), before);
    });
  }

  it("h2.0, content of a GET without a length: refused, and nothing of it reaches the upstream", async () => {
    const before = bytes();
    assert.equal(await ask2(gateway.port, { ":method": "GET" }, SMUGGLED), "400");
    assert.equal(bytes(), before);
  });

  it("h2 content without a length goes on with one, and without chunks", async () => {
    const before = requests();
    assert.equal(await ask2(gateway.port, { ":method": "POST" }, SMUGGLED), "200");
    assert.equal(requests(), before + 1);
  });

  it("CL.0: a server that reads no content gets none of it behind which it would go on", async () => {
    const deaf = new Recorder();
    // It answers the head, and ends the connection as it was asked to; the rest it would have taken for a request.
    const url = await deaf.start(cleanup, (_heads, socket) => {
      if (!socket.writableEnded) socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    });
    const careful = await startGateway(cleanup, [{ name: "deaf", upstream: { url, closeAfterContent: true } }]);
    const message = `POST / HTTP/1.1\r\n${A}Content-Length: ${String(SMUGGLED.length)}\r\n\r\n${SMUGGLED}`;
    await raw(careful.port, `${message}GET /next HTTP/1.1\r\n${A}Connection: close\r\n\r\n`, 500);
    assert.equal(deaf.connections.length, 2);
    const [second = "", first = ""] = deaf.connections.toSorted();
    assert.match(first, /^POST \/ [^]*^connection: close\r$/im);
    assert.match(second, /^GET \/next /);
  });
});

/** Status of the answer, or what became of the stream; names and values go as they are. */
function ask2(port: number, headers: http2.OutgoingHttpHeaders, content?: string): Promise<string> {
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${String(port)}`);
    const done = (outcome: string): void => {
      session.destroy();
      resolve(outcome);
    };
    session.on("error", (error) => done(String(error)));
    try {
      const stream = session.request(
        { ":path": "/", ":authority": "a", authorization: "Bearer alice", ...headers },
        { endStream: content === undefined },
      );
      stream.on("response", (head) => done(String(head[":status"])));
      stream.on("error", (error) => done(String(error)));
      stream.on("close", () => done(`closed with ${String(stream.rstCode)}`));
      if (content !== undefined) stream.end(content);
    } catch (error) {
      done(String(error));
    }
  });
}
