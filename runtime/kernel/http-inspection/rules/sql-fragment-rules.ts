import { type Text } from "../lex/text";
import { type TextRule } from "./rule";
import {
  danglingOperator,
  goesOnAfterBracket,
  goesOnAfterQuote,
  joinedCondition,
  joinedName,
  openCall,
  wholeClause,
  wholeCondition,
} from "./sql-fragments";
import { type Tokens } from "./sql-tokens";
import { isFree, isTerse } from "./where";

const firstReading = (text: Text, test: (tokens: Tokens) => boolean): boolean => isTerse(text) && test(text.sql[0]!);

export const SQL_FRAGMENT_RULES: readonly TextRule[] = [
  {
    id: "sql-after-quote",
    what: "a quote belongs to a statement around the value, and SQL follows it",
    test: (text) => text.has("'\"`") && isTerse(text) && isFree(text) && goesOnAfterQuote(text),
  },
  {
    id: "sql-after-bracket",
    what: "a bracket belongs to a statement around the value, and SQL follows it",
    test: (text) => text.has(")") && isTerse(text) && isFree(text) && goesOnAfterBracket(text),
  },
  {
    id: "sql-open-call",
    what: "the call of a function of SQL that the statement around the value would close",
    test: (text) => text.has("(") && firstReading(text, openCall),
  },
  {
    id: "sql-whole-condition",
    what: "the value is a comparison of constants and nothing else",
    test: (text) => firstReading(text, wholeCondition),
  },
  {
    id: "sql-joined-condition",
    what: "a condition on a constant is joined to the statement around the value",
    test: (text) => text.has("=<>") && firstReading(text, joinedCondition),
  },
  {
    id: "sql-dangling-operator",
    what: "an operator of SQL whose other operand is in the statement around the value",
    test: (text) => firstReading(text, danglingOperator),
  },
  {
    id: "sql-joined-name",
    what: "a condition on a column is joined to the statement around the value",
    test: (text) => firstReading(text, joinedName),
  },
  {
    id: "sql-whole-clause",
    what: "the value is a clause of a query",
    test: (text) => text.has(" /") && firstReading(text, wholeClause),
  },
];
