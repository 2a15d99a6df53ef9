export * from "./errors";
export * from "./intensity-feeds";
export * from "./kubernetes";
export * from "./names";
export * from "./rbac";
export * from "./validate-workload";
export * from "./workload-spec";
export * from "./program";
