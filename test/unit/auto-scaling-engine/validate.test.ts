import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { validateScaler } from "../../../runtime/scalability/auto-scaling-engine/validate";

function faultsOf(input: unknown): Record<string, string> {
  try {
    validateScaler(input);
  } catch (error) {
    assert.ok(error instanceof MnoError);
    assert.equal(error.code, "MNO_SCALER_INVALID");
    for (const { field, message } of error.faults) assert.ok(error.message.includes(`${field} ${message}`));
    return Object.fromEntries(error.faults.map(({ field, message }) => [field, message]));
  }
  return assert.fail("it was accepted");
}

describe("auto-scaling engine: validateScaler", () => {
  it("fills in Kubernetes' defaults", () => {
    assert.deepEqual(validateScaler({ workload: "web", maxReplicas: 5 }), {
      workload: "web",
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [{ type: "resource", name: "cpu", target: { averageUtilization: 80 } }],
      behavior: {
        scaleUp: {
          stabilizationWindowSeconds: 0,
          selectPolicy: "Max",
          policies: [
            { type: "Pods", value: 4, periodSeconds: 15 },
            { type: "Percent", value: 100, periodSeconds: 15 },
          ],
          tolerance: 0.1,
        },
        scaleDown: {
          stabilizationWindowSeconds: 300,
          selectPolicy: "Max",
          policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
          tolerance: 0.1,
        },
      },
      path: "/metrics",
    });
  });

  it("normalises a normalised scaler to itself", () => {
    const spec = validateScaler({
      workload: "web",
      maxReplicas: 5,
      port: "http",
      metrics: [
        { type: "pods", name: "http_requests_total", labels: { code: "200" }, target: { averageValue: 0.5 } },
        { type: "external", name: "allocated", target: { value: 3 } },
        { type: "resource", name: "memory", target: { averageValue: 1e8 } },
      ],
      behavior: { scaleUp: { tolerance: 0 }, scaleDown: { selectPolicy: "Disabled" } },
    });
    assert.deepEqual(validateScaler(structuredClone(spec)), spec);
  });

  it("has no tolerance where granted replicas are all that counts", () => {
    const allocated = { type: "external", name: "allocated", target: { averageValue: 1 } };
    const { behavior } = validateScaler({ workload: "web", maxReplicas: 5, metrics: [allocated] });
    assert.equal(behavior.scaleUp.tolerance, 0);
    assert.equal(behavior.scaleDown.tolerance, 0);
  });

  it("reports all faults at once, each with its place and what would be right", () => {
    const faults = faultsOf({
      workload: "Web!",
      minReplicas: -1,
      maxReplicas: 1.5,
      metrics: [
        { type: "resource", name: "disk", target: { averageUtilization: 0 } },
        { type: "pods", name: "1x", labels: { "a-b": "c", ok: 3 }, target: { value: 3 } },
        { type: "external", name: "queue", target: { averageValue: 1, value: 2 }, labels: {} },
        { type: "queue" },
        7,
      ],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 3601, selectPolicy: "Most", tolerance: -0.1, speed: 1 },
        scaleDown: { policies: [{ type: "Pod", value: 0, periodSeconds: 1801 }] },
        sideways: {},
      },
      path: "metrics",
      port: "",
      color: "blue",
    });
    assert.deepEqual(Object.keys(faults).sort(), [
      "/behavior/scaleDown/policies/0/periodSeconds",
      "/behavior/scaleDown/policies/0/type",
      "/behavior/scaleDown/policies/0/value",
      "/behavior/scaleUp/selectPolicy",
      "/behavior/scaleUp/speed",
      "/behavior/scaleUp/stabilizationWindowSeconds",
      "/behavior/scaleUp/tolerance",
      "/behavior/sideways",
      "/color",
      "/maxReplicas",
      "/metrics/0/name",
      "/metrics/0/target/averageUtilization",
      "/metrics/1/labels/a-b",
      "/metrics/1/labels/ok",
      "/metrics/1/name",
      "/metrics/1/target",
      "/metrics/1/target/value",
      "/metrics/2/labels",
      "/metrics/2/name",
      "/metrics/2/target",
      "/metrics/3/name",
      "/metrics/3/target",
      "/metrics/3/type",
      "/metrics/4",
      "/metrics/4/name",
      "/metrics/4/target",
      "/metrics/4/type",
      "/minReplicas",
      "/path",
      "/port",
      "/workload",
    ]);
    assert.equal(faults["/behavior/scaleUp/selectPolicy"], "must be one of Max, Min, Disabled");
    assert.equal(faults["/maxReplicas"], "must be an integer between 1 and 2147483647");
    assert.equal(faults["/metrics/2/target"], "must have exactly one of averageValue, value");
  });

  it("checks what members say together", () => {
    assert.match(
      String(faultsOf({ workload: "web", minReplicas: 6, maxReplicas: 5 })["/maxReplicas"]),
      /at least minReplicas \(6\)/,
    );
    assert.match(
      String(faultsOf({ workload: "web", minReplicas: 0, maxReplicas: 5 })["/minReplicas"]),
      /0 only with an external metric/,
    );
  });

  it("takes no endpoint with user and password, however it is written", () => {
    for (const endpoint of [
      "http://user:secret@host:9090/metrics",
      "http://user@host",
      "http://\\/user:secret@host/metrics",
      "https://\\user:secret@host/metrics",
    ]) {
      const metric = { type: "external", name: "depth", endpoint, target: { value: 1 } };
      assert.notEqual(new URL(endpoint).username, "");
      assert.deepEqual(faultsOf({ workload: "web", maxReplicas: 5, metrics: [metric] }), {
        "/metrics/0/endpoint": "must be a URL such as http://host:9090/metrics, without user and password",
      });
    }
  });

  it("refuses what is no object", () => {
    for (const input of [undefined, null, 3, "web", []]) assert.ok("/" in faultsOf(input));
  });

  describe("what goes beyond Kubernetes' autoscaler", () => {
    const queue = { metrics: [{ type: "pods", name: "queue", target: { averageValue: 10 } }] };
    const beyond = { panic: {}, idle: {}, prediction: {}, act: "serve" };

    it("has defaults, and normalises to itself", () => {
      const spec = validateScaler({ workload: "web", minReplicas: 0, maxReplicas: 5, ...queue, ...beyond });
      assert.deepEqual(spec.panic, { windowSeconds: 6, stableWindowSeconds: 60, thresholdPercent: 200 });
      assert.deepEqual(spec.idle, { cooldownSeconds: 300 });
      assert.deepEqual(spec.prediction, { mode: "advise", leadSeconds: 60, missRate: 0.004 });
      assert.deepEqual(validateScaler(spec), spec);
    });

    it("is absent unless it is asked for", () => {
      const spec = validateScaler({ workload: "web", maxReplicas: 5, ...queue });
      for (const name of Object.keys(beyond)) assert.ok(!(name in spec), name);
    });

    it("is refused with every fault at once", () => {
      const faults = faultsOf({
        workload: "web",
        maxReplicas: 5,
        panic: { thresholdPercent: 100, windowSeconds: 0.5, more: 1 },
        idle: { cooldownSeconds: -1 },
        prediction: { mode: "guess", leadSeconds: 601, missRate: 1 },
        act: "watch",
      });
      assert.deepEqual(Object.keys(faults).sort(), [
        "/act",
        "/idle",
        "/idle/cooldownSeconds",
        "/panic/more",
        "/panic/thresholdPercent",
        "/panic/windowSeconds",
        "/prediction/leadSeconds",
        "/prediction/missRate",
        "/prediction/mode",
      ]);
    });

    it("needs metrics that fit: demand to be idle, a share per replica to be forecast", () => {
      const whole = { metrics: [{ type: "external", name: "allocated", target: { value: 1 } }] };
      assert.match(
        String(faultsOf({ workload: "web", maxReplicas: 5, ...whole, prediction: {} })["/prediction"]),
        /target per replica/,
      );
      assert.match(
        String(faultsOf({ workload: "web", minReplicas: 0, maxReplicas: 5, idle: {} })["/idle"]),
        /metrics of demand/,
      );
    });
  });
});
