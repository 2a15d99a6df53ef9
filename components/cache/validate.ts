import type { FieldFault } from "../../runtime/exports";
import { choiceFaults, nameFaults, passwordFaults } from "../storage/checks";
import { known } from "../workload/inputs";
import { tlsFaults } from "../storage/tls";
import { type CacheArgs, CacheEviction, CachePersistence } from "./types";

/** Everything that is wrong with the arguments, as far as they are known. */
export function validateCache(name: string, args: CacheArgs): FieldFault[] {
  const faults: FieldFault[] = [
    ...nameFaults(name),
    ...tlsFaults(args.tls),
    ...passwordFaults("password", args.password),
    ...choiceFaults("persistence", CachePersistence, args.persistence),
    ...choiceFaults("eviction", CacheEviction, args.eviction),
  ];
  const fault = (field: string, message: string): void => void faults.push({ field, message });
  const { replicas = 3, memoryFraction = 0.6, minReplicasToWrite = 1, persistence = CachePersistence.None } = args;
  if (!Number.isInteger(replicas) || replicas < 3 || replicas > 9 || replicas % 2 === 0) {
    fault("replicas", "must be 3, 5, 7 or 9: a majority of sentinels must outlive a zone");
  }
  if (!(memoryFraction >= 0.1 && memoryFraction <= 0.9)) fault("memoryFraction", "must be from 0.1 to 0.9");
  if (!Number.isInteger(minReplicasToWrite) || minReplicasToWrite < 0 || minReplicasToWrite >= replicas) {
    fault("minReplicasToWrite", "must be a whole number from 0, below replicas");
  }
  const memory = known(args.requests)?.memoryBytes;
  if (memory !== undefined && memory < 64 * 1024 ** 2) {
    fault("requests.memoryBytes", "must be at least 67108864 (64 MiB)");
  }
  if (persistence === CachePersistence.None) {
    if (args.storageBytes !== undefined) fault("storageBytes", "has no use without persistence");
  } else if (args.storageBytes === undefined) {
    fault("storageBytes", "is required with persistence");
  } else if (memory !== undefined && args.storageBytes < 2 * memory) {
    // A rewrite of the log or a snapshot stands beside the file that it replaces.
    fault("storageBytes", "must be at least twice requests.memoryBytes");
  }
  return faults;
}
