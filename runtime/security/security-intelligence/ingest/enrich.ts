import { readFile } from "node:fs/promises";
import { type Static, Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { type AsnResponse, type CountryResponse, type Reader, open } from "maxmind";
import { MnoError } from "../../../exports";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";

const Directory = Type.Object({
  users: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({ name: Type.Optional(Type.String()), groups: Type.Optional(Type.Array(Type.String())) }),
    ),
  ),
  addresses: Type.Optional(Type.Record(Type.String(), Type.Object({ hostname: Type.String() }))),
});
export type Directory = Static<typeof Directory>;

/** What is known beside the event: who users are, which address is whose, where an address is. All of it optional. */
export class Enrichment {
  constructor(
    private readonly directory: Directory = {},
    private readonly geo?: Pick<Reader<CountryResponse & AsnResponse>, "get">,
  ) {}

  static async open(files: { directory?: string; geo?: string }): Promise<Enrichment> {
    const directory = files.directory === undefined ? {} : await readDirectory(files.directory);
    const geo = files.geo === undefined ? undefined : await open<CountryResponse & AsnResponse>(files.geo);
    return new Enrichment(directory, geo);
  }

  /** Adds what the event does not say itself; what it says is never changed. */
  enrich(event: OcsfEvent): OcsfEvent {
    const { src_endpoint: source, actor } = event;
    const uid = actor?.user?.uid;
    const user = uid === undefined ? undefined : own(this.directory.users, uid);
    const ip = source?.ip;
    const host = ip === undefined ? undefined : own(this.directory.addresses, ip);
    const place = ip === undefined || !this.geo || source?.location ? undefined : this.lookUp(ip);
    if (!user && !host && !place) return event;
    return {
      ...event,
      ...(user && {
        actor: {
          ...actor,
          user: { name: user.name, groups: user.groups?.map((name) => ({ name })), ...actor?.user },
        },
      }),
      ...((host ?? place) && { src_endpoint: { ...host, ...place, ...source } }),
    };
  }

  private lookUp(
    ip: string,
  ): Pick<NonNullable<OcsfEvent["src_endpoint"]>, "location" | "autonomous_system"> | undefined {
    const found = this.geo?.get(ip);
    const country = found?.country?.iso_code;
    const number = found?.autonomous_system_number;
    if (country === undefined && number === undefined) return undefined;
    return {
      ...(country === undefined ? {} : { location: { country } }),
      ...(number === undefined ? {} : { autonomous_system: { number } }),
    };
  }
}

async function readDirectory(file: string): Promise<Directory> {
  const read: unknown = JSON.parse(await readFile(file, "utf8"));
  if (Value.Check(Directory, read)) return read;
  const [first] = Value.Errors(Directory, read);
  throw new MnoError("MNO_CONFIG_INVALID", `${file}${first?.path ?? ""}: ${first?.message ?? "no directory"}`);
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
