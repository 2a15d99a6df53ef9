import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiException, CoreV1Api, KubeConfig, RbacAuthorizationV1Api, type V1Pod } from "@kubernetes/client-node";
import { CLUSTER_DIRECTORY, openCluster } from "../../tools/cluster/cluster";
import { givenKubeconfig } from "../../tools/cluster/given";
import type { OwnCluster } from "../../tools/cluster/own-cluster";
import { checkRequirements, THIS_SYSTEM } from "../../tools/cluster/requirements";
import { writeStaticImage } from "../../tools/cluster/static-image";
import { ensureClusterPrograms } from "../../tools/toolchain/kubernetes";

const OWN_KUBECONFIG = join(CLUSTER_DIRECTORY, "kubeconfig");
const GIVEN = givenKubeconfig(OWN_KUBECONFIG);
/** Known when files are loaded, which is before the lane's cluster is up. */
const { blockers, packages } = checkRequirements(THIS_SYSTEM);
const POD_BLOCKERS =
  process.env.MNO_CLUSTER_PODS === "kwok" ? ["simulated pods are wanted"] : [...blockers, ...packages];
const NAMESPACE = `mno-cluster-test-${String(process.pid)}`;
const IMAGE = "machine-native-ops.invalid/echo:1";

/** A pod as Pod Security "restricted" wants it. */
function restrictedPod(name: string, args: string[], serviceAccountName = "default"): V1Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: NAMESPACE, labels: { "app.kubernetes.io/name": name } },
    spec: {
      restartPolicy: "Never",
      serviceAccountName,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "echo",
          image: IMAGE,
          args,
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"] },
            readOnlyRootFilesystem: true,
          },
        },
      ],
    },
  };
}

const refusedWith = (code: number, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ApiException, String(error));
  assert.equal(error.code, code);
  assert.match(String(error.body), message);
  return true;
};

describe("the cluster that the tests run on", () => {
  const config = new KubeConfig();
  let core: CoreV1Api;

  before(async () => {
    config.loadFromFile(GIVEN ?? OWN_KUBECONFIG);
    core = config.makeApiClient(CoreV1Api);
    await core.createNamespace({
      body: { metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "restricted" } } },
    });
    await core.createNamespacedServiceAccount({ namespace: NAMESPACE, body: { metadata: { name: "reader" } } });
  });
  after(() => core.deleteNamespace({ name: NAMESPACE }));

  /** The API as the service account of the namespace sees it. */
  async function asReader(): Promise<CoreV1Api> {
    const { status } = await core.createNamespacedServiceAccountToken({
      name: "reader",
      namespace: NAMESPACE,
      body: { spec: { audiences: [], expirationSeconds: 600 } },
    });
    const cluster = config.getCurrentCluster();
    assert.ok(cluster && status);
    const reader = new KubeConfig();
    reader.loadFromClusterAndUser(cluster, { name: "reader", token: status.token });
    return reader.makeApiClient(CoreV1Api);
  }

  it("gives a service account what its role says and nothing else", async () => {
    const reader = await asReader();
    const listPods = (): Promise<unknown> => reader.listNamespacedPod({ namespace: NAMESPACE });
    await assert.rejects(listPods(), refusedWith(403, /cannot list resource \\?"pods/));

    const rbac = config.makeApiClient(RbacAuthorizationV1Api);
    await rbac.createNamespacedRole({
      namespace: NAMESPACE,
      body: { metadata: { name: "reader" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }] },
    });
    await rbac.createNamespacedRoleBinding({
      namespace: NAMESPACE,
      body: {
        metadata: { name: "reader" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
        subjects: [{ kind: "ServiceAccount", name: "reader", namespace: NAMESPACE }],
      },
    });
    await listPods();
    await assert.rejects(reader.listNamespacedSecret({ namespace: NAMESPACE }), refusedWith(403, /secrets/));
    await assert.rejects(reader.listNamespacedPod({ namespace: "kube-system" }), refusedWith(403, /pods/));
  });

  it("refuses a privileged pod where Pod Security is restricted", async () => {
    const pod = restrictedPod("privileged", []);
    const [container] = pod.spec?.containers ?? [];
    if (container) container.securityContext = { privileged: true };
    await assert.rejects(
      core.createNamespacedPod({ namespace: NAMESPACE, body: pod }),
      refusedWith(403, /violates PodSecurity .*restricted.*privileged/),
    );
  });

  it("refuses an object that its schema does not allow", async () => {
    const pod = restrictedPod("Not_A_Name", []);
    await assert.rejects(core.createNamespacedPod({ namespace: NAMESPACE, body: pod }), refusedWith(422, /Not_A_Name/));
  });

  // Images get into a cluster of ours without a registry; into a user's own, or a simulated one, they do not.
  if (GIVEN === undefined && POD_BLOCKERS.length === 0) {
    describe("pods", () => {
      let cluster: OwnCluster;

      before(async () => {
        const opened = await openCluster();
        assert.ok(opened);
        cluster = opened;
        const folder = mkdtempSync(join(tmpdir(), "mno-echo-"));
        try {
          const { echo } = await ensureClusterPrograms(["echo"], () => undefined);
          writeStaticImage(IMAGE, echo, join(folder, "echo.tar"));
          const imported = await cluster.importImage(join(folder, "echo.tar"));
          assert.deepEqual(
            imported.map(({ name }) => name),
            [IMAGE],
          );
        } finally {
          rmSync(folder, { recursive: true });
        }
      });

      /** What a pod prints that asks for a URL, once it has ended well. */
      async function ask(name: string, url: string, serviceAccount?: string): Promise<string> {
        await core.createNamespacedPod({
          namespace: NAMESPACE,
          body: restrictedPod(name, ["get", url], serviceAccount),
        });
        const phase = "--for=jsonpath={.status.phase}=Succeeded";
        await cluster.kubectl(["wait", phase, `pod/${name}`, `--namespace=${NAMESPACE}`, "--timeout=60s"]);
        return core.readNamespacedPodLog({ name, namespace: NAMESPACE });
      }

      it("answer over their Service, by its DNS name, from another pod", async () => {
        await core.createNamespacedPod({ namespace: NAMESPACE, body: restrictedPod("web", ["serve"]) });
        await core.createNamespacedService({
          namespace: NAMESPACE,
          body: {
            metadata: { name: "web" },
            spec: { selector: { "app.kubernetes.io/name": "web" }, ports: [{ port: 80, targetPort: 8080 }] },
          },
        });
        assert.match(await ask("asks-web", `http://web.${NAMESPACE}.svc.cluster.local`), /^200 web$/m);
      });

      it("answer to programs of the host, too", async () => {
        const service = await core.readNamespacedService({ name: "web", namespace: NAMESPACE });
        const answer = await fetch(`http://${service.spec?.clusterIP ?? ""}`, { signal: AbortSignal.timeout(10_000) });
        assert.equal(await answer.text(), "web");
      });

      it("reach the API server with their own token, which may do what its role says", async () => {
        const api = "https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/namespaces";
        assert.match(await ask("asks-pods", `${api}/${NAMESPACE}/pods`, "reader"), /^200 .*PodList/m);
        assert.match(await ask("asks-secrets", `${api}/${NAMESPACE}/secrets`, "reader"), /^403 .*Forbidden/m);
      });
    });
  }
});
