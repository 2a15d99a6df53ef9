import { bounded, type TextRule } from "./rule";
import { concatenation, cut, isQuotation, select, statement, tautology, union } from "./sql-injection";
import { SQL_FRAGMENT_RULES } from "./sql-fragment-rules";
import { isTelling, SQL_FUNCTIONS } from "./sql-functions";
import { chain, clause, comparison, operator, quoteBreak, specials } from "./sql-shapes";
import { breaks, is, somewhere } from "./sql-tokens";
import { SQL_CATALOGUES, SQL_SCHEMA_WORDS } from "./sql-words";
import { isFree, isParameter, isTerse } from "./where";

const SQL_CATALOGUE = bounded("[`.\\s'\"]information_schema[`.\\s'\"]");
const SQL_EXECUTABLE_COMMENT = bounded("/\\*\\s{0,4}[!+]\\s{0,4}[a-z0-9]");
const SQL_CAST = bounded(
  "[\\w)'\"\\]]::(?:int[248]?|integer|text|bool(?:ean)?|bigint|smallint|double|char|varchar|date|numeric|jsonb?|float[48]?|name|oid|reg[a-z]{3,10}|bytea|money|real|time|uuid|xml)(?:\\b|\\[)",
);
const SQL_CAST_2 = bounded("std::|[a-z]::[a-z]\\w{0,30}::");
const SQL_EXPONENT = bounded("^\\d{1,9}\\.e(?:$|[.(])");
const SQL_MAGIC_NUMBER = bounded(
  "(?:^|[^\\d.])(?:4294967296|2147483648|-2147483649|2\\.2250738585072\\d{1,4}e-308|2\\.2e-308|1e309|0x7fffffff|18446744073709551616)(?:$|[^\\d.])",
);
/** A column's or a document's member: `data->>'a'`, `'["a"]' ? 'a'`. */
const SQL_JSON_MEMBER = bounded(
  "[\\w)'\"`\\]]\\s{0,3}(?:->>?|#>>?|#-|@>|<@|@\\?|@@|\\?[|&])\\s{0,3}['\"](?:\\$|\\{|\\[|\\w)|[\\]}]['\"]\\s{0,3}\\?\\s{0,3}['\"]",
);
const SQL_JSON_OPERATOR = bounded(
  "['\"]\\s{0,4}(?:::\\s{0,4}jsonb?|@>|<@|\\?[|&]|->>?|#>>?|@\\?)\\s{0,4}(?:['\"(]|$|[@<?-])",
);
const SQL_COMMENT_ANY = bounded("--(?:\\s|$|[-+])|/\\*|\\*/|[\\w'\")]\\s{0,4};?#(?:\\s|$)|;\\s{0,4}%00");
const SQL_COMMENT_ANY_2 = bounded("-->");
const SQL_QUOTED_NUMBER = bounded("[\"'`][\\s\\d]{0,10}[^\\w\\s]{1,6}\\s{0,4}[^\\w\\s]{0,4}\\s{0,2}\\d|`[^`]{2,30}`");
const SQL_PUNCTUATION = bounded("[^\\w\\s]{4}");
const SQL_HEXADECIMAL = bounded("(?:^|[^a-z0-9])(?:0x[0-9a-f]{3}|[xb]'[0-9a-f]{6})");

const SQL_COMMENT_END = bounded("/\\*[^*]{0,60}\\*/(?!\\*)|['\")\\d]\\s{0,3}(?:--|#)[-+\\s]{0,4}$|;\\s{0,3}--");
const ADDRESS = bounded("^(?:[a-z]{2,8}:/)?/");
export const SQL_RULES: readonly TextRule[] = [
  ...SQL_FRAGMENT_RULES,
  {
    id: "sql-tautology",
    what: "a condition is joined to a value, as in ' OR 1=1",
    test: (text) => somewhere(text, tautology) && !isQuotation(text),
  },
  {
    id: "sql-union",
    what: "a second query is joined by UNION",
    test: (text) => somewhere(text, (tokens, at) => union(tokens, at)),
  },
  {
    id: "sql-select",
    what: "a query stands where a value should",
    test: (text) => somewhere(text, (tokens, at) => select(tokens, at, false)),
  },
  {
    id: "sql-statement",
    what: "a statement of SQL begins after a break",
    test: (text) => somewhere(text, (tokens, at) => breaks(tokens, at) && statement(tokens, at)),
  },
  {
    id: "sql-comment",
    what: "a comment cuts off the statement after a closed quote",
    test: (text) => somewhere(text, (tokens, at, reading) => cut(tokens, at, reading, text)),
  },
  {
    id: "sql-concatenation",
    what: "an expression goes on after a closed quote",
    test: (text) => somewhere(text, concatenation),
  },
  {
    id: "sql-function",
    what: "a function is called that only databases have",
    test: (text) =>
      somewhere(
        text,
        (tokens, at) => tokens[at + 1]?.kind === "(" && tokens[at]!.kind === "word" && isTelling(tokens[at]!.text),
      ),
  },
  {
    id: "sql-delay",
    what: "the database is told to wait",
    test: (text) =>
      somewhere(text, (tokens, at) => {
        if (!breaks(tokens, at)) return false;
        if (is(tokens[at], "waitfor") && is(tokens[at + 1], "delay", "time")) return true;
        if (is(tokens[at], "shutdown") && is(tokens[at - 1], ";", "'", '"'))
          return tokens[at + 1] === undefined || tokens[at + 1]!.kind !== "word";
        const open = at + 1;
        return is(tokens[at], "sleep") && tokens[open]?.kind === "(" && tokens[open + 1]?.kind === "number";
      }),
  },
  {
    id: "sql-catalogue",
    what: "a catalogue or procedure of a database system is named",
    test: (text) =>
      somewhere(text, (tokens, at) => {
        const token = tokens[at]!;
        if (token.kind !== "word" && token.kind !== "variable") return false;
        if (token.text.startsWith("@@")) return token.text.length > 5;
        return SQL_CATALOGUES.has(token.text) || SQL_CATALOGUES.has(token.text.split(".", 1)[0]!);
      }) ||
      (isFree(text) && text.has("_`") && SQL_CATALOGUE.test(text.lower)),
  },
  {
    id: "sql-executable-comment",
    what: "a comment holds what MySQL executes",
    test: (text) => isFree(text) && text.has("*") && SQL_EXECUTABLE_COMMENT.test(text.lower),
  },
  {
    id: "sql-cast",
    what: "a value is cast to a type of PostgreSQL",
    test: (text) => isFree(text) && text.has(":") && SQL_CAST.test(text.lower) && !SQL_CAST_2.test(text.lower),
  },
  {
    id: "sql-broken-select",
    what: "a quote is closed, and a query begins",
    test: (text) =>
      somewhere(
        text,
        (tokens, at, reading) =>
          reading > 0 &&
          at > 0 &&
          at <= 3 &&
          is(tokens[at], "select", "union") &&
          tokens.slice(1, at).every(({ kind }) => kind === ";" || kind === ")") &&
          tokens.length > at + 1 &&
          tokens.length < at + 4,
      ),
  },
  {
    id: "sql-exponent",
    what: "an empty exponent hides a name from filters",
    test: (text) =>
      somewhere(text, (tokens, at) => tokens[at]!.kind === "number" && SQL_EXPONENT.test(tokens[at]!.text)),
  },
  {
    id: "sql-clause",
    what: "clauses of a query follow a value",
    level: "high",
    test: (text) => isTerse(text) && !ADDRESS.test(text.raw) && somewhere(text, clause),
  },
  {
    id: "sql-query-in-text",
    what: "a whole query stands in the text",
    level: "high",
    test: (text) =>
      isTerse(text) &&
      somewhere(text, (tokens, at) => select(tokens, at, true) || (statement(tokens, at) && tokens.length > 1)),
  },
  {
    id: "sql-condition",
    what: "a comparison of constants",
    level: "high",
    test: (text) => isTerse(text) && somewhere(text, comparison),
  },
  {
    id: "sql-quote-break",
    what: "a quote is closed, and a statement or word of SQL follows",
    test: (text) => isTerse(text) && text.strayQuotes.length > 0 && somewhere(text, quoteBreak),
  },
  {
    id: "sql-function-any",
    what: "a function of SQL is called",
    level: "strict",
    test: (text) =>
      somewhere(text, (tokens, at) => {
        const token = tokens[at]!;
        if ((token.kind !== "word" && token.kind !== "compare") || !SQL_FUNCTIONS.has(token.text.replace(/\.$/, "")))
          return false;
        for (let next = at + 1; next <= at + 4 && tokens[next] !== undefined; next++) {
          if (tokens[next]!.kind === "(") return true;
          if (tokens[next]!.kind === "word" || tokens[next]!.kind === "number") return false;
        }
        return false;
      }),
  },
  {
    id: "sql-schema-word",
    what: "a word of schemas",
    test: (text) =>
      isParameter(text) &&
      !text.field.isName &&
      isTerse(text) &&
      somewhere(text, (tokens, at) => tokens[at]!.kind === "word" && SQL_SCHEMA_WORDS.has(tokens[at]!.text)),
  },
  {
    id: "sql-chain",
    what: "a logical word, and a comparison after it",
    level: "high",
    test: (text) => isTerse(text) && somewhere(text, chain),
  },
  {
    id: "sql-magic-number",
    what: "a number that crashed an interpreter once",
    level: "high",
    test: (text) => isFree(text) && SQL_MAGIC_NUMBER.test(text.lower),
  },
  {
    id: "sql-json-operator",
    what: "an operator on JSON after a quoted document",
    test: (text) =>
      isFree(text) &&
      text.has("'\"") &&
      ((text.has("{[$") && SQL_JSON_OPERATOR.test(text.lower)) ||
        (text.has(">?@#") && isTerse(text) && SQL_JSON_MEMBER.test(text.lower))),
  },
  {
    id: "sql-operator",
    what: "an operator of SQL",
    level: "high",
    test: (text) => isTerse(text) && somewhere(text, (tokens, at) => operator(tokens, at)),
  },
  {
    id: "sql-comment-end",
    what: "a comment of SQL, closed or at the end",
    level: "high",
    test: (text) => text.has("-#/") && isTerse(text) && isFree(text) && SQL_COMMENT_END.test(text.raw),
  },
  {
    id: "sql-comment-any",
    what: "a comment of SQL",
    level: "strict",
    test: (text) =>
      isFree(text) && text.has("-#/") && SQL_COMMENT_ANY.test(text.raw) && !SQL_COMMENT_ANY_2.test(text.raw),
  },
  {
    id: "sql-quoted-number",
    what: "a quote, punctuation and a number",
    test: (text) => isTerse(text) && isFree(text) && text.strayQuotes.length > 0 && SQL_QUOTED_NUMBER.test(text.raw),
  },
  {
    id: "sql-punctuation",
    what: "more punctuation than values have",
    level: "strict",
    test: (text) =>
      isFree(text) &&
      text.field.kind !== "body" &&
      (text.field.kind === "cookie"
        ? specials(text.raw, 30) >= 8
        : specials(text.raw, 60) >= 12 || (SQL_PUNCTUATION.test(text.raw.slice(0, 200)) && text.raw.length < 60)),
  },
  {
    id: "sql-hexadecimal",
    what: "a hexadecimal literal",
    level: "high",
    test: (text) => isFree(text) && isTerse(text) && SQL_HEXADECIMAL.test(text.lower),
  },
];
