import assert from "node:assert/strict";
import { createGrammar } from "../../../../runtime/kernel/http-inspection/grammar/grammar";
import { createSignatures } from "../../../../runtime/kernel/http-inspection/signatures";
import { type GatewayRequest } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { createInspector } from "../../../../runtime/security/zero-trust-gateway/inspection/inspector";

function request(query: string): GatewayRequest {
  return {
    id: "1",
    time: 0,
    method: "GET",
    scheme: "https",
    authority: "example.test",
    path: "/items",
    target: `/items?${query}`,
    query,
    headers: { host: ["example.test"] },
    address: "192.0.2.1",
  };
}

describe("the gateway's inspector", () => {
  it("refuses by rule, with rule and place and without the value", () => {
    const inspection = createInspector({ signatures: createSignatures() }).inspect(request("id=1%27%20or%2047=47--"));
    assert.equal(inspection.refused, true);
    const finding = inspection.findings.find(({ rule }) => rule === "sql-tautology");
    assert.equal(finding?.where, "query.id");
    assert.ok(!JSON.stringify(inspection).includes("47"));
  });

  it("reports what is unusual, and refuses it only where it is told to", () => {
    const parts = { signatures: createSignatures(), grammar: createGrammar({ enough: 50 }) };
    const reporting = createInspector(parts);
    for (let i = 0; i < 400; i++) assert.equal(reporting.inspect(request(`id=${(i * 7_919) % 10_000}`)).refused, false);
    const odd = request("id=abcdefghijklmnopqrstuvwxyz");
    const reported = reporting.inspect(odd);
    assert.equal(reported.refused, false);
    assert.equal(reported.score, 0);
    assert.ok(reported.findings.some(({ rule, where }) => rule.startsWith("grammar-") && where === "query.id"));
    const refused = createInspector({ ...parts, refuseBelow: 0.01, learn: false }).inspect(odd);
    assert.equal(refused.refused, true);
    assert.equal(refused.score, 5);
  });

  it("learns nothing from what the rules find", () => {
    const grammar = createGrammar();
    createInspector({ signatures: createSignatures(), grammar }).inspect(request("id=1%27%20or%201=1--"));
    assert.deepEqual(grammar.state().endpoints, []);
  });

  it("names endpoints as the upstream's document does", () => {
    const grammar = createGrammar();
    createInspector({ signatures: createSignatures(), grammar, nameOf: () => "GET /items" }).inspect(request("id=1"));
    assert.deepEqual(
      grammar.state().endpoints.map(({ endpoint }) => endpoint),
      ["GET /items"],
    );
  });
});
