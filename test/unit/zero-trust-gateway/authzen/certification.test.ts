import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, ListeningPoint } from "../../../support/authzen/decision-point";

interface Item {
  readonly item: string;
  readonly title: string;
  readonly requests: readonly { label: string; body: Record<string, unknown>; expected?: Record<string, unknown> }[];
}

const ITEMS = JSON.parse(
  readFileSync(join(__dirname, "../../../data/authzen/certification/items.json"), "utf8"),
) as Item[];

const ENDPOINTS: readonly (readonly [RegExp, string])[] = [
  [/^c-2/, "/access/v1/evaluation"],
  [/^c-3/, "/access/v1/evaluations"],
  [/^c-4-2|^c-4-5|^c-4-6-2/, "/access/v1/search/subject"],
  [/^c-4-3/, "/access/v1/search/resource"],
  [/^c-4-4|^c-4-6-1/, "/access/v1/search/action"],
];
const BY_LABEL: readonly (readonly [RegExp, string])[] = [
  [/^Subject Search/, "/access/v1/search/subject"],
  [/^Resource Search/, "/access/v1/search/resource"],
  [/^Action Search/, "/access/v1/search/action"],
];

function endpointOf(item: string, label: string): string {
  const known = BY_LABEL.find(([pattern]) => pattern.test(label)) ?? ENDPOINTS.find(([pattern]) => pattern.test(item));
  return known![1];
}

/** Items whose requests are to be refused with status 400. */
const BAD_REQUESTS = new Set(["c-2-4-1", "c-2-4-2", "c-2-4-6", "c-4-7-1", "c-4-7-2"]);

const ALICE_READS = {
  subject: { type: "user", id: "alice" },
  action: { name: "read" },
  resource: { type: "record", id: "record-1" },
};
const TWO = { ...ALICE_READS, evaluations: [{}, { subject: { type: "user", id: "bob" }, action: { name: "write" } }] };
const WHO_READS = { subject: { type: "user" }, action: { name: "read" }, resource: { type: "record", id: "record-1" } };

describe("AuthZEN certification scenario", () => {
  let pdp: ListeningPoint;

  before(async () => {
    pdp = await ListeningPoint.open("certification");
  });

  after(() => pdp.close());

  const isSuccess = ({ status, headers }: Answer): void => {
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "application/json");
  };

  const decisions = ({ body }: Answer): boolean[] =>
    (body.evaluations as { decision: boolean; context?: unknown }[]).map(({ decision, context }) => {
      assert.equal(typeof decision, "boolean");
      assert.ok(context === undefined || (typeof context === "object" && context !== null));
      return decision;
    });

  /** The checks that the scenario states in words. */
  const checks: Record<string, () => Promise<void>> = {
    "c-2-3-1": async () => {
      const answer = await pdp.post("/access/v1/evaluation", ALICE_READS);
      isSuccess(answer);
      assert.equal(typeof answer.body.decision, "boolean");
    },
    "c-2-3-2": async () => {
      const denied = await pdp.post("/access/v1/evaluation", { ...ALICE_READS, action: { name: "unheard of" } });
      assert.deepEqual(denied.body, { decision: false, context: { reason_admin: { "403": "no policy permits it" } } });
    },
    "c-2-4-3": async () => {
      const answer = await pdp.send("POST", "/access/v1/evaluation", JSON.stringify(ALICE_READS), {
        "content-type": "text/plain",
      });
      assert.equal(answer.status, 400);
    },
    "c-2-4-4": async () => {
      const answer = await pdp.send("POST", "/access/v1/evaluation", '{"subject": ', {
        "content-type": "application/json",
      });
      assert.equal(answer.status, 400);
    },
    "c-2-4-5": async () => {
      const answer = await pdp.send("POST", "/access/v1/evaluation", "", { "content-type": "application/json" });
      assert.equal(answer.status, 400);
    },
    "c-2-5-1": async () => {
      for (const path of ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"]) {
        const answer = await pdp.post(`/access/v1/${path}`, {}, { "x-request-id": "bfe9eb29 ab87" });
        assert.equal(answer.status, 400, path);
        assert.equal(answer.headers.get("x-request-id"), "bfe9eb29 ab87", path);
      }
      const answer = await pdp.post("/access/v1/evaluation", ALICE_READS, { "x-request-id": "1" });
      assert.equal(answer.headers.get("x-request-id"), "1");
    },
    "c-2-5-2": async () => {
      const answer = await pdp.post("/access/v1/evaluation", ALICE_READS);
      isSuccess(answer);
      assert.equal(answer.headers.get("x-request-id"), null);
    },
    "c-3-3-1": async () => assert.equal(decisions(await pdp.post("/access/v1/evaluations", TWO)).length, 2),
    "c-3-3-2": async () => assert.deepEqual(decisions(await pdp.post("/access/v1/evaluations", TWO)), [true, false]),
    "c-3-3-3": async () => {
      const answer = await pdp.post("/access/v1/evaluations", TWO);
      isSuccess(answer);
      assert.ok(decisions(answer).every((decision) => typeof decision === "boolean"));
    },
    "c-3-3-4": async () => {
      assert.equal("decision" in (await pdp.post("/access/v1/evaluations", TWO)).body, false);
    },
    "c-4-5-2": async () => {
      const first = await pdp.post("/access/v1/search/subject", { ...WHO_READS, page: { limit: 1 } });
      assert.equal(first.body.results.length, 1);
      const token = first.body.page.next_token as string;
      assert.notEqual(token, "");
      const second = await pdp.post("/access/v1/search/subject", { ...WHO_READS, page: { token } });
      isSuccess(second);
      assert.deepEqual(
        [...first.body.results, ...second.body.results],
        [
          { type: "user", id: "alice" },
          { type: "user", id: "bob" },
        ],
      );
      assert.deepEqual(second.body.page, { next_token: "", count: 1 });
    },
    "c-4-5-3": async () => {
      const { body } = await pdp.post("/access/v1/search/subject", { ...WHO_READS, page: { limit: 5 } });
      assert.deepEqual(body.page, { next_token: "", count: 2 });
    },
    "c-4-5-4": async () => {
      const { body } = await pdp.post("/access/v1/search/subject", WHO_READS);
      assert.deepEqual(Object.keys(body), ["results"]);
    },
  };

  for (const { item, title, requests } of ITEMS) {
    it(`${item}: ${title}`, async () => {
      const check = checks[item];
      if (check) return check();
      assert.ok(requests.length > 0);
      for (const { label, body, expected } of requests) {
        const path = endpointOf(item, label);
        const answer = await pdp.post(path, body);
        if (BAD_REQUESTS.has(item)) {
          assert.equal(answer.status, 400, label);
          assert.notEqual(answer.text, "");
          continue;
        }
        isSuccess(answer);
        if (path.includes("/search/")) judgeResults(item, answer, body, expected);
        else if (expected) assertDecisions(answer, expected);
        else await judgeUnstated(item, answer);
      }
    });
  }

  function assertDecisions(answer: Answer, expected: Record<string, unknown>): void {
    if ("decision" in expected) assert.equal(answer.body.decision, expected.decision);
    else
      assert.deepEqual(
        decisions(answer),
        (expected.evaluations as { decision: boolean }[]).map((one) => one.decision),
      );
  }

  /** Requests whose outcome the scenario gives in words. */
  async function judgeUnstated(item: string, answer: Answer): Promise<void> {
    switch (item) {
      case "c-2-2-3":
      case "c-2-2-8":
      case "c-2-2-9":
        assert.equal(answer.body.decision, true);
        break;
      case "c-3-2-1":
      case "c-3-2-6":
        assert.equal(decisions(answer).length, 2);
        break;
      case "c-3-4-1":
        assert.deepEqual(decisions(answer), [true, false]);
        break;
      default:
        assert.fail(`nothing is known of what ${item} expects`);
    }
  }

  function judgeResults(
    item: string,
    { body }: Answer,
    request: Record<string, unknown>,
    expected?: Record<string, unknown>,
  ): void {
    const results = body.results as Record<string, string>[];
    const equivalents: Record<string, unknown[]> = {
      "c-4-2-2": [
        { type: "user", id: "alice" },
        { type: "user", id: "bob" },
      ],
      "c-4-2-3": [
        { type: "user", id: "alice" },
        { type: "user", id: "bob" },
      ],
      "c-4-3-2": [
        { type: "record", id: "record-1" },
        { type: "record", id: "record-2" },
      ],
      "c-4-3-3": [
        { type: "record", id: "record-1" },
        { type: "record", id: "record-2" },
      ],
      "c-4-4-2": [{ name: "read" }, { name: "write" }],
      "c-4-5-1": [{ type: "user", id: "alice" }],
    };
    if (equivalents[item]) return assert.deepEqual(results, equivalents[item]);
    const wanted = (expected as { results: Record<string, string>[] }).results;
    if (wanted.length === 0) return assert.deepEqual(results, []);
    for (const one of wanted) assert.ok(results.some((result) => JSON.stringify(result) === JSON.stringify(one)));
    const type = (request.subject as { type: string }).type;
    if (item.startsWith("c-4-2")) assert.ok(results.every((result) => result.type === type));
  }

  it("covers the 52 items", () => assert.equal(ITEMS.length, 52));

  it("c-2-6: answers the same again and again", async () => {
    for (let time = 0; time < 5; time++)
      assert.equal((await pdp.post("/access/v1/evaluation", ALICE_READS)).body.decision, true);
  });

  it("c-6: publishes its metadata", async () => {
    const answer = await pdp.send("GET", "/.well-known/authzen-configuration");
    isSuccess(answer);
    assert.equal(answer.body.policy_decision_point, "https://pdp.example.com");
    for (const name of [
      "access_evaluation_endpoint",
      "access_evaluations_endpoint",
      "search_subject_endpoint",
      "search_resource_endpoint",
      "search_action_endpoint",
    ])
      assert.equal(new URL(answer.body[name] as string).origin, "https://pdp.example.com");
  });
});
