import assert from "node:assert/strict";
import { Operators } from "../../components";
import { objectOf } from "../support/kubernetes-objects";
import { record } from "../support/recording-monitor";

interface Rule {
  from?: object[];
  to?: object[];
  ports: { port: number }[];
}

const AMONG_THEMSELVES = [{ podSelector: {} }];

describe("Operators", () => {
  it("lets operators call each other: the backup plugin (9090) and KEDA's operator (9666), and nobody else call those", async () => {
    const recording = await record(
      () => new Operators("operators", { namespace: "ops", operators: ["cloudnative-pg", "plugin-barman-cloud"] }),
    );
    const { spec } = objectOf(recording, "NetworkPolicy") as unknown as { spec: { ingress: Rule[]; egress: Rule[] } };
    for (const port of [9090, 9666]) {
      const [opens] = [spec.ingress.filter(({ ports }) => ports.some((each) => each.port === port))];
      assert.deepEqual(
        opens.map(({ from }) => from),
        [AMONG_THEMSELVES],
      );
      const calls = spec.egress.filter(({ ports }) => ports.some((each) => each.port === port));
      assert.deepEqual(calls.at(-1)?.to, AMONG_THEMSELVES);
    }
  });
});
