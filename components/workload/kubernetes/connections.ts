import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { MnoError } from "../../../runtime/exports";
import { faultsOf, refuse } from "../../arguments";
import { admitStrangers, authorize } from "../../mesh/authorization";
import type { MeshKind } from "../../mesh/kinds";
import { BECAUSE, labelsOf } from "../../metadata";
import {
  API_SERVER_PORTS,
  egressToAddresses,
  egressToPods,
  EVERYWHERE,
  ingressFromNamespaces,
  ingressFromPods,
  isCidr,
} from "./network-policy";

/** One end of a connection: a set of pods, and who they are. */
export interface Peer {
  /** Name in sentences and in the names of policies. */
  name: string;
  /** Namespace of the pods. */
  namespace: pulumi.Input<string>;
  /** Labels that tell the pods from all others of the namespace. */
  podLabels: Record<string, string>;
  /** The pods' identity in a mesh. */
  serviceAccountName: pulumi.Input<string>;
  /** Ports that the pods listen on (not those of a Service in front of them). */
  ports: { name: string; port: number }[];
  /** The mesh that carries the pods' traffic. */
  mesh: MeshKind;
  /** The component that the policies of this end belong to. */
  parent: pulumi.Resource;
  /** Labels of the policies beside the standard ones. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
  /** false: traffic of these pods is not restricted at all (an opt-out), so that no policy may begin to. Default true. */
  isolated?: boolean;
}

/** Something that has connections. */
export interface Connectable {
  readonly connections: Connections;
}

export interface AllowOptions {
  /** Names of the callee's ports. Default: all that it declares. */
  ports?: string[];
}

const known = new WeakMap<pulumi.Resource, Connections>();

/**
 * Who may talk to whom, as sentences: `gateway.connections.allowTo(erm)`. All traffic is denied until a sentence allows it.
 * Each sentence is two-sided: the caller may call (egress) and the callee may be called (ingress), as NetworkPolicies. Said
 * twice, it counts once. The policies belong to the components at either end and go with them.
 */
export class Connections {
  readonly #said = new Set<string>();

  constructor(readonly peer: Peer) {}

  /** Gives a component its connections, which its `connections` getter finds by `of`: a field would be part of the package's schema. */
  static bind(component: pulumi.Resource, connections: Connections): void {
    known.set(component, connections);
  }

  /** The connections that `bind` gave to the component. */
  static of(component: pulumi.Resource): Connections {
    const connections = known.get(component);
    if (connections) return connections;
    throw new MnoError(
      "MNO_INTERNAL",
      "this component was given no connections; its constructor must call Connections.bind",
    );
  }

  /** This end may call the other's ports. Errors: MNO_COMPONENT_ARGS_INVALID for a port that the callee does not have. */
  allowTo(other: Connectable, options: AllowOptions = {}): void {
    const from = this.peer;
    const to = other.connections.peer;
    const { ports, suffix } = choosePorts(to, options.ports);
    const edge = `${from.name}-to-${to.name}${suffix}`;
    this.#once(edge, () => {
      this.#policy(edge, egressToPods(from, to, ports));
      const admission = `${to.name}-from-${from.name}${suffix}`;
      other.connections.#policy(admission, ingressFromPods(from, to, ports));
      authorize(admission, { from, to, ports }, { parent: to.parent });
    });
  }

  /** The other end may call this one's ports. */
  allowFrom(other: Connectable, options: AllowOptions = {}): void {
    other.connections.allowTo({ connections: this }, options);
  }

  /**
   * This end may call these ports at addresses outside the cluster, as `203.0.113.0/24`. The clouds' metadata service, which
   * gives credentials to whoever asks, stays closed unless it is named itself.
   */
  allowToAddresses(cidr: string, ports: number[], because: string): void {
    this.#addresses(`${this.peer.name}-to-${cidr.replace(/[:/]+/g, "-")}-${ports.join("-")}`, [cidr], ports, because);
  }

  /**
   * This end may call the Kubernetes API server. It is no pod: behind its Service stand addresses that the cluster's
   * provider chooses. Default: any address at ports 443 and 6443; name the control plane's addresses to be stricter.
   */
  allowToApiServer(cidrs: string[] = EVERYWHERE): void {
    this.#addresses(`${this.peer.name}-to-api-server`, cidrs, API_SERVER_PORTS, "It uses the Kubernetes API.");
  }

  /**
   * Pods of the namespaces with these labels may call this end's ports, in or out of its mesh: they need no identity there, and
   * may speak plain text, as Prometheus and operators do.
   */
  allowFromNamespace(labels: Record<string, string>, ports: string[], because: string): void {
    const { ports: chosen } = choosePorts(this.peer, ports);
    const who = Object.values(labels).join("-").toLowerCase();
    const name = `${this.peer.name}-from-namespace-${who}-${ports.join("-")}`;
    const faults = faultsOf([
      [who === "", "labels", "must not be empty, or every namespace would be let in"],
      [because.trim() === "", "because", "must say why"],
    ]);
    refuse("Connections", this.peer.name, faults);
    this.#once(name, () => {
      this.#policy(name, ingressFromNamespaces(this.peer, labels, chosen), because);
      admitStrangers(name, this.peer, chosen);
    });
  }

  #addresses(name: string, cidrs: string[], ports: number[], because: string): void {
    const wrong = cidrs.filter((cidr) => !isCidr(cidr));
    const faults = faultsOf([
      [wrong.length > 0, "cidr", `is "${wrong.join('", "')}"; it must be like 203.0.113.7/32 or 2001:db8::/32`],
      [cidrs.length === 0, "cidr", "must name at least one range of addresses"],
      [ports.length === 0, "ports", "must name at least one port"],
      [because.trim() === "", "because", "must say why"],
    ]);
    refuse("Connections", this.peer.name, faults);
    this.#once(name, () => {
      this.#policy(name, egressToAddresses(this.peer, cidrs, ports), because);
    });
  }

  #once(sentence: string, say: () => void): void {
    if (this.#said.has(sentence)) return;
    this.#said.add(sentence);
    say();
  }

  #policy(name: string, spec: k8s.types.input.networking.v1.NetworkPolicySpec, because?: string): void {
    const { name: owner, namespace, labels, parent, isolated } = this.peer;
    if (isolated === false) return; // the first policy of a pod would deny the rest of its traffic
    new k8s.networking.v1.NetworkPolicy(
      name,
      {
        metadata: {
          name,
          namespace,
          labels: labelsOf(owner, labels),
          ...(because === undefined ? {} : { annotations: { [BECAUSE]: because } }),
        },
        spec,
      },
      { parent },
    );
  }
}

/** The callee's ports that are meant, and what tells the choice from others in a name. */
function choosePorts(to: Peer, names: string[] | undefined): { ports: number[]; suffix: string } {
  const all = to.ports.map(({ name }) => name);
  const unknown = (names ?? []).filter((name) => !all.includes(name));
  const faults = faultsOf([
    [unknown.length > 0, "ports", `name ${unknown.join(", ")}; the callee's are ${all.join(", ") || "none"}`],
    [all.length === 0 || names?.length === 0, "ports", "must be at least one of the callee's"],
  ]);
  refuse("Connections", to.name, faults);
  const chosen = new Set(names ?? all);
  return {
    ports: to.ports.filter(({ name }) => chosen.has(name)).map(({ port }) => port),
    suffix: chosen.size === all.length ? "" : `-${all.filter((name) => chosen.has(name)).join("-")}`,
  };
}
