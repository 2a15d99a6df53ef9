import type { FabricState } from "./fabric";
import { SCALABILITY_ENGINES, type ScalabilityEngine } from "./observers/observer";
import { printable } from "./text";
import type { View } from "./view";

const SHORT: Record<ScalabilityEngine, string> = {
  "elastic-resource-manager": "resources",
  "auto-scaling-engine": "scaling",
  "global-load-balancer": "balancer",
  "resource-pool-manager": "pools",
  "performance-optimizer": "optimizer",
};

export interface Why {
  engine: ScalabilityEngine;
  name: string;
  /** HH:MM:SS, UTC; empty where nothing was decided yet or the engine does not answer. */
  time: string;
  text: string;
  /** The engine does not answer. */
  faulty: boolean;
}

/** What each engine decided last and why. */
export function whys({ fabric }: Pick<View, "fabric">): Why[] {
  return SCALABILITY_ENGINES.map((engine) => {
    const fault = fabric.faults[engine];
    const newest = fabric.newest[engine];
    const common = { engine, name: SHORT[engine] };
    if (fault !== undefined) return { ...common, time: "", text: printable(`cannot be seen: ${fault}`), faulty: true };
    const told = engine === "performance-optimizer" ? optimizerText(fabric) : (newest?.text ?? "nothing decided yet");
    return { ...common, time: newest?.at.slice(11, 19) ?? "", text: printable(told), faulty: false };
  });
}

/** Its advice is rare, what it finds to be short is seen at once. */
function optimizerText({ newest, optimizer }: FabricState): string {
  const worst = optimizer?.bottleneck;
  const short = worst ? `bottleneck ${worst.resource}: ${worst.evidence.join(", ")}` : "no bottleneck";
  const advice = newest["performance-optimizer"];
  return advice ? `${advice.text}; ${short}` : `${short}; no advice yet`;
}
