import { fieldsOf, KUBERNETES_FIELDS, OCSF_FIELDS } from "../../../kernel/sigma/fields";
import type { Logsource } from "../../../kernel/sigma/rule";
import { EventView } from "../../../kernel/sigma/view";
import type { OcsfEvent } from "../../../kernel/ocsf/schema";
import { AUDIT_MEMBER } from "../ingest/kubernetes";
import { LOGSOURCE_MEMBER, RECORD_MEMBER } from "../ingest/raw-log";

/** One way of looking at an event: as which source's log, and with whose field names. */
export interface Aspect {
  readonly logsource: Logsource;
  readonly view: EventView;
}

const CATEGORIES: Readonly<Record<number, string>> = {
  2004: "detection_finding",
  2005: "incident_finding",
  3002: "authentication",
  3004: "entity_management",
  4002: "http_activity",
  6003: "api_activity",
  7001: "remediation_activity",
};

/**
 * What rules may take an event for: `product: ocsf` with its class as the category and its product as the service; HTTP activity also
 * `category: webserver`; an audit event of Kubernetes and a raw log as the logs that they were.
 */
export function aspectsOf(event: OcsfEvent): Aspect[] {
  const { unmapped = {}, class_uid } = event;
  const raw = unmapped[RECORD_MEMBER];
  if (class_uid === 0 && raw !== undefined) {
    const logsource = (unmapped[LOGSOURCE_MEMBER] ?? {}) as Logsource;
    return [{ logsource, view: new EventView(raw, fieldsOf(logsource.product)) }];
  }
  const view = new EventView(event, OCSF_FIELDS);
  const category = CATEGORIES[class_uid] ?? `class_${class_uid}`;
  const aspects: Aspect[] = [{ logsource: { product: "ocsf", category, service: event.metadata.product.name }, view }];
  if (class_uid === 4002) aspects.push({ logsource: { category: "webserver" }, view });
  const audit = unmapped[AUDIT_MEMBER];
  if (audit !== undefined) {
    aspects.push({
      logsource: { category: "application", product: "kubernetes", service: "audit" },
      view: new EventView(audit, KUBERNETES_FIELDS),
    });
  }
  return aspects;
}
