import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { dirname } from "node:path";
import { SecurityFabric, type SecurityFabricArgs } from "../../components";
import { validateRoutes } from "../../components/fabrics/protected-routes";
import { privateKeyPem } from "../../components/fabrics/signing-keys";
import { objectNamed, objectsOf } from "../support/kubernetes-objects";
import { record, type Recording } from "../support/recording-monitor";

const BASE: SecurityFabricArgs = {
  namespace: "mno",
  image: `registry.example/mno:1@sha256:${"ab".repeat(32)}`,
  databaseUrl: { secretName: "database-app", key: "uri" },
  busUrl: { secretName: "events-mno-credentials", key: "url" },
};
const ROUTE = { name: "orders", hosts: ["orders.example.com"], upstreamUrl: "http://orders.shop.svc:8080" };

function make(args: Partial<SecurityFabricArgs>): Promise<Recording> {
  return record(() => {
    new SecurityFabric("security", { ...BASE, ...args });
  });
}

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
}

interface Pod {
  containers: { env: Variable[]; volumeMounts: { name: string; mountPath: string }[] }[];
  volumes: { name: string; secret?: { secretName: string }; configMap?: { name: string } }[];
}

function pod(recording: Recording, engine: string): Pod {
  return objectNamed(recording, "Deployment", `security-${engine}`).spec.template.spec as Pod;
}

function variable(recording: Recording, engine: string, name: string): Variable | undefined {
  return pod(recording, engine).containers[0]?.env.find((each) => each.name === name);
}

describe("SecurityFabric", () => {
  it("runs its five engines, each in two replicas", async () => {
    const names = objectsOf(await make({}), "Deployment").map(({ metadata, spec }) => [metadata.name, spec.replicas]);
    assert.deepEqual(names.sort(), [
      ["security-behavioral-authentication", 2],
      ["security-quantum-cryptography", 2],
      ["security-security-intelligence", 2],
      ["security-threat-detection", 2],
      ["security-zero-trust-gateway", 2],
    ]);
  });

  it("lets engines call whom they have to, at their API and nowhere else", async () => {
    const recording = await make({});
    const between = objectsOf(recording, "NetworkPolicy")
      .filter(({ metadata }) => /-to-security-/.test(metadata.name ?? ""))
      .map(({ metadata, spec }) => [metadata.name, ...spec.egress[0].ports.map(({ port }: { port: number }) => port)]);
    assert.deepEqual(between.sort(), [
      ["security-security-intelligence-to-security-quantum-cryptography", 4600],
      ["security-security-intelligence-to-security-zero-trust-gateway-http", 4600],
      ["security-zero-trust-gateway-to-security-behavioral-authentication", 4600],
    ]);
  });

  it("has its engines call each other over TLS where they serve so", async () => {
    const recording = await make({ tls: { secretName: "fabric-tls" } });
    const calls = [
      ["zero-trust-gateway", "MNO_ZTG_RUNTIME_URL"],
      ["security-intelligence", "MNO_SI_GATEWAY_URL"],
      ["security-intelligence", "MNO_SI_KEYS_URL"],
    ] as const;
    for (const [engine, key] of calls) {
      assert.match(variable(recording, engine, key)?.value ?? "", /^https:\/\/security-[a-z-]+\.mno\.svc:4600$/);
    }
  });

  it("gives the gateway its routes, policies and issuers", async () => {
    const recording = await make({
      routes: [{ ...ROUTE, pathPrefix: "/v1", resourceType: "Order", resourceId: "{1}", streams: true }],
      policies: { "orders.cedar": 'permit (principal in Group::"clerks", action, resource);' },
      issuers: { secretName: "identity", key: "issuers.json" },
    });
    assert.deepEqual(JSON.parse(variable(recording, "zero-trust-gateway", "MNO_ZTG_ROUTES")?.value ?? ""), [
      {
        name: "orders",
        upstream: { url: "http://orders.shop.svc:8080" },
        hosts: ["orders.example.com"],
        pathPrefix: "/v1",
        resource: { type: "Order", id: "{1}" },
        content: { mode: "stream" },
      },
    ]);
    assert.equal(
      variable(recording, "zero-trust-gateway", "MNO_ZTG_ISSUERS")?.valueFrom?.secretKeyRef.key,
      "issuers.json",
    );
    const folder = variable(recording, "zero-trust-gateway", "MNO_ZTG_POLICIES_DIR")?.value;
    const { containers, volumes } = pod(recording, "zero-trust-gateway");
    const mount = containers[0]?.volumeMounts.find(({ mountPath }) => mountPath === folder);
    assert.ok(volumes.some((volume) => volume.name === mount?.name && volume.configMap));
    assert.ok(objectsOf(recording, "ConfigMap").some(({ data }) => /^permit/.test(data["orders.cedar"] ?? "")));
  });

  it("makes a root key that cannot be lost by a slip, or takes the one it is told of", async () => {
    const own = await make({});
    const rootKeys = ({ resources }: Recording) => resources.filter(({ name }) => name === "security-root-key");
    assert.deepEqual(
      rootKeys(own).map(({ protect }) => protect),
      [true],
    );
    assert.deepEqual(
      rootKeys(await make({ protect: false })).map(({ protect }) => protect),
      [false],
    );
    const given = await make({ rootKey: { secretName: "hsm", key: "root" } });
    assert.deepEqual(rootKeys(given), []);
    assert.equal(
      variable(given, "quantum-cryptography", "MNO_QC_ROOT_KEY_FILE")?.value,
      "/etc/machine-native-ops/root-key/root",
    );
    assert.ok(pod(given, "quantum-cryptography").volumes.some(({ secret }) => secret?.secretName === "hsm"));
    const others = ["zero-trust-gateway", "threat-detection", "security-intelligence", "behavioral-authentication"];
    for (const engine of others) {
      assert.ok(!pod(own, engine).volumes.some(({ name }) => name === "root-key"), engine);
    }
  });

  it("gives replicas one key to sign with, which they can read as such", async () => {
    const recording = await make({});
    const kinds = [
      ["zero-trust-gateway", "MNO_ZTG_ASSERTION_KEY_FILE", "ed25519"],
      ["threat-detection", "MNO_TD_SIGNING_KEY_FILE", "ml-dsa-65"],
      ["security-intelligence", "MNO_SI_SIGNING_KEY_FILE", "ml-dsa-65"],
    ] as const;
    for (const [engine, key, kind] of kinds) {
      const { containers, volumes } = pod(recording, engine);
      const folder = dirname(variable(recording, engine, key)?.value ?? "");
      const mount = containers[0]?.volumeMounts.find(({ mountPath }) => mountPath === folder);
      assert.ok(
        volumes.some(({ name, secret }) => name === mount?.name && secret),
        engine,
      );
      const seed = Buffer.alloc(32, 7).toString("base64");
      assert.equal(createPrivateKey(privateKeyPem(kind, seed)).asymmetricKeyType, kind);
    }
  });

  it("names what is wrong with routes, all at once", () => {
    const fields = (routes: object[]) =>
      validateRoutes(routes.map((each) => ({ ...ROUTE, ...each }))).map(({ field }) => field);
    assert.deepEqual(fields([{}]), []);
    assert.deepEqual(fields([{}, {}]), ["routes"]);
    assert.deepEqual(fields([{ name: "Orders", pathPrefix: "v1" }]), ["routes[0].name", "routes[0].pathPrefix"]);
    for (const upstreamUrl of ["orders:8080", "http://orders/v1", "http://user:secret@orders"]) {
      assert.deepEqual(fields([{ upstreamUrl }]), ["routes[0].upstreamUrl"]);
    }
    assert.deepEqual(fields([{ maximumContentBytes: -1 }]), ["routes[0].maximumContentBytes"]);
  });
});
