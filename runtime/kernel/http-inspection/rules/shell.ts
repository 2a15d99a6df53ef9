import { bounded, type TextRule } from "./rule";
import {
  clientCommand,
  first,
  hasArgument,
  headerCommand,
  hiddenWord,
  injected,
  isUnixCommand,
  programAt,
} from "./shell-commands";
import { SHELL_IDIOM_RULES } from "./shell-idioms";
import { ALSO_WORDS } from "./shell-words";
import { isFree, isParameter, isProse, isTerse } from "./where";

/** `$(id)`, `$((1+1))`, `<(id)`, `${x//y}`: what a template of a page does not write. */
const SUBSTITUTION = bounded(
  "\\$\\(\\(?[^()]{1,100}\\)|[<>]\\([^()]{1,60}\\)|\\$\\{[A-Za-z_!#@*][^{}]{0,60}[/%^,#@!:][^{}]{0,60}\\}|\\$\\{[A-Z_]{2,20}\\}|/[a-z?*]{0,12}\\[!?[a-z0-9-]{1,12}\\][a-z?*]{0,12}",
);

const UNIX_PATH = bounded("(?:^|[^a-z0-9_./-])(?:/(?:usr|opt)(?:/local)?)?/?s?bin/[\\w\\[?*+.-]{2,40}");
const SYSTEM_FILE = bounded(
  "/(?:etc/(?:passwd|shadow|group|hosts|issue|crontab|sudoers|ssh|apache2|nginx|mysql|php|ssl|cron\\.|profile|bash|motd|resolv|fstab|httpd|os-release|environment|rc\\.|init)(?! [a-z]{5})|dev/(?:tcp|udp|fd/|shm|zero)|proc/(?:self|version|net|cpuinfo|meminfo|mounts|cmdline|sys/|\\d{1,7}/)|root/\\.|var/(?:log|run|spool|mail|lib)/[\\w.-]|tmp/[\\w.-]{1,40}\\.(?:sh|php|py|pl|elf))",
);

const SHELL_EXPRESSION = bounded(
  "\\$\\(\\(?[\\w'\"/.$ -]{1,80}\\)|\\$\\{(?:ifs|[a-z_]\\w{0,20}(?::-?\\d|//?|[%^,#@]|:[-=+?]\\w))|\\$ifs\\b|[<>]\\([\\w /.-]{1,60}\\)|/dev/(?:tcp|udp)/|(?:^|[^\\w*.)\\]])\\{[\\w./-]{1,20},[^{}\\s]{1,60}\\}.{0,10}$|\\$'(?:\\\\x|[\\w]{1,20}')|\\$\\{?(?:shell|path|home|ifs|bash|hostname|pwd|oldpwd|ps[1-4]|bash_\\w{1,20}|env)\\b|\\d?>&\\d|<<<",
);
const SHELL_EXPRESSION_2 = bounded("^\\s{0,4}[{\\[<]");
const SHELL_EXPRESSION_3 = bounded("\\$\\{[\\w. ]{1,40}\\}$");
const SHELL_SUBSTITUTION = bounded("^\\s{0,4}\\$\\(['\"#.]|https?://|^/.{0,100}/[gimsuy]{0,4}$|\\]\\+|\\]\\{");
const SHELL_WILDCARDS = bounded(
  "(?:^|[^\\w:/.])/?(?:[a-z?*[\\]]{1,12}/){1,4}[a-z]{0,8}[?*\\[][\\w?*\\]]{0,12}\\s{1,4}[-/\\w]",
);
const SHELL_WILDCARDS_2 = bounded("/[a-z]{0,6}[?*\\[]");
const SHELL_ALIAS = bounded("(?:^|[;&|\\s'\"`(])alias\\s{1,10}(?:[-+][a-z+]{1,6}\\s{1,4}){0,3}[^\\s=]{1,40}=");
const SHELL_VARIABLE_COMMAND = bounded(
  "(?:^|[;&|\\s'\"])(\\w{1,20})=[^;&|\\s]{1,60}(?:;|&&|\\|\\||\\n)[\\s\\S]{0,200}\\$\\{?\\1\\b",
);
const SHELL_BRACE_EXPANSION = bounded(
  "(?:^|[\\s;|&=`(/])\\{[a-z./-][\\w./-]{0,20},[^{}\"':\\s]{0,100}\\}|\\{,[\\w./-]{1,20}[,}]",
);
const SHELL_TILDE = bounded("(?:^|[\\s=:;|&(])~(?:[+-]\\d{0,3}|\\d{1,3})(?:/|$)");
const SHELL_HOME = bounded("(?:^|[\\s=:;|&(])~[a-z_]{0,20}(?:/|\\+|$)");
const SHELL_ANY_EXPRESSION = bounded(
  "\\$\\([^)]{1,100}\\)|\\$\\{[^}]{1,100}\\}|[<>]\\([^)]{1,100}\\)|/[a-z]{0,20}\\[!?[^\\]]{1,20}\\]|\\$\\[[^\\]]{1,40}\\]",
);
const SHELL_TERSE = bounded(
  "\\$\\((?!['\"#.]|document|this|window)[^)]{1,100}\\)|[<>]\\([a-z/][^)]{1,100}\\)|\\$\\[[^\\]]{1,40}\\]",
);
const PIPING = new Set(["|", "||", "&&", "`", "$(", "|&", ";"]);
const SHELL_WILDCARDS_ANY = bounded("/[\\w.]{0,12}(?:[?*][\\w.?*]{0,12}){1,2}(?:/|\\s|$)");
const SHELL_WILDCARDS_ANY_2 = bounded("https?://");
const SHELL_HEADER_COMMAND = bounded("^[\\w.+-]{1,40}/[\\d.v]");
const SHELL_HISTORY = bounded("(?:^|[\\s;&|])!(?:\\d|!|-\\d|\\?|[a-z]{1,20}(?:$|[:\\s]))");

export const SHELL_RULES: readonly TextRule[] = [
  ...SHELL_IDIOM_RULES,
  {
    id: "shell-injection",
    what: "a command follows an operator of the shell",
    test: (text) => {
      if (!isFree(text) || !text.has(";|&`$\n<>")) return false;
      const prose = isProse(text);
      return text.shell.some((command) => injected(command, prose || text.field.name === "user-agent"));
    },
  },
  {
    id: "shell-command",
    what: "the value is a command line",
    test: (text) =>
      isFree(text) && text.field.name !== "user-agent" && text.shell.some((command) => first(command, isProse(text))),
  },
  {
    id: "shell-path",
    what: "the path of a program",
    test: (text) =>
      isFree(text) &&
      text.has("/") &&
      !isProse(text) &&
      text.field.kind !== "path" &&
      UNIX_PATH.test(text.lower.replace(/['"\\^]/g, "")) &&
      programAt(text.lower.replace(/['"\\^]/g, "")),
  },
  {
    id: "shell-system-file",
    what: "a file of the operating system",
    test: (text) =>
      isFree(text) &&
      text.has("/") &&
      SYSTEM_FILE.test(text.lower.replace(/['"\\^]|\$[@*!?_-]|\/\.(?=\/)/g, "").replace(/\/{2,20}/g, "/")),
  },
  {
    id: "shell-expression",
    what: "an expression of the shell that hides or runs a command",
    test: (text) =>
      isFree(text) &&
      text.has("$`<>{") &&
      !isProse(text) &&
      SHELL_EXPRESSION.test(text.lower) &&
      !SHELL_EXPRESSION_2.test(text.raw) &&
      !SHELL_EXPRESSION_3.test(text.lower),
  },
  {
    id: "shell-substitution",
    what: "the shell is told to put a command's output or a variable in",
    test: (text) =>
      isParameter(text) &&
      text.field.kind !== "json" &&
      text.has("$<>[") &&
      !isProse(text) &&
      SUBSTITUTION.test(text.raw) &&
      !SHELL_SUBSTITUTION.test(text.raw),
  },
  {
    id: "shell-wildcards",
    what: "a program called by wildcards",
    test: (text) =>
      isFree(text) &&
      text.has("?*[") &&
      text.has("/") &&
      SHELL_WILDCARDS.test(text.lower) &&
      SHELL_WILDCARDS_2.test(text.lower),
  },
  {
    id: "shell-alias",
    what: "the shell is told to call a command by another name",
    test: (text) => isFree(text) && SHELL_ALIAS.test(text.lower) && !isProse(text),
  },
  {
    id: "shell-variable-command",
    what: "a variable is set and called as a command",
    test: (text) => isFree(text) && text.has("$") && SHELL_VARIABLE_COMMAND.test(text.lower),
  },
  {
    id: "shell-terse-expression",
    what: "the value is an expression of the shell",
    test: (text) => text.has("$<>") && text.has(")]") && isTerse(text) && isFree(text) && SHELL_TERSE.test(text.lower),
  },
  {
    id: "shell-command-word",
    what: "a command after a separator",
    level: "strict",
    test: (text) =>
      isFree(text) &&
      isTerse(text) &&
      text.has(";|&`$(\n'\"") &&
      text.shell.some(
        (command) =>
          command.after !== "" &&
          (!ALSO_WORDS.has(command.word) || hasArgument(command) || PIPING.has(command.after)) &&
          (command.after !== "(" || (text.field.kind !== "header" && !ALSO_WORDS.has(command.word))) &&
          command.after !== "\n" &&
          isUnixCommand(command.word),
      ),
  },
  {
    id: "shell-command-start",
    what: "the value begins with the name of a program",
    level: "high",
    test: (text) =>
      isFree(text) &&
      !text.field.isName &&
      !isProse(text) &&
      text.shell.some(
        (command) =>
          command.after === "" &&
          isUnixCommand(command.word) &&
          (command.hidden || !ALSO_WORDS.has(command.word) || (command.words.length > 0 && hasArgument(command))) &&
          (text.field.name !== "user-agent" || command.words.length > 0),
      ),
  },
  {
    id: "shell-hidden-word",
    what: "a command whose letters are quoted apart",
    test: (text) => isFree(text) && text.has("'\"\\`$^") && isTerse(text) && hiddenWord(text),
  },
  {
    id: "shell-brace-expansion",
    what: "a command line written as a list in braces",
    test: (text) =>
      isFree(text) && text.has("{") && text.has(",") && SHELL_BRACE_EXPANSION.test(text.lower) && !isProse(text),
  },
  {
    id: "shell-tilde",
    what: "a folder that the shell remembers",
    test: (text) => isFree(text) && text.has("~") && !isProse(text) && SHELL_TILDE.test(text.lower),
  },
  {
    id: "shell-home",
    what: "a home folder",
    level: "strict",
    test: (text) => isFree(text) && text.has("~") && text.field.kind !== "path" && SHELL_HOME.test(text.lower),
  },
  {
    id: "shell-any-expression",
    what: "an expression of the shell",
    level: "high",
    test: (text) => isFree(text) && isTerse(text) && text.has("${<>([") && SHELL_ANY_EXPRESSION.test(text.lower),
  },
  {
    id: "shell-wildcards-any",
    what: "wildcards where a path should be",
    level: "high",
    test: (text) =>
      isFree(text) &&
      isTerse(text) &&
      text.has("?*") &&
      !text.raw.includes("**") &&
      SHELL_WILDCARDS_ANY.test(text.lower) &&
      !SHELL_WILDCARDS_ANY_2.test(text.lower),
  },
  {
    id: "shell-client-command",
    what: "the client introduces itself by a command line",
    test: (text) =>
      text.field.kind === "header" &&
      text.field.name === "user-agent" &&
      !SHELL_HEADER_COMMAND.test(text.lower) &&
      clientCommand(text.lower),
  },
  {
    id: "shell-header-command",
    what: "a header begins with the name of a program",
    level: "strict",
    test: (text) =>
      text.field.kind === "header" &&
      (text.field.name === "user-agent" || text.field.name === "referer") &&
      !SHELL_HEADER_COMMAND.test(text.lower) &&
      headerCommand(text.lower),
  },
  {
    id: "shell-history",
    what: "an earlier command is called again",
    level: "high",
    test: (text) => isFree(text) && isTerse(text) && text.has("!") && SHELL_HISTORY.test(text.lower),
  },
];
