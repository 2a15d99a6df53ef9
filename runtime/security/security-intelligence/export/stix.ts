import { hash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type { Alert } from "../detection/alert";
import { techniqueOf } from "../incidents/attack";
import type { Incident } from "../incidents/incident";
import type { Entity } from "../ingest/entities";

export interface StixObject {
  readonly type: string;
  readonly id: string;
  readonly [property: string]: unknown;
}

export interface StixBundle {
  readonly type: "bundle";
  readonly id: string;
  readonly objects: readonly StixObject[];
}

/** UUIDv5 (RFC 9562) below a namespace of our own: the same incident makes the same objects. */
const NAMESPACE = Buffer.from("5f6b0c1e3a0f4c5c9d0e6d6e6f2d7369", "hex");
const EPOCH = "2026-01-01T00:00:00.000Z";

/**
 * An incident as a STIX 2.1 bundle (OASIS): who says so (identity), what was seen (observed data and sightings), by what it can be
 * recognised (indicators for addresses), which techniques it used (attack patterns), and a report that holds it together.
 */
export function stixBundle(incident: Incident, alerts: readonly Alert[]): StixBundle {
  const created = timestamp(incident.firstTime);
  const modified = timestamp(Math.max(incident.lastTime, incident.firstTime));
  const identity: StixObject = {
    type: "identity",
    spec_version: "2.1",
    id: idOf("identity", "machine-native-ops"),
    created: EPOCH,
    modified: EPOCH,
    name: "Machine Native Ops",
    identity_class: "system",
  };
  const common = { spec_version: "2.1", created_by_ref: identity.id, created, modified };
  const observables = incident.entities.map(observable).filter((object) => object !== undefined);
  const patterns = incident.techniques.map((uid): StixObject => ({
    ...common,
    created: EPOCH,
    modified: EPOCH,
    type: "attack-pattern",
    id: idOf("attack-pattern", uid),
    name: techniqueOf(uid).name,
    external_references: [
      {
        source_name: "mitre-attack",
        external_id: uid,
        url: `https://attack.mitre.org/techniques/${uid.replace(".", "/")}`,
      },
    ],
  }));
  const addresses = observables.filter(({ type }) => type === "ipv4-addr" || type === "ipv6-addr");
  const indicators = addresses.map((address): StixObject => ({
    ...common,
    type: "indicator",
    id: idOf("indicator", `${incident.id}/${String(address.value)}`),
    name: `Address of incident ${incident.id}`,
    indicator_types: ["malicious-activity"],
    pattern: `[${address.type}:value = '${String(address.value)}']`,
    pattern_type: "stix",
    valid_from: created,
    confidence: Math.round(incident.confidence * 100),
  }));
  const indicates = indicators.flatMap((indicator) =>
    patterns.map((pattern) => ({
      ...common,
      type: "relationship",
      id: idOf("relationship", `${indicator.id}/${pattern.id}`),
      relationship_type: "indicates",
      source_ref: indicator.id,
      target_ref: pattern.id,
    })),
  );
  const observed: StixObject[] =
    observables.length === 0
      ? []
      : [
          {
            ...common,
            type: "observed-data",
            id: idOf("observed-data", incident.id),
            first_observed: created,
            last_observed: modified,
            number_observed: Math.min(999_999_999, Math.max(1, sum(alerts.map(({ eventCount }) => eventCount)))),
            object_refs: observables.map(({ id }) => id),
          },
        ];
  const sightings = indicators.map((indicator): StixObject => ({
    ...common,
    type: "sighting",
    id: idOf("sighting", indicator.id),
    first_seen: created,
    last_seen: modified,
    count: Math.max(1, incident.alertCount),
    sighting_of_ref: indicator.id,
    observed_data_refs: observed.map(({ id }) => id),
    where_sighted_refs: [identity.id],
  }));
  const content = [identity, ...patterns, ...indicators, ...indicates, ...observed, ...sightings, ...observables];
  const report: StixObject = {
    ...common,
    type: "report",
    id: idOf("report", incident.id),
    name: incident.title,
    report_types: ["threat-report"],
    published: modified,
    description: alerts
      .slice(0, 100)
      .map(({ time, title }) => `${timestamp(time)} ${title}`)
      .join("\n"),
    object_refs: content.map(({ id }) => id),
  };
  return { type: "bundle", id: idOf("bundle", `${incident.id}/${modified}`), objects: [...content, report] };
}

/** Cyber-observable objects; what STIX has no type for (sessions, keys) is left to the report's text. */
function observable({ kind, id }: Entity): StixObject | undefined {
  const make = (type: string, properties: Record<string, string>): StixObject => ({
    type,
    spec_version: "2.1",
    id: idOf(type, id),
    ...properties,
  });
  if (kind === "address" && isIPv4(id)) return make("ipv4-addr", { value: id });
  if (kind === "address" && isIPv6(id)) return make("ipv6-addr", { value: id });
  if (kind === "user") return make("user-account", { user_id: id });
  return kind === "workload" ? make("software", { name: id }) : undefined;
}

function idOf(type: string, name: string): string {
  const bytes = hash("sha1", Buffer.concat([NAMESPACE, Buffer.from(`${type}/${name}`)]), "buffer").subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `${type}--${parts.join("-")}`;
}

function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
