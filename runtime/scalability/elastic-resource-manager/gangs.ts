import type { Allocation } from "./allocation";

/** Allocations that live and die together: the members of a gang, or one alone. In the order in which they are given. */
export function unitsOf(allocations: Iterable<Allocation>): (readonly Allocation[])[] {
  const units = new Map<string, Allocation[]>();
  for (const each of allocations) {
    const name = each.gangId ?? each.id;
    const unit = units.get(name);
    if (unit) unit.push(each);
    else units.set(name, [each]);
  }
  return [...units.values()];
}

/** The active allocations that go with this one, itself included. */
export function unitOf(allocation: Allocation, active: ReadonlyMap<string, Allocation>): readonly Allocation[] {
  const { gangId } = allocation;
  return gangId === undefined ? [allocation] : [...active.values()].filter((each) => each.gangId === gangId);
}
