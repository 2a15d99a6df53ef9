import assert from "node:assert/strict";
import fc from "fast-check";
import type { WorkloadSpec } from "../../../runtime/exports";
import { secretManifest, serviceManifest, workloadManifest } from "../../../runtime/kernel/cluster/kubernetes/manifest";
import type { PodSpec, WorkloadObject } from "../../../runtime/kernel/cluster/kubernetes/objects";
import { podRequests, specOf } from "../../../runtime/kernel/cluster/kubernetes/workload-spec";
import { deployment } from "./support";

const full: WorkloadSpec & { image: string } = {
  name: "web",
  kind: "service",
  command: ["node", "main.js", "--price=$(5)"],
  cwd: "/app",
  environment: { MODE: "fast", PATTERN: "$(HOME)/x" },
  secretEnvironment: { TOKEN: "canary" },
  requests: { cpuCores: 0.25, memoryBytes: 64 * 2 ** 20 },
  replicas: 3,
  scaledBy: "auto-scaling-engine",
  ports: [
    { name: "http", port: 80 },
    { name: "metrics", port: 9090 },
  ],
  readiness: { port: "http", path: "/ready", periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 3 },
  liveness: { port: "http", path: "/live", periodSeconds: 5, timeoutSeconds: 1, failureThreshold: 2 },
  gracePeriodSeconds: 7,
  labels: { team: "a" },
  annotations: { "shop.example/note": "kept" },
  image: "shop/web:1",
  owner: "urn:pulumi:x",
};
const written = (spec: typeof full, suspended = false): WorkloadObject => {
  const manifest = workloadManifest(spec, "shop", { replicas: spec.replicas, suspended });
  return { kind: manifest.kind, object: manifest };
};

describe("workloads as Kubernetes objects", () => {
  it("are read back as they were written, secrets by name only", () => {
    const service = serviceManifest(full, "shop");
    assert.deepEqual(specOf(written(full), service), { ...full, secretEnvironment: { TOKEN: "***" } });
    const job: typeof full = { ...full, kind: "job", suspended: true };
    assert.deepEqual(specOf(written(job, true), service), { ...job, secretEnvironment: { TOKEN: "***" } });
    assert.ok(!JSON.stringify(written(full)).includes("canary"));
    const secret = secretManifest(full, "shop");
    assert.deepEqual([secret?.data, secret?.stringData], [{ TOKEN: btoa("canary") }, undefined]);
  });

  it("keep every command and variable through Kubernetes' expansion of $(NAME)", () => {
    const text = fc.string({ unit: fc.constantFrom("$", "(", ")", "A", " ", "$$(") });
    fc.assert(
      fc.property(fc.array(text), text, (command, value) => {
        // What the kubelet does: $$ before a parenthesis is an escaped $, and $(A) the value of A.
        const expand = (part: string): string =>
          part.replaceAll(/\$\$|\$\(([^)]*)\)/g, (match) => (match === "$$" ? "$" : "expanded"));
        const object = written({ ...full, command, environment: { VALUE: value } }).object;
        const container = (object.spec?.template.spec as PodSpec).containers[0];
        assert.deepEqual(container?.command?.map(expand), command);
        assert.equal(expand(container?.env?.[0]?.value ?? ""), value);
      }),
    );
  });

  it("meet Pod Security restricted, and hold no token", () => {
    const pod = written(full).object.spec?.template.spec as PodSpec;
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext?.runAsNonRoot, true);
    assert.equal(pod.securityContext?.seccompProfile?.type, "RuntimeDefault");
    assert.deepEqual(pod.containers[0]?.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  });

  it("choose port numbers that need no rights, and the same on every apply", () => {
    const ports = [
      { name: "a", port: 0 },
      { name: "b", port: 8080 },
      { name: "c", port: 443 },
      { name: "d", port: 0 },
    ];
    const service = serviceManifest({ ...full, ports }, "shop");
    assert.deepEqual(
      service?.spec?.ports?.map(({ name, port, targetPort }) => [name, port, targetPort]),
      [
        ["a", 8081, "a"],
        ["b", 8080, "b"],
        ["c", 443, "c"],
        ["d", 8084, "d"],
      ],
    );
    const container = (written({ ...full, ports }).object.spec?.template.spec as PodSpec).containers[0];
    assert.deepEqual(
      container?.ports?.map(({ containerPort }) => containerPort),
      [8081, 8082, 8083, 8084],
    );
    const variable = (name: string) => container?.env?.find((each) => each.name === name)?.value;
    assert.deepEqual([variable("PORT"), variable("PORT_C")], ["8081", "8083"]);
  });

  it("are understood where others made them: sidecars, references, ports without names, ranges of selectors", () => {
    const template = {
      spec: {
        initContainers: [
          { name: "proxy", restartPolicy: "Always", resources: { requests: { cpu: "100m", memory: "32Mi" } } },
          { name: "migrate", resources: { requests: { cpu: "1", memory: "16Mi" } } },
        ],
        containers: [
          { name: "log", resources: { requests: { cpu: "50m" } } },
          {
            name: "web",
            image: "shop/web:1",
            args: ["serve"],
            env: [
              { name: "MODE", value: "fast" },
              { name: "TOKEN", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
            ],
            ports: [{ containerPort: 9000 }],
            readinessProbe: { httpGet: { path: "/ready", port: 9000 } },
            livenessProbe: { exec: { command: ["true"] } },
            resources: { requests: { cpu: "200m", memory: "64Mi" } },
          },
        ],
      },
    };
    const spec = specOf(deployment({ spec: { template } }), undefined);
    assert.deepEqual(spec.command, ["serve"]);
    assert.deepEqual(spec.secretEnvironment, { TOKEN: "***" });
    assert.deepEqual(spec.ports, [{ name: "port-9000", port: 9000 }]);
    assert.deepEqual(spec.readiness, { port: "port-9000", path: "/ready" });
    assert.equal(spec.liveness, undefined);
    assert.deepEqual(
      spec.requests,
      { cpuCores: 1.1, memoryBytes: 96 * 2 ** 20 },
      "the largest of the steps, per resource",
    );
    assert.deepEqual(podRequests(undefined), { cpuCores: 0, memoryBytes: 0 });
  });
});
