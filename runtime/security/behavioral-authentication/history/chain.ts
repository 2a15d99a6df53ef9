/**
 * How much likelier the user is to bring a value than users at large, along a hierarchy such as country, network, address:
 *
 *   ln P(v1, v2, ... | user) / P(v1, v2, ... | all) = Σ ln P(v_i | v_(i-1), user) / P(v_i | v_(i-1), all)
 *
 * Each level is smoothed by the Pitman-Yor process with the level's distribution over all users as its base: a value not
 * seen yet costs the more the more the user has done without it, and the less the more values the user has anyway, so that
 * a commuter's tenth address is no surprise while a second country is. Freeman et al. 2016 smooth linearly and Wiefling et
 * al. 2022 weigh the levels against each other by fixed weights; here a new country pays once, not at every level below.
 */

/** Part of each known value's count that goes to values not seen yet. */
const DISCOUNT = 0.3;
/** Pseudo-observations of the uniform base of the distribution over all users. */
const BASE_CONCENTRATION = 1;

/** One level: counts of the value and of its parent, and how many different values the parent has. */
export interface LevelCounts {
  value: number;
  parent: number;
  kinds: number;
}

/** Probability of the value under its parent, over all users: a value never seen has what unseen ones share. */
export function baseProbability({ value, parent, kinds }: LevelCounts): number {
  return (value + BASE_CONCENTRATION / (kinds + 1)) / (parent + BASE_CONCENTRATION);
}

/**
 * ln of the user's probability over that of all users, for one level. 0 where the user's history is empty. `concentration`:
 * pseudo-observations of the base, the fewer the less users change what the level is about.
 */
export function levelLift(user: LevelCounts, base: number, concentration: number): number {
  const seen = Math.max(user.value - DISCOUNT, 0);
  const escape = concentration + DISCOUNT * user.kinds;
  // The discount cannot take more than is there, as decayed counts may be below it.
  const mass = Math.max(user.parent, seen);
  return Math.log((seen / base + escape) / (mass + concentration));
}
