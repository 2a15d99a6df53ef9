/**
 * Words of a text in the places where a shell would look for a command (POSIX shell command language, section 2.10), quotes,
 * backslashes, carets and empty expansions taken out. The text may be the middle of a command line: its start is a place too.
 */
export interface ShellCommand {
  /** What was before it: "" for the start of the text, else the operator. */
  readonly after: string;
  /** Lower-case word with quoting resolved, without its folder. */
  readonly word: string;
  /** The word as written, and whether quoting or expansions hid it. */
  readonly hidden: boolean;
  /** Folder in front of the command, "" for none. */
  readonly folder: string;
  /** Words after it, resolved, at most 12. */
  readonly words: readonly string[];
  /** What ends it: an operator, or "" at the end of the text. */
  readonly until: string;
}

const COMMANDS = 300;
const ARGUMENTS = 12;
const SEPARATORS = ["&&", "||", "|&", "<(", ">(", "$(", ";", "|", "&", "\n", "`", "(", "{"];

export function shellCommands(text: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let after = "";
  let at = 0;
  while (at <= text.length && commands.length < COMMANDS) {
    const read = commandAt(text, at, after);
    if (read.command !== undefined) commands.push(read.command);
    if (read.end >= text.length) break;
    after = read.until;
    at = read.end + Math.max(1, after.length);
  }
  return commands;
}

function commandAt(text: string, from: number, after: string): { command?: ShellCommand; end: number; until: string } {
  const words: Word[] = [];
  let at = from;
  let until = "";
  while (at < text.length) {
    const char = text[at]!;
    if (char === " " || char === "\t" || char === "\r") {
      at++;
      continue;
    }
    const separator = separatorAt(text, at);
    if (separator !== undefined) {
      until = separator;
      break;
    }
    if (char === "}" || char === ")") {
      until = char;
      break;
    }
    const word = wordAt(text, at);
    if (words.length <= ARGUMENTS + 4) words.push(word);
    at = word.end;
  }
  while (words.length > 0 && (PREFIXES.has(words[0]!.text) || /^[a-z_]\w{0,30}=/i.test(words[0]!.text))) words.shift();
  const first = words[0];
  if (first === undefined || first.text === "") return { end: at, until };
  const slash = Math.max(first.text.lastIndexOf("/"), first.text.lastIndexOf("\\"));
  return {
    command: {
      after,
      word: first.text.slice(slash + 1).toLowerCase(),
      hidden: first.hidden,
      folder: first.text.slice(0, slash + 1).toLowerCase(),
      words: words.slice(1, 1 + ARGUMENTS).map((word) => word.text),
      until,
    },
    end: at,
    until,
  };
}

const PREFIXES = new Set([
  "!",
  "time",
  "then",
  "do",
  "else",
  "if",
  "while",
  "until",
  "{",
  "command",
  "builtin",
  "exec",
  "nohup",
  "@",
]);

function separatorAt(text: string, at: number): string | undefined {
  // "2>&1" and "&>" redirect.
  if (text[at] === "&" && (text[at - 1] === ">" || text[at + 1] === ">")) return undefined;
  return SEPARATORS.find((separator) => text.startsWith(separator, at));
}

interface Word {
  text: string;
  hidden: boolean;
  end: number;
}

/** A word up to a blank or an operator; quotes joined, escapes and empty expansions dropped. */
function wordAt(text: string, from: number): Word {
  let out = "";
  let hidden = false;
  let at = from;
  while (at < text.length && out.length < 400) {
    const char = text[at]!;
    if (char === " " || char === "\t" || char === "\r" || char === ")" || char === "}") break;
    if (char === "$") {
      const expansion = /^\$(?:[@*#?$!_0-9-]|\{[^}]{0,60}\}|[A-Za-z_]\w{0,40})/.exec(text.slice(at, at + 64))?.[0];
      if (expansion !== undefined) {
        if (/^\$\{?IFS/.test(expansion)) break;
        if (at === from && text[at + expansion.length] !== undefined) out += "";
        hidden ||= at > from;
        if (at === from) out += expansion.toLowerCase();
        at += expansion.length;
        continue;
      }
    }
    if (separatorAt(text, at) !== undefined) break;
    if (char === "'" || char === '"') {
      const end = text.indexOf(char, at + 1);
      if (end < 0 || end - at > 400) {
        at++;
        continue;
      }
      if (at > from || (end + 1 < text.length && /[\w/]/.test(text[end + 1]!))) hidden = true;
      out += text.slice(at + 1, end);
      at = end + 1;
      continue;
    }
    if (char === "\\" && /[a-z\n/]/i.test(text[at + 1] ?? "") && !/^[A-Za-z]:$/.test(out) && !out.startsWith("\\")) {
      if (at > from) hidden = true;
      // A folder of Windows keeps its separator.
      if (/\\[\w. ]{1,40}\\/.test(text.slice(at, at + 42))) out += "\\";
      at++;
      continue;
    }
    if (char === "^" && /[\w^]/.test(text[at + 1] ?? "")) {
      hidden = true;
      at++;
      continue;
    }
    if ((char === "<" || char === ">") && out !== "") break;
    out += char;
    at++;
  }
  if (at === from) return { text: text[at]!, hidden, end: at + 1 };
  // "${IFS}" and "$IFS" stand for a blank.
  const blank = /^\$(?:\{IFS[^}]{0,20}\}|IFS(?:\$\d)?)/.exec(text.slice(at, at + 32))?.[0];
  return { text: out, hidden: hidden || blank !== undefined, end: at + (blank?.length ?? 0) };
}
