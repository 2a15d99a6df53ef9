import assert from "node:assert/strict";
import { argv, componentNames, type ComponentName } from "../../../tools/cluster/components";
import {
  authentication,
  containerd,
  corefile,
  kubeconfig,
  kubelet,
  kubeProxy,
} from "../../../tools/cluster/configuration";
import { networkOf } from "../../../tools/cluster/network";
import { certificates } from "../../../tools/cluster/pki";
import type { ClusterPlan } from "../../../tools/cluster/plan";

const NETWORK = networkOf(173);
const REAL: ClusterPlan = {
  pods: "real",
  why: "real",
  address: NETWORK.node,
  ports: { api: 6443, etcd: 2379, etcdPeer: 2380, controllers: 10257, scheduler: 10259, kwok: 10247 },
  octet: 173,
  compactionInterval: "30s",
};
const { octet: _, ...withoutNetwork } = REAL;
const SIMULATED: ClusterPlan = { ...withoutNetwork, pods: "kwok", address: "127.0.0.1" };

const flagsOf = (name: ComponentName, plan: ClusterPlan): string[] =>
  argv(name, plan, "/state", { etcd: "/bin/etcd", kube: "/bin/kube", coredns: "/bin/coredns", kwok: "/bin/kwok" });

describe("the test cluster's configuration", () => {
  it("lets nobody without a name ask for more than the API server's health", () => {
    const { anonymous } = JSON.parse(authentication());
    assert.deepEqual(anonymous.conditions, [{ path: "/livez" }, { path: "/readyz" }, { path: "/healthz" }]);
    assert.ok(flagsOf("kube-apiserver", REAL).includes("--authorization-mode=Node,RBAC"));
    assert.ok(flagsOf("kube-apiserver", REAL).includes("--enable-admission-plugins=NodeRestriction"));
  });

  it("speaks TLS with etcd, both ways and in both modes", () => {
    for (const plan of [REAL, SIMULATED]) {
      const urls = [...flagsOf("etcd", plan), ...flagsOf("kube-apiserver", plan)].filter((flag) =>
        flag.includes("://"),
      );
      assert.ok(urls.length > 3);
      for (const url of urls) assert.match(url, /=(node-1=)?https:/);
    }
  });

  it("keeps history in etcd for as long as the plan says", () => {
    assert.ok(flagsOf("kube-apiserver", REAL).includes("--etcd-compaction-interval=30s"));
  });

  it("names no endpoint on loopback, which the API refuses", () => {
    assert.ok(flagsOf("kube-apiserver", SIMULATED).includes("--endpoint-reconciler-type=none"));
    assert.ok(!flagsOf("kube-apiserver", REAL).some((flag) => flag.startsWith("--endpoint-reconciler-type")));
  });

  it("runs a node's programs only where pods are real, and KWOK only where they are not", () => {
    assert.ok(componentNames(REAL).includes("kubelet") && !componentNames(REAL).includes("kwok"));
    assert.ok(componentNames(SIMULATED).includes("kwok") && !componentNames(SIMULATED).includes("kubelet"));
  });

  it("gives the kubelet the machine as it is: cgroup v1, swap, a full disk", () => {
    const config = JSON.parse(kubelet(NETWORK, "/pki", "/resolv.conf", "mno-173"));
    assert.equal(config.failCgroupV1, false);
    assert.equal(config.failSwapOn, false);
    assert.equal(config.cgroupRoot, "/mno-173");
    assert.equal(config.evictionHard["nodefs.available"], "0%");
    assert.deepEqual(config.clusterDNS, [NETWORK.dns]);
    assert.equal(config.authentication.anonymous.enabled, false);
  });

  it("leaves the host's connection table alone", () => {
    assert.deepEqual(JSON.parse(kubeProxy(NETWORK, "/kubeconfig")).conntrack, { maxPerCore: 0, min: 0 });
  });

  it("quotes what goes into containerd's configuration", () => {
    const text = containerd({ root: '/a "b"', cniBin: "/bin", cniConf: "/conf", snapshotter: "native" });
    assert.match(text, /^root = "\/a \\"b\\""$/m);
    assert.match(text, /restrict_oom_score_adj = true/);
    assert.match(text, /snapshotter = "native"/);
  });

  it("answers health beside the names, on the node's address", () => {
    assert.match(corefile(NETWORK.node, "/kubeconfig"), new RegExp(`ready ${NETWORK.node}:8181`));
  });

  it("carries credentials inside the kubeconfig, so that it can be copied", () => {
    const config = JSON.parse(
      kubeconfig("https://10.0.0.1:6443", "admin", { authority: "CA", certificate: "CERT", key: "KEY" }),
    );
    const decode = (text: string): string => Buffer.from(text, "base64").toString();
    assert.equal(decode(config.clusters[0].cluster["certificate-authority-data"]), "CA");
    assert.equal(decode(config.users[0].user["client-key-data"]), "KEY");
    assert.equal(config.contexts[0].context.user, config.users[0].name);
  });

  it("signs etcd's certificates with an authority of their own, and gives one user all rights", () => {
    const all = certificates([NETWORK.node], "node-1", NETWORK.node);
    const byEtcd = all.filter(({ authority }) => authority === "etcd-ca").map(({ name }) => name);
    assert.deepEqual(byEtcd, ["etcd", "etcd-client"]);
    const masters = all.filter(({ groups }) => groups?.includes("system:masters")).map(({ name }) => name);
    assert.deepEqual(masters, ["admin"]);
    const node = all.find(({ name }) => name === "kubelet");
    assert.deepEqual([node?.user, node?.groups], ["system:node:node-1", ["system:nodes"]]);
  });
});
