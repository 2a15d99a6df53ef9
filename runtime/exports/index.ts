export * from "./errors";
export * from "./names";
export * from "./workload-spec";
export * from "./program";
