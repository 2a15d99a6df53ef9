import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ListeningPoint } from "../../../support/authzen/decision-point";

interface Decisions {
  readonly evaluation?: readonly { request: object; expected: boolean }[];
  readonly evaluations?: readonly { request: object; expected: readonly { decision: boolean }[] }[];
  readonly search?: readonly { request: object; expected: { results: object[] } }[];
}

function read(file: string): Decisions {
  return JSON.parse(readFileSync(join(__dirname, "../../../data/authzen", file), "utf8")) as Decisions;
}

const SUITES = [
  { folder: "todo", file: "todo/decisions.json", count: 43 },
  { folder: "api-gateway", file: "api-gateway/decisions.json", count: 25 },
  { folder: "idp", file: "idp/results.json", count: 6 },
];

describe("AuthZEN interoperability decisions", () => {
  for (const { folder, file, count } of SUITES) {
    it(`${folder}: all ${count}`, async () => {
      const pdp = await ListeningPoint.open(folder);
      try {
        let judged = 0;
        const { evaluation = [], evaluations = [], search = [] } = read(file);
        for (const { request, expected } of evaluation) {
          const { body } = await pdp.post("/access/v1/evaluation", request);
          assert.equal(body.decision, expected, JSON.stringify(request));
          judged++;
        }
        for (const { request, expected } of evaluations) {
          const { body } = await pdp.post("/access/v1/evaluations", request);
          const decisions = (body.evaluations as { decision: boolean }[]).map(({ decision }) => ({ decision }));
          assert.deepEqual(decisions, expected, JSON.stringify(request));
          judged++;
        }
        for (const { request, expected } of search) {
          const { body } = await pdp.post("/access/v1/search/resource", request);
          assert.deepEqual(body.results, expected.results, JSON.stringify(request));
          judged++;
        }
        assert.equal(judged, count);
      } finally {
        await pdp.close();
      }
    });
  }
});
