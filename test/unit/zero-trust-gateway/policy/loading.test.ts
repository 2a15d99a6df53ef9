import assert from "node:assert/strict";
import { MnoError } from "../../../../runtime/exports";
import type { Bundle } from "../../../../runtime/security/zero-trust-gateway/policy/bundle";
import { loadPolicies } from "../../../../runtime/security/zero-trust-gateway/policy/load";

/** What is said against a bundle. */
function faultsOf(bundle: Bundle): string[] {
  try {
    loadPolicies(bundle);
  } catch (error) {
    assert.ok(error instanceof MnoError && error.code === "MNO_POLICY_INVALID", String(error));
    return error.faults.map(({ field, message }) => `${field}: ${message}`);
  }
  return [];
}

const one = (text: string, schema?: string): Bundle => ({
  sets: { main: { text } },
  ...(schema !== undefined && { schema }),
});
const ALL = "permit(principal, action, resource)";

describe("loading policies", () => {
  it("names set, place and fault of each policy that is wrong, at once", () => {
    const faults = faultsOf({
      sets: {
        first: { text: `// é is two bytes\n${ALL};\n${ALL}\n  when { context.é };` },
        second: { text: `${ALL} when { true } unless { 1 + };` },
      },
    });
    assert.equal(faults.length, 2);
    assert.match(faults[0]!, /^first: line 4:18: /);
    assert.match(faults[1]!, /^second: line 1:64: .*unexpected token/);
  });

  it("checks types against the schema", () => {
    const schema = "entity U { n: Long }; action a appliesTo { principal: U, resource: U };";
    assert.deepEqual(faultsOf(one(`${ALL} when { principal.n > 1 };`, schema)), []);
    const [fault] = faultsOf(one(`${ALL};\n\n${ALL} when {\n  principal.m > 1 };`, schema));
    assert.match(fault!, /^main: line 4:3: .*attribute `m`/);
    assert.match(faultsOf(one("", "entity U {\n n: Nothing };"))[0]!, /^schema: schema: line 2:5: /);
    assert.match(faultsOf(one("", "{ not json"))[0]!, /^schema: /);
    const json = JSON.stringify({ "": { entityTypes: { U: {} }, actions: {} } });
    assert.deepEqual(faultsOf(one("", json)), []);
  });

  it("keeps what the validator only remarks", () => {
    const schema = "entity U; action a appliesTo { principal: U, resource: U };";
    const { warnings } = loadPolicies(one(`${ALL} when { false };`, schema));
    assert.match(warnings[0]!, /^main: line 1:1: .*impossible/);
  });

  it("names policies by annotation or place in the set, and each once", () => {
    const { policies } = loadPolicies({
      sets: { a: { text: `${ALL}; @id("named") ${ALL};` }, b: { text: `${ALL};` } },
    });
    assert.deepEqual(
      policies.map(({ id }) => id),
      ["a/policy0", "named", "b/policy0"],
    );
    assert.match(
      faultsOf(one(`@id("x") ${ALL};\n@id("x") ${ALL};`))[0]!,
      /^main: line 2:1: another policy has the id "x"/,
    );
  });

  it("makes policies of templates", () => {
    const text = '@id("t") permit(principal == ?principal, action, resource in ?resource);';
    const values = { "?principal": { type: "User", id: "a" }, "?resource": { type: "Folder", id: "f" } };
    const { policies } = loadPolicies({ sets: { main: { text, links: [{ template: "t", id: "l", values }] } } });
    assert.deepEqual(
      policies.map(({ id, principal, resource, source }) => [id, principal.text, resource.text, source.template]),
      [["l", 'principal == User::"a"', 'resource in Folder::"f"', "t"]],
    );
    const faults = (link: object): string =>
      faultsOf({ sets: { main: { text, links: [{ template: "t", id: "l", values, ...link }] } } }).join();
    assert.match(faults({ template: "none" }), /there is no template "none"/);
    assert.match(faults({ id: "t" }), /another policy has the id "t"/);
    assert.match(
      faults({ values: { "?principal": values["?principal"] } }),
      /Nothing is given for the slot \?resource/,
    );
    assert.match(faults({ values: { ...values, "?resource": { type: "no type", id: "" } } }), /main|policies/);
  });

  it("has a version that changes with text, links and schema only", () => {
    const { version } = loadPolicies({ sets: { a: { text: `${ALL};` }, b: { text: "" } } });
    assert.equal(loadPolicies({ sets: { b: { text: "" }, a: { text: `${ALL};` } } }).version, version);
    assert.notEqual(loadPolicies({ sets: { a: { text: `${ALL};` } } }).version, version);
    assert.notEqual(
      loadPolicies({ sets: { a: { text: `${ALL};` }, b: { text: "" } }, schema: "entity U;" }).version,
      version,
    );
  });

  it("refuses what would overrun cedar-wasm's stack, and works afterwards", () => {
    const nested = (open: string, close: string, times: number): string =>
      open.repeat(times) + "true" + close.repeat(times);
    for (const text of [
      `${ALL} when { ${nested("(", ")", 5000)} };`,
      `${ALL} when { ${nested("!(", ")", 200)} };`,
      `${ALL} when { ${"1 + ".repeat(20_000)} 1 > 0 };`,
      `${ALL} when { ${"if true then true else ".repeat(5000)} true };`,
      `${ALL} when { context${".a".repeat(5000)} };`,
      `${ALL} when { ${"true && ".repeat(5000)} true };`,
      `${ALL} when { "${"\\"}`,
    ])
      assert.equal(faultsOf(one(text)).length, 1, text.slice(0, 60));
    assert.equal(faultsOf(one("", `type A = ${nested("Set<", ">", 5000)};`)).length, 1);
    assert.deepEqual(faultsOf(one(`${ALL} when { ${nested("(", ")", 50)} };`)), []);
    assert.deepEqual(faultsOf(one(`${ALL} when { ${"true && ".repeat(400)} true };`)), []);
  });

  it("leaves texts, comments and marks what they are", () => {
    const text = `${ALL} when { context.a == "; // \\" permit(" && true // ; "\n };`;
    assert.equal(loadPolicies(one(text)).policies.length, 1);
    assert.match(faultsOf(one(`${ALL} when { decimal("mno:long:1") == 1 };`))[0]!, /write it in another way/);
    assert.match(faultsOf(one(`${ALL} when { true }`))[0]!, /does not end in ";"/);
    assert.match(faultsOf(one(`${ALL} when { foo(1) };`))[0]!, /^main: line 1:/);
    assert.match(faultsOf(one(`${ALL} when { ip("a", "b").isIpv4() };`))[0]!, /no operator or function ip/);
  });
});
