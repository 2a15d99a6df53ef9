/** Volumes of a pod and who sees them. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { derive } from "../inputs";
import type { VolumeMountArgs } from "./container-types";
import { bytesQuantity } from "./quantities";
import type { KubernetesWorkloadArgs } from "./types";
import type { ScratchArgs, StorageArgs } from "./volume-types";

type Volume = k8s.types.input.core.v1.Volume;
type Claim = k8s.types.input.core.v1.PersistentVolumeClaim;

const SCRATCH_BYTES = 100 * 2 ** 20;
/** Secrets are for the group that owns the pod's volumes, and for nobody else. */
const SECRET_MODE = 0o440;

/** Name of what holds the contents of a folder of files: volume name -> ConfigMap's or Secret's name. */
export type FileSources = Readonly<Record<string, pulumi.Input<string>>>;

export function volumes(args: KubernetesWorkloadArgs, sources: FileSources): Volume[] {
  return [
    ...(args.files ?? []).map(({ name, contents, keys }) =>
      contents === undefined
        ? { name, secret: { secretName: sources[name], defaultMode: SECRET_MODE, ...(keys && { items: items(keys) }) } }
        : { name, configMap: { name: sources[name] } },
    ),
    ...(args.scratch ?? []).map((scratch) => ({
      name: scratch.name,
      emptyDir: { sizeLimit: derive(sizeOf(scratch), bytesQuantity) },
    })),
  ];
}

function items(keys: readonly string[]): { key: string; path: string }[] {
  return keys.map((key) => ({ key, path: key }));
}

/** What the scratch folders may hold together, in bytes. */
export function scratchBytes({ scratch = [] }: Pick<KubernetesWorkloadArgs, "scratch">): pulumi.Input<number> {
  return derive(scratch.map(sizeOf), (sizes: number[]) => sizes.reduce((sum, size) => sum + size, 0));
}

/** What the main container sees. */
export function mainMounts(args: Pick<KubernetesWorkloadArgs, "files" | "scratch" | "storage">): VolumeMountArgs[] {
  return [...(args.files ?? []), ...(args.scratch ?? []), ...(args.storage ?? [])].flatMap(({ name, mountPath }) =>
    mountPath === undefined ? [] : [{ volume: name, mountPath }],
  );
}

export function claimTemplates(storage: readonly StorageArgs[]): Claim[] {
  return storage.map(({ name, sizeBytes, storageClassName }) => ({
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: derive(sizeBytes, bytesQuantity) } },
      storageClassName,
    },
  }));
}

function sizeOf({ sizeBytes = SCRATCH_BYTES }: ScratchArgs): pulumi.Input<number> {
  return sizeBytes;
}
