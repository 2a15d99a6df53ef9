import type { Recording } from "./recording-monitor";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

/** All that the state of a recorded program would hold in plain text: what is marked secret is left out. */
export function visibleText({ resources, outputs }: Recording): string {
  return JSON.stringify([resources.map(({ inputs }) => inputs), [...outputs.values()]], (_, value: unknown) => {
    const wrapper = typeof value === "object" && value !== null && SIGNATURE in value ? value : undefined;
    if (wrapper === undefined) return value;
    const { [SIGNATURE]: kind, secret } = wrapper as { [SIGNATURE]: string; secret?: boolean };
    return kind === SECRET || secret === true ? "[secret]" : value;
  });
}
