import { type IstioSettings } from "./authorization-policy";
import { type Policy, policiesOf, type Workload, type World } from "./model";
import { matchesSelector, type Labels } from "./selectors";

type MutualTls = "STRICT" | "PERMISSIVE" | "DISABLE";

interface Mode {
  mode?: MutualTls | "UNSET";
}

interface PeerAuthenticationSpec {
  selector?: { matchLabels?: Labels };
  mtls?: Mode;
  portLevelMtls?: Record<string, Mode>;
}

interface MutualTlsRule {
  mode: MutualTls;
  /** The PeerAuthentication that says so; undefined is the default. */
  rule?: string;
}

interface MutualTlsRules {
  at(to: Workload, port: number): MutualTlsRule;
  /** Ports with a mode of their own. */
  ports(to: Workload): number[];
}

/**
 * The mode at a port: the port's, else the workload's, else the namespace's, else the mesh's, else PERMISSIVE; UNSET asks
 * the next. https://istio.io/latest/docs/reference/config/security/peer_authentication/
 */
export function mutualTlsOf(world: World, settings: IstioSettings): MutualTlsRules {
  const policies = policiesOf<PeerAuthenticationSpec>(world, "security.istio.io", "PeerAuthentication");
  const candidates = world.workloads.map((workload) => {
    const own = policies.filter((policy) => policy.namespace === workload.namespace.name);
    const narrow = own.find(
      (policy) => hasSelector(policy) && matchesSelector(policy.spec.selector ?? {}, workload.labels),
    );
    const wide = own.find((policy) => !hasSelector(policy));
    const mesh = policies.find((policy) => policy.namespace === settings.rootNamespace && !hasSelector(policy));
    return { narrow, levels: [narrow, wide, mesh] };
  });
  const at = (to: Workload, port: number): MutualTlsRule => {
    const { narrow, levels = [] } = candidates[to.index] ?? {};
    const atPort = set(narrow?.spec.portLevelMtls?.[String(port)]);
    if (narrow && atPort) return { mode: atPort, rule: `${narrow.id} port ${String(port)}` };
    for (const policy of levels) {
      const mode = set(policy?.spec.mtls);
      if (policy && mode) return { mode, rule: policy.id };
    }
    return { mode: "PERMISSIVE" };
  };
  return { at, ports: (to) => Object.keys(candidates[to.index]?.narrow?.spec.portLevelMtls ?? {}).map(Number) };
}

function hasSelector(policy: Policy<PeerAuthenticationSpec>): boolean {
  return Object.keys(policy.spec.selector?.matchLabels ?? {}).length > 0;
}

function set(mode: Mode | undefined): MutualTls | undefined {
  return mode?.mode === "UNSET" ? undefined : mode?.mode;
}
