import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { metadata } from "../metadata";
import type { ServiceMeshArgs } from "./types";

/** One certificate whose end is watched. */
export interface WatchedCertificate {
  /** Name of the alert. */
  alert: string;
  /** What ends, for people. */
  what: string;
  /** PromQL for the seconds left. */
  secondsLeft: pulumi.Input<string>;
}

const DAY = 86_400;
/** When somebody looks, and when somebody is woken. A root takes weeks to replace without an outage. */
const LEVELS = [
  { severity: "warning", days: 60 },
  { severity: "critical", days: 14 },
];

/** Alerts long before a certificate that all identities hang on ends: when it does, every connection in the mesh fails at once. */
export function alarmOnExpiry(
  name: string,
  namespace: string,
  certificates: readonly WatchedCertificate[],
  args: ServiceMeshArgs,
  opts: pulumi.ResourceOptions,
): void {
  const { labels, runbookUrl } = args;
  const runbook = runbookUrl && { runbook_url: pulumi.interpolate`${runbookUrl}/service-mesh.md#certificates` };
  new k8s.apiextensions.CustomResource(
    `${name}-certificates`,
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: metadata(`${name}-certificates`, { component: name, namespace, labels }),
      spec: {
        groups: [
          {
            name: `${name}-certificates`,
            rules: certificates.flatMap(({ alert, what, secondsLeft }) =>
              LEVELS.map(({ severity, days }) => ({
                alert,
                expr: pulumi.interpolate`${secondsLeft} < ${days * DAY}`,
                for: "15m",
                labels: { severity },
                annotations: {
                  summary: `${what} ends in less than ${String(days)} days; when it does, every connection in the mesh fails.`,
                  ...runbook,
                },
              })),
            ),
          },
        ],
      },
    },
    opts,
  );
}
