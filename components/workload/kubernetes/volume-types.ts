import type * as pulumi from "@pulumi/pulumi";

/** A folder of read-only files. Exactly one of `contents`, `secretContents` and `secretName` is given. */
export interface FilesArgs {
  /** Name of the volume, unique in the workload. */
  name: string;
  /** Absolute folder in the main container. Default: only the containers that mount it by name see it. */
  mountPath?: string;
  /** File name -> text; becomes a ConfigMap. A change rolls the replicas. */
  contents?: pulumi.Input<{ [file: string]: pulumi.Input<string> }>;
  /** File name -> secret text; becomes a Secret. A change rolls the replicas. */
  secretContents?: pulumi.Input<{ [file: string]: pulumi.Input<string> }>;
  /** Name of a Secret that exists already; a change in it reaches the files within about a minute, without a roll. */
  secretName?: pulumi.Input<string>;
  /** Keys of that Secret which become files; with `secretName` only. Default: all. */
  keys?: string[];
}

/** An empty folder that lives as long as the pod. */
export interface ScratchArgs {
  /** Name of the volume, unique in the workload. */
  name: string;
  /** Absolute folder in the main container. Default: only the containers that mount it by name see it. */
  mountPath?: string;
  /** The most it may hold, in bytes; a pod beyond it is evicted. Default 100 MiB. */
  sizeBytes?: pulumi.Input<number>;
}

/** A disk of each replica that outlives the replica. */
export interface StorageArgs {
  /** Name of the volume, unique in the workload. */
  name: string;
  /** Absolute folder in the main container. Default: only the containers that mount it by name see it. */
  mountPath?: string;
  /** Size in bytes. Kubernetes cannot change it in a StatefulSet: enlarge the claims themselves. */
  sizeBytes: pulumi.Input<number>;
  /** Name of the StorageClass. Default: the cluster's. */
  storageClassName?: pulumi.Input<string>;
}
