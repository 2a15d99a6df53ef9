export { Agent, type AgentArgs, AgentTarget } from "./workload/agent";
export { Cache } from "./cache/cache";
export { type CacheArgs, CacheEviction, type CacheMetricsArgs, CachePersistence } from "./cache/types";
export { CRD_SETS } from "./crds/crd-sets";
export {
  type CrdSourceArgs,
  CustomResourceDefinitions,
  type CustomResourceDefinitionsArgs,
} from "./crds/custom-resource-definitions";
export { Gateway } from "./edge/gateway";
export type { GatewayArgs, GatewayRouteArgs, GatewayTlsArgs } from "./edge/types";
export { EventBackbone } from "./events/event-backbone";
export type {
  BackboneMetricsArgs,
  EventAccountArgs,
  EventBackboneArgs,
  LeafNodesArgs,
  LeafRemoteArgs,
} from "./events/types";
export { tellRemedies } from "./failures/tell-remedies";
export { EgressHost, type EgressHostArgs, EgressProtocol } from "./mesh/egress-host";
export {
  ExternalAuthorization,
  type ExternalAuthorizationArgs,
  type UndecidedPathsArgs,
} from "./mesh/external-authorization";
export { MeshKind } from "./mesh/kinds";
export { ServiceMesh } from "./mesh/service-mesh";
export {
  type ConnectionPoolArgs,
  type OutlierDetectionArgs,
  ServicePolicy,
  type ServicePolicyArgs,
  type ServiceRetriesArgs,
} from "./mesh/service-policy";
export { TrafficSplit, type TrafficSplitArgs, type TrafficSplitBackendArgs } from "./mesh/traffic-split";
export type {
  IstioImagesArgs,
  LinkerdIdentityArgs,
  MeshAuthorizerArgs,
  MeshChartsArgs,
  MeshTracingArgs,
  ServiceMeshArgs,
} from "./mesh/types";
export { Waypoint, type WaypointArgs } from "./mesh/waypoint";
export { Database } from "./storage/database";
export { compileSchedule, ScheduleDialect } from "./storage/schedule";
export { CertificateIssuerKind, type CertificateIssuerArgs, type ServerTlsArgs } from "./storage/tls";
export {
  type DatabaseArgs,
  type DatabaseBackupArgs,
  type DatabasePoolerArgs,
  type DatabaseReplicationArgs,
  type DatabaseRestoreArgs,
  DataDurability,
  type ObjectStoreArgs,
  PoolMode,
  type SecretKeyReference,
} from "./storage/types";
export { KubernetesNamespace } from "./compute/kubernetes-namespace";
export {
  type KubernetesNamespaceArgs,
  type NamespaceQuotaArgs,
  type PodSecurityExceptionArgs,
  PodSecurityLevel,
} from "./compute/namespace-types";
export { PriorityClasses, type PriorityClassesArgs } from "./compute/priority-classes";
export { KubernetesAgent } from "./workload/kubernetes/agent";
export type {
  AgentAuthorityArgs,
  AgentStorageArgs,
  AgentTlsArgs,
  KubernetesAgentArgs,
} from "./workload/kubernetes/agent-types";
export { type AutoscalingArgs, type KedaTriggerArgs, Scaler } from "./workload/kubernetes/autoscaling-types";
export { type AllowOptions, type Connectable, Connections, type Peer } from "./workload/kubernetes/connections";
export type {
  KubernetesContainerArgs,
  KubernetesPortArgs,
  KubernetesProbeArgs,
  ResourceLimitsArgs,
  SecretReferenceArgs,
  VolumeMountArgs,
} from "./workload/kubernetes/container-types";
export {
  type AlertArgs,
  AlertSeverity,
  type MetricsArgs,
  type MetricsAuthorityArgs,
  type OptOutArgs,
  OptOutSetting,
  type PermissionArgs,
} from "./workload/kubernetes/operation-types";
export { type KubernetesWorkloadArgs, KubernetesWorkloadKind, ZoneSpread } from "./workload/kubernetes/types";
export { validateKubernetesWorkload } from "./workload/kubernetes/validate";
export type { FilesArgs, ScratchArgs, StorageArgs } from "./workload/kubernetes/volume-types";
export { KubernetesWorkload } from "./workload/kubernetes/workload";
export type { GreenSchedulingArgs } from "./workload/green";
export { LocalCluster, type LocalClusterArgs } from "./workload/local-cluster";
export {
  type HttpProbeArgs,
  type ResourceRequestsArgs,
  type WorkloadArgs,
  WorkloadKind,
  type WorkloadPortArgs,
} from "./workload/types";
export { validateWorkload } from "../runtime/exports";
export { Workload } from "./workload/workload";
export { Observability } from "./observability/observability";
export type {
  AlertsArgs,
  DashboardsArgs,
  ExistingElasticsearchArgs,
  ExistingMetricsArgs,
  LogCollectionArgs,
  MetricsStackArgs,
  ObservabilityArgs,
  ObservabilityChartArgs,
  OtlpTargetArgs,
  TailSamplingArgs,
  TraceCollectionArgs,
} from "./observability/types";
export { OPERATOR_CHARTS } from "./operators/catalogue";
export { Operators, type OperatorsArgs } from "./operators/operators";
export type { FabricArgs, SecretKeyArgs } from "./fabrics/fabric";
export { gatewayParts, type ProtectionArgs } from "./fabrics/gateway-parts";
export { gatewayRoute, validateRoutes, type ProtectedRouteArgs } from "./fabrics/protected-routes";
export { ScalabilityFabric, type ScalabilityFabricArgs } from "./fabrics/scalability-fabric";
export { SecurityFabric, type SecurityFabricArgs } from "./fabrics/security-fabric";
export {
  type IntensityArgs,
  IntensityFeed,
  intensitySettings,
  reachIntensity,
  validateIntensity,
} from "./fabrics/intensity";
export { SustainabilityFabric, type SustainabilityFabricArgs } from "./fabrics/sustainability-fabric";
