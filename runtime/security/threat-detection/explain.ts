import type { Contribution } from "./alerts/alert";
import type { Committee, Rows } from "./ensemble/committee";
import type { Shape } from "./ensemble/transformation";

const MOST = 8;

/**
 * Which features make a row strange: each is replaced by what the most similar ordinary row has, and the strangeness that
 * goes away with it is the feature's. It asks the ensemble as a whole, so it holds for every member.
 */
export function contributionsOf(
  committee: Committee,
  shape: Shape,
  columns: readonly string[],
  raw: Float64Array,
  ordinary: Rows,
): Contribution[] {
  const strangeness = committee.score(raw);
  const nearest = nearestRow(committee, shape, raw, ordinary);
  const changed = raw.slice();
  const contributions = columns.map((feature, column) => {
    changed[column] = nearest[column]!;
    const left = raw[column] === nearest[column] ? strangeness : committee.score(changed);
    changed[column] = raw[column]!;
    const isCategory = column >= shape.numeric;
    return {
      feature,
      value: isCategory ? code(raw[column]!) : raw[column]!,
      usual: isCategory ? code(nearest[column]!) : nearest[column]!,
      share: Math.max(0, strangeness - left) / strangeness,
    };
  });
  return contributions
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST);
}

const code = (value: number): string => (value < 0 ? "absent" : `#${value.toString(16)}`);

/** The ordinary row at which most columns are alike: least Manhattan distance as the committee sees rows. */
function nearestRow(committee: Committee, shape: Shape, raw: Float64Array, ordinary: Rows): Float64Array {
  const { transformation } = committee;
  const stride = shape.numeric + shape.categorical;
  const own = new Float64Array(transformation.width);
  const other = new Float64Array(transformation.width);
  transformation.apply(raw, 0, own, 0);
  let least = Infinity;
  let nearest = 0;
  for (let row = 0; row < ordinary.count; row++) {
    transformation.apply(ordinary.raw, row * stride, other, 0);
    let distance = 0;
    for (let c = 0; c < transformation.width; c++)
      distance += c < transformation.numeric ? Math.abs(own[c]! - other[c]!) : own[c] === other[c] ? 0 : 2;
    if (distance >= least) continue;
    least = distance;
    nearest = row;
  }
  return ordinary.raw.subarray(nearest * stride, (nearest + 1) * stride);
}
