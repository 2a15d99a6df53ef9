/** Reading a command line without running it. */

const SHELLS = new Set(
  "sh bash dash zsh ksh ash fish csh tcsh busybox cmd cmd.exe powershell powershell.exe pwsh pwsh.exe".split(" "),
);

/** Flags with which an interpreter runs its argument as code. */
const CODE_FLAGS: readonly [interpreter: RegExp, flag: RegExp][] = [
  [/^(node|nodejs|bun|deno)$/, /^(-e|-p|-pe|--eval|--print|eval)(=|$)/],
  [/^python[0-9.]*$/, /^-c$/],
  [/^(perl|ruby)$/, /^-[a-zA-Z]*e$/],
  [/^php$/, /^-r$/],
];

/** Programs that only start another one: what counts is what they start. */
const LAUNCHERS = new Set("env nohup nice ionice timeout xargs stdbuf setsid exec command time sudo doas".split(" "));

/** The last part of a program's path: `bash` of `/usr/bin/bash`. */
export function programName(argument: string): string {
  return argument.split(/[/\\]/).at(-1) ?? "";
}

/** The name of the shell that the command starts, itself or through a launcher such as env; undefined when it starts none. */
export function shellIn(command: readonly string[]): string | undefined {
  const [program = "", ...rest] = command;
  if (SHELLS.has(programName(program))) return programName(program);
  if (!LAUNCHERS.has(programName(program))) return undefined;
  return rest.map(programName).find((name) => SHELLS.has(name));
}

/** The flag with which the command runs code given as an argument; undefined when there is none. */
export function inlineCodeFlag(command: readonly string[]): string | undefined {
  const start = command.findIndex((argument) => CODE_FLAGS.some(([name]) => name.test(programName(argument))));
  const interpreter = CODE_FLAGS.find(([name]) => name.test(programName(command[start] ?? "")));
  if (!interpreter) return undefined;
  for (const argument of command.slice(start + 1)) {
    if (interpreter[1].test(argument)) return argument;
    // Interpreter flags end where the script begins; what follows belongs to the script.
    if (!argument.startsWith("-")) return undefined;
  }
  return undefined;
}
