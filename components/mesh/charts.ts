import { join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { MeshChartsArgs } from "./types";

/** A vendor's charts: where they are published, and how the source tree names their folders. */
export interface ChartCatalogue {
  repository: string;
  version: string;
  folders: Readonly<Record<string, string>>;
}

export interface ChartRequest {
  /** Name in the repository. */
  chart: string;
  /** Logical name of the resource. */
  name: string;
  /** Name of the Helm release. */
  release: string;
  namespace: pulumi.Input<string>;
  values: Record<string, unknown>;
  /** false: its pods are not waited for. */
  wait: boolean;
}

/** Installs one chart of a vendor, from its repository or from a folder. */
export function installChart(
  catalogue: ChartCatalogue,
  source: MeshChartsArgs,
  { chart, name, release, namespace, values, wait }: ChartRequest,
  opts: pulumi.ComponentResourceOptions,
): k8s.helm.v4.Chart {
  const from =
    source.directory === undefined
      ? {
          chart,
          version: source.version ?? catalogue.version,
          repositoryOpts: { repo: source.repository ?? catalogue.repository },
        }
      : { chart: join(source.directory, catalogue.folders[chart] ?? chart) };
  return new k8s.helm.v4.Chart(name, { ...from, name: release, namespace, values, skipAwait: !wait }, opts);
}
