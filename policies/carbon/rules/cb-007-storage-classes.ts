import type { Resource, StackRule } from "../../shared/rule";
import { guarded, knownOr, type Finding } from "../../shared/unknown";

interface Config {
  supersededTypes: string[];
  maximumReplicas: number;
}

const STORAGE_CLASS_TYPE = /^kubernetes:storage\.k8s\.io\/v[0-9a-z]+:StorageClass$/;
/** Buckets, and the resources that may carry their lifecycle rules. */
const BUCKET_KINDS: readonly string[] = [
  "aws:s3/bucket:Bucket",
  "aws:s3/bucketV2:BucketV2",
  "gcp:storage/bucket:Bucket",
];
const LIFECYCLE_TYPE = /^aws:s3\/bucketLifecycleConfiguration(?:V2)?:/;
/** How drivers name the number of copies: Longhorn, Portworx, OpenEBS and others. */
const REPLICA_PARAMETERS = ["numberOfReplicas", "repl", "replicaCount", "replicationFactor"] as const;

interface BlockDevice {
  volumeType?: string;
}

export const storageClasses: StackRule<Config> = {
  scope: "stack",
  id: "CB-007",
  name: "storage-classes",
  title: "Storage is of a current class, expires, and is not kept more often than needed",
  severity: "low",
  enforcement: "mandatory",
  frameworks: [
    { name: "Green Software Patterns", version: "2023", clause: "Set storage retention policies" },
    { name: "AWS Well-Architected Sustainability Pillar", version: "2024", clause: "SUS04-BP03, SUS04-BP05" },
  ],
  card: {
    rule: "No superseded volume type, no bucket without a lifecycle rule, no more copies than the limit.",
    why: "gp2 ties speed to size, so that terabytes are provisioned for their speed alone; what nothing deletes is kept for ever, and each copy costs the same again.",
    avoid: "gp2, io1, standard; a bucket without lifecycle rules; numberOfReplicas: 5",
    prefer: "gp3; lifecycleRules that move and expire; three copies",
  },
  remediation:
    "Take gp3 (io2 for the fastest), add lifecycle rules to the bucket, lower the copies or raise maximumReplicas as a decision of its own.",
  config: {
    supersededTypes: {
      type: "array",
      items: { type: "string" },
      default: ["gp2", "io1", "standard"],
      description: "Volume types that are refused.",
    },
    maximumReplicas: {
      type: "integer",
      minimum: 1,
      default: 3,
      description: "Most copies that a storage class may keep of a volume.",
    },
  },
  kinds: [
    "aws:ebs/volume:Volume",
    "aws:ec2/instance:Instance",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:rds/instance:Instance",
    "aws:opensearch/domain:Domain",
    "kubernetes:StorageClass",
    ...BUCKET_KINDS,
  ],
  *evaluate(resources, { config }) {
    for (const resource of resources) {
      const { urn } = resource;
      yield* guarded(urn, function* () {
        for (const type of volumeTypes(resource)) {
          if (config.supersededTypes.includes(type))
            yield {
              urn,
              message: `${resource.name} has the volume type ${type}; its successor is ${type === "io1" ? "io2" : "gp3"}.`,
            };
        }
      });
      yield* guarded(urn, () => copyFaults(resource, config));
      yield* guarded(urn, function* () {
        if (BUCKET_KINDS.includes(resource.type) && !expires(resource, resources))
          yield { urn, message: `${resource.name} has no lifecycle rule, so it keeps everything for ever.` };
      });
    }
  },
};

function* volumeTypes({ type, props }: Resource): Iterable<string> {
  const read = (value: unknown): string[] => (typeof value === "string" ? [value] : []);
  if (type === "aws:ebs/volume:Volume") yield* read(props["type"]);
  if (type === "aws:rds/instance:Instance") yield* read(props["storageType"]);
  if (type === "aws:opensearch/domain:Domain")
    yield* read((props["ebsOptions"] as BlockDevice | undefined)?.volumeType);
  if (STORAGE_CLASS_TYPE.test(type)) yield* read((props["parameters"] as { type?: string } | undefined)?.type);
  if (type === "aws:ec2/instance:Instance") {
    const { rootBlockDevice, ebsBlockDevices } = props as {
      rootBlockDevice?: BlockDevice;
      ebsBlockDevices?: readonly BlockDevice[];
    };
    for (const device of [rootBlockDevice ?? {}, ...(ebsBlockDevices ?? [])]) yield* read(device.volumeType);
  }
  if (type === "aws:ec2/launchTemplate:LaunchTemplate") {
    const { blockDeviceMappings } = props as { blockDeviceMappings?: readonly { ebs?: BlockDevice }[] };
    for (const { ebs } of blockDeviceMappings ?? []) yield* read(ebs?.volumeType);
  }
}

function* copyFaults({ type, name, urn, props }: Resource, { maximumReplicas }: Config): Iterable<Finding> {
  if (!STORAGE_CLASS_TYPE.test(type)) return;
  const parameters = (props["parameters"] ?? {}) as Record<string, string>;
  for (const key of REPLICA_PARAMETERS) {
    const copies = Number(parameters[key] ?? Number.NaN);
    if (copies > maximumReplicas)
      yield { urn, message: `${name} keeps ${copies} copies (${key}); the limit is ${maximumReplicas}.` };
  }
}

/** Rules of its own, or a lifecycle resource of the stack; one whose bucket is not known before the update may be this one's. */
function expires({ type, name, props }: Resource, resources: readonly Resource[]): boolean {
  if (((props["lifecycleRules"] as readonly unknown[] | undefined)?.length ?? 0) > 0) return true;
  if (!type.startsWith("aws:")) return false;
  const own = knownOr(() => props["bucket"] as string | undefined, undefined) ?? name;
  return resources.some(
    (each) => LIFECYCLE_TYPE.test(each.type) && knownOr(() => each.props["bucket"] ?? own, own) === own,
  );
}
