import * as pulumi from "@pulumi/pulumi";
import { RUNTIME_PROGRAM, SUPERVISOR_BUILD } from "../../runtime/exports";
import { ClusterResource } from "./local/resources";

export interface LocalClusterArgs {
  /** Absolute folder that holds all of the cluster's state: what runs, logs, the supervisor's address and key. */
  directory: pulumi.Input<string>;
}

/** This machine as a cluster: one supervisor process that runs workloads as child processes. */
export class LocalCluster extends pulumi.ComponentResource {
  /** `local:<folder>`, what a Workload's `cluster` takes. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: LocalClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:LocalCluster", name, args, opts);
    const cluster = new ClusterResource(
      name,
      {
        directory: args.directory,
        command: [process.execPath, RUNTIME_PROGRAM, "--target", "supervisor"],
        build: SUPERVISOR_BUILD,
      },
      { parent: this },
    );
    // From what is known before the cluster exists, so that a first preview shows, and policies judge, what depends on it;
    // the URN carries the dependency.
    this.url = pulumi.all([args.directory, cluster.urn]).apply(([directory]) => `local:${directory}`);
    this.registerOutputs({ url: this.url });
  }
}
