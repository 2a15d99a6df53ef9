import assert from "node:assert/strict";
import fc from "fast-check";
import { evaluate } from "../../../tools/reachability/evaluate";
import type { KubernetesObject } from "../../../tools/reachability/model";
import { goldenLines } from "../../../tools/reachability/table";
import { answerFor, PORTS, PROTOCOLS, type RandomSelector, type RandomWorld, toObjects, worlds } from "./worlds";

/** The rules of Kubernetes said once more, as one sentence for one packet, without anything worked out beforehand. */
function passes(world: RandomWorld, from: number, to: number, protocol: string, port: number): boolean {
  const holds = (selector: RandomSelector, labels: Record<string, string>): boolean => {
    for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
    for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
      if (operator === "Exists" && !(key in labels)) return false;
      if (operator === "DoesNotExist" && key in labels) return false;
      if (operator === "In" && !values.includes(labels[key] ?? "absent")) return false;
      if (operator === "NotIn" && values.includes(labels[key] ?? "absent")) return false;
    }
    return true;
  };
  for (const [direction, own, other] of [
    ["egress", from, to],
    ["ingress", to, from],
  ] as const) {
    const pod = world.workloads[own]!;
    const peer = world.workloads[other]!;
    const space = { ...world.namespaces[peer.namespace], "kubernetes.io/metadata.name": peer.namespace };
    let isolated = false;
    let admitted = false;
    for (const { namespace, spec } of world.policies) {
      if (pod.hostNetwork || namespace !== pod.namespace || !holds(spec.podSelector, pod.labels)) continue;
      const types = spec.policyTypes ?? ["Ingress", ...(spec.egress?.length ? ["Egress"] : [])];
      if (!types.some((type) => type.toLowerCase() === direction)) continue;
      isolated = true;
      for (const rule of spec[direction] ?? []) {
        const peers = rule[direction === "ingress" ? "from" : "to"] ?? [];
        let known = peers.length === 0;
        for (const { podSelector, namespaceSelector, ipBlock } of peers) {
          if (ipBlock || peer.hostNetwork) continue;
          const inSpace = namespaceSelector ? holds(namespaceSelector, space) : peer.namespace === namespace;
          if (inSpace && (!podSelector || holds(podSelector, peer.labels))) known = true;
        }
        let open = !rule.ports?.length;
        for (const entry of rule.ports ?? []) {
          if ((entry.protocol ?? "TCP") !== protocol) continue;
          const http = world.workloads[to]!.http;
          const named = protocol === "TCP" ? http : NaN;
          const first = typeof entry.port === "string" ? named : entry.port;
          if (first === undefined || (port >= first && port <= (entry.endPort ?? first))) open = true;
        }
        if (known && open) admitted = true;
      }
    }
    if (isolated && !admitted) return false;
  }
  return true;
}

const id = (world: RandomWorld, index: number): string => `${world.workloads[index]!.namespace}/w${String(index)}`;

/** Every question about the world with the evaluator's answer. */
function* questions(world: RandomWorld, objects: readonly KubernetesObject[] = toObjects(world)) {
  const result = evaluate(objects);
  for (const from of world.workloads.keys()) {
    for (const to of world.workloads.keys()) {
      for (const protocol of PROTOCOLS) {
        for (const port of [...PORTS, 444]) {
          const verdict = answerFor(result, id(world, from), id(world, to), protocol, port);
          yield { from, to, protocol, port, verdict };
        }
      }
    }
  }
}

describe("reachability: properties of NetworkPolicies", () => {
  it("a second evaluator, written otherwise, agrees on every packet", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        for (const { from, to, protocol, port, verdict } of questions(world)) {
          const expected = passes(world, from, to, protocol, port) ? "allowed" : "denied";
          assert.equal(verdict, expected, `w${String(from)} -> w${String(to)} ${String(port)}/${protocol}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("one more policy takes nothing away, except from whom it isolates for the first time", () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const fewer = { ...world, policies: world.policies.slice(0, -1) };
        const isolated = (of: RandomWorld): string[] =>
          evaluate(toObjects(of)).warnings.filter((warning) => warning.includes("is not isolated"));
        fc.pre(world.policies.length > 0 && isolated(world).join() === isolated(fewer).join());
        const before = [...questions(fewer)];
        for (const [index, { verdict }] of [...questions(world)].entries()) {
          if (before[index]?.verdict === "allowed") assert.equal(verdict, "allowed");
        }
      }),
      { numRuns: 150 },
    );
  });

  it("what labels are called does not matter", () => {
    const rename = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value)
          .replace(/"app"/g, '"example.com/kind"')
          .replace(/"tier"/g, '"app"')
          .replace(/"a"/g, '"zeta"')
          .replace(/"b"/g, '"a"'),
      );
    fc.assert(
      fc.property(worlds, (world) => {
        const renamed = rename(toObjects(world)) as KubernetesObject[];
        assert.deepEqual(goldenLines(evaluate(renamed)), goldenLines(evaluate(toObjects(world))));
      }),
      { numRuns: 100 },
    );
  });

  it("the order of manifests does not matter", () => {
    const shuffled = worlds.chain((world) => {
      const objects = toObjects(world);
      return fc.tuple(fc.constant(objects), fc.shuffledSubarray(objects, { minLength: objects.length }));
    });
    fc.assert(
      fc.property(shuffled, ([objects, other]) => assert.deepEqual(evaluate(other), evaluate(objects))),
      { numRuns: 100 },
    );
  });
});
