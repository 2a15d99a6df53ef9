import { readFile, stat } from "node:fs/promises";
import { open, type AsnResponse, type CityResponse, type Reader } from "maxmind";
import { MnoError } from "../../../exports";
import { type Address, parsePrefix, PrefixTable } from "./address";
import type { Place } from "./place";

/** Where addresses are. */
export interface Locator {
  locate(address: Address): Place;
}

const NOWHERE: Place = {};
/** Results that a database keeps at hand. */
const CACHED = 10_000;

/** The configured files, read anew when asked: databases of places are replaced every week. */
export class GeoFiles implements Locator {
  private constructor(
    private readonly files: readonly string[],
    private current: Locator,
    private changed: string,
  ) {}

  /** Errors: MNO_CONFIG_INVALID. */
  static async open(files: readonly string[]): Promise<GeoFiles> {
    return new GeoFiles(files, await openLocator(files), await changesOf(files));
  }

  locate(address: Address): Place {
    return this.current.locate(address);
  }

  /** Keeps what it has where a file has become unreadable. Errors: MNO_CONFIG_INVALID. */
  async reload(): Promise<void> {
    const changed = await changesOf(this.files);
    if (changed === this.changed) return;
    this.current = await openLocator(this.files);
    this.changed = changed;
  }
}

const changesOf = async (files: readonly string[]): Promise<string> =>
  (await Promise.all(files.map((file) => stat(file).catch(() => ({ mtimeMs: 0, size: 0 })))))
    .map(({ mtimeMs, size }) => `${String(mtimeMs)}/${String(size)}`)
    .join(" ");

/**
 * Opens the configured files: MaxMind databases (`.mmdb`: City, Country, ASN, Anonymous IP, or others in their form) and range
 * tables (`.csv`, `.json`). What several say is put together, the first file first. None: no place is ever known.
 * Errors: MNO_CONFIG_INVALID where a file cannot be read.
 */
export async function openLocator(files: readonly string[]): Promise<Locator> {
  const sources = await Promise.all(files.map((file) => openFile(file)));
  return {
    locate: (address) => sources.reduceRight((place, source) => ({ ...place, ...source.locate(address) }), NOWHERE),
  };
}

async function openFile(file: string): Promise<Locator> {
  try {
    if (file.endsWith(".mmdb")) return maxmindLocator(await open(file, { cache: { max: CACHED } }));
    return tableLocator(await readFile(file, "utf8"), file);
  } catch (cause) {
    if (cause instanceof MnoError) throw cause;
    throw new MnoError("MNO_CONFIG_INVALID", `MNO_BA_GEO_FILES: ${file} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function maxmindLocator(reader: Reader<CityResponse & AsnResponse>): Locator {
  return {
    locate({ text, bits }) {
      // A database of IPv4 alone would take the first bits of another address for one.
      if (bits === 128 && reader.metadata.ipVersion === 4) return NOWHERE;
      const found = reader.get(text);
      return found === null ? NOWHERE : withoutAbsent(placeOf(found));
    },
  };
}

interface AnonymousFacts {
  is_anonymous?: boolean;
  is_hosting_provider?: boolean;
}

function placeOf(found: CityResponse & AsnResponse): Place {
  const { location, traits } = found;
  // The Anonymous IP database has them at the top, Enterprise among the traits.
  const facts: AnonymousFacts = { ...traits, ...(found as AnonymousFacts) };
  return {
    country: (found.country ?? found.registered_country)?.iso_code,
    asn: found.autonomous_system_number ?? traits?.autonomous_system_number,
    latitude: location?.latitude,
    longitude: location?.longitude,
    accuracyKm: location?.accuracy_radius,
    anonymous: facts.is_anonymous === true || facts.is_hosting_provider === true ? true : undefined,
  };
}

const COLUMNS = ["range", "country", "asn", "latitude", "longitude", "accuracyKm", "anonymous"] as const;

/**
 * A range table. CSV with the header line `range,country,asn,latitude,longitude,accuracyKm,anonymous` (cells may be empty), or
 * JSON: an array of objects with these members. Errors: MNO_CONFIG_INVALID, with the row.
 */
export function tableLocator(content: string, file: string): Locator {
  const table = new PrefixTable<Place>();
  rowsOf(content, file).forEach((row, index) => {
    const where = `MNO_BA_GEO_FILES: ${file}, row ${String(index + 1)}`;
    const number = (name: (typeof COLUMNS)[number], from: number, to: number): number | undefined => {
      const cell = row[name];
      if (cell === undefined || cell === null || cell === "") return undefined;
      const value = Number(cell);
      if (value >= from && value <= to) return value;
      throw new MnoError(
        "MNO_CONFIG_INVALID",
        `${where}: ${name} must be a number from ${String(from)} to ${String(to)}`,
      );
    };
    const { address, length } = parsePrefix(text(row.range), where);
    const country = text(row.country);
    if (country !== "" && !/^[A-Z]{2}$/.test(country)) {
      throw new MnoError("MNO_CONFIG_INVALID", `${where}: country must be two capital letters (ISO 3166-1)`);
    }
    const place: Place = {
      country: country === "" ? undefined : country,
      asn: number("asn", 0, 2 ** 32 - 1),
      latitude: number("latitude", -90, 90),
      longitude: number("longitude", -180, 180),
      accuracyKm: number("accuracyKm", 0, 20_000),
      anonymous: text(row.anonymous) === "true" ? true : undefined,
    };
    table.add(address, length, withoutAbsent(place));
  });
  return { locate: (address) => table.find(address) ?? NOWHERE };
}

/** A cell, whatever type JSON has for it; empty where there is none. */
const text = (cell: unknown): string =>
  typeof cell === "string" ? cell : typeof cell === "number" || typeof cell === "boolean" ? String(cell) : "";

type Row = Partial<Record<(typeof COLUMNS)[number], unknown>>;

function rowsOf(content: string, file: string): Row[] {
  if (file.endsWith(".json")) {
    const rows: unknown = JSON.parse(content);
    if (!Array.isArray(rows)) throw new MnoError("MNO_CONFIG_INVALID", `MNO_BA_GEO_FILES: ${file} must hold an array`);
    return rows as Row[];
  }
  const [header = "", ...lines] = content.split(/\r?\n/).filter((line) => line.trim() !== "");
  const names = header.split(",").map((name) => name.trim());
  if (!names.includes("range")) {
    throw new MnoError("MNO_CONFIG_INVALID", `MNO_BA_GEO_FILES: ${file} must begin with the line ${COLUMNS.join(",")}`);
  }
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, index) => [names[index] ?? "", cell.trim()])),
  );
}

/** So that one source does not hide with undefined what another knows. */
const withoutAbsent = (place: Place): Place =>
  Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
