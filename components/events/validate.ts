import type { FieldFault } from "../../runtime/exports";
import { choiceFaults, nameFaults, passwordFaults } from "../storage/checks";
import { tlsFaults } from "../storage/tls";
import { isCidr } from "../workload/kubernetes/network-policy";
import { ZoneSpread } from "../workload/kubernetes/types";
import type { EventAccountArgs, EventBackboneArgs, LeafNodesArgs, LeafRemoteArgs } from "./types";

const MIB = 1024 ** 2;
const LABEL = /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/;
const LABEL_RULE = "must be 1 to 30 lower-case letters, digits and dashes, beginning with a letter";

/** Everything that is wrong with the arguments, as far as they are known. */
export function validateEventBackbone(name: string, args: EventBackboneArgs): FieldFault[] {
  const faults: FieldFault[] = [
    ...nameFaults(name),
    ...tlsFaults(args.tls),
    ...choiceFaults("zoneSpread", ZoneSpread, args.zoneSpread),
    ...accountFaults(args.accounts),
    ...(args.leafNodes === undefined ? [] : leafFaults(args.leafNodes, accountNames(args))),
  ];
  const fault = (field: string, message: string): void => void faults.push({ field, message });
  if (![1, 3, 5].includes(args.replicas ?? 3)) {
    fault("replicas", "must be 1, 3 or 5: an even number outlives no more losses than the odd one below it");
  }
  if (!((args.storageBytes ?? 1024 * MIB) >= 256 * MIB)) {
    fault("storageBytes", "must be at least 268435456 (256 MiB)");
  }
  const payload = args.maxPayloadBytes ?? MIB;
  if (!(Number.isInteger(payload) && payload >= 1024 && payload <= 8 * MIB)) {
    fault("maxPayloadBytes", "must be a whole number from 1024 to 8388608 (8 MiB)");
  }
  return faults;
}

/** The accounts' names, in order. */
export function accountNames({ accounts }: EventBackboneArgs): string[] {
  return accounts?.map((account) => account.name) ?? ["mno"];
}

function accountFaults(accounts: EventAccountArgs[] | undefined): FieldFault[] {
  if (accounts === undefined) return [];
  const names = accounts.map((account) => account.name);
  return [
    ...(names.length === 0 ? [{ field: "accounts", message: "must have at least one" }] : []),
    ...(new Set(names).size < names.length ? [{ field: "accounts", message: "must have different names" }] : []),
    ...accounts.flatMap((account, index) => [
      // "sys" is the user of the servers' own account.
      ...(LABEL.test(account.name) && account.name !== "sys"
        ? []
        : [{ field: `accounts[${index}].name`, message: `${LABEL_RULE}, and not "sys"` }]),
      ...passwordFaults(`accounts[${index}].password`, account.password),
    ]),
  ];
}

function leafFaults({ domain, acceptFrom, remotes = [] }: LeafNodesArgs, accounts: string[]): FieldFault[] {
  const faults: FieldFault[] = [];
  if (!LABEL.test(domain)) faults.push({ field: "leafNodes.domain", message: LABEL_RULE });
  faults.push(...cidrFaults("leafNodes.acceptFrom", acceptFrom));
  const names = remotes.map((remote) => remote.name);
  if (new Set(names).size < names.length) {
    faults.push({ field: "leafNodes.remotes", message: "must have different names" });
  }
  return [
    ...faults,
    ...remotes.flatMap((remote, index) => remoteFaults(`leafNodes.remotes[${index}]`, remote, accounts)),
  ];
}

function remoteFaults(field: string, remote: LeafRemoteArgs, accounts: string[]): FieldFault[] {
  const faults: FieldFault[] = [];
  const fault = (key: string, message: string): void => void faults.push({ field: `${field}.${key}`, message });
  if (!LABEL.test(remote.name)) fault("name", LABEL_RULE);
  const url = URL.canParse(remote.url) ? new URL(remote.url) : undefined;
  if (url?.protocol !== "tls:" || url.hostname === "" || url.port === "" || url.username !== "") {
    fault("url", "must be tls://host:port, without user and password");
  }
  if (remote.account !== undefined && !accounts.includes(remote.account)) {
    fault("account", `is "${remote.account}"; the accounts are ${accounts.join(", ")}`);
  }
  const login = remote.username !== undefined && remote.password !== undefined;
  const partial = (remote.username !== undefined) !== (remote.password !== undefined);
  if (partial || login === (remote.credentialsSecretName !== undefined)) {
    fault("credentialsSecretName", "must be given, or else username and password, not both");
  }
  faults.push(...passwordFaults(`${field}.password`, remote.password));
  if (remote.cidrs.length === 0) fault("cidrs", "must name the remote's addresses");
  return [...faults, ...cidrFaults(`${field}.cidrs`, remote.cidrs)];
}

function cidrFaults(field: string, cidrs: string[] | undefined): FieldFault[] {
  const wrong = (cidrs ?? []).filter((cidr) => !isCidr(cidr));
  return wrong.length === 0 ? [] : [{ field, message: `has ${wrong.join(", ")}; write CIDRs, as 203.0.113.0/24` }];
}
