import { MeshKind } from "../mesh/kinds";
import type { FieldFault } from "../../runtime/exports";
import { known } from "../workload/inputs";
import { isCidr } from "../workload/kubernetes/network-policy";
import { ZoneSpread } from "../workload/kubernetes/types";
import { choiceFaults, nameFaults } from "./checks";
import { scheduleFaults } from "./schedule";
import { type DatabaseArgs, DataDurability, type ObjectStoreArgs, PoolMode } from "./types";

const GIB = 1024 ** 3;
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Everything that is wrong with the arguments, as far as they are known. */
export function validateDatabase(name: string, args: DatabaseArgs): FieldFault[] {
  const faults: FieldFault[] = [
    ...nameFaults(name),
    ...choiceFaults("zoneSpread", ZoneSpread, args.zoneSpread),
    ...choiceFaults("durability", DataDurability, args.durability),
    ...choiceFaults("pooler.mode", PoolMode, args.pooler?.mode),
  ];
  const check = (wrong: boolean, field: string, message: string): void => {
    if (wrong) faults.push({ field, message });
  };
  const whole = (value: number | undefined, field: string, from: number, to: number): void =>
    check(
      value !== undefined && !(Number.isInteger(value) && value >= from && value <= to),
      field,
      `is ${value}; it must be a whole number from ${from} to ${to}`,
    );
  whole(args.instances, "instances", 1, 9);
  check(
    args.pooler !== undefined && (args.mesh ?? MeshKind.None) !== MeshKind.None,
    "pooler",
    "does not work in a mesh yet: the operator gives its pods an identity of their own, which the servers do not let in",
  );
  const synchronous = args.durability !== undefined && args.durability !== DataDurability.Off;
  check(synchronous && (args.instances ?? 3) < 2, "durability", "needs a replica: instances must be 2 or more");
  check(!(args.storageBytes >= GIB), "storageBytes", "must be at least 1073741824 (1 GiB)");
  check(!((args.walStorageBytes ?? GIB) >= GIB), "walStorageBytes", "must be at least 1073741824 (1 GiB)");
  check(!/^[a-z][a-z0-9_]{0,62}$/.test(args.database ?? "mno"), "database", "must be lower-case letters, digits and _");
  check(args.database === "postgres", "database", "must not be postgres, which is the superuser's");
  const memory = known(args.requests)?.memoryBytes;
  check(memory !== undefined && memory < GIB / 2, "requests.memoryBytes", "must be at least 536870912 (512 MiB)");
  whole(args.pooler?.instances, "pooler.instances", 1, 20);
  whole(args.pooler?.maxClientConnections, "pooler.maxClientConnections", 1, 100_000);
  whole(args.pooler?.poolSize, "pooler.poolSize", 1, 1_000);
  return [...faults, ...backupFaults(name, args)];
}

function backupFaults(name: string, { backup, noBackupBecause, restore, replication }: DatabaseArgs): FieldFault[] {
  const faults: FieldFault[] = [];
  const check = (wrong: boolean, field: string, message: string): void => {
    if (wrong) faults.push({ field, message });
  };
  check((backup === undefined) === (noBackupBecause === undefined), "backup", "must be given, or else noBackupBecause");
  check((noBackupBecause ?? "ten letters").trim().length < 10, "noBackupBecause", "must say why in a sentence");
  if (backup !== undefined) {
    faults.push(...storeFaults("backup.store", backup.store));
    if (backup.schedule !== undefined) {
      faults.push(...scheduleFaults(backup.schedule).map((message) => ({ field: "backup.schedule", message })));
    }
    const days = backup.retentionDays ?? 30;
    check(!(Number.isInteger(days) && days >= 1), "backup.retentionDays", "must be a whole number from 1");
  }
  const own = backup?.serverName ?? name;
  if (restore !== undefined) {
    faults.push(...storeFaults("restore.store", restore.store));
    // CloudNativePG refuses to archive into a folder that is not empty ("Expected empty archive").
    check(
      backup !== undefined && restore.serverName === own,
      "restore.serverName",
      `is "${own}", as this database's own; give backup.serverName another name: a restored database begins a new archive`,
    );
    check(
      restore.targetTime !== undefined &&
        !(RFC_3339.test(restore.targetTime) && !Number.isNaN(Date.parse(restore.targetTime))),
      "restore.targetTime",
      "must be RFC 3339 with its zone, as 2026-11-23T10:00:00Z",
    );
  }
  if (replication !== undefined) {
    const { primary, peer } = replication;
    faults.push(...storeFaults("replication.peerStore", replication.peerStore));
    check(backup === undefined, "replication", "needs backup: the replica follows through the primary's store");
    check(restore !== undefined, "replication", "must not stand beside restore: a replica begins from its peer");
    check(peer === name, "replication.peer", "must be another name than this database's");
    check(own !== name, "backup.serverName", "must be left out with replication: each is found by its name");
    check(![name, peer].includes(primary), "replication.primary", `is "${primary}"; it must be ${name} or ${peer}`);
  }
  return faults;
}

function storeFaults(field: string, store: ObjectStoreArgs): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!/^(s3|gs):\/\/[^/\s]+(\/[^\s]*)?$/.test(store.destinationPath)) {
    faults.push({ field: `${field}.destinationPath`, message: "must be s3://bucket/folder or gs://bucket/folder" });
  }
  if (store.endpointUrl !== undefined) {
    const url = URL.canParse(store.endpointUrl) ? new URL(store.endpointUrl) : undefined;
    if (url?.protocol !== "https:") faults.push({ field: `${field}.endpointUrl`, message: "must be an https:// URL" });
  }
  const wrong = (store.cidrs ?? []).filter((cidr) => !isCidr(cidr));
  if (wrong.length > 0)
    faults.push({ field: `${field}.cidrs`, message: `has ${wrong.join(", ")}; write 203.0.113.0/24` });
  return faults;
}
