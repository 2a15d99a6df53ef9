import assert from "node:assert/strict";
import { MnoError } from "../../../../runtime/exports";
import { DecisionPoint } from "../../../../runtime/security/zero-trust-gateway/policy/decision-point";
import { loadPolicies } from "../../../../runtime/security/zero-trust-gateway/policy/load";
import { createWorld } from "../../../../runtime/security/zero-trust-gateway/policy/world";
import { ask, entity, pointOf, ref, world } from "../../../support/cedar/worlds";

/** Whether a condition holds, of entities and a context. */
function holds(condition: string, context: object = {}): boolean {
  const decision = pointOf(
    world(`permit(principal, action, resource) when { ${condition} };`, [
      entity("User::a", ["Group::g"], { age: 30, address: { __extn: { fn: "ip", arg: "10.1.2.3" } } }),
      entity("Group::g", ["Group::top"]),
    ]),
  ).decide(ask("User::a", "view", "Doc::d", context));
  assert.deepEqual(decision.errors, [], condition);
  return decision.allowed;
}

describe("policy decisions", () => {
  it("are denied while no policies are loaded", () => {
    assert.throws(
      () => new DecisionPoint().decide(ask("User::a", "view", "Doc::d")),
      (error) => error instanceof MnoError && error.code === "MNO_POLICY_UNAVAILABLE",
    );
  });

  it("are denials where nothing permits, and where anything forbids", () => {
    const point = pointOf(
      world(`
        @id("all") permit(principal, action, resource);
        @id("not d") forbid(principal, action, resource == Doc::"d");
        @id("not secret") forbid(principal, action, resource) when { context.secret };
      `),
    );
    const { version } = point;
    assert.match(version!, /^[0-9a-f]{16}$/);
    assert.deepEqual(point.decide(ask("User::a", "view", "Doc::e", { secret: false })), {
      allowed: true,
      policies: ["all"],
      version,
      errors: [],
      advice: [],
    });
    assert.deepEqual(point.decide(ask("User::a", "view", "Doc::d", { secret: true })), {
      allowed: false,
      policies: ["not d", "not secret"],
      version,
      errors: [],
      advice: [],
    });
    const faulty = point.decide(ask("User::a", "view", "Doc::e"));
    assert.equal(faulty.allowed, true);
    assert.deepEqual(faulty.errors, ["not secret: record does not have the attribute `secret`"]);
    assert.deepEqual(pointOf(world("")).decide(ask("User::a", "view", "Doc::e")).policies, []);
  });

  it("carry the advice of the policies that determine them", () => {
    const point = pointOf(
      world(`
        @id("mfa") @advice("step_up") forbid(principal, action, resource) unless { context.mfa };
        @id("ok") @advice("log") permit(principal, action, resource);
      `),
    );
    assert.deepEqual(point.decide(ask("User::a", "view", "Doc::d", { mfa: false })).advice, ["step_up"]);
    assert.deepEqual(point.decide(ask("User::a", "view", "Doc::d", { mfa: true })).advice, ["log"]);
  });

  it("know the language", () => {
    assert.ok(holds('principal in Group::"top" && principal is User in Group::"g"'));
    assert.ok(holds('principal in [Group::"x", Group::"g"]'));
    assert.ok(!holds('principal in [Group::"x"] || principal has nothing.at.all'));
    assert.ok(holds('principal.address.isInRange(ip("10.0.0.0/8")) && ip("::1").isLoopback()'));
    assert.ok(holds('context.name like "a*\\*" && !(context.name like "b*")', { name: "abc*" }));
    assert.ok(holds("if principal.age > 18 then [1, 2].containsAll([2]) else false"));
    assert.ok(holds('decimal("1.50") == decimal("1.5") && decimal("-0.1").lessThan(decimal("0.0"))'));
    assert.ok(holds('datetime("2024-01-01").offset(duration("1d")) == datetime("2024-01-02T00:00:00Z")'));
    assert.ok(holds("[1, [2]].contains([2]) && {a: 1} == {a: 0 + 1} && [1, 1] == [1]"));
    assert.ok(holds('[User::"x\\",User::\\"y"] != [User::"x", User::"y"]'), "ids cannot pass for several");
  });

  it("count in 64 bits, exactly", () => {
    assert.ok(holds("9007199254740993 == 9007199254740992 + 1 && 9007199254740993 != 9007199254740992"));
    assert.ok(holds("-9223372036854775808 < -9223372036854775807 && 3037000499 * 3037000499 == 9223372030926249001"));
    const overflow = pointOf(world("permit(principal, action, resource) when { 9223372036854775807 + 1 > 0 };"));
    assert.deepEqual(overflow.decide(ask("User::a", "view", "Doc::d")).errors, ["main/policy0: integer overflow"]);
  });

  it("hold for entities that questions bring along, over those that are stored", () => {
    const point = pointOf(
      world('permit(principal in Group::"g", action, resource) when { principal.age > 17 };', [
        entity("User::a", [], { age: 17 }),
        entity("Group::inner", ["Group::g"]),
      ]),
    );
    const question = ask("User::a", "view", "Doc::d");
    assert.equal(point.decide(question).allowed, false);
    assert.equal(
      point.decide({ ...question, entities: [entity("User::a", ["Group::inner"], { age: 18 })] }).allowed,
      true,
    );
    assert.equal(point.decide({ ...question, entities: [entity("User::a", ["Group::inner"], {})] }).allowed, false);
    assert.equal(point.decide(question).allowed, false, "and leave those alone");
  });

  it("see brought entities in the ancestry of stored ones", () => {
    const point = pointOf(
      world('permit(principal in Group::"top", action, resource);', [entity("User::a", ["Group::g"])]),
    );
    const question = ask("User::a", "view", "Doc::d");
    assert.equal(point.decide({ ...question, entities: [entity("Group::g", ["Group::top"])] }).allowed, true);
    const cyclic = point.decide({ ...question, entities: [entity("Group::g", ["User::a"])] });
    assert.equal(cyclic.allowed, false);
    assert.match(cyclic.errors[0]!, /^question: .* is an ancestor of itself/);
  });

  it("find policies by entities where there are many", () => {
    const policies = Array.from(
      { length: 3000 },
      (_, index) => `@id("p${index}") permit(principal in Group::"${index}", action == Action::"view", resource);`,
    );
    const members = Array.from({ length: 3000 }, (_, index) => entity(`User::${index}`, [`Group::${index}`]));
    const point = pointOf(
      world(`${policies.join("\n")} @id("not 7") forbid(principal == User::"7", action, resource);`, members),
    );
    for (const index of [0, 1, 7, 2999]) {
      const decision = point.decide(ask(`User::${index}`, "view", "Doc::d"));
      assert.deepEqual(decision.policies, [index === 7 ? "not 7" : `p${index}`]);
    }
    assert.deepEqual(point.decide(ask("User::1", "edit", "Doc::d")).policies, []);
  });

  it("are denials for what is no question", () => {
    const point = pointOf(world("permit(principal, action, resource);"));
    const refused = (context: object): string => point.decide(ask("User::a", "view", "Doc::d", context)).errors.join();
    assert.equal(refused({ a: null }), "question: context.a must not be null: leave it out");
    assert.equal(refused({ a: [1, 1.5] }), "question: context.a[1] must be an integer below 2^53 in magnitude");
    assert.match(refused({ a: { __extn: { fn: "ip", arg: "1.2.3" } } }), /context.a "1.2.3" is not an IP address/);
    assert.match(refused({ a: { __entity: { type: "a b", id: "" } } }), /context.a must have a type/);
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level++) deep = [deep];
    assert.match(refused({ deep }), /must not be nested deeper/);
    const bad = { ...ask("User::a", "view", "Doc::d"), principal: { type: "1", id: "a" } };
    assert.equal(point.decide(bad).allowed, false);
  });

  it("take names from no prototype", () => {
    const point = pointOf(
      world("permit(principal, action, resource) when { context has constructor || context has __proto__ };"),
    );
    assert.equal(point.decide(ask("User::a", "view", "Doc::d")).allowed, false);
    const own = JSON.parse('{"__proto__": {"x": 1}}') as object;
    assert.equal(point.decide(ask("User::a", "view", "Doc::d", own)).allowed, true);
    assert.equal(({} as { x?: number }).x, undefined);
  });

  it("fit the schema or are denied", () => {
    const schema = `
      entity Group;
      entity User in [Group] { age: Long, home?: ipaddr } tags String;
      entity Doc { owner: User };
      action view appliesTo { principal: User, resource: Doc, context: { at: datetime } };
    `;
    const text = `
      permit(principal, action == Action::"view", resource)
      when { resource.owner == principal && context.at < datetime("2030-01-01") && principal has home && principal.home.isLoopback() };
    `;
    const stored = [
      entity("User::a", [], { age: 1, home: "127.0.0.1" }),
      entity("Doc::d", [], { owner: { type: "User", id: "a" } }),
    ];
    const point = pointOf(world(text, stored, schema));
    const question = ask("User::a", "view", "Doc::d", { at: "2029-01-01" });
    assert.equal(point.decide(question).allowed, true);
    const refused = (changed: object): string => point.decide({ ...question, ...changed }).errors.join();
    assert.match(refused({ context: {} }), /context.at must be there/);
    assert.match(refused({ context: { at: 5 } }), /context.at must be of the schema's kind extension, not long/);
    assert.match(refused({ context: { at: "2029-01-01", more: 1 } }), /context.more must not be there/);
    assert.match(refused({ action: { type: "Action", id: "edit" } }), /no action Action::"edit"/);
    assert.match(refused({ resource: ref("User::a") }), /apply to a User/);
    assert.match(refused({ entities: [entity("User::a", ["Doc::d"], { age: 1 })] }), /must not be in a Doc/);
    assert.match(refused({ entities: [entity("User::a", [], { age: "x" })] }), /age must be of the schema's kind long/);
    assert.throws(() => world(text, [entity("Car::a")], schema), /type that the schema does not know/);
  });

  it("are by one version, whatever is loaded meanwhile", () => {
    const point = pointOf(world("permit(principal, action, resource);"));
    const before = point.decide(ask("User::a", "view", "Doc::d"));
    let told = 0;
    point.onChange(() => told++);
    point.use(world("forbid(principal, action, resource);"));
    const after = point.decide(ask("User::a", "view", "Doc::d"));
    assert.equal(told, 1);
    assert.notEqual(before.version, after.version);
    assert.deepEqual([before.allowed, after.allowed], [true, false]);
  });

  it("refuse hierarchies with cycles, doubles and too many ancestors", () => {
    assert.throws(() => world("", [entity("A::1", ["A::2"]), entity("A::2", ["A::1"])]), /is an ancestor of itself/);
    assert.throws(() => world("", [entity("A::1", ["A::1"])]), /is an ancestor of itself/);
    assert.throws(() => world("", [entity("A::1"), entity("A::1")]), /is there twice/);
    const chain = Array.from({ length: 5000 }, (_, index) => entity(`A::${index}`, [`A::${index + 1}`]));
    assert.throws(() => createWorld(loadPolicies({ sets: {} }), chain), /more than 10000000 pairs of ancestors/);
    const shorter = pointOf(world('permit(principal in A::"1500", action, resource);', chain.slice(0, 1500)));
    assert.equal(shorter.decide(ask("A::0", "view", "A::1")).allowed, true);
  });
});
