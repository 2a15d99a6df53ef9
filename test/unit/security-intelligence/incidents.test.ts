import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Alert } from "../../../runtime/security/security-intelligence/detection/alert";
import { attackOf, techniqueOf } from "../../../runtime/security/security-intelligence/incidents/attack";
import { Grouping } from "../../../runtime/security/security-intelligence/incidents/grouping";
import { confidenceOf, type Incident } from "../../../runtime/security/security-intelligence/incidents/incident";
import { proposals } from "../../../runtime/security/security-intelligence/responses/response";

const HOUR = 3_600_000;

function alert(
  id: string,
  time: number,
  entities: [Alert["entities"][0]["kind"], string][],
  changes: Partial<Alert> = {},
): Alert {
  return {
    id,
    ruleId: id,
    title: id,
    description: "",
    level: "medium",
    time,
    tactics: ["discovery"],
    techniques: [],
    entities: entities.map(([kind, name]) => ({ kind, id: name })),
    events: [],
    eventCount: 1,
    traceId: null,
    ...changes,
  };
}

function grouping(capacity = 100): Grouping {
  let count = 0;
  return new Grouping({ windowMilliseconds: HOUR, announceAt: 0.3, capacity }, () => `inc_${++count}`);
}

describe("security intelligence: incidents", () => {
  it("is as sure as independent witnesses make it, and surer for every stage", () => {
    assert.equal(confidenceOf({ a: 0.35 }, 1), 0.35);
    assert.ok(Math.abs(confidenceOf({ a: 0.5, b: 0.5 }, 1) - 0.75) < 1e-12);
    assert.ok(Math.abs(confidenceOf({ a: 0.5, b: 0.5 }, 2) - (1 - 0.25 * 0.85)) < 1e-12);
  });

  it("joins alerts that share an entity within the window, and no others", () => {
    const groups = grouping();
    const first = groups.take(alert("a", 0, [["user", "ann"]]), 0).incident;
    assert.equal(
      groups.take(
        alert("b", HOUR, [
          ["user", "ann"],
          ["address", "1.1.1.1"],
        ]),
        0,
      ).incident.id,
      first.id,
    );
    assert.equal(groups.take(alert("c", 2 * HOUR, [["address", "1.1.1.1"]]), 0).incident.id, first.id);
    assert.notEqual(groups.take(alert("d", 2 * HOUR, [["user", "bob"]]), 0).incident.id, first.id);
    assert.notEqual(groups.take(alert("e", 3 * HOUR + 1, [["address", "1.1.1.1"]]), 0).incident.id, first.id);
    const kinds = groups.take(alert("f", 2 * HOUR, [["session", "1.1.1.1"]]), 0).incident;
    assert.equal(kinds.alertCount, 1, "a session is no address");
  });

  it("makes one of incidents that an alert connects, and takes that back", () => {
    const groups = grouping();
    const ann = groups.take(alert("a", 0, [["user", "ann"]]), 0).incident;
    groups.take(alert("b", 1, [["address", "1.1.1.1"]]), 0);
    const joined = groups.take(
      alert("c", 2, [
        ["user", "ann"],
        ["address", "1.1.1.1"],
      ]),
      0,
    );
    assert.equal(joined.incident.id, ann.id);
    assert.equal(joined.incident.alertCount, 3);
    assert.equal(groups.size, 1);
    groups.restore(joined);
    assert.equal(groups.size, 2);
  });

  it("one rule is one witness, however often it speaks", () => {
    const groups = grouping();
    let incident: Incident | undefined;
    for (let time = 0; time < 50; time++) {
      incident = groups.take(alert(`a${time}`, time, [["user", "ann"]], { ruleId: "r", level: "low" }), 0).incident;
    }
    assert.equal(incident?.status, "watching");
    assert.ok(incident.confidence < 0.16);
  });

  it("does not join what only shares loopback, and keeps no more than it may", () => {
    const groups = grouping(5);
    groups.take(alert("a", 0, [["address", "127.0.0.1"]]), 0);
    groups.take(alert("b", 0, [["address", "127.0.0.1"]]), 0);
    assert.equal(groups.size, 2);
    for (let index = 0; index < 20; index++) groups.take(alert(`c${index}`, 0, [["user", `u${index}`]]), 0);
    assert.equal(groups.size, 5);
    assert.equal(groups.evicted, 17);
  });

  it("within a window, incidents are the connected parts of the graph, in any order of alerts", () => {
    const alerts = fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 3 }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(alerts, (of) => {
        const groups = grouping();
        of.forEach((users, index) =>
          groups.take(
            alert(
              `a${index}`,
              0,
              users.map((user) => ["user", `u${user}`]),
            ),
            0,
          ),
        );
        const parts: Set<number>[] = [];
        for (const users of of) {
          const touching = parts.filter((part) => users.some((user) => part.has(user)));
          for (const part of touching) parts.splice(parts.indexOf(part), 1);
          parts.push(new Set([...users, ...touching.flatMap((part) => [...part])]));
        }
        assert.equal(groups.size, parts.length);
      }),
      { numRuns: 300 },
    );
  });

  it("knows tactics and techniques among a rule's tags", () => {
    assert.deepEqual(
      attackOf([
        "attack.credential-access",
        "attack.t1110.004",
        "cve.2021-44228",
        "attack.g0001",
        "attack.initial_access",
      ]),
      {
        tactics: ["credential-access", "initial-access"],
        techniques: ["T1110.004"],
      },
    );
    assert.equal(techniqueOf("T9999").name, "T9999");
  });

  it("proposes what policies say, for what the incident concerns", () => {
    const { incident } = grouping().take(
      alert(
        "a",
        0,
        [
          ["user", "ann"],
          ["session", "s"],
          ["address", "1.1.1.1"],
        ],
        { level: "critical", tactics: ["exfiltration"] },
      ),
      0,
    );
    const found = proposals(
      incident,
      [
        { action: "revoke-session", minConfidence: 0.5, tactics: [], mode: "approval" },
        { action: "revoke-session", minConfidence: 0.5, tactics: ["exfiltration"], mode: "automatic" },
        { action: "raise-risk", minConfidence: 0.5, tactics: ["impact"], mode: "automatic" },
        { action: "tighten-policy", minConfidence: 0.99, tactics: [], mode: "approval" },
      ],
      0,
    );
    assert.deepEqual(
      found.map(({ action, target, status }) => [action, target.id, status]),
      [["revoke-session", "s", "approved"]],
    );
    assert.deepEqual(proposals({ ...incident, status: "watching" }, [], 0), []);
    const raise = { action: "raise-risk", minConfidence: 0, tactics: [], mode: "automatic" } as const;
    const targets = (entities: Incident["entities"]) =>
      proposals({ ...incident, entities }, [raise], 0).map(({ target }) => target.kind);
    const [user, session] = [
      { kind: "user", id: "alice" },
      { kind: "session", id: "s1" },
    ] as const;
    assert.deepEqual(targets([user]), ["user"]);
    assert.deepEqual(targets([user, session]), ["session"], "who was robbed is not kept out");
  });
});
