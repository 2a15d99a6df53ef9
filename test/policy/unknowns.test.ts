import assert from "node:assert/strict";
import { unknownCheckingProxy } from "@pulumi/policy";
import { allowedGrids } from "../../policies/carbon/rules/cb-003-allowed-grids";
import { stackBudget } from "../../policies/carbon/rules/cb-001-stack-budget";
import { judge } from "../../policies/shared/judge";
import type { Rule } from "../../policies/shared/rule";
import { noPlaintextSecrets } from "../../policies/zero-trust/rules/zt-002-no-plaintext-secrets";
import { noOpenListener } from "../../policies/zero-trust/rules/zt-004-no-open-listener";
import { workloadIsolation } from "../../policies/zero-trust/rules/zt-005-workload-isolation";
import { ALL_RULES, TEST_NOW, toResource, type RegisteredResource } from "../support/policies";
import { CONTAINER, UNKNOWN_NUMBER, UNKNOWN_STRING as UNKNOWN, kubernetes, local } from "./fixtures/fixture";

/** As in a preview: touching what is not known throws. */
function judgePreview(rule: Rule, resources: RegisteredResource[], config: Record<string, unknown> = {}) {
  const proxied = resources.map((resource) => toResource({ ...resource, props: unknownCheckingProxy(resource.props) }));
  return judge(rule, proxied, config, TEST_NOW);
}

describe("unknown values in a preview", () => {
  it("are named as unchecked, and do not hide a violation beside them", () => {
    const judgements = judgePreview(noPlaintextSecrets, [
      local({ environment: { A_URL: UNKNOWN, DB_PASSWORD: "hunter2" } }),
    ]);
    assert.deepEqual(
      judgements.map(({ outcome }) => outcome),
      ["unchecked", "violation"],
    );
    assert.match(judgements[0]!.message, /^ZT-002 could not be checked: not known before the update: .*A_URL/);
    assert.match(judgements[1]!.message, /DB_PASSWORD/);
  });

  it("confine themselves to their container", () => {
    const bad = { ...CONTAINER, env: [{ name: "API_KEY", value: "x" }] };
    const judgements = judgePreview(noPlaintextSecrets, [
      kubernetes("Deployment", { containers: [UNKNOWN, bad], initContainers: UNKNOWN, ephemeralContainers: [bad] }),
    ]);
    assert.deepEqual(
      judgements.map(({ outcome }) => outcome),
      ["unchecked", "violation", "unchecked", "violation"],
    );
  });

  it("matter only where they decide: a token not known yet leaves loopback allowed and an open host unchecked", () => {
    const secretEnvironment = { MNO_API_TOKEN: UNKNOWN };
    const on = (host: string) =>
      judgePreview(noOpenListener, [local({ environment: { HOST: host }, secretEnvironment })]);
    assert.deepEqual(on("127.0.0.1"), []);
    assert.deepEqual(
      on("0.0.0.0").map(({ outcome }) => outcome),
      ["unchecked"],
    );
  });

  it("of the cluster leave ports, requests and owner judged", () => {
    const two = ["a", "b"].map((name) => {
      const workload = local({ ports: [{ name: "http", port: 4600 }] }, name);
      return { ...workload, props: { ...workload.props, cluster: UNKNOWN } };
    });
    const judgements = judgePreview(workloadIsolation, two);
    assert.equal(judgements.filter(({ outcome }) => outcome === "unchecked").length, 2);
    assert.match(judgements.find(({ outcome }) => outcome === "violation")!.message, /port 4600 already belongs to a/);
  });

  it("never lower the carbon total in silence", () => {
    const outcomes = (resource: RegisteredResource) =>
      judgePreview(stackBudget, [resource]).map(({ outcome, urn }) => [outcome, urn]);
    const workload = local({ replicas: UNKNOWN_NUMBER });
    assert.deepEqual(outcomes(workload), [["unchecked", toResource(workload).urn]]);
    const database = (props: object) => ({ type: "aws:rds/instance:Instance", name: "db", props: { ...props } });
    assert.deepEqual(outcomes(database({})), [["violation", toResource(database({})).urn]]);
    const unknownClass = database({ instanceClass: UNKNOWN, region: "eu-central-1" });
    assert.deepEqual(outcomes(unknownClass), [["unchecked", toResource(unknownClass).urn]]);
  });

  it("are refused by the carbon budget where the configuration asks for it", () => {
    const judgements = judgePreview(stackBudget, [local({ replicas: UNKNOWN_NUMBER })], { refuseUnknown: true });
    assert.deepEqual(
      judgements.map(({ outcome }) => outcome),
      ["violation"],
    );
    assert.match(judgements[0]!.message, /not known before the update: .*replicas/);
  });

  it("in an autoscaler count as the assumed maximum, or are named", () => {
    const hpa = (spec: object) => ({
      type: "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
      name: "hpa",
      props: { metadata: { name: "app", namespace: "shop" }, spec },
    });
    const deployment = kubernetes("Deployment", { containers: [CONTAINER] });
    const config = { budgetGramsPerMonth: 1, assumedMaximumReplicas: 40 };
    const target = { kind: "Deployment", name: "app" };
    const bounded = judgePreview(
      stackBudget,
      [deployment, hpa({ scaleTargetRef: target, maxReplicas: UNKNOWN_NUMBER })],
      config,
    );
    assert.match(bounded.at(-1)!.message, /40 \(declared maximum\)/);
    const unaimed = judgePreview(stackBudget, [deployment, hpa({ scaleTargetRef: UNKNOWN, maxReplicas: 9 })], config);
    assert.deepEqual(
      unaimed.map(({ outcome }) => outcome),
      ["unchecked", "violation"],
    );
    assert.match(unaimed[1]!.message, /1 more not known before the update and not in it/);
  });

  it("say that a zone was never configured", () => {
    assert.match(
      judgePreview(allowedGrids, [local()])[0]!.message,
      /^CB-003 could not be checked: .*zone is not configured/,
    );
  });

  it("end no rule with an error, wherever they stand, and pass none of them unsaid", () => {
    const whole = { ...local(), props: { cluster: "local:/x", spec: UNKNOWN } };
    const pods = kubernetes("Deployment", { containers: UNKNOWN });
    for (const rule of ALL_RULES.filter(({ kinds }) => kinds.includes("kubernetes:Deployment"))) {
      assert.ok(
        judgePreview(rule, [whole]).some(({ outcome }) => outcome === "unchecked"),
        `${rule.id} local`,
      );
      assert.ok(judgePreview(rule, [pods]).length > 0 || !readsContainers(rule), `${rule.id} pods`);
    }
  });
});

/** Rules that look into containers; the others judge where a workload runs or how it scales. */
function readsContainers({ id }: Rule): boolean {
  return ["ZT-001", "ZT-002", "ZT-003", "ZT-004", "CB-001", "CB-002"].includes(id);
}
