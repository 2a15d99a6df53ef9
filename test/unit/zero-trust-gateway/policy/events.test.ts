import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { CloudEvent } from "../../../../runtime/kernel/events/cloudevent";
import type { OcsfEvent } from "../../../../runtime/kernel/ocsf/schema";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { Detector } from "../../../../runtime/security/security-intelligence/detection/detector";
import { BUS_TYPES, ofBusEvent } from "../../../../runtime/security/security-intelligence/ingest/bus-events";
import { loadRules } from "../../../../runtime/security/security-intelligence/rules/load";
import { OpenedPolicy } from "../../../support/cedar/policy-part";
import { entity } from "../../../support/cedar/worlds";

const SECRET = "hunter2-in-a-policy";
const VIEW = `permit(principal, action == Action::"view", resource) when { resource.token == "${SECRET}" };`;
const MALLORY = { "mno-caller": "mallory" };

describe("zero-trust gateway: events of policy changes", () => {
  let database: Database;
  let folder: string;
  const opened: OpenedPolicy[] = [];

  const open = async (config: object = {}): Promise<OpenedPolicy> => {
    const part = await OpenedPolicy.open(database, config);
    opened.push(part);
    return part;
  };
  const told = async (): Promise<CloudEvent[]> => {
    const rows = await database.query<{ event: CloudEvent }>("SELECT event FROM outbox ORDER BY id");
    return rows.map(({ event }) => event);
  };
  const data = async (): Promise<OcsfEvent[]> => (await told()).map((event) => event.data as OcsfEvent);
  /** What an analyst reads first. */
  const summary = async () =>
    (await data()).map(({ api, status_id, status_detail }) => [api?.operation, status_id, status_detail ?? ""]);

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: pino({ enabled: false }) });
  });
  after(() => database.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "mno-policies-"));
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
    for (const table of ["outbox", "ztg_policy_versions", "ztg_policy_entities"])
      await database.query(`DELETE FROM ${table}`);
    await rm(folder, { recursive: true });
  });

  it("tell who did what to which, with digests from and to, and no text", async () => {
    const part = await open();
    const put = await part.call("PUT", "/v1/policies/main", { text: VIEW, reason: SECRET }, MALLORY);
    assert.equal(put.status, 200, JSON.stringify(put.body));
    const { number } = put.body;
    const [event] = await told();
    assert.equal(event?.type, "mno.security.policy.changed");
    assert.equal(event?.subject, "main");
    const [first] = await data();
    assert.deepEqual(
      [first?.class_uid, first?.activity_id, first?.status_id, first?.actor?.user?.uid, first?.api?.operation],
      [6003, 3, 1, "mallory", "put-policy-set"],
    );
    assert.deepEqual(first?.resources, [{ uid: "main", type: "policy-set" }]);
    assert.equal(first?.src_endpoint?.ip, "127.0.0.1");
    assert.equal(first?.unmapped?.number, number);
    assert.match(String(first?.unmapped?.before), /^[0-9a-f]{16}$/);
    assert.match(String(first?.unmapped?.after), /^[0-9a-f]{16}$/);
    await part.call("PUT", "/v1/entities", { entities: [entity("User::a")] }, MALLORY);
    await part.call("PATCH", "/v1/entities", { remove: [{ type: "User", id: "a" }] });
    await part.call("PUT", "/v1/policy-schema", { schema: null }, { "mno-caller": "not a name\t" });
    await part.call("POST", `/v1/policy-versions/${String(number)}/restore`, {});
    await part.call("POST", "/v1/dry-run", { sets: { main: null } });
    await part.call("DELETE", "/v1/policies/main");
    assert.deepEqual(
      (await data()).map(({ api, activity_id, actor }) => [api?.operation, activity_id, actor?.user?.uid]),
      [
        ["put-policy-set", 3, "mallory"],
        ["put-policy-entities", 3, "mallory"],
        ["change-policy-entities", 3, "api"],
        ["put-policy-schema", 3, "api"],
        ["restore-policy-version", 3, "api"],
        ["dry-run-policy", 2, "api"],
        ["delete-policy-set", 4, "api"],
      ],
    );
    assert.ok(!JSON.stringify(await told()).includes(SECRET));
  });

  it("tell of what was refused, by its code only, and store nothing", async () => {
    const part = await open();
    const text = `permit(principal, ${SECRET});`;
    assert.equal((await part.call("PUT", "/v1/policies/main", { text })).status, 422);
    assert.equal((await part.call("POST", "/v1/dry-run", { sets: { main: { text } } })).status, 422);
    assert.equal((await part.call("DELETE", "/v1/policies/none")).status, 404);
    assert.equal((await part.call("POST", "/v1/policy-versions/99/restore", {})).status, 404);
    const twice = [entity("User::a"), entity("User::a")];
    assert.equal((await part.call("PUT", "/v1/entities", { entities: twice })).status, 422);
    assert.deepEqual(await summary(), [
      ["put-policy-set", 2, "MNO_POLICY_INVALID"],
      ["dry-run-policy", 2, "MNO_POLICY_INVALID"],
      ["delete-policy-set", 2, "MNO_POLICY_NOT_FOUND"],
      ["restore-policy-version", 2, "MNO_POLICY_NOT_FOUND"],
      ["put-policy-entities", 2, "MNO_ENTITIES_INVALID"],
    ]);
    assert.ok(!JSON.stringify(await told()).includes(SECRET));
    assert.equal((await part.call("GET", "/v1/policy-versions")).body.versions.length, 0);
  });

  it("tell of a folder that changed, or would have, once for all replicas that read it", async () => {
    await writeFile(join(folder, "main.cedar"), VIEW);
    const parts = [await open({ MNO_ZTG_POLICIES_DIR: folder }), await open({ MNO_ZTG_POLICIES_DIR: folder })];
    const refresh = async (): Promise<void> => {
      for (const part of parts) await part.refresh();
    };
    await refresh();
    assert.deepEqual(await told(), []);
    await writeFile(join(folder, "main.cedar"), VIEW.replace("view", "edit"));
    await refresh();
    await refresh();
    await writeFile(join(folder, "main.cedar"), "permit(");
    await refresh();
    await refresh();
    const events = await data();
    const uids = [...new Set(events.map(({ metadata }) => metadata.uid))];
    assert.equal(uids.length, 2);
    assert.deepEqual(
      uids.map((uid) => {
        const { api, status_id, activity_id, actor } = events.find(({ metadata }) => metadata.uid === uid) as OcsfEvent;
        return [api?.operation, activity_id, status_id, actor?.user?.uid];
      }),
      [
        ["reload-policy-folder", 3, 1, "policies-folder"],
        ["reload-policy-folder", 3, 2, "policies-folder"],
      ],
    );
  });

  it("tell that another replica's change is in use here, as no change of its own", async () => {
    const [here, there] = [await open(), await open()];
    await there.call("PUT", "/v1/policies/main", { text: VIEW }, MALLORY);
    await here.refresh();
    assert.deepEqual(await summary(), [
      ["put-policy-set", 1, ""],
      ["activate-policy", 1, ""],
    ]);
    assert.equal((await data())[1]?.activity_id, 99);
  });

  it("fire security intelligence's rules: one change the first, five by one caller the second, dry runs none", async () => {
    assert.ok(BUS_TYPES.includes("mno.security.policy.changed"));
    const part = await open();
    await part.call("POST", "/v1/dry-run", { sets: {} }, MALLORY);
    for (let i = 0; i < 5; i++) await part.call("PUT", "/v1/policies/main", { text: `${VIEW}//${String(i)}` }, MALLORY);
    await part.call("PUT", "/v1/policies/main", { text: VIEW }, { "mno-caller": "alice" });
    const detector = new Detector(await loadRules(undefined, {}), 0);
    const events = (await told()).map((event) => ofBusEvent(event));
    const alerts = events.flatMap((event) => detector.process(event));
    alerts.push(...detector.advance((events.at(-1)?.time ?? 0) + 3_600_000));
    const titles = alerts.map(({ title }) => title);
    assert.equal(titles.filter((title) => title === "Access policy changed").length, 6);
    assert.equal(titles.filter((title) => title === "Access policy tampered with").length, 1);
  });
});
