import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports/errors";
import {
  createGrammar,
  endpointOf,
  type Grammar,
  type GrammarState,
} from "../../../runtime/kernel/http-inspection/grammar/grammar";
import { seeded } from "../../../runtime/kernel/random";

const get = (query: string) => ({ method: "GET", target: `/shop?${query}`, headers: {} });
const SHOP = "GET /shop";

/** Honest requests of a small shop. */
function honest(next: () => number): string {
  const name = ["anna", "bert", "carla", "dirk", "eva", "franz"][Math.floor(next() * 6)]!;
  const sort = ["price", "name", "date"][Math.floor(next() * 3)]!;
  return `id=${Math.floor(next() * 90_000)}&name=${name}${Math.floor(next() * 99)}&sort=${sort}`;
}

function trained(requests = 600): Grammar {
  const grammar = createGrammar();
  const next = seeded(7);
  for (let i = 0; i < requests; i++) grammar.learn(SHOP, get(honest(next)));
  return grammar;
}

describe("learned grammar of endpoints", () => {
  it("reports nothing before it has seen enough", () => {
    const verdict = trained(150).judge(SHOP, get("id=' or 1=1&evil=1"));
    assert.deepEqual(verdict, { pValue: 1, learning: true, findings: [] });
    assert.equal(createGrammar().judge("GET /new", get("a=1")).learning, true);
  });

  it("finds what is longer, of another type, built otherwise, or new", () => {
    const grammar = trained();
    const rules = (query: string) => {
      const { pValue, findings } = grammar.judge(SHOP, get(query));
      assert.ok(pValue < 0.01, `${query}: ${pValue}`);
      return findings.map(({ rule, where }) => `${rule} ${where}`);
    };
    assert.ok(rules(`id=${"9".repeat(400)}&name=anna3&sort=price`).includes("grammar-length query.id"));
    assert.ok(rules("id=x'--&name=anna3&sort=price").includes("grammar-type query.id"));
    assert.ok(
      rules("id=5&name=%7C%7B%3C%3E&sort=price").some((found) => found.startsWith("grammar-structure query.name")),
    );
    assert.ok(rules("id=5&name=anna3&sort=password").includes("grammar-enumeration query.sort"));
    assert.ok(rules("id=5&name=anna3&sort=price&debug=1").includes("grammar-unknown-parameter query.debug"));
    assert.ok(rules("name=anna3&sort=price").includes("grammar-missing-parameter query.id"));
  });

  it("gives honest requests even p-values: few are rare", () => {
    const grammar = trained();
    const next = seeded(99);
    let rare = 0;
    for (let i = 0; i < 1_000; i++) if (grammar.judge(SHOP, get(honest(next))).pValue < 0.01) rare++;
    assert.ok(rare <= 25, `${rare} of 1000 below 0.01`);
  });

  it("does not learn what is strange", () => {
    const grammar = trained();
    for (let i = 0; i < 20; i++)
      grammar.learn(SHOP, get("id=1%27 union select password from users--&name=x&sort=name"));
    assert.ok(grammar.judge(SHOP, get("id=2%27 union select secret from keys--&name=anna3&sort=name")).pValue < 0.06);
    assert.ok(grammar.state().endpoints[0]!.trimmed > 0);
  });

  it("is the same after its state went through JSON", () => {
    const grammar = trained();
    const again = createGrammar({}, JSON.parse(JSON.stringify(grammar.state())) as GrammarState);
    for (const query of ["id=5&name=anna3&sort=name", "id=5'&name=anna3&sort=x"]) {
      assert.deepEqual(again.judge(SHOP, get(query)), grammar.judge(SHOP, get(query)));
    }
    const broken = { version: 2, endpoints: [] } as unknown as GrammarState;
    assert.throws(
      () => createGrammar({}, broken),
      (error: MnoError) => error.code === "MNO_INSPECTION_STATE_INVALID",
    );
    const torn = { version: 1, endpoints: [null] } as unknown as GrammarState;
    assert.throws(() => createGrammar({}, torn), MnoError);
  });

  it("keeps no values, and no more endpoints and parameters than told", () => {
    const grammar = createGrammar({ endpoints: 3, parameters: 2 });
    for (let i = 0; i < 10; i++) grammar.learn(`GET /${i}`, get("a=secretvalue&b=2&c=3"));
    const state = grammar.state();
    assert.deepEqual(
      state.endpoints.map(({ endpoint }) => endpoint),
      ["GET /7", "GET /8", "GET /9"],
    );
    assert.ok(state.endpoints.every(({ parameters }) => parameters.length === 2));
    assert.ok(!JSON.stringify(state).includes("secretvalue"));
  });

  it("names endpoints without their ids", () => {
    assert.equal(
      endpointOf("GET", "/users/42/files/3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
      "GET /users/{id}/files/{id}",
    );
    assert.equal(endpointOf("POST", "/a/b"), "POST /a/b");
  });
});
