import assert from "node:assert/strict";
import {
  KubernetesNamespace,
  type KubernetesNamespaceArgs,
  MeshKind,
  PodSecurityLevel,
  PriorityClasses,
} from "../../components";
import { validateKubernetesNamespace } from "../../components/compute/kubernetes-namespace";
import { objectNamed, objectOf, objectsOf } from "../support/kubernetes-objects";
import { record, type Recording } from "../support/recording-monitor";

function make(args: KubernetesNamespaceArgs): Promise<Recording> {
  return record(() => {
    new KubernetesNamespace("shop", args);
  });
}

describe("KubernetesNamespace", () => {
  it("enforces Pod Security restricted, denies all traffic but name look-ups, and bounds what is used", async () => {
    const recording = await make({});
    const { labels } = objectOf(recording, "Namespace").metadata;
    for (const mode of ["enforce", "audit", "warn"]) {
      assert.equal(labels[`pod-security.kubernetes.io/${mode}`], "restricted");
      assert.equal(labels[`pod-security.kubernetes.io/${mode}-version`], "latest");
    }
    const { spec, metadata } = objectNamed(recording, "NetworkPolicy", "default-deny");
    assert.equal(metadata.namespace, "shop");
    assert.deepEqual(spec, { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    const { spec: allowed } = objectNamed(recording, "NetworkPolicy", "default-allow");
    assert.deepEqual([allowed.ingress, allowed.egress.length], [undefined, 1]);
    const [unless] = allowed.podSelector.matchExpressions;
    assert.deepEqual(unless, { key: "machine-native-ops/quarantine", operator: "DoesNotExist" });
    const { hard } = objectOf(recording, "ResourceQuota").spec;
    assert.deepEqual(
      [hard["requests.cpu"], hard["limits.memory"], hard["services.loadbalancers"], hard["services.nodeports"]],
      ["32", "64Gi", "0", "0"],
    );
    const [limits] = objectOf(recording, "LimitRange").spec.limits;
    assert.equal(limits.defaultRequest.cpu, "100m");
    assert.equal(limits.default.memory, limits.defaultRequest.memory);
  });

  it("takes a weaker level only with its reason, and goes on warning", async () => {
    const podSecurity = { level: PodSecurityLevel.Privileged, reason: "node agents mount the host" };
    const { labels, annotations } = objectOf(await make({ podSecurity }), "Namespace").metadata;
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "privileged");
    assert.equal(labels["pod-security.kubernetes.io/warn"], "restricted");
    assert.equal(annotations?.["machine-native-ops/opt-out.podSecurity"], podSecurity.reason);
  });

  it("is protected, for all it holds goes with it, unless that is given up", async () => {
    const protectedOnes = async (args: KubernetesNamespaceArgs): Promise<string[]> =>
      (await make(args)).resources.filter(({ protect }) => protect).map(({ type }) => type);
    assert.deepEqual(await protectedOnes({}), ["kubernetes:core/v1:Namespace"]);
    assert.deepEqual(await protectedOnes({ protect: false }), []);
  });

  it("puts its pods into the mesh", async () => {
    const of = async (mesh: MeshKind): Promise<ReturnType<typeof objectOf>["metadata"]> =>
      objectOf(await make({ mesh }), "Namespace").metadata;
    assert.equal((await of(MeshKind.IstioAmbient)).labels["istio.io/dataplane-mode"], "ambient");
    assert.equal((await of(MeshKind.IstioSidecar)).labels["istio-injection"], "enabled");
    assert.equal((await of(MeshKind.Linkerd)).annotations?.["linkerd.io/inject"], "enabled");
  });

  it("is bounded as asked, part by part", async () => {
    const { hard } = objectOf(await make({ quota: { cpuCores: 2, loadBalancers: 1 } }), "ResourceQuota").spec;
    assert.deepEqual([hard["requests.cpu"], hard["services.loadbalancers"], hard.pods], ["2", "1", "200"]);
  });

  const wrong: [string, KubernetesNamespaceArgs, string][] = [
    ["a level that is the default", { podSecurity: { level: "restricted", reason: "x" } }, "podSecurity"],
    ["a level that is none", { podSecurity: { level: "open" as PodSecurityLevel, reason: "x" } }, "podSecurity.level"],
    ["no reason", { podSecurity: { level: "baseline", reason: "" } }, "podSecurity.reason"],
    ["a negative amount", { quota: { pods: -1 } }, "quota.pods"],
  ];
  for (const [what, args, field] of wrong) {
    it(`names ${field} for ${what}`, () => {
      assert.deepEqual(
        validateKubernetesNamespace("shop", args).map((fault) => fault.field),
        [field],
      );
    });
  }

  it("names name for what is no DNS label", () => {
    assert.equal(validateKubernetesNamespace("Shop", {})[0]?.field, "name");
  });
});

describe("PriorityClasses", () => {
  it("ranks the platform over users over batch, which evicts nobody", async () => {
    const recording = await record(() => {
      new PriorityClasses("mno", {});
    });
    const classes = new Map(objectsOf(recording, "PriorityClass").map((each) => [each.metadata.name, each]));
    const [critical, standard, batch] = ["critical", "standard", "batch"].map((level) => classes.get(`mno-${level}`));
    assert.ok(critical?.value > standard?.value && standard?.value > batch?.value && critical?.value <= 1e9);
    assert.equal(batch?.preemptionPolicy, "Never");
    assert.ok([...classes.values()].every(({ globalDefault }) => globalDefault === false));
  });

  it("keeps out of Kubernetes' own names", async () => {
    await assert.rejects(
      record(() => new PriorityClasses("system-x", {})),
      /MNO_COMPONENT_ARGS_INVALID/,
    );
  });
});
