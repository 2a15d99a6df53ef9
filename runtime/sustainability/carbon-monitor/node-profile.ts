import { type Static, Type } from "@sinclair/typebox";
import { embodiedGrams, HARDWARE_LIFE_HOURS, memoryWatts, pueOf, storageWatts } from "../../kernel/energy/components";
import { ccfPower, instancePower, specPower, teadsPower } from "../../kernel/energy/curve";
import type { PowerModel } from "../../kernel/energy/power-model";
import { embodiedShare } from "../../kernel/energy/sci";
import type { InstanceType } from "./instance-type";

const Count = Type.Integer({ minimum: 0 });

/** What an operator says about nodes. What is left out is taken from the node's labels, the machine, or a stated default. */
export const NodeDeclarationSchema = Type.Object(
  {
    node: Type.String({
      minLength: 1,
      description: "Name of the node, or * for all that have no declaration of their own",
    }),
    region: Type.Optional(Type.String({ minLength: 1, description: "Grid zone or cloud region" })),
    provider: Type.Optional(Type.String({ description: "aws or gcp: whose power usage effectiveness holds" })),
    pue: Type.Optional(Type.Number({ minimum: 1, description: "Power usage effectiveness; before the provider's" })),
    architecture: Type.Optional(Type.String({ description: "Processor architecture of the power table" })),
    tdpWatts: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, description: "TDP of all sockets: Teads' curve is used" }),
    ),
    curveWatts: Type.Optional(
      Type.Array(Type.Number({ minimum: 0 }), {
        minItems: 2,
        description: "W of the processors from idle to full load, equally spaced, as a SPECpower result; used first",
      }),
    ),
    memoryGib: Type.Optional(Type.Number({ minimum: 0, description: "Installed memory, GiB" })),
    processors: Type.Integer({ minimum: 1, default: 1, description: "Sockets" }),
    ssds: Type.Integer({ ...Count, default: 1, description: "Solid-state disks" }),
    hdds: Type.Integer({ ...Count, default: 0, description: "Spinning disks" }),
    gpus: Type.Integer({ ...Count, default: 0, description: "GPUs; counted as embodied carbon alone" }),
    ssdTb: Type.Number({ minimum: 0, default: 0, description: "Size of the solid-state disks together, TB" }),
    hddTb: Type.Number({ minimum: 0, default: 0, description: "Size of the spinning disks together, TB" }),
    shareOfServer: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1,
        description:
          "The node's share of its server, for embodied carbon: vCPUs of the instance over those of the host; all of it, unless its machine type is known",
      }),
    ),
  },
  { additionalProperties: false },
);
export type NodeDeclaration = Static<typeof NodeDeclarationSchema>;

/** What is known of a node without being told. */
export interface NodeFacts {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Logical processors. */
  cores: number;
  memoryBytes: number;
  /** By the processor's name; undefined where nobody knows. */
  architecture?: string | undefined;
  /** By the node's label; undefined where no table has it. */
  instance?: InstanceType | undefined;
}

/** Everything that turns a node's load into energy and carbon. */
export interface NodeProfile {
  node: string;
  region: string;
  /** Whose intensity is taken where no feed knows the region; undefined where the region was declared, and is to be mended. */
  standInRegion: string | undefined;
  cores: number;
  /** Of the processors, uncalibrated; of the whole instance where its power was measured so. */
  model: PowerModel;
  /** 0 where the model has it. */
  memoryWatts: number;
  storageWatts: number;
  pue: number;
  embodiedGramsPerHour: number;
}

const REGION_LABELS = ["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"];
const GIB = 1024 ** 3;
const HOURS_PER_MONTH = 730;
const NOTHING_SAID: Omit<NodeDeclaration, "node"> = {
  processors: 1,
  ssds: 1,
  hdds: 0,
  gpus: 0,
  ssdTb: 0,
  hddTb: 0,
};

/** The node's own declaration, else that of `*`, else what its labels and the machine say. */
export function profileOf(
  facts: NodeFacts,
  declarations: readonly NodeDeclaration[],
  defaultRegion: string,
): NodeProfile {
  const { name, labels, cores } = facts;
  const said =
    declarations.find(({ node }) => node === name) ?? declarations.find(({ node }) => node === "*") ?? NOTHING_SAID;
  const memoryGib = said.memoryGib ?? facts.memoryBytes / GIB;
  const labelled = REGION_LABELS.map((label) => labels[label]).find((region) => region !== undefined);
  const { model, hasMemory } = modelOf(said, facts);
  return {
    node: name,
    region: said.region ?? labelled ?? defaultRegion,
    // Sites name their regions as they like: a label that nobody knows does not place the node.
    standInRegion: said.region === undefined && labelled !== undefined ? defaultRegion : undefined,
    cores,
    model,
    memoryWatts: hasMemory ? 0 : memoryWatts(memoryGib),
    storageWatts: storageWatts(said),
    pue: said.pue ?? pueOf(said.provider ?? facts.instance?.provider),
    embodiedGramsPerHour:
      facts.instance && said.shareOfServer === undefined
        ? facts.instance.embodiedGramsPerMonth / HOURS_PER_MONTH
        : embodiedShare({
            totalGrams: embodiedGrams({ ...said, memoryGib }),
            reserved: 1,
            expectedLife: HARDWARE_LIFE_HOURS,
            resourcesReserved: said.shareOfServer ?? 1,
            totalResources: 1,
          }),
  };
}

/** What was declared, else what was measured of the machine type, else what is usual for the processor. */
function modelOf(
  { curveWatts, tdpWatts, architecture }: Omit<NodeDeclaration, "node">,
  facts: NodeFacts,
): { model: PowerModel; hasMemory: boolean } {
  const { instance, cores } = facts;
  if (curveWatts) return { model: specPower(curveWatts, "declared in MNO_CARBON_NODES"), hasMemory: false };
  if (tdpWatts !== undefined) return { model: teadsPower(tdpWatts, "declared in MNO_CARBON_NODES"), hasMemory: false };
  if (architecture === undefined && instance?.curveWatts) {
    return { model: instancePower(instance.curveWatts, instance.name), hasMemory: true };
  }
  return { model: ccfPower(architecture ?? instance?.architecture ?? facts.architecture, cores), hasMemory: false };
}
