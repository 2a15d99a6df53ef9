/** What the estimates take from the configuration, and the tables with it laid over them. */
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import { PUBLISHED, type Factors } from "./factors";
import { INTENSITIES_SCHEMA, SIGNAL_SCHEMA, intensityOf, type GivenIntensity, type Signal } from "./intensity";

/** Power of a machine type that the tables lack or have wrong. */
export interface GivenMachine {
  /** Watts of the whole machine, at its highest load. */
  watts: number;
  year: number;
  source: string;
}

export interface EstimateConfig {
  /** Zone or region of local and Kubernetes workloads. */
  zone?: string;
  signal: Signal;
  intensities: Record<string, GivenIntensity>;
  machines: Record<string, GivenMachine>;
  /** CPU utilisation assumed, 0 to 1. */
  utilisation: number;
  /** Measured watts of one core, where known. */
  wattsPerCore?: number;
  /** Watts of one graphics processor that a pod requests, where known. */
  wattsPerGpu?: number;
  /** Power usage effectiveness of wherever the workloads run. */
  pue?: number;
  /** Replicas assumed where an autoscaler or a DaemonSet sets no bound. */
  assumedMaximumReplicas: number;
  /** Gigabytes assumed of a bucket, and of a volume that names no size. */
  assumedGigabytes: number;
  /** gCO2e a month of each resource of a type that has no estimate. */
  assumedGramsPerMonth: Record<string, number>;
}

export const ESTIMATE_SCHEMA: Readonly<Record<keyof EstimateConfig, PolicyConfigJSONSchema>> = {
  zone: {
    type: "string",
    minLength: 1,
    description: "Zone of local and Kubernetes workloads, as a region of the table or a key of intensities.",
  },
  signal: SIGNAL_SCHEMA,
  intensities: INTENSITIES_SCHEMA,
  machines: {
    type: "object",
    default: {},
    description: "Power of machine types that the tables lack: {watts (at the highest load), year, source} by type.",
    additionalProperties: {
      type: "object",
      properties: {
        watts: { type: "number", exclusiveMinimum: 0 },
        year: { type: "integer", minimum: 2000 },
        source: { type: "string", minLength: 1 },
      },
      required: ["watts", "year", "source"],
      additionalProperties: false,
    },
  },
  utilisation: {
    type: "number",
    minimum: 0,
    maximum: 1,
    default: 0.5,
    description: "CPU utilisation assumed, 0 to 1.",
  },
  wattsPerCore: {
    type: "number",
    exclusiveMinimum: 0,
    description: "Measured watts of one core; default: mean of the table.",
  },
  wattsPerGpu: {
    type: "number",
    exclusiveMinimum: 0,
    description:
      "Watts of one graphics processor that a pod requests; without it such a pod has no bound and is refused.",
  },
  pue: {
    type: "number",
    minimum: 1,
    description: "Power usage effectiveness; default AWS 1.135, Azure 1.125, Google 1.1, elsewhere the highest known.",
  },
  assumedMaximumReplicas: {
    type: "integer",
    minimum: 1,
    default: 10,
    description: "Replicas counted where an autoscaler declares no maximum, and nodes counted for a DaemonSet.",
  },
  assumedGigabytes: {
    type: "number",
    exclusiveMinimum: 0,
    default: 1000,
    description: "Gigabytes counted for a bucket, and for a volume that names no size.",
  },
  assumedGramsPerMonth: {
    type: "object",
    default: {},
    description:
      "gCO2e a month of each resource of a type that has no estimate, by type token: an upper bound of your own.",
    additionalProperties: { type: "number", minimum: 0 },
  },
};

/** The tables with what the configuration knows better. */
export function configuredFactors(config: EstimateConfig, tables: Factors = PUBLISHED): Factors {
  const { intensities, machines, pue } = config;
  return {
    ...tables,
    machine: (provider, type) => {
      const given = Object.hasOwn(machines, type) ? machines[type]! : undefined;
      return given
        ? { watts: () => given.watts, method: `as configured, ${given.source}, ${given.year}`, errorShare: 0 }
        : tables.machine(provider, type);
    },
    pue: (provider, region) => pue ?? tables.pue(provider, region),
    intensity: (region) => intensityOf(region, intensities, (zone) => tables.intensity(zone)),
  };
}
