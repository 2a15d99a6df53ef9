import { halfSpaceTrees } from "../detectors/half-space-trees";
import { isolationForest } from "../detectors/isolation-forest";
import { nearestNeighbours } from "../detectors/nearest-neighbours";
import { principalComponents } from "../detectors/principal-components";
import { randomCutForest } from "../detectors/random-cut-forest";
import { empiricalTails } from "../detectors/tails";
import type { Family } from "./committee";

const MARGINAL: Family = { name: "marginal", weight: 4, members: [empiricalTails()] };

/**
 * The members, one configuration for all data: what looks at each column by itself, what cuts space up, and what measures
 * distances to single rows or along the principal axes. Tails of single columns are the most robust and weigh most;
 * where nothing is far out in a single column, the order of the committee's mean lets the others be heard. Cutting
 * trees and samples of neighbours see some of many columns each, so that wide events stay cheap.
 */
export const FAMILIES: readonly Family[] = [
  MARGINAL,
  {
    name: "isolation",
    weight: 2,
    members: [
      isolationForest({ trees: 32, samples: 256 }),
      halfSpaceTrees({ trees: 16, depth: 9 }),
      randomCutForest({ trees: 4, samples: 64, columns: 8 }),
    ],
  },
  { name: "neighbours", weight: 1, members: [nearestNeighbours({ samples: 10, rows: 16, columns: 16 })] },
  { name: "components", weight: 2, members: [principalComponents({ ridge: 0.1 })] },
];

/**
 * Who concentrates an unlabelled sample on its ordinary half: tails of single columns hold under contamination, where what
 * measures distance or density takes a dense crowd of attacks for the usual.
 */
export const CONCENTRATORS: readonly Family[] = [MARGINAL];
