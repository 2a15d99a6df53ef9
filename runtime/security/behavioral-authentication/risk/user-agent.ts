import Bowser from "bowser";

/** A parser of regular expressions need not see more than browsers send. */
const LONGEST_PARSED = 512;
const MOST_REMEMBERED = 10_000;
/** Characters of a name with its version; what is longer was made up. */
const LONGEST_NAME = 64;

export interface UserAgent {
  /** desktop, mobile, tablet, tv, bot or unknown. */
  device: string;
  /** Name and major version. */
  os: string;
  browser: string;
}

const PRODUCT = /^([\w.-]{1,64})(?:\/([\w.-]{1,32}))?/;
const UNKNOWN: UserAgent = { device: "unknown", os: "unknown", browser: "unknown" };

/** Reads user agents, the ones seen lately from memory. */
export class UserAgents {
  private readonly known = new Map<string, UserAgent>();

  read(header: string | undefined): UserAgent {
    const text = header?.slice(0, LONGEST_PARSED) ?? "";
    if (text === "") return UNKNOWN;
    const seen = this.known.get(text);
    if (seen !== undefined) return seen;
    const read = parse(text);
    // Oldest out: a map iterates in the order of insertion.
    if (this.known.size >= MOST_REMEMBERED) this.known.delete(this.known.keys().next().value!);
    this.known.set(text, read);
    return read;
  }
}

function parse(text: string): UserAgent {
  const { platform, os, browser } = Bowser.parse(text);
  return {
    device: platform.type ?? "unknown",
    os: named(os.name, os.version),
    // What is no browser is a program: its product token tells it from others (RFC 9110, section 10.1.5).
    browser: named(browser.name || PRODUCT.exec(text)?.[1], browser.version || PRODUCT.exec(text)?.[2]),
  };
}

function named(name: string | undefined, version: string | undefined): string {
  if (name === undefined || name === "") return "unknown";
  const major = version?.split(".", 1)[0] ?? "";
  const plain = `${name} ${major}`.replaceAll(/[^ -~]/g, "").slice(0, LONGEST_NAME);
  return plain.trim() || "unknown";
}
