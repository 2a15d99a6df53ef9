import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { OpenedPolicy } from "../../../support/cedar/policy-part";
import { ask, entity } from "../../../support/cedar/worlds";

const VIEW = '@id("view") permit(principal in Group::"g", action == Action::"view", resource);';
const QUESTION = ask("User::a", "view", "Doc::d");

describe("the policy part of the gateway", () => {
  let database: Database;
  let opened: OpenedPolicy;
  let folder: string;

  const open = async (config: object = {}): Promise<OpenedPolicy> =>
    (opened = await OpenedPolicy.open(database, config));
  const allowed = (by = opened): boolean => by.part.decisions.decide(QUESTION).allowed;

  before(async () => {
    database = await openDatabase("pglite:memory", { log: pino({ enabled: false }) });
  });

  after(() => database.close());

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-policies-"));
  });

  afterEach(async () => {
    await opened.close();
    await database.query("DELETE FROM ztg_policy_versions");
    await database.query("DELETE FROM ztg_policy_entities");
    await rm(folder, { recursive: true });
  });

  it("stores policies and entities, shows them, and decides by them after a restart", async () => {
    await open();
    assert.equal(allowed(), false);
    await opened.ready();
    let changes = 0;
    opened.part.onChange(() => changes++);
    const put = await opened.call("PUT", "/v1/policies/main", { text: VIEW, reason: "first" });
    assert.equal(put.status, 200);
    assert.equal(put.body.version, opened.part.version());
    assert.deepEqual(put.body.sets, [
      {
        name: "main",
        source: "stored",
        policies: [{ id: "view", effect: "permit", place: "1:1", annotations: { id: "view" } }],
      },
    ]);
    const members = [entity("User::a", ["Group::g"]), entity("User::b")];
    assert.deepEqual((await opened.call("PUT", "/v1/entities", { entities: members })).body, { stored: 2 });
    assert.equal(changes, 2);
    assert.equal(allowed(), true);
    assert.equal((await opened.call("GET", "/v1/policies/main")).body.text, VIEW);
    assert.deepEqual((await opened.call("GET", "/v1/entities")).body.types, [{ type: "User", count: 2 }]);
    assert.deepEqual((await opened.call("GET", "/v1/entities?type=User&after=a")).body.entities, [members[1]]);

    const again = await OpenedPolicy.open(database);
    assert.equal(allowed(again), true);
    assert.equal(again.part.version(), opened.part.version());
    await again.close();
  });

  it("follows what another replica stores", async () => {
    await open();
    const other = await OpenedPolicy.open(database);
    await other.call("PUT", "/v1/policies/main", { text: VIEW });
    await other.call("PATCH", "/v1/entities", { put: [entity("User::a", ["Group::g"])] });
    assert.equal(allowed(), false);
    await opened.refresh();
    assert.equal(allowed(), true);
    await other.call("PATCH", "/v1/entities", { remove: [{ type: "User", id: "a" }] });
    await opened.refresh();
    assert.equal(allowed(), false);
    await other.close();
  });

  it("keeps the policies in use when new ones are wrong", async () => {
    await open();
    await opened.call("PUT", "/v1/policies/main", { text: VIEW });
    await opened.call("PUT", "/v1/entities", { entities: [entity("User::a", ["Group::g"])] });
    const version = opened.part.version();
    const refused = await opened.call("PUT", "/v1/policies/main", { text: "permit(principal,\n action resource);" });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.code, "MNO_POLICY_INVALID");
    assert.match(refused.body.faults[0].message, /^line 2:9: /);
    const cyclic = { put: [entity("Group::g", ["User::a"])] };
    assert.equal((await opened.call("PATCH", "/v1/entities", cyclic)).body.code, "MNO_ENTITIES_INVALID");
    assert.equal((await opened.call("PATCH", "/v1/entities", { put: [entity("User::\u0000")] })).status, 422);
    const unfit = { schema: "entity Doc; action view appliesTo { principal: Doc, resource: Doc };" };
    assert.equal((await opened.call("PUT", "/v1/policy-schema", unfit)).status, 422);
    assert.equal(opened.part.version(), version);
    assert.equal(allowed(), true);
    await opened.refresh();
    assert.equal(opened.part.version(), version);
  });

  it("goes back to an earlier version", async () => {
    await open();
    await opened.call("PUT", "/v1/policies/main", { text: VIEW, reason: "first" });
    const version = opened.part.version();
    await opened.call("PUT", "/v1/policies/lockdown", {
      text: "forbid(principal, action, resource);",
      reason: "incident 7",
    });
    const { versions } = (await opened.call("GET", "/v1/policy-versions")).body as {
      versions: { reason: string; number: number }[];
    };
    assert.deepEqual(
      versions.map(({ reason }) => reason),
      ["incident 7", "first"],
    );
    assert.notEqual(opened.part.version(), version);
    const back = await opened.call("POST", `/v1/policy-versions/${versions[1]!.number}/restore`, { reason: "over" });
    assert.equal(back.body.number, versions[0]!.number + 1);
    assert.equal(opened.part.version(), version);
    assert.equal((await opened.call("POST", "/v1/policy-versions/77/restore", {})).body.code, "MNO_POLICY_NOT_FOUND");
    assert.equal((await opened.call("DELETE", "/v1/policies/lockdown")).body.code, "MNO_POLICY_NOT_FOUND");
    assert.deepEqual((await opened.call("DELETE", "/v1/policies/main")).body.sets, []);
  });

  it("reads a folder, and reads it again when it changes", async () => {
    await writeFile(join(folder, "main.cedar"), VIEW);
    await writeFile(join(folder, "entities.json"), JSON.stringify([entity("User::a", ["Group::g"])]));
    await open({ MNO_ZTG_POLICIES_DIR: folder });
    assert.equal(allowed(), true);
    const version = opened.part.version();

    await writeFile(join(folder, "main.cedar"), "permit(principal");
    await opened.refresh();
    assert.equal(opened.part.version(), version);
    assert.match(await opened.metrics.registry.metrics(), /mno_gateway_policy_stale 1/);

    await writeFile(join(folder, "main.cedar"), `${VIEW} forbid(principal, action, resource);`);
    await opened.refresh();
    assert.equal(allowed(), false);
    assert.match(await opened.metrics.registry.metrics(), /mno_gateway_policy_stale 0/);

    assert.equal((await opened.call("PUT", "/v1/policies/main", { text: "" })).status, 422);
    assert.equal((await opened.call("PUT", "/v1/policies/more", { text: "" })).status, 200);
    assert.equal((await opened.call("GET", "/v1/policies/main")).body.source, "folder");
  });

  it("links templates and takes a schema from a folder", async () => {
    await writeFile(join(folder, "main.cedar"), '@id("t") permit(principal == ?principal, action, resource);');
    const links = [{ template: "t", id: "l", values: { "?principal": { type: "User", id: "a" } } }];
    await writeFile(join(folder, "links.json"), JSON.stringify(links));
    await writeFile(
      join(folder, "schema.cedarschema"),
      "entity User; entity Doc; action view appliesTo { principal: User, resource: Doc };",
    );
    await open({ MNO_ZTG_POLICIES_DIR: folder });
    assert.deepEqual(opened.part.decisions.decide(QUESTION).policies, ["l"]);
    assert.equal((await opened.call("GET", "/v1/policies")).body.schema, "folder");
    await writeFile(join(folder, "links.json"), '[{"template": 1}]');
    await opened.refresh();
    assert.deepEqual(opened.part.decisions.decide(QUESTION).policies, ["l"]);
  });

  it("is not ready, and decides nothing, where the folder is wrong from the start", async () => {
    await open({ MNO_ZTG_POLICIES_DIR: join(folder, "nowhere") });
    await assert.rejects(opened.ready(), { code: "MNO_POLICY_UNAVAILABLE" });
    assert.throws(() => allowed(), { code: "MNO_POLICY_UNAVAILABLE" });
    assert.equal((await opened.call("POST", "/v1/explain", QUESTION)).status, 503);
  });

  it("tells what other policies would change, of recent and of given questions", async () => {
    await open();
    await opened.call("PUT", "/v1/policies/main", { text: VIEW });
    await opened.call("PUT", "/v1/entities", { entities: [entity("User::a", ["Group::g"])] });
    allowed();
    opened.part.decisions.decide(ask("User::b", "view", "Doc::d"));
    const sets = { main: null, other: { text: '@id("b") permit(principal == User::"b", action, resource);' } };
    const { body } = await opened.call("POST", "/v1/dry-run", { sets });
    assert.deepEqual(
      [body.questions, body.granted, body.withdrawn, body.otherwise, body.changes.length],
      [2, 1, 1, 0, 2],
    );
    assert.deepEqual(body.changes[0].question, QUESTION);
    assert.deepEqual([body.changes[0].before.policies, body.changes[0].after.policies], [["view"], []]);
    const renamed = { sets: { main: { text: VIEW.replace('"view"', '"seen"') } }, questions: [QUESTION] };
    const other = (await opened.call("POST", "/v1/dry-run", renamed)).body;
    assert.deepEqual([other.questions, other.otherwise], [1, 1]);
    assert.equal(allowed(), true, "and changes nothing");
    assert.equal((await opened.call("POST", "/v1/dry-run", { sets: { x: { text: "permit" } } })).status, 422);
  });

  it("says who could, what could be done, and to what", async () => {
    await open();
    await opened.call("PUT", "/v1/policies/main", { text: VIEW });
    const entities = ["a", "b", "c"].map((id) => entity(`User::${id}`, id === "b" ? [] : ["Group::g"]));
    await opened.call("PUT", "/v1/entities", { entities: [...entities, entity("Doc::d"), entity("Doc::e")] });
    const who = async (of: string, more: object = {}) =>
      (await opened.call("POST", "/v1/who-could", { open: of, question: QUESTION, ...more })).body;
    const names = ({ results }: { results: { type: string; id: string }[] }) =>
      results.map(({ type, id }) => `${type}::${id}`);
    assert.deepEqual(names(await who("principal")), ["User::a", "User::c"]);
    assert.deepEqual(names(await who("resource")), ["Doc::d", "Doc::e"]);
    assert.deepEqual(names(await who("action")), ["Action::view"]);
    const first = await who("principal", { limit: 1 });
    assert.deepEqual(names(first), ["User::a"]);
    assert.deepEqual(names(await who("principal", { after: first.next })), ["User::c"]);
  });

  it("explains a decision policy by policy", async () => {
    await open();
    const text = `${VIEW}
      @id("adults") permit(principal, action, resource) when { true } when { context.age > 17 };
      @id("not now") forbid(principal, action, resource) unless { 1 == 1 };`;
    await opened.call("PUT", "/v1/policies/main", { text });
    const explained = (await opened.call("POST", "/v1/explain", { ...QUESTION, context: { age: 5 } })).body;
    assert.equal(explained.decision.allowed, false);
    const told = (policies: { id: string; outcome: string; because?: string; error?: string }[]) =>
      policies.map(({ id, outcome, because, error }) => [id, outcome, because, error]);
    assert.deepEqual(told(explained.policies), [
      ["view", "not-satisfied", 'principal in Group::"g"', undefined],
      ["adults", "not-satisfied", "when { context.age > 17 }", undefined],
      ["not now", "not-satisfied", "unless { 1 == 1 }", undefined],
    ]);
    const faulty = (await opened.call("POST", "/v1/explain", QUESTION)).body;
    assert.deepEqual(told(faulty.policies)[1], [
      "adults",
      "error",
      "when { context.age > 17 }",
      "record does not have the attribute `age`",
    ]);
    const bad = { ...QUESTION, context: { a: null } };
    assert.equal((await opened.call("POST", "/v1/explain", bad)).body.code, "MNO_ACCESS_QUESTION_INVALID");
  });
});
