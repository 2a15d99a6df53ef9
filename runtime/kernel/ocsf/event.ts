import { OCSF_CLASSES, OCSF_VERSION, type OcsfClass, type OcsfEvent } from "./schema";

/** What only the emitter knows; the rest of the base event follows from the class. */
export interface OcsfParts extends Omit<
  Partial<OcsfEvent>,
  "class_uid" | "category_uid" | "type_uid" | "metadata" | "time"
> {
  /** Unique per event. */
  uid: string;
  /** The engine that saw it. */
  product: string;
  /** Number of the activity within the class. */
  activity_id: number;
  /** W3C trace id of the request that caused it. */
  traceId?: string | undefined;
  /** What several events have in common, such as a request's id. */
  correlationUid?: string | undefined;
  time: Date;
}

/** An OCSF event of the class: category and type are arithmetic on its number (OCSF, "Base event"). */
export function ocsfEvent(name: OcsfClass, parts: OcsfParts): OcsfEvent {
  const { uid, product, traceId, correlationUid, time, activity_id, ...rest } = parts;
  const class_uid = OCSF_CLASSES[name];
  return {
    severity_id: 1,
    ...rest,
    class_uid,
    category_uid: Math.floor(class_uid / 1000),
    activity_id,
    type_uid: class_uid * 100 + activity_id,
    time: time.getTime(),
    metadata: {
      version: OCSF_VERSION,
      product: { name: product, vendor_name: "Machine Native Ops" },
      uid,
      ...(correlationUid === undefined ? {} : { correlation_uid: correlationUid }),
      ...(traceId === undefined ? {} : { trace_uid: traceId }),
    },
  };
}
