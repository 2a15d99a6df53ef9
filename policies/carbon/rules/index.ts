import type { Rule } from "../../shared/rule";
import { stackBudget } from "./cb-001-stack-budget";
import { requestsDeclared } from "./cb-002-requests-declared";
import { allowedGrids } from "./cb-003-allowed-grids";
import { sleepOrBound } from "./cb-004-sleep-or-bound";
import { freshFactors } from "./cb-005-fresh-factors";

export const CARBON_RULES: readonly Rule[] = [stackBudget, requestsDeclared, allowedGrids, sleepOrBound, freshFactors];
