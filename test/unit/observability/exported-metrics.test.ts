import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { FABRICS } from "../../../components/observability/fabrics";
import { ERRORS } from "../../../runtime/exports";
import { systemClock } from "../../../runtime/kernel/clock";
import { KERNEL_CONFIGURATION } from "../../../runtime/kernel/config";
import type { AgentDefinition } from "../../../runtime/kernel/lifecycle/agent";
import { Host } from "../../../runtime/kernel/lifecycle/host";
import { autoScalingEngine } from "../../../runtime/scalability/auto-scaling-engine/agent";
import { elasticResourceManager } from "../../../runtime/scalability/elastic-resource-manager/agent";
import { globalLoadBalancer } from "../../../runtime/scalability/global-load-balancer/agent";
import { performanceOptimizer } from "../../../runtime/scalability/performance-optimizer/agent";
import { resourcePoolManager } from "../../../runtime/scalability/resource-pool-manager/agent";
import { behavioralAuthentication } from "../../../runtime/security/behavioral-authentication/agent";
import { quantumCryptography } from "../../../runtime/security/quantum-cryptography/agent";
import { securityIntelligence } from "../../../runtime/security/security-intelligence/agent";
import { threatDetection } from "../../../runtime/security/threat-detection/agent";
import { zeroTrustGateway } from "../../../runtime/security/zero-trust-gateway/agent";
import { carbonMonitor } from "../../../runtime/sustainability/carbon-monitor/agent";
import { energyOptimizer } from "../../../runtime/sustainability/energy-optimizer/agent";
import { greenScheduler } from "../../../runtime/sustainability/green-scheduler/agent";
import { sustainabilityReporter } from "../../../runtime/sustainability/sustainability-reporter/agent";
import { eventually, freePort } from "../../support/platform";
import { groupingOf, selectorsOf } from "../../support/promql";
import { TestSupervisor } from "../../support/supervisor";

const DOCS = join(__dirname, "..", "..", "..", "docs");
/** Pages that tell how engines are used, below docs/. */
const pages = (): string[] => [
  ...["runbooks", "engines"].flatMap((folder) => readdirSync(join(DOCS, folder)).map((file) => join(folder, file))),
  "scalability.md",
  "sustainability.md",
  "security.md",
];

const AGENTS: readonly AgentDefinition[] = [
  elasticResourceManager,
  autoScalingEngine,
  globalLoadBalancer,
  resourcePoolManager,
  performanceOptimizer,
  carbonMonitor,
  greenScheduler,
  energyOptimizer,
  sustainabilityReporter,
  quantumCryptography,
  threatDetection,
  behavioralAuthentication,
  zeroTrustGateway,
  securityIntelligence,
];

/** Labels that Prometheus puts on everything it scrapes in Kubernetes, and `le` of every histogram. */
const OF_THE_SCRAPE = ["namespace", "pod", "instance", "job"];

/** What dashboards and alerts name is exported by a runtime with all its engines, with those labels. */
describe("metrics named by dashboards and alerts", function () {
  this.timeout(60_000);
  const supervisor = new TestSupervisor();
  const state = mkdtempSync(join(tmpdir(), "mno-metrics-"));
  /** Metric -> its labels, as the registry of the host has them. */
  const exported = new Map<string, string[]>();
  let host: Host;
  let url: string;

  before(async () => {
    await supervisor.start();
    const port = await freePort();
    host = new Host({
      target: "all",
      version: "0.0.0",
      agents: AGENTS,
      configuration: {
        environment: {
          MNO_STATE_DIR: state,
          MNO_HTTP_PORT: String(port),
          MNO_CLUSTER_URL: `local:${supervisor.directory}`,
        },
        file: {},
      },
      log: () => pino({ enabled: false }),
      clock: systemClock,
      random: () => 0.5,
    });
    url = await host.start();
    await eventually("the engines are ready", 40, async () =>
      (await fetch(`${url}/readyz`)).status === 200 ? true : undefined,
    );
    const page = await (await fetch(`${url}/metrics`)).text();
    for (const metric of host["metrics"].registry.getMetricsAsArray()) {
      const {
        name,
        labelNames = [],
        type,
      } = metric as unknown as { name: string; labelNames?: string[]; type: string };
      assert.ok(page.includes(`# TYPE ${name} `), `${name} is not on the page`);
      const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
      for (const suffix of suffixes) {
        exported.set(name + suffix, suffix === "_bucket" ? [...labelNames, "le"] : [...labelNames]);
      }
    }
  });

  after(async () => {
    await host.drain();
    await supervisor.close();
    rmSync(state, { recursive: true, force: true });
  });

  for (const { title, sections, alerts } of FABRICS) {
    const named = [
      ...sections.flatMap(({ panels }) =>
        panels.flatMap((panel) => panel.queries.map(({ expression }) => ({ of: `panel ${panel.title}`, expression }))),
      ),
      ...alerts.map(({ name, expression }) => ({ of: `alert ${name}`, expression })),
    ];
    it(`${title}: all ${String(named.length)} expressions`, () => {
      for (const { of, expression } of named) {
        const selectors = selectorsOf(expression);
        assert.ok(selectors.length > 0, `${of} names no metric`);
        const known = new Set(OF_THE_SCRAPE);
        for (const { metric, labels } of selectors) {
          const own = exported.get(metric);
          assert.ok(own, `${of} names ${metric}, which nothing exports`);
          for (const label of own) known.add(label);
          for (const label of labels) {
            assert.ok(
              [...own, ...OF_THE_SCRAPE].includes(label),
              `${of} matches ${metric} by ${label}, of ${own.join(", ")}`,
            );
          }
        }
        for (const label of groupingOf(expression)) assert.ok(known.has(label), `${of} groups by ${label}`);
      }
    });
  }

  it("runbooks and engine pages name routes, metrics and configuration that there are", async () => {
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, unknown> };
    const routes = [...Object.keys(paths), "/", "/healthz", "/readyz", "/metrics"];
    const engines = [...new Set(Object.keys(paths).map((path) => path.split("/")[1]))];
    // `<engine>` and `<consumer>` stand for any engine, other words in angle brackets for one path segment.
    const pattern = (path: string): RegExp =>
      new RegExp(
        `^${path.replace(/<(engine|consumer)>/g, `(${engines.join("|")})`).replace(/<[a-zA-Z]+>/g, "[^/]+")}$`,
      );
    const isThere = (asked: string): boolean =>
      routes.some((route) => {
        const any = new RegExp(`^${route.replace(/\{[^}]+\}/g, "[^/]+")}$`);
        // What follows a base that a page keeps in a variable is not seen here.
        return pattern(asked).test(route) || any.test(asked) || route.startsWith(`${asked}/`);
      });
    const keys = [KERNEL_CONFIGURATION, ...AGENTS.map(({ configuration }) => configuration)].flatMap((schema) =>
      Object.keys(schema.properties),
    );
    for (const file of pages()) {
      const page = readFileSync(join(DOCS, file), "utf8");
      for (const [, asked = "/"] of page.matchAll(/localhost:4600(\/[^\s'"?`]*)/g)) {
        assert.ok(isThere(asked), `${file} asks for ${asked}, which is not there`);
      }
      for (const [name] of page.matchAll(/\bmno_[a-z0-9_]+/g)) {
        const there = [...exported.keys()].some((metric) => metric === name || metric.startsWith(`${name}_`));
        assert.ok(there || name.endsWith("_"), `${file} names ${name}, which nothing exports`);
      }
      for (const [name] of page.matchAll(/\bMNO_[A-Z0-9_]+/g)) {
        assert.ok(
          keys.includes(name) || name in ERRORS || name.endsWith("_"),
          `${file} names ${name}, which is neither a key nor a code`,
        );
      }
    }
  });
});
