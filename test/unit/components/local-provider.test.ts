import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asSecret, hasSecret, hasUnknown, sameValue, unwrap } from "../../../components/workload/local/provider/values";
import { workloadResource } from "../../../components/workload/local/provider/workload";

const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

describe("property values", () => {
  it("are the same whatever wraps them and whatever the order of their keys", () => {
    assert.deepEqual(unwrap({ a: [asSecret({ b: 1 })], c: null }), { a: [{ b: 1 }], c: null });
    assert.ok(sameValue({ a: 1, b: asSecret([2]) }, { b: [2], a: 1 }));
    assert.ok(!sameValue({ a: [1, 2] }, { a: [2, 1] }));
  });

  it("tell whether something in them is secret, or not known yet", () => {
    assert.ok(hasSecret({ a: [{ b: asSecret("x") }] }) && !hasSecret({ a: [{ b: "x" }] }));
    assert.ok(hasUnknown({ a: [UNKNOWN] }) && hasUnknown(asSecret(UNKNOWN)) && !hasUnknown({ a: ["x"] }));
  });
});

describe("reading a workload back", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-provider-"));
  const id = `local:${folder}/web`;
  let server: Server;
  let answer: { status: number; body: string };

  before(async () => {
    server = createServer((_request, response) => response.writeHead(answer.status).end(answer.body));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const address = { pid: process.pid, url: `http://127.0.0.1:${String(port)}`, token: "t" };
    writeFileSync(join(folder, "supervisor.json"), JSON.stringify(address));
  });

  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  const observed = (environment: Record<string, string>): void => {
    const spec = { name: "web", kind: "service", command: ["x"], environment, secretEnvironment: { T: "***" } };
    answer = {
      status: 200,
      body: JSON.stringify({ spec, phase: "ready", desiredReplicas: 1, readyReplicas: 1, endpoints: {}, replicas: [] }),
    };
  };

  it("keeps what the state holds as a secret secret, drifted or not", async () => {
    const state = {
      spec: {
        name: "web",
        kind: "service",
        command: ["x"],
        environment: { URL: asSecret("postgres://u:hunter2@h/d") },
      },
      secretEnvironment: asSecret({ T: "canary" }),
    };
    observed({ URL: "postgres://u:hunter2@h/d" });
    const same = await workloadResource.read(id, state);
    assert.deepEqual((same.inputs as typeof state).spec, state.spec);
    assert.deepEqual((same.props as typeof state).secretEnvironment, state.secretEnvironment);
    observed({ URL: "changed by hand: hunter2" });
    const drifted = await workloadResource.read(id, state);
    assert.deepEqual(
      (drifted.inputs as { spec: unknown }).spec,
      asSecret(unwrap((drifted.inputs as { spec: unknown }).spec)),
    );
    assert.ok(!sameValue((drifted.inputs as { spec: unknown }).spec, state.spec));
  });

  for (const [what, status, body] of [
    ["a page of another program", 200, "<html>"],
    ["an error of another program", 500, '{"message":"no"}'],
    ["a supervisor of another folder", 401, '{"code":"MNO_UNAUTHENTICATED","detail":"no"}'],
  ] as const) {
    it(`takes ${what} for a cluster that is gone`, async () => {
      answer = { status, body };
      assert.deepEqual(await workloadResource.read(id, {}), {});
      await workloadResource.delete(id, {});
    });
  }

  it("says what went wrong when the cluster itself refuses", async () => {
    answer = { status: 500, body: '{"code":"MNO_INTERNAL","detail":"a fault"}' };
    await assert.rejects(workloadResource.read(id, {}), /a fault/);
  });
});
