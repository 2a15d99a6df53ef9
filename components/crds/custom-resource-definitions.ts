import { isAbsolute, join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { type FieldFault, KUBERNETES_LABELS } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { shallow } from "../workload/inputs";
import { CRD_SETS, type CrdSet } from "./crd-sets";
import { withoutDescriptions } from "./descriptions";
import { type Crd, readCrds } from "./read-crds";

/** One vendor's CustomResourceDefinitions. */
export interface CrdSourceArgs {
  /** Name, unique here. One of CRD_SETS needs no more: `gateway-api`, `istio`, `cert-manager`, `prometheus-operator`, `prometheus-monitors`, `keda`, `eck`, `velero`, `barman-cloud`, `cloudnative-pg`. */
  name: string;
  /** Absolute path of a YAML file, or of a folder of them. Default: `<directory>/<name>`, where a directory is given. */
  path?: string;
  /** URL of a YAML file. Default: the vendor's, of CRD_SETS. */
  url?: string;
}

export interface CustomResourceDefinitionsArgs {
  /** The vendors whose definitions are installed. */
  sources: CrdSourceArgs[];
  /** Absolute folder with one folder per source, instead of the vendors' URLs: for sites that cannot reach them. */
  directory?: string;
  /** Whether Pulumi refuses to delete them. Deleting a definition deletes every object of its kind, in all namespaces. Default true. */
  protect?: boolean;
  /**
   * Whether definitions out of files keep the texts that `kubectl explain` shows. Default false: the texts are three quarters
   * of a definition, and Pulumi writes all of its state after every step.
   */
  descriptions?: boolean;
  /** Labels of every definition that comes from a file. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/**
 * The kinds that other components make objects of, installed first and awaited: name it in their `dependsOn`. Each definition
 * of a file is a resource of its own, so that a preview shows which one changes.
 */
export class CustomResourceDefinitions extends pulumi.ComponentResource {
  /** Names of the definitions, `<plural>.<group>`, once the API server serves them. */
  readonly ready: pulumi.Output<string[]>;

  constructor(name: string, args: CustomResourceDefinitionsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:CustomResourceDefinitions", name, args, opts);
    refuse("CustomResourceDefinitions", name, validateCrds(args));
    const child = { parent: this, protect: args.protect ?? true };
    const names = args.sources.map((source) => {
      const path =
        source.path ?? (args.directory === undefined || source.url ? undefined : join(args.directory, source.name));
      return path === undefined
        ? fromUrls(`${name}-${source.name}`, source, child)
        : fromFiles(`${name}-${source.name}`, path, args, child);
    });
    this.ready = pulumi.all(names).apply((sets) => sets.flat().sort());
    this.registerOutputs({ ready: this.ready });
  }
}

/** The provider waits until the API server serves the kind, not only until it has stored the definition. */
const AWAIT_ESTABLISHED = { "pulumi.com/waitFor": "condition=Established" };

function fromFiles(
  prefix: string,
  path: string,
  { labels = {}, descriptions = false }: CustomResourceDefinitionsArgs,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string[]> {
  const install = ({ metadata, spec }: Crd): pulumi.Output<string> => {
    const crd = new k8s.apiextensions.v1.CustomResourceDefinition(
      `${prefix}-${metadata.name}`,
      {
        metadata: {
          name: metadata.name,
          labels: shallow(labels, (own) => ({ ...metadata.labels, ...own, [KUBERNETES_LABELS.managedBy]: "pulumi" })),
          annotations: { ...metadata.annotations, ...AWAIT_ESTABLISHED },
        },
        spec: spec as unknown as k8s.types.input.apiextensions.v1.CustomResourceDefinitionSpec,
      },
      opts,
    );
    return crd.metadata.name;
  };
  const crds = readCrds(path);
  return pulumi.all((descriptions ? crds : crds.map(withoutDescriptions)).map(install));
}

function fromUrls(name: string, source: CrdSourceArgs, opts: pulumi.ComponentResourceOptions): pulumi.Output<string[]> {
  const urls = source.url === undefined ? [...(catalogued(source.name)?.urls ?? [])] : [source.url];
  const group = new k8s.yaml.v2.ConfigGroup(name, { files: urls }, opts);
  // Nothing is known of them before the provider has read the files.
  const resources = group.resources as pulumi.Output<k8s.apiextensions.v1.CustomResourceDefinition[] | undefined>;
  return resources.apply((all = []) => pulumi.all(all.map(({ metadata }) => metadata.name)));
}

function catalogued(name: string): CrdSet | undefined {
  return Object.hasOwn(CRD_SETS, name) ? CRD_SETS[name as keyof typeof CRD_SETS] : undefined;
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Faults of the arguments; each message says what would be right. */
export function validateCrds({ sources, directory }: CustomResourceDefinitionsArgs): FieldFault[] {
  const names = sources.map(({ name }) => name);
  const known = Object.keys(CRD_SETS).join(", ");
  return faultsOf([
    [sources.length === 0, "sources", "must name at least one"],
    [new Set(names).size !== names.length, "sources", "have a name twice"],
    [directory !== undefined && !isAbsolute(directory), "directory", "must be an absolute path"],
    ...sources.flatMap(({ name, path, url }, index) => {
      const at = `sources[${String(index)}]`;
      const nowhere = path === undefined && url === undefined && directory === undefined && !catalogued(name);
      return [
        [!NAME.test(name), `${at}.name`, "must be lower-case letters, digits and hyphens"] as const,
        [nowhere, `${at}.name`, `is "${name}", which needs a path or url; known are ${known}`] as const,
        [path !== undefined && url !== undefined, at, "takes a path or a url, not both"] as const,
        [path !== undefined && !isAbsolute(path), `${at}.path`, "must be an absolute path"] as const,
        [url !== undefined && !/^https:\/\//.test(url), `${at}.url`, "must be an https URL"] as const,
      ];
    }),
  ]);
}
