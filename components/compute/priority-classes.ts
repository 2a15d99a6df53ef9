import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { faultsOf, refuse } from "../arguments";
import { labelsOf } from "../metadata";

/** What goes first when a cluster is full. */
const CLASSES = {
  critical: { value: 1_000_000, description: "What the platform cannot be without; others are evicted for it." },
  standard: { value: 10_000, description: "What serves users." },
  batch: { value: 100, description: "What can wait: it evicts nobody.", preemptionPolicy: "Never" },
} as const;

export interface PriorityClassesArgs {
  /** Labels of the classes. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** Three PriorityClasses, `<name>-critical`, `<name>-standard` and `<name>-batch`. They belong to the cluster: one set is enough. */
export class PriorityClasses extends pulumi.ComponentResource {
  /** Name of the class of what the platform cannot be without. */
  readonly critical: pulumi.Output<string>;
  /** Name of the class of what serves users. */
  readonly standard: pulumi.Output<string>;
  /** Name of the class of what can wait. */
  readonly batch: pulumi.Output<string>;

  constructor(name: string, args: PriorityClassesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:PriorityClasses", name, args, opts);
    const valid = /^[a-z]([-a-z0-9]{0,52}[a-z0-9])?$/.test(name) && !name.startsWith("system-");
    refuse(
      "PriorityClasses",
      name,
      faultsOf([
        [!valid, "name", 'must hold at most 54 lower-case letters, digits and "-", and not begin with "system-"'],
      ]),
    );
    const make = (level: keyof typeof CLASSES): pulumi.Output<string> => {
      const own = `${name}-${level}`;
      const made = new k8s.scheduling.v1.PriorityClass(
        own,
        { metadata: { name: own, labels: labelsOf(name, args.labels) }, globalDefault: false, ...CLASSES[level] },
        { parent: this },
      );
      return made.urn.apply(() => own);
    };
    this.critical = make("critical");
    this.standard = make("standard");
    this.batch = make("batch");
    this.registerOutputs({ critical: this.critical, standard: this.standard, batch: this.batch });
  }
}
