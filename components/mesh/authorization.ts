import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { refuse } from "../arguments";
import { metadata, type ObjectMetadata } from "../metadata";
import { MeshKind } from "./kinds";

/** One end of a connection, as the mesh knows it. */
export interface MeshPeer {
  name: string;
  namespace: pulumi.Input<string>;
  /** Labels that select the pods. */
  podLabels: Record<string, string>;
  serviceAccountName: pulumi.Input<string>;
  mesh: MeshKind;
  /** The component that the peer stands for. */
  parent: pulumi.Resource;
  /** Name of the waypoint that the peer's Service uses; Istio ambient only. */
  waypoint?: string;
}

export interface AuthorizeArgs {
  from: MeshPeer;
  to: MeshPeer;
  /** Ports of the callee's pods (container ports, not Service ports). */
  ports: readonly number[];
  /** Trust domain of the mesh. Default `cluster.local`. */
  trustDomain?: pulumi.Input<string>;
}

const ISTIO: readonly MeshKind[] = [MeshKind.IstioAmbient, MeshKind.IstioSidecar];

/** Whether the callee's proxy learns who the caller is. Istio's two data planes speak to each other. */
function shareMesh(from: MeshKind, to: MeshKind): boolean {
  return from === to || (ISTIO.includes(from) && ISTIO.includes(to));
}

/**
 * Lets one identity reach the given ports of another, in the callee's mesh, which denies everything else; a callee without a
 * mesh needs none. One object per caller and callee, so that removing a connection removes exactly what allowed it.
 * Errors: MNO_COMPONENT_ARGS_INVALID when the caller has no identity in the callee's mesh.
 */
export function authorize(name: string, args: AuthorizeArgs, opts: pulumi.CustomResourceOptions): void {
  const { from, to } = args;
  if (to.mesh === MeshKind.None) return;
  if (!shareMesh(from.mesh, to.mesh)) {
    const message = `is "${from.mesh}", but ${to.name} is in the mesh "${to.mesh}", which admits its members only; put both in one mesh`;
    refuse("Connection", name, [{ field: `${from.name}.mesh`, message }]);
  }
  if (to.mesh === MeshKind.Linkerd) authorizeLinkerd(name, args, opts);
  else authorizeIstio(name, args, opts);
}

function principal(
  { namespace, account }: { namespace: pulumi.Input<string>; account: pulumi.Input<string> },
  trustDomain: pulumi.Input<string>,
): pulumi.Output<string> {
  return pulumi.interpolate`${trustDomain}/ns/${namespace}/sa/${account}`;
}

function authorizeIstio(name: string, args: AuthorizeArgs, opts: pulumi.CustomResourceOptions): void {
  const { from, to, ports, trustDomain = "cluster.local" } = args;
  const caller = principal({ namespace: from.namespace, account: from.serviceAccountName }, trustDomain);
  const operation = { ports: ports.map(String) };
  const policy = (suffix: string, target: object, source: pulumi.Output<string>, to_: object[] | undefined): void => {
    new k8s.apiextensions.CustomResource(
      `${name}${suffix}`,
      {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: metadata(`${name}${suffix}`, { component: to.name, namespace: to.namespace }),
        spec: {
          ...target,
          action: "ALLOW",
          rules: [{ from: [{ source: { principals: [source] } }], ...(to_ && { to: to_ }) }],
        },
      },
      opts,
    );
  };
  const pods = { selector: { matchLabels: to.podLabels } };
  if (to.waypoint === undefined) return policy("", pods, caller, [{ operation }]);
  // The waypoint ends the caller's connection: it judges the caller, and the pods see the waypoint's own identity. What it
  // calls a port is the Service's, which need not be the pods', so the caller is judged by Service.
  policy("", { targetRefs: [{ group: "", kind: "Service", name: to.name }] }, caller, undefined);
  const waypoint = principal({ namespace: to.namespace, account: to.waypoint }, trustDomain);
  policy("-by-waypoint", pods, waypoint, [{ operation }]);
}

/** Callees whose proxies take plain text where a policy admits it: Istio heeds only one PeerAuthentication of a pod. */
const lenient = new WeakSet<pulumi.Resource>();

/**
 * Lets callers without an identity, such as a Prometheus or an operator outside the mesh, reach the given ports of a callee in
 * one. Who may come at all, its network policies say. A callee without a mesh needs none.
 */
export function admitStrangers(
  name: string,
  to: MeshPeer & { ports: { port: number }[] },
  ports: readonly number[],
): void {
  if (to.mesh === MeshKind.None) return;
  const own = metadata(name, { component: to.name, namespace: to.namespace });
  const options = { parent: to.parent };
  if (to.mesh === MeshKind.Linkerd) {
    linkerdAuthentication(`${name}-caller`, "NetworkAuthentication", own, LINKERD_ANYWHERE, options);
    authorizeLinkerdPorts(name, "NetworkAuthentication", { to, ports }, options);
    return;
  }
  const selector = { matchLabels: to.podLabels };
  const rules = [{ to: [{ operation: { ports: ports.map(String) } }] }];
  new k8s.apiextensions.CustomResource(
    name,
    {
      apiVersion: "security.istio.io/v1",
      kind: "AuthorizationPolicy",
      metadata: own,
      spec: { selector, action: "ALLOW", rules },
    },
    options,
  );
  if (lenient.has(to.parent)) return;
  lenient.add(to.parent);
  // Every declared port, so that one object serves all sentences: what no policy admits without an identity stays closed.
  const portLevelMtls = Object.fromEntries(to.ports.map(({ port }) => [String(port), { mode: "PERMISSIVE" }]));
  new k8s.apiextensions.CustomResource(
    `${to.name}-plaintext`,
    {
      apiVersion: "security.istio.io/v1",
      kind: "PeerAuthentication",
      metadata: metadata(`${to.name}-plaintext`, { component: to.name, namespace: to.namespace }),
      spec: { selector, mtls: { mode: "STRICT" }, portLevelMtls },
    },
    options,
  );
}

const LINKERD_GROUP = "policy.linkerd.io";

/** Servers by callee and port: Linkerd lets one Server select a pod's port, however many callers it has. */
const servers = new WeakMap<pulumi.Resource, Map<number, string>>();

function linkerdServer(to: MeshPeer, port: number, opts: pulumi.CustomResourceOptions): string {
  const known = servers.get(to.parent) ?? new Map<number, string>();
  servers.set(to.parent, known);
  const name = known.get(port) ?? `${to.name}-${String(port)}`;
  if (!known.has(port)) {
    known.set(port, name);
    new k8s.apiextensions.CustomResource(
      name,
      {
        apiVersion: `${LINKERD_GROUP}/v1beta3`,
        kind: "Server",
        metadata: metadata(name, { component: to.name, namespace: to.namespace }),
        spec: { podSelector: { matchLabels: to.podLabels }, port, accessPolicy: "deny" },
      },
      { ...opts, parent: to.parent },
    );
  }
  return name;
}

const LINKERD_ANYWHERE = { networks: [{ cidr: "0.0.0.0/0" }, { cidr: "::/0" }] };

function authorizeLinkerd(name: string, { from, to, ports }: AuthorizeArgs, opts: pulumi.CustomResourceOptions): void {
  const own = metadata(name, { component: to.name, namespace: to.namespace });
  const identityRefs = [{ kind: "ServiceAccount", name: from.serviceAccountName, namespace: from.namespace }];
  linkerdAuthentication(`${name}-caller`, "MeshTLSAuthentication", own, { identityRefs }, opts);
  authorizeLinkerdPorts(name, "MeshTLSAuthentication", { to, ports }, opts);
}

function linkerdAuthentication(
  logicalName: string,
  kind: string,
  own: ObjectMetadata,
  spec: object,
  opts: pulumi.CustomResourceOptions,
): void {
  const apiVersion = `${LINKERD_GROUP}/v1alpha1`;
  new k8s.apiextensions.CustomResource(logicalName, { apiVersion, kind, metadata: own, spec }, opts);
}

/** Lets those whom the authentication of this name describes reach the ports. */
function authorizeLinkerdPorts(
  name: string,
  authentication: string,
  { to, ports }: Pick<AuthorizeArgs, "to" | "ports">,
  opts: pulumi.CustomResourceOptions,
): void {
  for (const port of ports) {
    const policy = `${name}-${String(port)}`;
    new k8s.apiextensions.CustomResource(
      policy,
      {
        apiVersion: `${LINKERD_GROUP}/v1alpha1`,
        kind: "AuthorizationPolicy",
        metadata: metadata(policy, { component: to.name, namespace: to.namespace }),
        spec: {
          targetRef: { group: LINKERD_GROUP, kind: "Server", name: linkerdServer(to, port, opts) },
          requiredAuthenticationRefs: [{ group: LINKERD_GROUP, kind: authentication, name }],
        },
      },
      opts,
    );
  }
}
