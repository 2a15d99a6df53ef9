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
    this.url = cluster.url;
    this.registerOutputs({ url: this.url });
  }
}
