import { bounded, type TextRule } from "./rule";
import { hasArgument } from "./shell-commands";
import { CMDLET_NOUNS, CMDLET_VERBS, WINDOWS_ALSO_WORDS, WINDOWS_COMMANDS } from "./shell-words";
import { isFree, isProse } from "./where";

const CMDLET = bounded("(?:^|[^a-z0-9-])([a-z]{2,11})-([a-z]{3,24})(?:[^a-z0-9-]|$)", "g");

const WINDOWS_INTERPRETER = bounded(
  "(?:^|[^a-z0-9.])(?:cmd(?:\\.exe)?\\s{0,5}/[ckrv]|powershell(?:\\.exe)?\\s{1,5}(?:-|[a-z]:|[/'\"(&$])|pwsh(?:\\.exe)?\\s{1,5}-|mshta(?:\\.exe)?\\s{1,5}(?:http|javascript|vbscript)|rundll32(?:\\.exe)?\\s{1,5}|certutil(?:\\.exe)?\\s{1,5}[-/]|wmic(?:\\.exe)?\\s{1,5}|bitsadmin\\s{1,5}/|regsvr32\\s{1,5}/|cscript\\s{1,5}|wscript\\s{1,5})",
);
const WINDOWS_BATCH = bounded(
  "(?:^|[^a-z0-9])for(?:\\s{1,20}/[dflr](?:\\s{1,20}[^\\s%]{1,60}){0,3}){0,3}\\s{1,30}%{1,2}[^\\s]{1,20}\\s{1,20}in\\s{0,20}\\(",
);
const WINDOWS_BATCH_2 = bounded(
  '(?:^|[^a-z0-9])if(?:\\s{1,20}|(?=/))(?:/i\\s{1,20})?(?:not\\s{1,20})?(?:"[^"]{1,60}"\\s{0,4}==|exist\\s|defined\\s|errorlevel\\s|cmdextversion\\s|[^\\s=]{1,100}\\s{0,4}==|[^\\s]{1,60}\\s{1,20}(?:equ|neq|lss|leq|gtr|geq)\\s)',
);
const WINDOWS_BATCH_3 = bounded("^\\s{0,4}[{<]");
const WINDOWS_VARIABLE = bounded("%[a-z_]{3,30}(?::[~\\w]|%\\\\|%[&|;\"' ]|%$)");
const WINDOWS_VARIABLE_2 = bounded(
  "%(?:comspec|systemroot|windir|temp|tmp|path|appdata|localappdata|programfiles|programdata|userprofile|username|computername|os|homepath|homedrive|public|allusersprofile|[a-z_]{3,30}:~)",
);

export const WINDOWS_RULES: readonly TextRule[] = [
  {
    id: "windows-command",
    what: "a command of Windows after a separator",
    test: (text) => {
      if (!isFree(text) || !text.has(";|&\n`(")) return false;
      const prose = isProse(text) || text.field.name === "user-agent";
      return text.shell.some((command) => {
        if (command.after === "" || command.after === "{" || (command.after === "(" && text.field.kind === "header"))
          return false;
        const word = command.word.replace(/\.(?:exe|com|bat|cmd|msc)$/, "");
        if (!WINDOWS_COMMANDS.has(word)) return false;
        if (command.hidden && command.after !== "(") return true;
        if (hasArgument(command)) return !prose || !WINDOWS_ALSO_WORDS.has(word);
        return !WINDOWS_ALSO_WORDS.has(word) && (!prose || word !== command.word);
      });
    },
  },
  {
    id: "windows-interpreter",
    what: "an interpreter of Windows is called",
    test: (text) => isFree(text) && WINDOWS_INTERPRETER.test(text.lower.replace(/[\^"']/g, "")),
  },
  {
    id: "windows-cmdlet",
    what: "a cmdlet of PowerShell",
    test: (text) => {
      if (!isFree(text) || !text.has("-")) return false;
      for (const match of text.lower.replace(/[`^"']/g, "").matchAll(CMDLET)) {
        if (CMDLET_VERBS.has(match[1]!) && CMDLET_NOUNS.has(match[2]!) && !(isProse(text) && !/[A-Z]/.test(text.raw)))
          return true;
      }
      return false;
    },
  },
  {
    id: "windows-batch",
    what: "a FOR or IF of the command interpreter",
    test: (text) =>
      isFree(text) &&
      (WINDOWS_BATCH.test(text.lower) || WINDOWS_BATCH_2.test(text.lower)) &&
      !WINDOWS_BATCH_3.test(text.raw),
  },
  {
    id: "windows-variable",
    what: "a variable of the command interpreter, cut or substituted",
    test: (text) =>
      isFree(text) && text.has("%!") && WINDOWS_VARIABLE.test(text.lower) && WINDOWS_VARIABLE_2.test(text.lower),
  },
  {
    id: "windows-command-start",
    what: "the value begins with a command of Windows",
    test: (text) =>
      isFree(text) &&
      !text.field.isName &&
      !isProse(text) &&
      text.shell.some((command) => {
        const word = command.word.replace(/\.(?:exe|com|bat|cmd|msc)$/, "");
        return (
          WINDOWS_COMMANDS.has(word) &&
          command.after !== "(" &&
          ((command.after !== "" && !WINDOWS_ALSO_WORDS.has(word)) ||
            (command.words.length > 0 && hasArgument(command)))
        );
      }),
  },
];
