/** Shorter values are no secrets, and masking them would make the log unreadable. */
const SHORTEST_SECRET = 4;

/** The URL without the user and password that it may hold. */
export function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, "//***@");
}

/** A function that puts *** in place of every secret value, also of each line of one that has several. */
export function secretMask(secrets: Readonly<Record<string, string>> = {}): (line: string) => string {
  const values = Object.values(secrets)
    .flatMap((value) => value.split(/\r?\n/))
    .filter((value) => value.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return (line) => values.reduce((masked, value) => masked.replaceAll(value, "***"), line);
}
