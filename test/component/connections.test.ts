import assert from "node:assert/strict";
import {
  Connections,
  KubernetesAgent,
  KubernetesWorkload,
  type KubernetesWorkloadArgs,
  MeshKind,
} from "../../components";
import { isCidr } from "../../components/workload/kubernetes/network-policy";
import { OptOutSetting } from "../../components/workload/kubernetes/operation-types";
import { type KubernetesObject, objectNamed, objectsOf } from "../support/kubernetes-objects";
import { record, type Recording } from "../support/recording-monitor";

const IMAGE = `registry.example/app:1@sha256:${"ab".repeat(32)}`;

function workload(name: string, args: Partial<KubernetesWorkloadArgs> = {}): KubernetesWorkload {
  return new KubernetesWorkload(name, {
    namespace: `ns-${name}`,
    image: IMAGE,
    requests: { cpuCores: 0.1, memoryBytes: 1e8 },
    ports: [
      { name: "http", port: 80, containerPort: 8080 },
      { name: "metrics", port: 9090 },
    ],
    ...args,
  });
}

function connect(
  say: (gateway: KubernetesWorkload, erm: KubernetesWorkload) => void,
  args: { gateway?: Partial<KubernetesWorkloadArgs>; erm?: Partial<KubernetesWorkloadArgs> } = {},
): Promise<Recording> {
  return record(() => say(workload("gateway", args.gateway), workload("erm", args.erm)));
}

function ports(policy: KubernetesObject, direction: "ingress" | "egress"): number[] {
  return policy.spec[direction][0].ports.map(({ port }: { port: number }) => port);
}

function policyNames(recording: Recording): (string | undefined)[] {
  return objectsOf(recording, "NetworkPolicy")
    .map(({ metadata }) => metadata.name)
    .sort();
}

describe("connections", () => {
  it("denies everything but name look-ups until a sentence allows it", async () => {
    const recording = await connect(() => undefined);
    assert.deepEqual(policyNames(recording), ["erm", "gateway"]);
    const { spec } = objectNamed(recording, "NetworkPolicy", "erm");
    assert.deepEqual(spec.podSelector, { matchLabels: { "app.kubernetes.io/name": "erm" } });
    assert.deepEqual(spec.policyTypes, ["Ingress", "Egress"]);
    assert.equal(spec.ingress, undefined);
    assert.deepEqual(
      spec.egress.flatMap((rule: { ports: { port: number }[] }) => rule.ports.map(({ port }) => port)),
      [53, 53],
    );
  });

  it("allows both sides: the caller may call, in its namespace, and the callee be called, in its own", async () => {
    const recording = await connect((gateway, erm) => gateway.connections.allowTo(erm, { ports: ["http"] }));
    const out = objectNamed(recording, "NetworkPolicy", "gateway-to-erm-http");
    assert.equal(out.metadata.namespace, "ns-gateway");
    assert.deepEqual(out.spec, {
      podSelector: { matchLabels: { "app.kubernetes.io/name": "gateway" } },
      policyTypes: ["Egress"],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ns-erm" } },
              podSelector: { matchLabels: { "app.kubernetes.io/name": "erm" } },
            },
          ],
          ports: [{ protocol: "TCP", port: 8080 }],
        },
      ],
    });
    const into = objectNamed(recording, "NetworkPolicy", "erm-from-gateway-http");
    assert.equal(into.metadata.namespace, "ns-erm");
    assert.deepEqual(into.spec.policyTypes, ["Ingress"]);
    assert.deepEqual(ports(into, "ingress"), [8080], "policies see the pods' ports, not the Service's");
    assert.deepEqual(into.spec.ingress[0].from[0].podSelector.matchLabels, { "app.kubernetes.io/name": "gateway" });
  });

  it("hangs each side's policy below the component at that side", async () => {
    const { resources } = await connect((gateway, erm) => gateway.connections.allowTo(erm));
    const parentOf = (name: string): string | undefined =>
      resources
        .find((resource) => resource.name === name)
        ?.parent.split("::")
        .pop();
    assert.equal(parentOf("gateway-to-erm"), "gateway");
    assert.equal(parentOf("erm-from-gateway"), "erm");
  });

  it("counts a sentence once, however often and from whichever side it is said", async () => {
    const recording = await connect((gateway, erm) => {
      gateway.connections.allowTo(erm);
      gateway.connections.allowTo(erm);
      erm.connections.allowFrom(gateway);
      gateway.connections.allowTo(erm, { ports: ["metrics", "http"] });
    });
    assert.deepEqual(policyNames(recording), ["erm", "erm-from-gateway", "gateway", "gateway-to-erm"]);
    assert.deepEqual(ports(objectNamed(recording, "NetworkPolicy", "gateway-to-erm"), "egress"), [8080, 9090]);
  });

  it("lets a workload's replicas talk to each other", async () => {
    const recording = await connect((gateway) => gateway.connections.allowTo(gateway));
    assert.deepEqual(policyNames(recording), ["erm", "gateway", "gateway-from-gateway", "gateway-to-gateway"]);
  });

  it("refuses a port that the callee does not have, and a callee without any", async () => {
    await assert.rejects(
      connect((gateway, erm) => gateway.connections.allowTo(erm, { ports: ["grpc"] })),
      /MNO_COMPONENT_ARGS_INVALID.*"erm".*name grpc; the callee's are http, metrics/,
    );
    await assert.rejects(
      connect((gateway, erm) => gateway.connections.allowTo(erm), { erm: { ports: undefined } }),
      /ports must be at least one of the callee's/,
    );
  });

  it("connects what is made of other components, too", async () => {
    const recording = await record(() => {
      const agent = new KubernetesAgent("agent", { namespace: "mno", image: IMAGE, ephemeralState: "a test" });
      workload("gateway").connections.allowTo(agent);
    });
    assert.ok(policyNames(recording).includes("gateway-to-agent"));
    assert.equal(objectNamed(recording, "NetworkPolicy", "agent-from-gateway").metadata.namespace, "mno");
  });

  it("emits nothing at an end that opted out, where the first policy would deny the rest", async () => {
    const optOuts = [{ setting: OptOutSetting.NetworkPolicy, reason: "host-networked appliance" }];
    const recording = await connect((gateway, erm) => gateway.connections.allowTo(erm), { erm: { optOuts } });
    assert.deepEqual(policyNames(recording), ["gateway", "gateway-to-erm"]);
  });

  describe("in a mesh", () => {
    const both = (mesh: MeshKind): Promise<Recording> =>
      connect((gateway, erm) => gateway.connections.allowTo(erm, { ports: ["http"] }), {
        gateway: { mesh },
        erm: { mesh },
      });

    it("opens the mesh's own port beside the application's, at both ends", async () => {
      for (const [mesh, own] of [
        [MeshKind.IstioAmbient, [15008]],
        [MeshKind.IstioSidecar, []],
        [MeshKind.Linkerd, [4143]],
        [MeshKind.None, []],
      ] as const) {
        const recording = await both(mesh);
        assert.deepEqual(
          ports(objectNamed(recording, "NetworkPolicy", "gateway-to-erm-http"), "egress"),
          [8080, ...own],
          mesh,
        );
        assert.deepEqual(ports(objectNamed(recording, "NetworkPolicy", "erm-from-gateway-http"), "ingress"), [
          8080,
          ...own,
        ]);
      }
    });

    it("authorises the caller's identity at the callee", async () => {
      const recording = await both(MeshKind.IstioAmbient);
      const { metadata, spec } = objectNamed(recording, "AuthorizationPolicy", "erm-from-gateway-http");
      assert.equal(metadata.namespace, "ns-erm");
      assert.deepEqual(spec.rules[0].from[0].source.principals, ["cluster.local/ns/ns-gateway/sa/gateway"]);
      assert.deepEqual(spec.rules[0].to[0].operation.ports, ["8080"]);
    });

    it("refuses a caller without an identity in the callee's mesh", async () => {
      await assert.rejects(
        connect((gateway, erm) => gateway.connections.allowTo(erm), { erm: { mesh: MeshKind.IstioAmbient } }),
        /gateway.mesh is "none"/,
      );
    });

    it("lets pods reach their control plane, and be probed", async () => {
      const rule = async (mesh: MeshKind): Promise<KubernetesObject["spec"]> =>
        objectNamed(await both(mesh), "NetworkPolicy", "erm").spec;
      assert.equal((await rule(MeshKind.IstioAmbient)).ingress[0].from[0].ipBlock.cidr, "169.254.7.127/32");
      assert.deepEqual((await rule(MeshKind.IstioSidecar)).egress[1].ports, [{ protocol: "TCP", port: 15012 }]);
      assert.deepEqual(
        (await rule(MeshKind.Linkerd)).egress[1].ports.map(({ port }: { port: number }) => port),
        [8080, 8086, 8090],
      );
    });
  });

  describe("to addresses", () => {
    it("states its reason, and keeps the clouds' metadata service closed", async () => {
      const recording = await connect((gateway) =>
        gateway.connections.allowToAddresses("0.0.0.0/0", [443], "Webhooks go to customers."),
      );
      const { metadata, spec } = objectNamed(recording, "NetworkPolicy", "gateway-to-0.0.0.0-0-443");
      assert.equal(metadata.annotations?.["machine-native-ops/because"], "Webhooks go to customers.");
      assert.deepEqual(spec.egress[0].to[0].ipBlock, { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] });
    });

    it("opens the metadata service where it is named itself, and narrows nothing else", async () => {
      const recording = await connect((gateway) => {
        gateway.connections.allowToAddresses("169.254.169.254/32", [80], "Workload identity.");
        gateway.connections.allowToAddresses("10.0.0.0/8", [5432], "The database.");
      });
      const blockOf = (name: string): unknown =>
        objectNamed(recording, "NetworkPolicy", name).spec.egress[0].to[0].ipBlock;
      assert.deepEqual(blockOf("gateway-to-169.254.169.254-32-80"), { cidr: "169.254.169.254/32" });
      assert.deepEqual(blockOf("gateway-to-10.0.0.0-8-5432"), { cidr: "10.0.0.0/8" });
    });

    it("reaches the API server wherever it is, or only where it is said to be", async () => {
      const anywhere = await connect((gateway) => gateway.connections.allowToApiServer());
      const { spec } = objectNamed(anywhere, "NetworkPolicy", "gateway-to-api-server");
      assert.deepEqual(ports({ spec } as never, "egress"), [443, 6443]);
      assert.deepEqual(spec.egress[0].to[1].ipBlock, { cidr: "::/0", except: ["fd00:ec2::254/128"] });
      const known = await connect((gateway) => gateway.connections.allowToApiServer(["172.16.0.2/32"]));
      assert.deepEqual(objectNamed(known, "NetworkPolicy", "gateway-to-api-server").spec.egress[0].to, [
        { ipBlock: { cidr: "172.16.0.2/32" } },
      ]);
    });

    it("refuses what is no range, no port and no reason, all at once", async () => {
      await assert.rejects(
        connect((gateway) => gateway.connections.allowToAddresses("10.0.0.0", [], " ")),
        (error: Error) => /cidr is "10.0.0.0".*ports must.*because must/.test(error.message),
      );
    });

    it("knows an address range", () => {
      for (const good of ["0.0.0.0/0", "10.1.2.3/32", "::/0", "2001:db8::/32"]) assert.ok(isCidr(good), good);
      for (const bad of ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/129", "a/8", "10.0.0.0/8/8", "10.0.0.0/"]) {
        assert.ok(!isCidr(bad), bad);
      }
    });
  });

  it("lets foreign namespaces in by their labels, with a reason", async () => {
    const labels = { "kubernetes.io/metadata.name": "monitoring" };
    const recording = await connect((_gateway, erm) =>
      erm.connections.allowFromNamespace(labels, ["metrics"], "Prometheus scrapes it."),
    );
    const { spec } = objectNamed(recording, "NetworkPolicy", "erm-from-namespace-monitoring-metrics");
    assert.deepEqual(spec.ingress[0].from, [{ namespaceSelector: { matchLabels: labels } }]);
    assert.deepEqual(ports({ spec } as never, "ingress"), [9090]);
    await assert.rejects(
      connect((_gateway, erm) => erm.connections.allowFromNamespace({}, ["metrics"], "x")),
      /labels must not be empty, or every namespace would be let in/,
    );
  });

  it("says so when a component was given no connections", async () => {
    await assert.rejects(
      connect((gateway) => {
        const stranger = Object.create(gateway) as KubernetesWorkload;
        Connections.of(stranger);
      }),
      /MNO_INTERNAL|was given no connections/,
    );
  });
});
