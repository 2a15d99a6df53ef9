import assert from "node:assert/strict";
import type { Logger } from "pino";
import { type FieldFault, MnoError } from "../../../../runtime/exports";
import { createGrammar } from "../../../../runtime/kernel/http-inspection/grammar/grammar";
import { createSignatures } from "../../../../runtime/kernel/http-inspection/signatures";
import type { GatewayRequest } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { createInspector } from "../../../../runtime/security/zero-trust-gateway/inspection/inspector";
import { RouteRules } from "../../../../runtime/security/zero-trust-gateway/inspection/route-rules";
import { nearest } from "../../../../runtime/security/zero-trust-gateway/routing/nearest";
import { RouteRegistry } from "../../../../runtime/security/zero-trust-gateway/routing/registry";
import type { RouteStore } from "../../../../runtime/security/zero-trust-gateway/routing/store";
import { validateRoutes } from "../../../../runtime/security/zero-trust-gateway/routing/validate";
import { requestOf, START } from "../identity/support";

const SQL = "1%27%20or%2047=47--";
const REASON = "the search takes SQL: SHOP-17";
const DAY = 86_400_000;

const routeWith = (inspection: object): object => ({ name: "shop", inspection });
const rulesWith = (inspection: object): RouteRules => {
  const [route] = validateRoutes([routeWith(inspection)]);
  assert.ok(route);
  return new RouteRules(route.inspection);
};
const faultsOf = (inspection: object): readonly FieldFault[] => {
  try {
    validateRoutes([routeWith(inspection)]);
  } catch (error) {
    assert.ok(error instanceof MnoError);
    assert.equal(error.code, "MNO_GATEWAY_ROUTES_INVALID");
    return error.faults;
  }
  return [];
};

describe("zero-trust gateway: attack rules of a route", () => {
  const inspector = createInspector({ signatures: createSignatures({ level: "high" }) });
  const ask = (target: string, more: Record<string, string> = {}, time = START): GatewayRequest =>
    requestOf({ host: "gateway.test", ...more }, { target, time });
  const look = (exclusion: object, request: GatewayRequest, body?: string) =>
    inspector.inspect(
      request,
      body === undefined ? undefined : Buffer.from(body),
      rulesWith({ exclusions: [{ reason: REASON, ...exclusion }] }),
    );

  it("do not count at the places that are named, and say so; everywhere else they do", () => {
    const found = look({ rules: ["sql"], where: ["query.q"] }, ask(`/items?q=${SQL}`));
    assert.deepEqual([found.refused, found.score, found.findings], [false, 0, []]);
    assert.ok(found.excluded?.some(({ rule, where }) => rule === "sql-tautology" && where === "query.q"));
    assert.ok(found.excluded?.every(({ reason }) => reason === REASON));
    for (const target of [`/items?id=${SQL}`, `/items?q=1&q2=${SQL}`, `/items?q=${SQL}&id=${SQL}`]) {
      const elsewhere = look({ rules: ["sql"], where: ["query.q"] }, ask(target));
      assert.equal(elsewhere.refused, true, target);
      assert.ok(elsewhere.findings.every(({ where }) => where !== "query.q"));
    }
  });

  it("do not count by their own id only, by a class, or at all", () => {
    const attack = ask(`/items?q=${SQL}`);
    const ids = inspector.inspect(attack).findings.map(({ rule }) => rule);
    assert.ok(ids.length > 1, ids.join());
    const one = look({ rules: ["sql-tautology"] }, attack);
    assert.deepEqual(
      one.findings.map(({ rule }) => rule),
      ids.filter((id) => id !== "sql-tautology"),
    );
    assert.equal(
      look({ rules: ["sql"] }, attack).refused,
      ids.some((id) => !id.startsWith("sql-")),
    );
    assert.equal(look({ rules: ["*"] }, attack).refused, false);
    assert.equal(look({ rules: ["xss"] }, attack).refused, true);
    // A class ends where a word does.
    assert.equal(faultsOf({ exclusions: [{ rules: ["sq"], reason: REASON }] }).length, 1);
  });

  it("do not count in headers, cookies, and members of forms and JSON that are named", () => {
    const script = "<script>alert(1)</script>";
    const form = "application/x-www-form-urlencoded";
    const json = JSON.stringify({ pages: [{ title: "a" }, { title: script }] });
    const CASES: [where: string, request: GatewayRequest, body?: string][] = [
      ["header.x-note", ask("/", { "x-note": script })],
      ["cookie.note", ask("/", { cookie: `note=${encodeURIComponent(script)}` })],
      ["body.note", ask("/", { "content-type": form }), `note=${encodeURIComponent(script)}`],
      ["body.$.pages[].title", ask("/", { "content-type": "application/json" }), json],
      ["body.$.pages*", ask("/", { "content-type": "application/json" }), json],
    ];
    for (const [where, request, body] of CASES) {
      assert.equal(look({ rules: ["protocol"] }, request, body).refused, true, where);
      const found = look({ rules: ["*"], where: [where] }, request, body);
      assert.equal(found.refused, false, `${where}: ${JSON.stringify(found.findings)}`);
      assert.ok((found.excluded?.length ?? 0) > 0, where);
    }
  });

  it("count again from the day on that the exclusion expires", () => {
    const exclusion = { rules: ["sql"], expires: "2026-03-02" };
    const last = Date.parse("2026-03-02T00:00:00Z") - 1;
    assert.equal(look(exclusion, ask(`/?q=${SQL}`, {}, last)).refused, false);
    const after = look(exclusion, ask(`/?q=${SQL}`, {}, last + 1));
    assert.deepEqual([after.refused, after.excluded], [true, []]);
    const hour = { rules: ["sql"], expires: "2026-03-02T06:30:00Z" };
    assert.equal(look(hour, ask(`/?q=${SQL}`, {}, last + 6.5 * 3_600_000)).refused, false);
    assert.equal(look(hour, ask(`/?q=${SQL}`, {}, last + 6.5 * 3_600_000 + 1)).refused, true);
  });

  it("only report where the route monitors, the score as it is", () => {
    const rules = rulesWith({ mode: "monitor" });
    const found = inspector.inspect(ask(`/?q=${SQL}`), undefined, rules);
    assert.deepEqual([found.refused, found.monitored], [false, true]);
    assert.ok(found.score >= 5 && found.findings.length > 0);
    const honest = inspector.inspect(ask("/?q=shoes"), undefined, rules);
    assert.deepEqual([honest.refused, honest.monitored], [false, undefined]);
  });

  it("leave out of the learned grammar's findings what the route expects, and learn it", () => {
    const grammar = createGrammar({ enough: 50 });
    const learned = createInspector({ signatures: createSignatures(), grammar, refuseBelow: 0.01 });
    for (let i = 0; i < 400; i++) learned.inspect(ask(`/items?id=${String((i * 7919) % 10_000)}`));
    const odd = ask("/items?id=abcdefghijklmnopqrstuvwxyz");
    assert.equal(learned.inspect(odd).refused, true);
    const partly = rulesWith({ exclusions: [{ rules: ["grammar-length"], reason: REASON }] });
    const found = learned.inspect(odd, undefined, partly);
    assert.equal(found.refused, true);
    assert.ok(found.findings.every(({ rule }) => rule !== "grammar-length"));
    const wholly = rulesWith({ exclusions: [{ rules: ["grammar"], where: ["query.id"], reason: REASON }] });
    const expected = learned.inspect(odd, undefined, wholly);
    assert.deepEqual([expected.refused, expected.score, expected.findings], [false, 0, []]);
    assert.ok(expected.excluded?.some(({ rule }) => rule === "grammar-length"));
  });

  it("name a bounded number of what was excluded", () => {
    const pairs = Array.from({ length: 300 }, (_, i) => `q${String(i)}=${SQL}`).join("&");
    const found = look({ rules: ["*"] }, ask(`/?${pairs}`));
    assert.equal(found.refused, false);
    assert.equal(found.excluded?.length, 50);
  });

  describe("are checked when routes are put", () => {
    it("against the rules that there are, with the nearest of them", () => {
      const exclusions = [
        { rules: ["sql-tautologie", "xss"], reason: REASON },
        { rules: ["grammer"], reason: REASON },
      ];
      assert.deepEqual(
        faultsOf({ exclusions }).map(({ field, message }) => [field, message]),
        [
          [
            "/0/inspection/exclusions/0/rules/0",
            'names no rule or class "sql-tautologie"; the nearest is "sql-tautology"',
          ],
          ["/0/inspection/exclusions/1/rules/0", 'names no rule or class "grammer"; the nearest is "grammar"'],
        ],
      );
    });

    it("for a reason, places that there may be, and days that there are", () => {
      const at = "/0/inspection/exclusions/0";
      const CASES: [object, string][] = [
        [{ rules: ["sql"] }, `${at}/reason`],
        [{ rules: ["sql"], reason: "  " }, `${at}/reason`],
        [{ rules: [], reason: REASON }, `${at}/rules`],
        [{ rules: ["sql"], reason: REASON, where: [] }, `${at}/where`],
        [{ rules: ["sql"], reason: REASON, where: ["parameter.q"] }, `${at}/where/0`],
        [{ rules: ["sql"], reason: REASON, where: ["query.*q"] }, `${at}/where/0`],
        [{ rules: ["sql"], reason: REASON, expires: "soon" }, `${at}/expires`],
        [{ rules: ["sql"], reason: REASON, expires: "2026-02-30" }, `${at}/expires`],
        [{ rules: ["sql"], reason: REASON, path: "/x" }, `${at}/path`],
      ];
      for (const [exclusion, field] of CASES) {
        const faults = faultsOf({ exclusions: [exclusion] });
        assert.deepEqual([...new Set(faults.map((fault) => fault.field))], [field], JSON.stringify(exclusion));
      }
      assert.deepEqual(
        faultsOf({ mode: "detect" }).map(({ field }) => field),
        ["/0/inspection/mode"],
      );
    });
  });

  it("are warned about once when an exclusion has expired", async () => {
    const warnings: object[] = [];
    let now = START;
    const log = { info: () => undefined, warn: (fields: object) => void warnings.push(fields) } as unknown as Logger;
    const routes = validateRoutes([
      routeWith({ exclusions: [{ rules: ["sql"], reason: REASON, expires: "2026-03-03" }] }),
      { ...routeWith({}), name: "other", pathPrefix: "/other" },
    ]);
    const store = { get: async () => ({ version: 1, routes }) } as unknown as RouteStore;
    const registry = new RouteRegistry({ store, log, time: () => now, apply: () => undefined });
    await registry.sync();
    assert.deepEqual(warnings, []);
    now += 2 * DAY;
    await registry.sync();
    await registry.sync();
    assert.deepEqual(warnings, [{ route: "shop", rules: ["sql"], reason: REASON, expires: "2026-03-03" }]);
    assert.equal(registry.rulesOf("other"), undefined);
    assert.equal(registry.rulesOf("shop")?.monitors, false);
  });

  it("that a release before this one had do not keep stored routes from being in force", async () => {
    const warnings: [object, string][] = [];
    const warn = (fields: object, text: string): void => void warnings.push([fields, text]);
    const log = { info: () => undefined, warn } as unknown as Logger;
    const routes = [routeWith({ exclusions: [{ rules: ["sql-of-old", "sql"], reason: REASON }] })];
    const store = { get: async () => ({ version: 1, routes }) } as unknown as RouteStore;
    let applied = 0;
    const registry = new RouteRegistry({ store, log, time: () => START, apply: (all) => void (applied = all.length) });
    await registry.sync();
    assert.equal(applied, 1);
    assert.equal(warnings.length, 1);
    assert.deepEqual(warnings[0]?.[0], { route: "shop", field: "/inspection/exclusions/0/rules/0" });
    assert.match(warnings[0]?.[1] ?? "", /does nothing: it names no rule or class "sql-of-old"; the nearest is "sql-/);
    const rules = registry.rulesOf("shop");
    assert.equal(inspector.inspect(ask(`/?q=${SQL}`), undefined, rules).refused, false);
  });

  it("find the nearest name", () => {
    assert.equal(nearest("xs", ["sql", "xss", "php"]), "xss");
    assert.equal(nearest("", ["sql", "a"]), "a");
    assert.equal(nearest("kitten", ["sitting", "mitten"]), "mitten");
  });
});
