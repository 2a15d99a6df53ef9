import assert from "node:assert/strict";
import fc from "fast-check";
import { EventBackbone, type EventBackboneArgs } from "../../components";
import { backboneConfig } from "../../components/events/config";
import { natsText, Variable } from "../../components/events/nats-text";
import { layout } from "../../components/events/pod";
import { validateEventBackbone } from "../../components/events/validate";
import { KubernetesWorkload } from "../../components/workload/kubernetes/workload";
import type { MnoError } from "../../runtime/exports";
import { judged, objectNamed, objectOf, objectsOf } from "../support/kubernetes-objects";
import { assertConforms } from "../support/policies";
import { plain, record } from "../support/recording-monitor";
import { visibleText } from "../support/secrets";

const DIGEST = `@sha256:${"0".repeat(64)}`;
const CANARY = "canary-password-in-the-clear";
const REMOTE_CANARY = "canary-of-the-remote-region";
const MINIMAL: EventBackboneArgs = { namespace: "data", tls: { issuer: { name: "internal" } } };
const FULL: EventBackboneArgs = {
  ...MINIMAL,
  image: `nats:2.12.1${DIGEST}`,
  accounts: [{ name: "mno", password: CANARY }, { name: "shop" }],
  leafNodes: {
    domain: "west",
    acceptFrom: ["198.51.100.0/24"],
    remotes: [
      {
        name: "east",
        url: "tls://east.example.com:7422",
        account: "shop",
        username: "shop",
        password: REMOTE_CANARY,
        authoritySecretName: "east-authority",
        cidrs: ["203.0.113.0/24"],
      },
    ],
  },
  metrics: { image: `exporter:1${DIGEST}` },
  labels: { team: "data" },
};
/** The namespace's own, which whoever makes the namespace declares. */
const DENIED = {
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  name: "default-deny",
  props: { metadata: { namespace: "data" }, spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } },
};

describe("EventBackbone", () => {
  it("makes three servers with disks that outlive them, protected", async () => {
    const recording = await record(() => new EventBackbone("events", MINIMAL));
    const { spec } = objectOf(recording, "StatefulSet");
    assert.equal(spec.replicas, 3);
    assert.equal(spec.volumeClaimTemplates[0].spec.resources.requests.storage, "10Gi");
    assert.equal(spec.persistentVolumeClaimRetentionPolicy.whenDeleted, "Retain");
    const isProtected = (type: string, name: string): boolean | undefined =>
      recording.resources.find((resource) => resource.type.endsWith(type) && resource.name === name)?.protect;
    assert.equal(isProtected(":StatefulSet", "events"), true);
    assert.equal(isProtected(":RandomPassword", "events-encryption-key"), true, "without it the disks cannot be read");
  });

  it("drains a server before it stops", async () => {
    const recording = await record(() => new EventBackbone("events", MINIMAL));
    const [server] = objectOf(recording, "StatefulSet").spec.template.spec.containers;
    assert.deepEqual(server.lifecycle, {
      preStop: { exec: { command: ["nats-server", "--signal", "ldm=/run/nats/nats.pid"] } },
    });
    assert.ok(server.volumeMounts.some(({ mountPath }: { mountPath: string }) => mountPath === "/run/nats"));
  });

  it("gives each account a URL and a Secret of its own", async () => {
    const recording = await record(() => new EventBackbone("events", FULL));
    const outputs = plain([...recording.outputs.entries()].find(([urn]) => urn.endsWith(":EventBackbone::events"))![1]);
    assert.deepEqual(outputs, {
      url: "tls://events.data.svc:4222",
      credentialsUrl: `tls://mno:${CANARY}@events.data.svc:4222`,
      credentialsSecretNames: { mno: "events-mno-credentials", shop: "events-shop-credentials" },
      certificateSecretName: "events-tls",
      streamReplicas: 3,
    });
    const { stringData } = objectNamed(recording, "Secret", "events-shop-credentials");
    assert.match(stringData.url, /^tls:\/\/shop:random-x+@events\.data\.svc:4222$/);
  });

  it("shows no secret in state, given or made", async () => {
    const recording = await record(() => new EventBackbone("events", FULL));
    const visible = visibleText(recording);
    for (const secret of [CANARY, REMOTE_CANARY, "random-xxx"]) assert.ok(!visible.includes(secret), secret);
    const all = JSON.stringify(recording.resources.map(({ inputs }) => inputs));
    assert.ok(all.includes(CANARY) && all.includes(REMOTE_CANARY));
  });

  it("conforms to both policy packs", async () => {
    const recording = await record(() => new EventBackbone("events", FULL));
    assertConforms([...judged(recording), DENIED]);
  });

  it("opens what is said and nothing else", async () => {
    const recording = await record(() => {
      const backbone = new EventBackbone("events", FULL);
      const erm = new KubernetesWorkload("erm", {
        namespace: "mno",
        image: `erm${DIGEST}`,
        requests: { cpuCores: 0.1, memoryBytes: 2 ** 26 },
      });
      erm.connections.allowTo(backbone);
    });
    const rule = (name: string, side: "ingress" | "egress"): unknown =>
      objectNamed(recording, "NetworkPolicy", name).spec[side][0].ports;
    const tcp = (port: number): object[] => [{ protocol: "TCP", port }];
    assert.deepEqual(rule("events-from-erm", "ingress"), tcp(4222));
    assert.deepEqual(rule("events-from-events-cluster", "ingress"), tcp(6222));
    assert.deepEqual(rule("events-from-leaf-nodes", "ingress"), tcp(7422));
    assert.deepEqual(rule("events-to-203.0.113.0-24-7422", "egress"), tcp(7422));
    const alone = await record(() => new EventBackbone("events", { ...MINIMAL, replicas: 1 }));
    assert.deepEqual(
      objectsOf(alone, "NetworkPolicy").map(({ metadata }) => metadata.name),
      ["events"],
    );
  });

  it("writes a configuration with the remotes' files and logins", async () => {
    const recording = await record(() => new EventBackbone("events", FULL));
    const config = objectsOf(recording, "Secret").find(({ stringData }) => "nats.conf" in stringData)!.stringData[
      "nats.conf"
    ];
    assert.match(config, /server_name: \$POD_NAME/);
    assert.match(config, /domain: "west"/);
    assert.match(config, new RegExp(`url: "tls://shop:${REMOTE_CANARY}@east\\.example\\.com:7422"`));
    assert.match(config, /ca_file: "\/etc\/nats\/remotes\/east\/authority\/ca\.crt"/);
    assert.match(config, /verify: true/);
    assert.equal(config.match(/nats-route:/g).length, 3);
    const { spec } = objectOf(recording, "StatefulSet").spec.template;
    assert.ok(
      spec.containers[0].volumeMounts.some(
        (mount: { mountPath: string }) => mount.mountPath === "/etc/nats/remotes/east/authority",
      ),
    );
  });

  it("leaves out what a single server without TLS does not need", () => {
    const config = backboneConfig(layout(false), {
      name: "events",
      hosts: ["one"],
      storageBytes: 1000,
      memoryBytes: 1000,
      maxPayloadBytes: 1024,
      accounts: [{ name: "mno", password: "p" }],
      systemPassword: "s",
      routePassword: "r",
      encryptionKey: "k",
      acceptsLeafNodes: false,
      remotes: [],
    });
    assert.doesNotMatch(config, /tls|cluster:|leafnodes|domain/);
    assert.match(config, /max_file_store: 900\n/);
  });

  it("quotes any text so that it stays one value", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), (value) => {
        const [, quoted = ""] = /^key: "(.*)"\n$/s.exec(natsText({ key: value })) ?? [];
        assert.ok(!/(^|[^\\])(\\\\)*"/.test(quoted), quoted);
        assert.ok(!quoted.includes("\n"));
        assert.equal(
          quoted.replace(/\\(.)/g, (_, each: string) => ({ n: "\n", r: "\r", t: "\t" })[each] ?? each),
          value,
        );
      }),
    );
    assert.equal(
      natsText({ a: new Variable("POD_NAME"), b: undefined, c: [], "d-e": true }),
      'a: $POD_NAME\nc: []\n"d-e": true\n',
    );
  });

  it("refuses what is wrong, all at once, without repeating a password", () => {
    const wrong: EventBackboneArgs = {
      namespace: "data",
      tls: {},
      replicas: 2,
      storageBytes: 1,
      maxPayloadBytes: 2 ** 24,
      accounts: [{ name: "sys" }, { name: "mno", password: "s3cret" }],
      leafNodes: {
        domain: "West",
        acceptFrom: ["everywhere"],
        remotes: [{ name: "east", url: "nats://east", account: "nobody", username: "u", cidrs: [] }],
      },
    };
    assert.throws(
      () => new EventBackbone("events", wrong),
      (error: MnoError) => {
        assert.deepEqual(
          error.faults.map(({ field }) => field),
          [
            ...["tls", "accounts[0].name", "accounts[1].password", "leafNodes.domain", "leafNodes.acceptFrom"],
            ...["url", "account", "credentialsSecretName", "cidrs"].map((key) => `leafNodes.remotes[0].${key}`),
            ...["replicas", "storageBytes", "maxPayloadBytes"],
          ],
        );
        assert.ok(!error.message.includes("s3cret"));
        return true;
      },
    );
    const fields = (args: Partial<EventBackboneArgs>): string[] =>
      validateEventBackbone("events", { ...MINIMAL, ...args }).map(({ field }) => field);
    assert.deepEqual(fields({ accounts: [] }), ["accounts"]);
    assert.deepEqual(fields({ accounts: [{ name: "a" }, { name: "a" }] }), ["accounts"]);
    const remote = { name: "east", url: "tls://e:1", cidrs: ["203.0.113.0/24"] };
    const both = { ...remote, username: "u", password: "password-of-length", credentialsSecretName: "c" };
    const leaf = (...remotes: (typeof remote)[]): string[] => fields({ leafNodes: { domain: "west", remotes } });
    assert.deepEqual(leaf(both), ["leafNodes.remotes[0].credentialsSecretName"]);
    assert.deepEqual(leaf({ ...remote, ...{ credentialsSecretName: "c" } }), []);
  });
});
