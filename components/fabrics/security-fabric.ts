import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type EngineOf, enginesOf, PORTS } from "../../runtime/exports";
import { refuse } from "../arguments";
import { MeshKind } from "../mesh/kinds";
import type { KubernetesAgent } from "../workload/kubernetes/agent";
import type { FilesArgs } from "../workload/kubernetes/volume-types";
import { engineUrl, fabricAgents, type FabricArgs, type SecretKeyArgs, withSecretToken } from "./fabric";
import { gatewayParts, type ProtectionArgs } from "./gateway-parts";
import { validateRoutes } from "./protected-routes";
import { randomSeed, sharedSigningKey } from "./signing-keys";

export interface SecurityFabricArgs extends FabricArgs, ProtectionArgs {
  /** Where the root key of the key service is: 32 bytes in base64. Default: one is made and kept in the stack's state. */
  rootKey?: SecretKeyArgs;
  /** false: a root key that is made may be deleted with the fabric. Default true: nothing sealed can be read again without it. */
  protect?: boolean;
}

type SecurityEngine = EngineOf<"security">;

const ROOT_KEY_DIRECTORY = "/etc/machine-native-ops/root-key";
const ROOT_KEY_FILE = "root.key";

/** Who calls whom: risk, revocations, rotations and scores, asked for or caused over HTTP. */
const CALLS: readonly (readonly [SecurityEngine, SecurityEngine])[] = [
  ["zero-trust-gateway", "behavioral-authentication"],
  ["security-intelligence", "zero-trust-gateway"],
  ["security-intelligence", "quantum-cryptography"],
];

/** A field would be part of the package's schema. */
const made = new WeakMap<SecurityFabric, ReadonlyMap<SecurityEngine, KubernetesAgent>>();

/** The engines of the security fabric, one Deployment each, on a shared database and event backbone. */
export class SecurityFabric extends pulumi.ComponentResource {
  /** Engine -> base URL of its agent. */
  readonly urls: pulumi.Output<{ [engine: string]: string }>;
  /** Bearer token that the engines' APIs want, for reads, too; secret. */
  readonly apiToken: pulumi.Output<string>;
  /** Where the zero-trust gateway takes requests for what it protects. */
  readonly gatewayUrl: pulumi.Output<string>;
  /** Where decisions are asked for, as OpenID AuthZEN has it. */
  readonly decisionsUrl: pulumi.Output<string>;
  /** Bearer token that askers of decisions carry; secret. */
  readonly decisionToken: pulumi.Output<string>;
  /** Host name by which a mesh reaches the gateway's ext_authz: what ServiceMesh.authorizer takes. */
  readonly authorizerHost: pulumi.Output<string>;

  constructor(name: string, args: SecurityFabricArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:SecurityFabric", name, withSecretToken(args), opts);
    const { routes = [], policies, issuers, rootKey, protect = true, ...fabric } = args;
    refuse("SecurityFabric", name, validateRoutes(routes));
    const token = (of: string): pulumi.Output<string> =>
      new random.RandomPassword(of, { length: 40, special: false }, { parent: this }).result;
    const decisionToken = token(`${name}-decision-token`);
    const [assertions, models, checkpoints] = [
      sharedSigningKey(`${name}-assertion-key`, "ed25519", this),
      sharedSigningKey(`${name}-model-key`, "ml-dsa-65", this),
      sharedSigningKey(`${name}-checkpoint-key`, "ml-dsa-65", this),
    ];
    const meshed = (args.mesh ?? MeshKind.None) !== MeshKind.None;
    const runtimeOf = (engine: SecurityEngine): pulumi.Output<string> => engineUrl(name, engine, fabric);
    const { configuration: protection, ...gateway } = gatewayParts({ routes, policies, issuers }, decisionToken);
    const { agents, apiToken, urls } = fabricAgents(name, this, {
      engines: enginesOf("security"),
      args: fabric,
      own: {
        "quantum-cryptography": {
          files: [rootKeyFiles(name, rootKey, { parent: this, ...(protect && { protect }) })],
          defaults: {
            MNO_QC_ROOT_KEY_FILE: pulumi.interpolate`${ROOT_KEY_DIRECTORY}/${rootKey?.key ?? ROOT_KEY_FILE}`,
          },
        },
        "behavioral-authentication": {
          // Replicas know a user by the same digest only where they have the same secret.
          secretConfiguration: { MNO_BA_SECRET: token(`${name}-identifiers-secret`) },
        },
        "zero-trust-gateway": {
          ...gateway,
          files: [...gateway.files, assertions.files],
          secretConfiguration: { ...gateway.secretConfiguration, MNO_ZTG_CSRF_SECRET: token(`${name}-csrf-secret`) },
          defaults: {
            ...protection,
            MNO_ZTG_RUNTIME_URL: runtimeOf("behavioral-authentication"),
            MNO_ZTG_ASSERTION_KEY_FILE: assertions.path,
            ...(meshed && { MNO_ZTG_TRUST_DOMAINS: JSON.stringify(["cluster.local"]) }),
          },
        },
        "threat-detection": { files: [models.files], defaults: { MNO_TD_SIGNING_KEY_FILE: models.path } },
        "security-intelligence": {
          files: [checkpoints.files],
          defaults: {
            MNO_SI_SIGNING_KEY_FILE: checkpoints.path,
            MNO_SI_GATEWAY_URL: runtimeOf("zero-trust-gateway"),
            MNO_SI_KEYS_URL: runtimeOf("quantum-cryptography"),
          },
        },
      },
    });
    made.set(this, agents);
    for (const [from, to] of CALLS) {
      const [caller, callee] = [agents.get(from), agents.get(to)];
      if (caller && callee) caller.connections.allowTo(callee, { ports: ["http"] });
    }
    const host = pulumi.interpolate`${name}-zero-trust-gateway.${args.namespace}.svc`;
    this.urls = urls;
    this.apiToken = apiToken;
    this.gatewayUrl = pulumi.interpolate`http://${host}:${PORTS.gateway}`;
    this.decisionsUrl = pulumi.interpolate`http://${host}:${PORTS.decisions}`;
    this.decisionToken = pulumi.secret(decisionToken);
    this.authorizerHost = pulumi.interpolate`${host}.cluster.local`;
    this.registerOutputs({
      urls: this.urls,
      apiToken: this.apiToken,
      gatewayUrl: this.gatewayUrl,
      decisionsUrl: this.decisionsUrl,
      decisionToken: this.decisionToken,
      authorizerHost: this.authorizerHost,
    });
  }

  /** The engines' agents, to say in sentences whom they may call and who may call them. */
  get agents(): ReadonlyMap<SecurityEngine, KubernetesAgent> {
    return made.get(this) ?? new Map();
  }
}

/** `opts`: of the root key, where one is made. */
function rootKeyFiles(name: string, rootKey: SecretKeyArgs | undefined, opts: pulumi.CustomResourceOptions): FilesArgs {
  const at = { name: "root-key", mountPath: ROOT_KEY_DIRECTORY };
  if (rootKey) return { ...at, secretName: rootKey.secretName };
  const key = randomSeed(`${name}-root-key`, opts);
  return { ...at, secretContents: { [ROOT_KEY_FILE]: key } };
}
