/** Cloud resources: where they are, what they take, and which of them use power that the pack cannot account for. */
import type { Resource } from "../../shared/rule";
import type { Provider } from "../factors";
import { AWS_READERS, LAUNCH_TEMPLATE_KIND } from "./aws";
import { AZURE_READERS } from "./azure";
import type { Demand, Reader, Surroundings } from "./demand";
import { GCP_READERS } from "./gcp";

export type { Demand, Surroundings };

const READERS: Readonly<Record<string, Reader>> = { ...AWS_READERS, ...GCP_READERS, ...AZURE_READERS };

/** The kinds with an estimate. */
export const CLOUD_KINDS: readonly string[] = Object.keys(READERS);

/** Those that hold data and run no machine. */
const STORAGE_KINDS: readonly string[] = [
  "aws:ebs/volume:Volume",
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketV2:BucketV2",
  "gcp:compute/disk:Disk",
  "gcp:storage/bucket:Bucket",
];

/** The kinds that run machines of a type. */
export const MACHINE_KINDS: readonly string[] = CLOUD_KINDS.filter((kind) => !STORAGE_KINDS.includes(kind));

/** Templates that others take their machine type from. */
export const TEMPLATE_KINDS: readonly string[] = [
  LAUNCH_TEMPLATE_KIND,
  "gcp:compute/instanceTemplate:InstanceTemplate",
  "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
];

/** Types that use power and that nothing in their inputs bounds. Listed so that a total never hides them. */
const WITHOUT_ESTIMATE = new Set([
  "aws:apprunner/service:Service",
  "aws:batch/computeEnvironment:ComputeEnvironment",
  "aws:docdb/clusterInstance:ClusterInstance",
  "aws:dynamodb/table:Table",
  "aws:ec2/fleet:Fleet",
  "aws:ec2/spotFleetRequest:SpotFleetRequest",
  "aws:ecs/service:Service",
  "aws:efs/fileSystem:FileSystem",
  "aws:eks/fargateProfile:FargateProfile",
  "aws:emr/cluster:Cluster",
  "aws:kinesis/stream:Stream",
  "aws:lambda/function:Function",
  "aws:mq/broker:Broker",
  "aws:msk/cluster:Cluster",
  "aws:neptune/clusterInstance:ClusterInstance",
  "aws:redshift/cluster:Cluster",
  "aws:sagemaker/endpoint:Endpoint",
  "aws:sagemaker/notebookInstance:NotebookInstance",
  "azure-native:app:ContainerApp",
  "azure-native:containerinstance:ContainerGroup",
  "azure-native:dbforpostgresql:Server",
  "azure-native:documentdb:DatabaseAccount",
  "azure-native:sql:Database",
  "azure-native:storage:StorageAccount",
  "azure-native:web:AppServicePlan",
  "gcp:alloydb/instance:Instance",
  "gcp:cloudfunctionsv2/function:Function",
  "gcp:cloudrunv2/job:Job",
  "gcp:cloudrunv2/service:Service",
  "gcp:dataproc/cluster:Cluster",
  "gcp:filestore/instance:Instance",
  "gcp:redis/instance:Instance",
  "gcp:spanner/instance:Instance",
]);

const AUTOSCALER_TYPE = /:(?:Region)?Autoscaler$/;

export function usesUnaccountedPower(type: string): boolean {
  return WITHOUT_ESTIMATE.has(withoutVersion(type));
}

/** What the resource takes; undefined for kinds without a reader and for what uses no power of its own. */
export function demandOf(resource: Resource, around: Surroundings): ReturnType<Reader> {
  return READERS[withoutVersion(resource.type)]?.(resource, around);
}

export function surroundings(resources: readonly Resource[], assumedGigabytes: number): Surroundings {
  return {
    templates: resources.filter(({ type }) => TEMPLATE_KINDS.includes(type)),
    autoscalers: resources.filter(({ type }) => AUTOSCALER_TYPE.test(type)),
    assumedGigabytes,
  };
}

export function providerOf(type: string): Provider | undefined {
  if (type.startsWith("aws:")) return "aws";
  if (type.startsWith("gcp:")) return "gcp";
  return type.startsWith("azure:") || type.startsWith("azure-native:") ? "azure" : undefined;
}

/** Region of a cloud resource: its own, else its provider's; undefined for others and for global resources. */
export function regionOf({ type, props, provider }: Resource): string | undefined {
  const settings = provider?.props ?? {};
  switch (providerOf(type)) {
    case "aws":
      return (
        text(props["region"]) ?? withoutZone(text(props["availabilityZone"]), /[a-z]$/) ?? text(settings["region"])
      );
    case "gcp": {
      const place = text(props["region"]) ?? text(props["location"]) ?? text(props["zone"]) ?? text(settings["region"]);
      return withoutZone(place?.toLowerCase(), /-[a-z]$/);
    }
    case "azure":
      return (text(props["location"]) ?? text(settings["location"]))?.toLowerCase().replaceAll(" ", "");
    case undefined:
      return undefined;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** eu-central-1a is in eu-central-1, europe-west3-b in europe-west3. */
function withoutZone(place: string | undefined, suffix: RegExp): string | undefined {
  return place?.replace(suffix, "");
}

/** The type token without the API version that the native Azure provider may put in. */
export function withoutVersion(type: string): string {
  return type.replace(/^(azure-native:[a-z]+)\/[^:]+:/, "$1:");
}
