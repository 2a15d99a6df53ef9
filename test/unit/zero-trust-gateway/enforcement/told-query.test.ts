import assert from "node:assert/strict";
import fc from "fast-check";
import { createSignatures } from "../../../../runtime/kernel/http-inspection/signatures";
import { OCSF_FIELDS } from "../../../../runtime/kernel/sigma/fields";
import { EventView } from "../../../../runtime/kernel/sigma/view";
import { accessEvent } from "../../../../runtime/security/zero-trust-gateway/enforcement/event";
import { toldQuery } from "../../../../runtime/security/zero-trust-gateway/enforcement/told-query";
import { call, Cleanup, startBackend } from "../../../support/balancer";
import { startGateway } from "../../../support/gateway";

describe("zero-trust gateway: what is told of queries", () => {
  const TOLD: [query: string, told: string, shown?: string[]][] = [
    ["", ""],
    ["page=2&q=red%20shoes", "page=integer.1&q=text.9"],
    ["a=&b", "a=empty.0&~=word.1"],
    ["page=2&q=x&debug&sort=a%2Cb", "page=2&q=word.1&debug&sort=a%2Cb", ["page", "debug", "sort"]],
    ["%70age=2", "page=2", ["page"]],
    ["filter[a.b]=1&$top=5", "filter[a.b]=integer.1&$top=integer.1"],
    ["mail=a@example.com&id=0b2f7a52-5b0e-4b53-9d1c-7d8a4d3f2e10", "mail=email.13&id=uuid.36"],
    ["eyJhbGciOiJub25lIn0.x.y", "~=text.23"],
    ["<script>=1&%0d%0a=2", "~=integer.1&~=integer.1"],
    ["a=1=2&&b=1", "a=text.3&~=empty.0&b=integer.1"],
    ["q=%zz", "q=text.3"],
    [`q=${"x".repeat(300)}`, "q=text.300", ["q"]],
    [`q=${"%41".repeat(1000)}`, "q=text.3000"],
  ];
  for (const [query, told, shown = []] of TOLD)
    it(`says ${told.slice(0, 60) || "nothing"} of ${query.slice(0, 60) || "none"}`, () =>
      assert.equal(toldQuery(query, shown), told));

  it("has a bounded length, and says that there was more", () => {
    assert.match(toldQuery("a=1&".repeat(1_000_000), []), /&~more$/);
    const long = toldQuery(Array.from({ length: 100 }, (_, i) => `${"n".repeat(60)}${String(i)}=1`).join("&"), []);
    assert.ok(long.length <= 2048 + 6 && long.endsWith("&~more"), long.slice(-100));
  });

  it("tells no value, and nothing that breaks a log's line or looks like an attack", () => {
    const signatures = createSignatures({ level: "high" });
    const name = fc.stringMatching(/^[a-m]{1,8}$/);
    // Of other letters than names, kinds and lengths.
    const value = fc.stringMatching(/^[^\s&=#a-z0-9.~A-Z%+]{1,40}$/u);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 8 }), (pairs) => {
        const query = pairs.map(([key, text]) => `${key}=${encodeURIComponent(text)}`).join("&");
        const told = toldQuery(query, []);
        assert.match(told, /^[a-z]+=[a-z]+\.\d+(&[a-z]+=[a-z]+\.\d+)*$/);
        const found = signatures.inspect({ method: "GET", target: `/?${told}`, headers: { host: ["gateway.test"] } });
        assert.equal(found.refused, false, JSON.stringify(found.findings));
      }),
      { numRuns: 200 },
    );
  });

  it("is in decisions and their events, beside the findings, which rules can read where they cannot read the value", async () => {
    const cleanup = new Cleanup();
    try {
      const backend = await startBackend(cleanup, (_request, response) => response.end("from upstream"));
      const gateway = await startGateway(cleanup, [
        { name: "shop", upstream: { url: `http://${backend.address}` }, shownParameters: ["page"] },
      ]);
      gateway.parts.inspect = () => ({
        score: 5,
        refused: true,
        findings: [{ rule: "sql-tautology", where: "query.q", what: "a condition that is always true", score: 5 }],
      });
      const answer = await call(gateway.port, { path: "/x?page=2&q=1%27%20or%201=1--&token=secret" });
      assert.equal(answer.status, 403);
      const record = gateway.plane.journal.records.find(String(answer.headers["x-mno-decision"]));
      assert.ok(record);
      assert.equal(record.request.query, "page=2&q=text.11&token=word.6");
      const { data } = accessEvent(record);
      assert.equal(data.http_request?.url?.query_string, "page=2&q=text.11&token=word.6");
      assert.ok(!JSON.stringify([record, data]).includes("secret"));
      const view = new EventView(data, OCSF_FIELDS);
      assert.deepEqual(view.field("url.query").texts, ["page=2&q=text.11&token=word.6"]);
      assert.deepEqual(view.field("cs-uri-query").texts, ["page=2&q=text.11&token=word.6"]);
      assert.deepEqual(view.field("unmapped.findings.rule").texts, ["sql-tautology"]);
      assert.deepEqual(view.field("unmapped.findings.where").texts, ["query.q"]);
      gateway.parts.inspect = () => ({ score: 0, refused: false, findings: [] });
      const plain = await call(gateway.port, { path: "/x" });
      const without = gateway.plane.journal.records.find(String(plain.headers["x-mno-decision"]));
      assert.ok(without);
      assert.equal(accessEvent(without).data.http_request?.url?.query_string, undefined);
    } finally {
      await cleanup.run();
    }
  });
});
