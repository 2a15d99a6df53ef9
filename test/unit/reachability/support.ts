import { parseAllDocuments } from "yaml";
import { evaluate, type Reachability } from "../../../tools/reachability/evaluate";
import type { Flow } from "../../../tools/reachability/flows";
import type { MeshSettings } from "../../../tools/reachability/mesh-layer";
import type { KubernetesObject } from "../../../tools/reachability/model";

export function manifests(text: string): KubernetesObject[] {
  const documents = parseAllDocuments(text);
  return Array.isArray(documents) ? documents.map((document) => document.toJS() as KubernetesObject) : [];
}

interface DeploymentOptions {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ports?: Record<string, number>;
  hostNetwork?: boolean;
  serviceAccount?: string;
}

/** A Deployment named `namespace/name` whose pods carry `app: name`. */
export function deployment(id: string, options: DeploymentOptions = {}): KubernetesObject {
  const [namespace = "", name = ""] = id.split("/");
  const { labels = {}, annotations = {}, ports = { http: 80 }, hostNetwork = false, serviceAccount = name } = options;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: {
      template: {
        metadata: { labels: { app: name, ...labels }, annotations },
        spec: {
          serviceAccountName: serviceAccount,
          hostNetwork,
          containers: [
            { ports: Object.entries(ports).map(([port, containerPort]) => ({ name: port, containerPort })) },
          ],
        },
      },
    },
  };
}

export function namespace(name: string, labels: Record<string, string> = {}): KubernetesObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

/** `from to` of every pair of which some flow of declared ports is allowed. */
export function reachable({ pairs }: Reachability): string[] {
  return pairs
    .filter(({ flows }) => flows.some((flow) => flow.declared && flow.verdict === "allowed"))
    .map(({ from, to }) => `${from} ${to}`);
}

export function flowsBetween(
  objects: readonly KubernetesObject[],
  from: string,
  to: string,
  settings?: MeshSettings,
): Flow[] {
  const pair = evaluate(objects, settings).pairs.find((candidate) => candidate.from === from && candidate.to === to);
  if (!pair) throw new Error(`no pair ${from} -> ${to}`);
  return pair.flows;
}

/** `ports verdict` of each flow: the answer without its reasons. */
export function answers(flows: readonly Flow[]): string[] {
  return flows.map((flow) => `${flow.ports} ${flow.verdict}`);
}
