import assert from "node:assert/strict";
import type {
  AccessRecord,
  IncidentAnswer,
  KeyAnswer,
  SessionAnswer,
} from "../../../runtime/console/browser/api-security";
import type { Panel } from "../../../runtime/console/browser/panel";
import { access, whyOf } from "../../../runtime/console/browser/panels/access";
import { concerned, incidents } from "../../../runtime/console/browser/panels/incidents";
import { keys } from "../../../runtime/console/browser/panels/keys";
import { sessions } from "../../../runtime/console/browser/panels/sessions";
import { at, engines, links, NOW, words } from "./support";

const textOf = async (panel: Panel, answers: Record<string, unknown>): Promise<string> =>
  (await panel.load(engines(answers).ask, NOW)).text;
const DECISIONS = "/zero-trust-gateway/v1/decisions";
const EVIL = `<img src=x onerror="alert(1)">`;

function decision(changes: Partial<AccessRecord> = {}): AccessRecord {
  return {
    id: "dec/1",
    time: at(-1),
    outcome: "allowed",
    stage: "renew",
    code: null,
    reason: null,
    request: { method: "GET", authority: "shop.example", path: "/orders", address: "203.0.113.7" },
    route: "shop",
    principal: { type: "User", id: "alice", method: "session" },
    policies: ["users-read"],
    risk: { level: "low", probability: 0.01, reasons: ["known device"] },
    findings: [],
    ...changes,
  };
}

const session: SessionAnswer = {
  id: "ses_1",
  user: "alice",
  assurance: "mfa",
  establishedAt: at(-30),
  seenAt: at(-1),
  expiresAt: at(60),
  agent: "Firefox, Linux, desktop",
};
const incident: IncidentAnswer = {
  id: "inc_1",
  status: "open",
  title: "Credential stuffing",
  severity: 4,
  confidence: 0.83,
  firstTime: NOW - 600_000,
  lastTime: NOW - 60_000,
  entities: ["alice", "bob", "carol", "dave", "erin"].map((id) => ({ kind: "user", id })),
  tactics: ["TA0006"],
  alertCount: 12,
};
const key: KeyAnswer = {
  id: "key_1",
  alias: "kubernetes-etcd",
  purpose: "encrypt",
  suite: "X-Wing",
  state: "disabled",
  currentVersion: 3,
  rotatedAt: at(-120),
};

describe("console: who was let in", () => {
  it("says of each request who asked, what came of it and why, and links to the decision", async () => {
    const refused = decision({
      id: "dec_2",
      outcome: "refused",
      stage: "identify",
      code: "MNO_UNAUTHENTICATED",
      reason: "Log in first",
      principal: null,
      policies: [],
      risk: null,
    });
    const text = await textOf(access, { [DECISIONS]: { items: [decision(), refused] } });
    const said = words(text);
    assert.match(said, /Of the last 2 requests 1 were refused/);
    assert.match(
      said,
      /alice \(session\), from 203\.0\.113\.7 GET shop\.example\/orders allowed by users-read; risk low, 1 %; known device/,
    );
    assert.match(said, /nobody known, from 203\.0\.113\.7 .* refused identify: Log in first/);
    assert.ok(links(text).includes(`${DECISIONS}/dec%2F1`));
  });

  it("tells what inspection found", () => {
    const found = decision({
      outcome: "refused",
      stage: "inspect",
      reason: "It looks like an attack",
      findings: [{ rule: "sql", where: "query.id", what: "a union" }],
    });
    assert.match(whyOf(found), /^inspect: It looks like an attack; .*sql at query\.id: a union$/);
  });

  it("takes no markup from paths, names or reasons", async () => {
    const evil = decision({
      outcome: "refused",
      reason: EVIL,
      principal: { type: "User", id: EVIL, method: "session" },
      request: { method: "GET", authority: EVIL, path: EVIL, address: EVIL },
    });
    assert.doesNotMatch(await textOf(access, { [DECISIONS]: { items: [evil] } }), /<img/);
  });
});

describe("console: sessions, incidents and keys", () => {
  it("shows who is logged in, and from what", async () => {
    const text = await textOf(sessions, { "/zero-trust-gateway/v1/sessions": { items: [session] } });
    assert.match(words(text), /alice mfa Firefox, Linux, desktop 30 min ago 60 s ago in 60 min/);
  });

  it("shows incidents with their confidence and the first of those concerned", async () => {
    const text = await textOf(incidents, { "/security-intelligence/v1/incidents": { items: [incident] } });
    assert.match(
      words(text),
      /Credential stuffing open high 83 % user alice, user bob, user carol, user dave, 1 more 12/,
    );
    assert.equal(concerned([{ kind: "user", id: "alice" }]), "user alice");
  });

  it("shows keys by their alias, with suite, version and state", async () => {
    const text = await textOf(keys, { "/quantum-cryptography/v1/keys": { items: [key] } });
    assert.match(words(text), /kubernetes-etcd encrypt X-Wing disabled 3 /);
  });

  for (const panel of [access, sessions, incidents, keys]) {
    it(`says so where there is nothing, or nobody answers: ${panel.id}`, async () => {
      const paths = [DECISIONS, "/zero-trust-gateway/v1/sessions", "/security-intelligence", "/quantum-cryptography"];
      const empty = Object.fromEntries(paths.map((path) => [path, { items: [] }]));
      assert.match(words(await textOf(panel, empty)), /Nobody|There (was|is) no/);
      assert.match(words(await textOf(panel, {})), /No .* are known: .* 404/);
    });
  }
});
