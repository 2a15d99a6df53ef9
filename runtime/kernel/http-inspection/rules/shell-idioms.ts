import { bounded, type TextRule } from "./rule";
import { isFree } from "./where";

const SHELL_SHOCK = bounded("\\(\\s{0,5}\\)\\s{0,5}\\{");
const SHELL_SHOCK_2 = bounded(
  "^[^\\w]{0,20}\\(\\s{0,5}\\)\\s{0,5}\\{|\\(\\s{0,5}\\)\\s{0,5}\\{\\s{0,5}:?;\\s{0,5}\\}\\s{0,5};",
);
const SHELL_FORK_BOMB = bounded(
  "([\\w:.]{1,20})\\(\\)\\{\\s{0,4}\\1\\|\\1|\\b([\\w:.]{1,20})\\(\\)\\{[^}]{0,40}\\2[^}]{0,10}\\|[^}]{0,10}\\2|%0\\|%0|:\\|:&|while(?:true|:);do\\S{0,40}&done",
);
const SHELL_SERVER_SIDE_INCLUDE = bounded(
  "<!--\\s{0,10}#\\s{0,10}(?:exec|include|echo|printenv|config|fsize|flastmod|set|if)\\b",
);
const SHELL_SQLITE_COMMAND = bounded(
  "(?:;\\s{0,4}\\.\\s{0,4}['\"]?|(?:^|[\\n'\"]\\s{0,4})\\.)(?:shell|system|import|load|read|output|once|open|dump|archive|backup|restore|excel|log|databases|dbconfig|dbinfo|tables|schema|cd|clone|save|sqlite|bail|imposter|print|prompt|quit|exit|echo|eqp|nullvalue|recover|trace|vfslist|vfsinfo|fullschema|indexes|parameter|session|sha3sum|testcase|connection|auth|binary|headers|mode|separator|timeout|timer|width|show|stats)['\"]?(?:\\s{1,4}[^.]|$|;)",
);

/** Texts that attack one program known by name, or a machine at once. */
export const SHELL_IDIOM_RULES: readonly TextRule[] = [
  {
    id: "shell-shock",
    what: "a function definition that bash once ran from its environment",
    test: (text) => text.has("{") && SHELL_SHOCK.test(text.raw) && SHELL_SHOCK_2.test(text.raw),
  },
  {
    id: "shell-fork-bomb",
    what: "a function that calls itself until the machine is full",
    test: (text) => isFree(text) && text.has("|") && text.has("{") && SHELL_FORK_BOMB.test(text.compact),
  },
  {
    id: "shell-server-side-include",
    what: "a directive of server-side includes",
    test: (text) => text.has("<") && SHELL_SERVER_SIDE_INCLUDE.test(text.lower),
  },
  {
    id: "shell-sqlite-command",
    what: "a command of the shell of SQLite",
    test: (text) => isFree(text) && text.has(".") && SHELL_SQLITE_COMMAND.test(text.lower),
  },
];
