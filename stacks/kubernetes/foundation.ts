import type * as pulumi from "@pulumi/pulumi";
import {
  type CertificateIssuerArgs,
  CustomResourceDefinitions,
  KubernetesNamespace,
  type MeshKind,
  Operators,
  PodSecurityLevel,
  PriorityClasses,
} from "../../components";
import { ownAuthority } from "./certificates";
import { Operators as OperatorsBy, Profile, Prometheus, type Settings } from "./settings";

/** What everything else of a profile stands on. */
export interface Foundation {
  namespace: KubernetesNamespace;
  /** Who signs the certificates of the platform's servers. */
  issuer: CertificateIssuerArgs;
  classes: PriorityClasses;
  /** To be there before custom resources are. */
  ready: pulumi.Resource[];
}

/** The vendors whose kinds a profile makes objects of. */
function sets({ profile, gatewayClass, prometheus }: Settings): string[] {
  const both = ["gateway-api", "cert-manager", "cloudnative-pg", "barman-cloud"];
  const full = profile === Profile.Full;
  return [
    ...both,
    ...(full || gatewayClass === "istio" ? ["istio"] : []),
    full && prometheus === Prometheus.Own ? "prometheus-operator" : "prometheus-monitors",
    ...(full ? ["eck", "keda"] : []),
  ];
}

/** Definitions first, then operators, then the namespace and its certificate authority. */
export function foundation(settings: Settings, mesh: MeshKind): Foundation {
  const { protect, operators, crdDirectory } = settings;
  const definitions =
    operators === OperatorsBy.Existing
      ? []
      : [
          new CustomResourceDefinitions("definitions", {
            sources: sets(settings).map((name) => ({ name })),
            protect,
            ...(crdDirectory === undefined ? {} : { directory: crdDirectory }),
          }),
        ];
  const ready = [...definitions, ...(operators === OperatorsBy.Install ? [install(settings, definitions)] : [])];
  const namespace = new KubernetesNamespace(settings.namespace, { protect, mesh });
  const issuer = ownAuthority(settings.namespace, { dependsOn: [namespace, ...ready] });
  return { namespace, issuer, classes: new PriorityClasses(settings.namespace, {}), ready: [namespace, ...ready] };
}

function install(settings: Settings, definitions: pulumi.Resource[]): pulumi.Resource {
  const { profile, protect, chartDirectory, awaitCharts } = settings;
  const name = `${settings.namespace}-operators`;
  const namespace = new KubernetesNamespace(name, {
    protect,
    podSecurity: {
      level: PodSecurityLevel.Baseline,
      reason: "The vendors' charts decide what their pods need; not all of them are restricted.",
    },
  });
  return new Operators(
    "operators",
    {
      namespace: name,
      operators: [
        "cert-manager",
        "cloudnative-pg",
        "plugin-barman-cloud",
        ...(profile === Profile.Full ? ["keda"] : []),
      ],
      wait: awaitCharts,
      ...(chartDirectory === undefined ? {} : { directory: chartDirectory }),
    },
    { dependsOn: [namespace, ...definitions] },
  );
}
