import assert from "node:assert/strict";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { BinaryWriter } from "google-protobuf";
import { readMessage } from "../../../../runtime/kernel/grpc/messages";
import { call, Cleanup } from "../../../support/balancer";
import { DENIED, portOf, startGateway, type TestGateway, unavailable } from "../../../support/gateway";

interface Asked {
  method?: string;
  path?: string;
  host?: string;
  headers?: Record<string, string>;
  size?: number;
  body?: string;
  source?: string;
  destination?: string;
}

/** envoy.service.auth.v3.CheckRequest, as Envoy writes it. */
function checkRequest({
  method = "GET",
  path = "/x",
  host = "shop",
  headers = {},
  size = 0,
  body = "",
  source = "",
  destination = "",
}: Asked): Buffer {
  const part = (write: (writer: BinaryWriter) => void): Uint8Array => {
    const writer = new BinaryWriter();
    write(writer);
    return writer.getResultBuffer();
  };
  const peer = (principal: string): Uint8Array =>
    part((writer) => {
      writer.writeBytes(
        1,
        part((address) =>
          address.writeBytes(
            1,
            part((socket) => socket.writeString(2, "10.1.2.3")),
          ),
        ),
      );
      writer.writeString(4, principal);
    });
  const http = part((writer) => {
    writer.writeString(1, "envoys-own-id");
    writer.writeString(2, method);
    for (const [name, value] of Object.entries({ ":authority": host, ":method": method, ":path": path, ...headers })) {
      writer.writeBytes(
        3,
        part((entry) => {
          entry.writeString(1, name);
          entry.writeString(2, value);
        }),
      );
    }
    writer.writeString(4, path);
    writer.writeString(5, host);
    writer.writeString(6, "https");
    writer.writeInt64(9, size);
    writer.writeString(10, "HTTP/1.1");
    writer.writeString(11, body);
  });
  const attributes = part((writer) => {
    writer.writeBytes(1, peer(source));
    writer.writeBytes(2, peer(destination));
    writer.writeBytes(
      4,
      part((request) => request.writeBytes(2, http)),
    );
    writer.writeBytes(
      99,
      part((unknown) => unknown.writeString(1, "a field of the future")),
    );
  });
  return Buffer.from(part((writer) => writer.writeBytes(1, attributes)));
}

interface Answer {
  code: number;
  status: number;
  body: string;
  headers: Record<string, string>;
  toClient: Record<string, string>;
  remove: string[];
}

function checkResponse(bytes: Buffer): Answer {
  const answer: Answer = { code: 0, status: 200, body: "", headers: {}, toClient: {}, remove: [] };
  const header = (option: Uint8Array, into: Record<string, string>): void =>
    readMessage(option, (field, reader) => {
      if (field !== 1) return false;
      const pair = ["", ""];
      readMessage(reader.readBytes(), (part, inner) => {
        pair[part - 1] = inner.readString();
        return true;
      });
      into[pair[0] ?? ""] = pair[1] ?? "";
      return true;
    });
  readMessage(bytes, (field, reader) => {
    readMessage(reader.readBytes(), (part, inner) => {
      if (field === 1 && part === 1) answer.code = inner.readInt32();
      else if (field === 2 && part === 1) {
        readMessage(inner.readBytes(), (_, status) => {
          answer.status = status.readEnum();
          return true;
        });
      } else if (part === 2) header(inner.readBytes(), answer.headers);
      else if (field === 2 && part === 3) answer.body = inner.readString();
      else if (field === 3 && part === 5) answer.remove.push(inner.readString());
      else if (field === 3 && part === 6) header(inner.readBytes(), answer.toClient);
      else return false;
      return true;
    });
    return true;
  });
  return answer;
}

const ALICE = { authorization: "Bearer alice" };

describe("zero-trust gateway: Envoy's external authorization", () => {
  const cleanup = new Cleanup();
  let gateway: TestGateway;
  let http: number;
  let grpc: string;

  beforeEach(async () => {
    gateway = await startGateway(cleanup, [{ name: "mesh", resource: { id: "{host}{path}" } }], {
      listen: undefined,
      extAuthzListen: "127.0.0.1:0",
      extAuthzGrpcListen: "127.0.0.1:0",
      extAuthzPrefix: "/check",
    });
    const [first = "", second = ""] = gateway.plane.addresses.extAuthz;
    http = portOf(first);
    grpc = second;
  });
  afterEach(() => cleanup.run());

  const ask = async (asked: Asked): Promise<Answer> => {
    const client = new Client(grpc, credentials.createInsecure());
    try {
      const bytes = await new Promise<Buffer>((resolve, reject) =>
        client.makeUnaryRequest(
          "/envoy.service.auth.v3.Authorization/Check",
          (value: Buffer) => value,
          (value: Buffer) => value,
          checkRequest(asked),
          (error: ServiceError | null, value?: Buffer) => (error ? reject(error) : resolve(value ?? Buffer.alloc(0))),
        ),
      );
      return checkResponse(bytes);
    } finally {
      client.close();
    }
  };

  describe("over HTTP", () => {
    it("lets through with headers for the upstream, whichever the method", async () => {
      for (const method of ["GET", "POST", "DELETE"]) {
        const { status, headers, body } = await call(http, {
          method,
          path: "/check/a/b?c",
          headers: { ...ALICE, host: "shop" },
        });
        assert.equal(status, 200);
        assert.equal(body, "");
        assert.equal(headers["x-mno-subject"], "alice");
        assert.ok(headers["x-mno-assertion"]);
      }
      assert.deepEqual(gateway.parts.questions[0]?.resource, { type: "Resource", id: "shop/a/b" });
      assert.equal(gateway.plane.journal.records.latest({ limit: 1 })[0]?.via, "ext-authz-http");
    });

    it("refuses with what the client is to be told", async () => {
      const { status, headers, body } = await call(http, { path: "/check/a", headers: { host: "shop" } });
      assert.equal(status, 401);
      assert.match(headers["www-authenticate"] ?? "", /^Bearer/);
      assert.equal(JSON.parse(body).code, "MNO_UNAUTHENTICATED");
    });

    it("says 5xx where nothing could be decided", async () => {
      gateway.parts.decide = unavailable;
      assert.equal((await call(http, { path: "/check/a", headers: ALICE })).status, 503);
    });

    it("has forged headers taken away at the proxy", async () => {
      const headers = { ...ALICE, "x-mno-subject": "root", "x-mno-admin": "1" };
      const answer = await call(http, { path: "/check/a", headers });
      assert.equal(answer.headers["x-mno-subject"], "alice");
      assert.equal(answer.headers["x-envoy-auth-headers-to-remove"], "x-mno-admin");
    });

    it("refuses paths without the prefix, and those that would have to be changed", async () => {
      for (const path of ["/other/a", "/check/a/../b", "/check/%61", "/check//a", "/check/a%2fb"]) {
        assert.equal((await call(http, { path, headers: ALICE })).status, 400, path);
      }
    });

    it("inspects content that is shown whole, and notes content that is not", async () => {
      const post = (headers = {}) =>
        call(http, { method: "POST", path: "/check/a", headers: { ...ALICE, ...headers }, body: "content" });
      assert.equal((await post()).status, 200);
      assert.equal(String(gateway.parts.inspected.at(-1)?.body), "content");
      assert.equal((await post({ "x-envoy-auth-partial-body": "true" })).status, 200);
      assert.deepEqual(gateway.plane.journal.records.latest({ limit: 1 })[0]?.exceptions, ["content-unread"]);
    });
  });

  describe("over gRPC", () => {
    it("lets through with headers for the upstream and the client, and without forged ones", async () => {
      const answer = await ask({ path: "/a?b=c", headers: { ...ALICE, "x-mno-admin": "1" } });
      assert.equal(answer.code, 0);
      assert.equal(answer.headers["x-mno-subject"], "alice");
      assert.ok(answer.toClient["x-mno-decision"]);
      assert.deepEqual(answer.remove, ["x-mno-admin"]);
      const [question] = gateway.parts.questions;
      assert.deepEqual(question?.resource, { type: "Resource", id: "shop/a" });
      assert.equal(question?.context.scheme, "https");
    });

    it("knows workloads by the SPIFFE ids of the mesh", async () => {
      const [source, destination] = ["spiffe://cluster.local/ns/a/sa/b", "spiffe://cluster.local/ns/c/sa/d"];
      await ask({ source, destination, headers: ALICE });
      const [question] = gateway.parts.questions;
      assert.equal(gateway.parts.inspected[0]?.request.spiffeId, source);
      assert.equal(question?.context.source, source);
      assert.equal(question?.entities?.[1]?.attributes.workload, destination);
      assert.equal(gateway.parts.inspected[0]?.request.address, "10.1.2.3");
    });

    it("refuses with status, headers and body for the client", async () => {
      const anonymous = await ask({});
      assert.deepEqual([anonymous.code, anonymous.status], [16, 401]);
      assert.match(anonymous.headers["www-authenticate"] ?? "", /^Bearer/);
      gateway.parts.decide = () => DENIED;
      const alice = await ask({ headers: ALICE });
      assert.deepEqual([alice.code, alice.status], [7, 403]);
      assert.equal(JSON.parse(alice.body).code, "MNO_ACCESS_DENIED");
    });

    it("fails the call where nothing could be decided", async () => {
      gateway.parts.decide = unavailable;
      await assert.rejects(ask({ headers: ALICE }), { code: 14 });
    });

    it("inspects content that is shown whole, and notes content that is not", async () => {
      await ask({ method: "POST", headers: ALICE, size: 7, body: "content" });
      assert.equal(String(gateway.parts.inspected.at(-1)?.body), "content");
      await ask({ method: "POST", headers: ALICE, size: 9, body: "content" });
      assert.deepEqual(gateway.plane.journal.records.latest({ limit: 1 })[0]?.exceptions, ["content-unread"]);
    });

    it("refuses a request that could be read in two ways", async () => {
      for (const asked of [{ path: "/a%2fb" }, { path: "/a/../b" }, { host: "a@b" }, { method: "get" }]) {
        assert.equal((await ask({ ...asked, headers: ALICE })).status, 400);
      }
    });
  });
});
