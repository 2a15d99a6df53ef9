/** What is no figure of its own, beside the table. */
export const say = (line: string): void => void process.stdout.write(`${line}\n`);
