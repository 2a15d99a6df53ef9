import { MnoError } from "../../runtime/exports";

export const COMMANDS = ["up", "down", "status", "requirements", "kubeconfig"] as const;
export type Command = (typeof COMMANDS)[number];

export interface Arguments {
  command: Command;
  /** Of `up`: how long etcd keeps history, as a Go duration. */
  compactionInterval?: string;
}

const USAGE = `npm run cluster -- ${COMMANDS.join("|")}; up takes --compaction-interval=<duration>, such as 30s`;
const COMPACTION = "--compaction-interval=";

/** Errors: MNO_COMMAND_LINE_INVALID naming what is not understood. */
export function parseArguments(argv: readonly string[]): Arguments {
  const [command, ...rest] = argv;
  if (!COMMANDS.includes(command as Command)) {
    throw new MnoError("MNO_COMMAND_LINE_INVALID", `${command ?? "Nothing"} is not a command. Usage: ${USAGE}`);
  }
  const parsed: Arguments = { command: command as Command };
  for (const option of rest) {
    const value = option.startsWith(COMPACTION) ? option.slice(COMPACTION.length) : undefined;
    if (parsed.command !== "up" || value === undefined || !/^\d+(s|m|h)$|^0$/.test(value)) {
      throw new MnoError("MNO_COMMAND_LINE_INVALID", `${option} is not understood. Usage: ${USAGE}`);
    }
    parsed.compactionInterval = value;
  }
  return parsed;
}
