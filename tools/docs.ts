import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TObject, TSchema } from "@sinclair/typebox";
import { ERRORS } from "../runtime/exports";
import { KERNEL_CONFIGURATION } from "../runtime/kernel/config";
import { EVENT_SCHEMAS } from "../runtime/kernel/events/catalogue";
import { autoScalingEngine } from "../runtime/scalability/auto-scaling-engine/agent";
import { elasticResourceManager } from "../runtime/scalability/elastic-resource-manager/agent";
import { globalLoadBalancer } from "../runtime/scalability/global-load-balancer/agent";
import { performanceOptimizer } from "../runtime/scalability/performance-optimizer/agent";
import { resourcePoolManager } from "../runtime/scalability/resource-pool-manager/agent";
import { carbonMonitor } from "../runtime/sustainability/carbon-monitor/agent";
import { energyOptimizer } from "../runtime/sustainability/energy-optimizer/agent";
import { greenScheduler } from "../runtime/sustainability/green-scheduler/agent";
import { sustainabilityReporter } from "../runtime/sustainability/sustainability-reporter/agent";
import { behavioralAuthentication } from "../runtime/security/behavioral-authentication/agent";
import { quantumCryptography } from "../runtime/security/quantum-cryptography/agent";
import { securityIntelligence } from "../runtime/security/security-intelligence/agent";
import { threatDetection } from "../runtime/security/threat-detection/agent";
import { zeroTrustGateway } from "../runtime/security/zero-trust-gateway/agent";
import { ROOT } from "./paths";

/** Reference pages written from the code (`npm run docs`); a test fails where a page and the code differ. */
export const PAGES: Record<string, () => string> = {
  "docs/configuration.md": configurationPage,
  "docs/errors.md": errorsPage,
  "docs/events.md": eventsPage,
};

const GENERATED = "<!-- Written by `npm run docs` from the code. -->\n";

function configurationPage(): string {
  const sections: [string, TObject][] = [
    ["Every agent", KERNEL_CONFIGURATION],
    ["Elastic resource manager", elasticResourceManager.configuration],
    ["Auto-scaling engine", autoScalingEngine.configuration],
    ["Global load balancer", globalLoadBalancer.configuration],
    ["Resource pool manager", resourcePoolManager.configuration],
    ["Performance optimizer", performanceOptimizer.configuration],
    ["Carbon monitor", carbonMonitor.configuration],
    ["Green scheduler", greenScheduler.configuration],
    ["Energy optimizer", energyOptimizer.configuration],
    ["Sustainability reporter", sustainabilityReporter.configuration],
    ["Quantum cryptography", quantumCryptography.configuration],
    ["Threat detection", threatDetection.configuration],
    ["Behavioral authentication", behavioralAuthentication.configuration],
    ["Zero-trust gateway", zeroTrustGateway.configuration],
    ["Security intelligence", securityIntelligence.configuration],
  ];
  const body = sections.map(([title, schema]) => {
    const rows = Object.entries(schema.properties).map(([key, property]) => {
      const fallback =
        property.default === undefined
          ? schema.required?.includes(key)
            ? "required"
            : "none"
          : code(property.default);
      return `| \`${key}\` | ${typeOf(property)} | ${fallback} | ${property.description ?? ""} |`;
    });
    return `## ${title}\n\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `${GENERATED}
# Configuration

An agent reads its environment, and one JSON file named by \`MNO_CONFIG_FILE\`; the environment wins. Faults are reported all at
once, by key, before anything starts; values are never printed.

${body.join("\n")}`;
}

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([key, { status, title }]) => `| \`${key}\` | ${String(status)} | ${title} |`,
  );
  return `${GENERATED}
# Errors

Over HTTP every error is a problem document (RFC 9457) with one of these codes; a code keeps its meaning for ever.

| code | HTTP status | title |
| --- | --- | --- |
${rows.join("\n")}
`;
}

function eventsPage(): string {
  const types = Object.entries(EVENT_SCHEMAS).map(([type, schema]) => {
    const rows = Object.entries(schema.properties as Record<string, TSchema>).map(
      ([name, property]) => `| \`${name}\` | ${typeOf(property)} | ${property.description ?? ""} |`,
    );
    return `## ${type}\n\n| member of data | type | meaning |\n| --- | --- | --- |\n${rows.join("\n")}\n`;
  });
  return `${GENERATED}
# Events

CloudEvents 1.0 with the distributed-tracing extension. Events of one \`subject\` reach a consumer in order.
An event that an engine could not handle is set aside: \`GET /<engine>/v1/dead-letters\` lists them, and \`POST
/<engine>/v1/dead-letters/{id}/redrive\` delivers one again. While infrastructure is away, events wait instead.

${types.join("\n")}`;
}

function typeOf(schema: TSchema): string {
  const alternatives = schema.anyOf as TSchema[] | undefined;
  if (alternatives) return alternatives.map(typeOf).join(" or ");
  if (schema.const !== undefined) return code(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map(code).join(" or ");
  if (schema.type === "array") return `list of ${typeOf(schema.items as TSchema)}`;
  return (schema.format as string | undefined) ?? (schema.type as string | undefined) ?? "any";
}

function code(value: unknown): string {
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

if (require.main === module) {
  for (const [path, render] of Object.entries(PAGES)) {
    const file = join(ROOT, path);
    const text = render();
    let before = "";
    try {
      before = readFileSync(file, "utf8");
    } catch {
      // a new page
    }
    if (before !== text) writeFileSync(file, text);
    process.stdout.write(`${path}: ${before === text ? "as it was" : "written"}\n`);
  }
}
