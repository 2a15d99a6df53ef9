import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../tools/reachability/command";
import { evaluate } from "../../../tools/reachability/evaluate";
import { differences } from "../../../tools/reachability/golden";
import { isPrivate } from "../../../tools/reachability/external";
import { readManifests } from "../../../tools/reachability/read";
import { goldenLines, renderTable } from "../../../tools/reachability/table";
import { deployment, manifests } from "./support";

const FIXTURES = join(__dirname, "fixtures");
const SHOP = join(FIXTURES, "shop");
const GOLDEN = join(FIXTURES, "shop.golden");

function reachability(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const status = run(args, { out: (text) => (stdout += text), error: (text) => (stderr += text) });
  return { status, stdout, stderr };
}

describe("reachability: the table", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "reachability-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("shows who reaches whom, on which ports, by which rule", () => {
    const text = renderTable(evaluate(readManifests([SHOP])));
    assert.match(text, /^1 monitoring\/prometheus +#\* +\. +\. +\.$/m);
    assert.match(text, /^4 shop\/web +\. +\. +# +\.$/m);
    assert.match(
      text,
      /^shop\/web -> shop\/db +5432\/TCP postgres +allowed +egress: shop\/web egress\[0\]; ingress: shop\/db ingress\[0\]; mesh: shop\/db-from-web\[0\]/m,
    );
    assert.match(
      text,
      /^shop\/backup -> shop\/db +5432\/TCP postgres +denied +mesh: no ALLOW rule matches cluster.local\/ns\/shop\/sa\/backup/m,
    );
    assert.match(text, /^ {2}NetworkPolicy shop\/db ingress\[1\] finds no workload: unused$/m);
    assert.match(text, /^ {2}monitoring\/prometheus is not isolated for ingress and egress$/m);
  });

  it("shows the ways out and in", () => {
    const lines = goldenLines(evaluate(readManifests([SHOP])));
    const line = (start: string): string | undefined => lines.find((candidate) => candidate.startsWith(start));
    assert.match(
      line("shop/web -> DNS") ?? "",
      /53\/TCP dns-tcp, 53\/UDP dns \| allowed \| egress: shop\/dns egress\[0\]/,
    );
    assert.match(
      line("shop/web -> internet | 443/TCP") ?? "",
      /conditional .* if address in 0.0.0.0\/0 except 10.0.0.0\/8$/,
    );
    assert.match(line("shop/backup -> private addresses | 9000-9005/TCP") ?? "", /if address in 192.168.7.0\/24$/);
    assert.match(line("shop/db -> internet") ?? "", /any port \| denied/);
    assert.match(line("shop/db -> kubernetes API") ?? "", /443\/TCP, 6443\/TCP \| denied/);
    assert.match(line("internet -> shop/web | 8080/TCP http") ?? "", /denied \| mesh: STRICT mTLS/);
    assert.match(line("internet -> monitoring/prometheus") ?? "", /every port \| allowed/);
  });

  it("equals its golden file, exits 1 with what differs, and accepts it by --update", () => {
    const golden = join(folder, "shop.golden");
    copyFileSync(GOLDEN, golden);
    const same = reachability(SHOP, "--golden", golden);
    assert.deepEqual([same.status, same.stderr], [0, `As in ${golden}\n`]);

    const hole = join(folder, "hole.yaml");
    writeFileSync(
      hole,
      `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: hole, namespace: shop }
spec: { rules: [{ from: [{ source: { namespaces: [shop] } }] }] }
`,
    );
    const differs = reachability(SHOP, hole, "--golden", golden);
    assert.equal(differs.status, 1);
    assert.match(differs.stderr, /^- shop\/backup -> shop\/db \| 5432\/TCP postgres \| denied/m);
    assert.match(
      differs.stderr,
      /^\+ shop\/backup -> shop\/db \| 5432\/TCP postgres \| allowed \| .*mesh: shop\/hole\[0\]$/m,
    );
    assert.equal(reachability(SHOP, hole, "--golden", golden, "--update").status, 0);
    assert.equal(reachability(SHOP, hole, "--golden", golden).status, 0);
    assert.notEqual(readFileSync(golden, "utf8"), readFileSync(GOLDEN, "utf8"));
  });

  it("prints JSON, and refuses a bad command line or manifest", () => {
    const { workloads } = JSON.parse(reachability(SHOP, "--json").stdout) as { workloads: string[] };
    assert.deepEqual(workloads, ["monitoring/prometheus", "shop/backup", "shop/db", "shop/web"]);
    const gone = reachability(join(folder, "gone"));
    assert.equal(gone.status, 2);
    assert.match(gone.stderr, /MNO_COMMAND_LINE_INVALID: .*gone cannot be read/);
    const broken = join(folder, "broken.yaml");
    writeFileSync(broken, "kind: [");
    assert.match(reachability(broken).stderr, /MNO_MANIFEST_INVALID: .*broken.yaml/);
  });

  it("brings the old and the new answer to one question together", () => {
    assert.deepEqual(differences(["a | 1 | x", "b | 1 | x"], ["a | 1 | y", "b | 1 | x", "c | 1 | x"]), [
      "- a | 1 | x",
      "+ a | 1 | y",
      "+ c | 1 | x",
    ]);
  });

  it("tells addresses for private use from the rest", () => {
    for (const cidr of ["10.1.0.0/16", "172.31.0.0/16", "192.168.0.0/16", "169.254.169.254/32", "fd00::/8"]) {
      assert.equal(isPrivate(cidr), true, cidr);
    }
    for (const cidr of ["0.0.0.0/0", "10.0.0.0/7", "172.32.0.0/16", "203.0.113.0/24", "2001:db8::/32", "::/0"]) {
      assert.equal(isPrivate(cidr), false, cidr);
    }
  });

  it("warns of what it does not judge and of what has no effect", () => {
    const text = `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: { name: cnp, namespace: shop }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: lost, namespace: shop }
spec: { podSelector: { matchLabels: { app: gone } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: out, namespace: shop }
spec: { podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }] }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: a, namespace: shop }
spec: { rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/gone] } }] }] }
`;
    assert.deepEqual(evaluate([deployment("shop/web"), ...manifests(text)]).warnings, [
      "AuthorizationPolicy shop/a selects only workloads that are not in Istio's mesh: no effect",
      "AuthorizationPolicy shop/a[0] names cluster.local/ns/shop/sa/gone, which is no workload's: unused",
      "CiliumNetworkPolicy cnp is not judged: the table may be wrong where it applies",
      "NetworkPolicy shop/lost selects no workload",
      "NetworkPolicy shop/out egress[0] names every address: some CNIs (Calico) let it admit pods too",
      "shop/web is not isolated for ingress",
    ]);
  });

  it("judges 100 workloads under 300 policies within 2 s", () => {
    const workloads = Array.from({ length: 100 }, (_, index) =>
      deployment(`ns${String(index % 10)}/w${String(index)}`, { labels: { "sidecar.istio.io/inject": "true" } }),
    );
    const policies = Array.from({ length: 100 }, (_, index) => {
      const app = `w${String(index)}`;
      const metadata = { name: app, namespace: `ns${String(index % 10)}` };
      const peer = { namespaceSelector: {}, podSelector: { matchLabels: { app: `w${String((index * 7) % 100)}` } } };
      const ports = [{ port: 80 }, { port: 8000 + index }];
      const podSelector = { matchLabels: { app } };
      const policy = (name: string, spec: object) => ({
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { ...metadata, name },
        spec: { podSelector, ...spec },
      });
      const source = {
        principals: [`cluster.local/ns/ns${String((index * 7) % 10)}/sa/w${String((index * 7) % 100)}`],
      };
      return [
        policy(`${app}-in`, { ingress: [{ from: [peer], ports }] }),
        policy(`${app}-out`, { policyTypes: ["Egress"], egress: [{ to: [peer], ports }] }),
        {
          apiVersion: "security.istio.io/v1",
          kind: "AuthorizationPolicy",
          metadata,
          spec: { selector: podSelector, rules: [{ from: [{ source }], to: [{ operation: { ports: ["80"] } }] }] },
        },
      ];
    }).flat();
    const started = performance.now();
    const result = evaluate([...workloads, ...policies]);
    const elapsedMs = performance.now() - started;
    assert.equal(result.pairs.length, 10_000);
    assert.ok(elapsedMs < 2000, `took ${String(Math.round(elapsedMs))} ms`);
  });
});
