import * as pulumi from "@pulumi/pulumi";

/** The resources of our provider plugin, as the SDK sees them; the plugin itself is in provider/. */
export const LOCAL_PACKAGE = "mno-local";

export interface ClusterResourceArgs {
  /** Absolute folder of the supervisor's state. */
  directory: pulumi.Input<string>;
  /** Program and arguments that start the supervisor. */
  command: pulumi.Input<pulumi.Input<string>[]>;
  /** Changes when the supervisor's program does; a change restarts it. */
  build: pulumi.Input<string>;
}

/** The supervisor of a local cluster: a process of its own that outlives `pulumi up`. */
export class ClusterResource extends pulumi.CustomResource {
  constructor(name: string, args: ClusterResourceArgs, opts?: pulumi.CustomResourceOptions) {
    super(`${LOCAL_PACKAGE}:index:Cluster`, name, { ...args }, opts);
  }
}

export interface WorkloadResourceArgs {
  cluster: pulumi.Input<string>;
  /** A WorkloadSpec without its secrets, so that previews can show what changes in it. */
  spec: pulumi.Input<object>;
  /** Environment variables that are secret. */
  secretEnvironment?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** One workload of a local cluster. */
export class WorkloadResource extends pulumi.CustomResource {
  /** Port name -> `host:port`. */
  declare readonly endpoints: pulumi.Output<{ [name: string]: string }>;

  constructor(name: string, args: WorkloadResourceArgs, opts?: pulumi.CustomResourceOptions) {
    super(`${LOCAL_PACKAGE}:index:Workload`, name, { ...args, endpoints: undefined, ready: undefined }, opts);
  }
}
