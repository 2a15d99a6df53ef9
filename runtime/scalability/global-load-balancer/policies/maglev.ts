import { Choice } from "./choice";
import { hash32, keyOr } from "./hash";
import { type Member, Members } from "./members";
import type { Endpoint, PickContext, Policy, Random } from "./policy";

/** Entries of the table: the prime that the paper measured with; its shares are even within 1 % up to 650 endpoints. */
const TABLE_SIZE = 65_537;

interface Permutation {
  readonly offset: number;
  readonly skip: number;
}

/**
 * Maglev hashing (Eisenbud et al., NSDI 2016): a table that the endpoints fill in turn, each along a permutation of its own,
 * in proportion to their weights. A pick costs the same however many endpoints there are; a change of membership rebuilds
 * the table (some milliseconds) and moves slightly more keys than rendezvous hashing.
 */
export class Maglev implements Policy {
  readonly name = "maglev";
  private readonly members = new Members((endpoint): Permutation => ({
    offset: hash32(endpoint.id, 1) % TABLE_SIZE,
    skip: (hash32(endpoint.id, 2) % (TABLE_SIZE - 1)) + 1,
  }));
  private readonly choice = new Choice<Permutation>(this.name, "the key's place in the table is its own");
  private table: readonly Member<Permutation>[] = [];

  constructor(private readonly random: Random) {}

  update(endpoints: readonly Endpoint[], now: number): void {
    this.members.update(endpoints, now);
    this.table = fill(this.members.list);
  }

  /** An excluded endpoint's keys go on to the next place of the table that is not excluded. */
  pick({ key, exclude }: PickContext): Endpoint["id"] | undefined {
    const { table } = this;
    const place = hash32(keyOr(key, this.random), 0) % TABLE_SIZE;
    const allowed = new Set(this.members.eligible(exclude));
    let picked = table[place];
    for (let step = 1; picked !== undefined && !allowed.has(picked); step++)
      picked = table[(place + step) % TABLE_SIZE];
    return this.choice.take(picked)?.endpoint.id;
  }

  why = () => this.choice.explain();
}

/** The heaviest takes a turn in each round, the others as often as their weight is of the heaviest's. */
function fill(members: readonly Member<Permutation>[]): Member<Permutation>[] {
  if (members.length === 0) return [];
  // By id: the table must not depend on the order in which the endpoints were told.
  const turns = members
    .map((member) => ({ member, weight: member.endpoint.weight, next: member.state.offset, credit: 0 }))
    .sort((a, b) => (a.member.endpoint.id < b.member.endpoint.id ? -1 : 1));
  const heaviest = Math.max(...turns.map(({ weight }) => weight));
  const table = new Array<Member<Permutation> | undefined>(TABLE_SIZE);
  for (let filled = 0; ;) {
    for (const turn of turns) {
      turn.credit += turn.weight / heaviest;
      if (turn.credit < 1) continue;
      turn.credit -= 1;
      while (table[turn.next] !== undefined) turn.next = (turn.next + turn.member.state.skip) % TABLE_SIZE;
      table[turn.next] = turn.member;
      if (++filled === TABLE_SIZE) return table as Member<Permutation>[];
    }
  }
}
