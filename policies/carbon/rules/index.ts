import type { Rule } from "../../shared/rule";
import { stackBudget } from "./cb-001-stack-budget";
import { requestsDeclared } from "./cb-002-requests-declared";
import { allowedGrids } from "./cb-003-allowed-grids";
import { sleepOrBound } from "./cb-004-sleep-or-bound";
import { freshFactors } from "./cb-005-fresh-factors";
import { efficientMachines } from "./cb-006-efficient-machines";
import { storageClasses } from "./cb-007-storage-classes";
import { flexibleJobs } from "./cb-008-flexible-jobs";

export const CARBON_RULES: readonly Rule[] = [
  stackBudget,
  requestsDeclared,
  allowedGrids,
  sleepOrBound,
  freshFactors,
  efficientMachines,
  storageClasses,
  flexibleJobs,
];
