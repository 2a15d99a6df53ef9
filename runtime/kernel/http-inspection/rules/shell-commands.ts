import { type ShellCommand } from "../lex/shell";
import { type Text } from "../lex/text";
import { bounded } from "./rule";
import { ALSO_WORDS, UNIX_COMMANDS } from "./shell-words";

const VERSIONED = bounded("^([a-z+]{2,20}?)-?\\d{1,2}(?:\\.\\d{1,3}){0,2}$");

export function isUnixCommand(word: string): boolean {
  return UNIX_COMMANDS.has(word) || UNIX_COMMANDS.has(VERSIONED.exec(word)?.[1] ?? "");
}

/** An argument that only a command line has: an option, a path, a pipe, a redirection, an address. */
const ARGUMENT = bounded(
  "^(?:-{1,2}[a-z0-9][\\w=,./:+-]{0,100}|\\+[a-z][\\w=]{0,20}|[~.]{0,2}/[\\w.*?{[-][^ ]{0,200}|[\\w.-]{1,60}/[\\w./*?-]{1,100}|<{1,3}[^ ]{0,100}|[012&]?>{1,2}(?:&\\d|[/.~a-z][^ ,!=]{0,60})?|https?://[^ ]{1,200}|\\$[\\w{(@][^ ]{0,60}|%[a-z]{3,30}%[^ ]{0,60}|[\\w.-]{1,60}\\.(?:sh|php|py|pl|txt|conf|log|gz|zip|tar|com|net|org|io|exe|dll|ps1|bat|[a-z]{2,4})|\\d{1,3}(?:\\.\\d{1,3}){3}|\\{\\}|/[a-z?])$",
  "i",
);

/** An option or an absolute path. */
const STRONG_ARGUMENT = bounded("^(?:-{1,2}[a-z]|[~.]{0,2}/[\\w.*?-]{1,30}/?|[012&]?>{1,2}|<)", "i");

export function hasArgument(command: ShellCommand): boolean {
  return command.words.some((word) => ARGUMENT.test(word));
}

const OPERATORS = new Set([";", "|", "&", "&&", "||", "|&", "\n", "$(", "`", "<(", ">("]);

/** A command after an operator of the shell, with what makes it one. */
export function injected(command: ShellCommand, prose: boolean): boolean {
  if (!OPERATORS.has(command.after) || !isUnixCommand(command.word)) return false;
  if (command.hidden || command.folder !== "") return command.folder === "" || /^[~./]/.test(command.folder);
  const vague = ALSO_WORDS.has(command.word) && (prose || command.after === "\n" || command.after === "&");
  if (vague ? command.words.some((word) => STRONG_ARGUMENT.test(word)) : hasArgument(command)) return true;
  if (prose) return false;
  const ends = command.words.length === 0 && (command.until !== "" || command.after !== "&");
  if (command.after === "`" || command.after === "$(") return ends || !ALSO_WORDS.has(command.word);
  if (ALSO_WORDS.has(command.word))
    return (
      command.words.length === 0 &&
      command.after !== "&" &&
      command.after !== "\n" &&
      (command.word === "id" || command.word === "ls" || command.word === "ps")
    );
  return command.after !== "\n" || command.words.length <= 2;
}

/** A command line from the first character on. */
export function first(command: ShellCommand, prose: boolean): boolean {
  if (command.after !== "" || prose) return false;
  if (!isUnixCommand(command.word)) return false;
  if (command.hidden) return true;
  if (hasArgument(command)) return true;
  if (command.words.length === 0 && TELLING_COMMANDS.has(command.word)) return true;
  if (command.word.includes("-") && command.words.length <= 6) return true;
  if (PIPES.has(command.until) && !ALSO_WORDS.has(command.word)) return true;
  if (ALSO_WORDS.has(command.word) && command.words.length > 3) return false;
  return (
    command.words.some((word) => isUnixCommand(word.toLowerCase()) && !ALSO_WORDS.has(word.toLowerCase())) &&
    command.words.length <= 3
  );
}

const ASSIGNED = bounded("^[\\w.-]{1,30}=(.{1,200})$", "s");

const HIDDEN_WORD = bounded(
  "[\\w./]{0,12}(?:(?:''|\"\"|``|\\\\|\\$[@*!?$-]|\\^|\\$\\{\\w{0,10}\\}|['\"](?=\\w))[\\w./]{1,12}['\"]?){1,12}",
  "g",
);
const HIDDEN_WORD_2 = bounded("\\w['\"`\\\\^$][\\s\\S]{0,20}\\w");

/** A word that quotes, backslashes or empty expansions cut up, and that is a command without them. */
export function hiddenWord(text: Text): boolean {
  let count = 0;
  for (const match of text.lower.matchAll(HIDDEN_WORD)) {
    if (++count > 200) return false;
    const bare = match[0].replace(/\$\{\w{0,10}\}|\$[@*!?$-]|['"`\\^]/g, "").replace(/^.*\//, "");
    if (bare.length > 1 && isUnixCommand(bare) && HIDDEN_WORD_2.test(match[0])) return true;
  }
  return false;
}

const TELLING_COMMANDS = new Set(
  "whoami ifconfig netstat visudo nslookup traceroute uname printenv chmod chown chgrp useradd userdel usermod lsof dmesg lsmod lspci lsusb lscpu hostnamectl logname systemctl journalctl crontab iptables ipconfig systeminfo tasklist msfconsole mkfifo nohup pwd vmstat pstree pgrep pkill killall chroot getent lastlog lsb_release".split(
    " ",
  ),
);

const PIPES = new Set(["|", ";", "&&", "||", "`"]);

const HEADER_COMMAND = bounded(
  "^(?:wget|curl|lynx|w3m|links|python\\d?|java|perl|ruby|php|node|go|aria2c|fetch|lwp-request)$",
);

export function headerCommand(text: string): boolean {
  const value = /[?&#]\w{1,30}=([^&#]{1,200})$/.exec(text)?.[1] ?? text;
  const [command, ...rest] = (ASSIGNED.exec(value)?.[1] ?? value)
    .replace(/["']/g, "")
    .trim()
    .split(/[\s+]{1,4}/, 8);
  if (command === undefined || !isUnixCommand(command.replace(/^.*\//, ""))) return false;
  return rest.length > 0
    ? rest.some((word) => ARGUMENT.test(word) || isUnixCommand(word)) || command.includes("-")
    : command.includes("-") || (!ALSO_WORDS.has(command) && !HEADER_COMMAND.test(command));
}

const WRAPPERS = /^(?:time|nohup|sudo|strace|env|exec|command|nice|timeout|watch|xargs)$/;

/** A client that names itself is a name, or name and version; a command line is a command and what it works on. */
export function clientCommand(text: string): boolean {
  const [command, ...rest] = text
    .replace(/["']/g, "")
    .replace(/^\w{1,30}=/, "")
    .trim()
    .split(/\s{1,4}/, 8);
  if (command === undefined || !isUnixCommand(command.replace(/^.*\//, "")) || HEADER_COMMAND.test(command))
    return false;
  if (rest.length === 0) return command.includes("-") || TELLING_COMMANDS.has(command);
  return (
    !ALSO_WORDS.has(command) ||
    rest.some((word) => STRONG_ARGUMENT.test(word)) ||
    (WRAPPERS.test(command) && isUnixCommand(rest[0]!))
  );
}

const PROGRAM_AT = bounded("(?:s?bin)/([\\w\\[?*+.-]{2,40})", "g");

export function programAt(text: string): boolean {
  for (const match of text.matchAll(PROGRAM_AT)) {
    const name = match[1]!.replace(/[.]$/, "");
    if (isUnixCommand(name) || /[?*[]/.test(name)) return true;
  }
  return false;
}
