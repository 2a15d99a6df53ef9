/**
 * The one catalogue of coded errors. A code, once released, keeps its meaning for ever; HTTP answers, logs, the CLI and
 * component constructors all use it. `status` is the HTTP status of its problem document (RFC 9457), `title` its
 * constant summary; what happened this time goes into the detail.
 */
export const ERRORS = {
  // every room
  MNO_INTERNAL: { status: 500, title: "An internal fault" },
  MNO_CONFIG_INVALID: { status: 500, title: "The configuration is not valid" },

  // HTTP
  MNO_REQUEST_INVALID: { status: 422, title: "The request does not fit its schema" },
  MNO_REQUEST_MALFORMED: { status: 400, title: "The request could not be read" },
  MNO_REQUEST_TOO_LARGE: { status: 413, title: "The request body is too large" },
  MNO_MEDIA_TYPE_UNSUPPORTED: { status: 415, title: "The media type is not supported" },
  MNO_HOST_REFUSED: { status: 421, title: "The Host header names another host" },
  MNO_ORIGIN_REFUSED: { status: 403, title: "The request comes from another site's page" },
  MNO_UNAUTHENTICATED: { status: 401, title: "Authentication is required" },
  MNO_WRITES_DISABLED: { status: 403, title: "Writes are disabled off loopback without an API token" },
  MNO_NOT_FOUND: { status: 404, title: "There is no such resource" },
  MNO_METHOD_NOT_ALLOWED: { status: 405, title: "The method is not allowed here" },
  MNO_OVERLOADED: { status: 503, title: "Too many requests are in flight" },
  MNO_AGENT_UNAVAILABLE: { status: 503, title: "The engine is not running at the moment" },

  // events
  MNO_EVENT_INVALID: { status: 500, title: "The event does not fit its schema" },
  MNO_EVENT_TYPE_UNKNOWN: { status: 500, title: "The event type is not in the catalogue" },
  MNO_BUS_FULL: { status: 503, title: "The event bus is full" },
  MNO_BUS_CLOSED: { status: 503, title: "The event bus is closed" },
  MNO_BUS_CORRUPT: { status: 500, title: "The event log is damaged" },
  MNO_BUS_UNAVAILABLE: { status: 503, title: "The event bus does not answer" },
  MNO_BUS_URL_INVALID: { status: 500, title: "The event bus URL is not supported" },

  // store
  MNO_STORE_URL_INVALID: { status: 500, title: "The database URL is not supported" },
  MNO_STORE_LOCKED: { status: 500, title: "Another process has the database open" },
  MNO_STORE_MIGRATION_INVALID: { status: 500, title: "The migrations are not in order" },
  MNO_STORE_MIGRATION_CHANGED: { status: 500, title: "An applied migration was changed" },
  MNO_STORE_UNAVAILABLE: { status: 503, title: "The database does not answer" },

  // cluster
  MNO_CLUSTER_URL_INVALID: { status: 500, title: "The cluster URL is not supported" },
  MNO_CLUSTER_UNREACHABLE: { status: 503, title: "The cluster does not answer" },
  MNO_CLUSTER_FORBIDDEN: { status: 500, title: "The cluster does not allow it" },
  MNO_CLUSTER_REFUSED: { status: 422, title: "The cluster refused the request" },
  MNO_CLUSTER_CONFLICT: { status: 409, title: "The object was changed meanwhile" },
  MNO_WORKLOAD_INVALID: { status: 422, title: "The workload is not valid" },
  MNO_WORKLOAD_NOT_FOUND: { status: 404, title: "There is no such workload" },
  MNO_WORKLOAD_CONFLICT: { status: 409, title: "The workload belongs to another owner" },
  MNO_WORKLOAD_NOT_READY: { status: 503, title: "The workload did not become ready" },
  MNO_PORT_IN_USE: { status: 409, title: "The port is in use" },

  // elastic resource manager
  MNO_ALLOCATION_OVER_CAPACITY: { status: 409, title: "No node has the capacity" },
  MNO_ALLOCATION_OVER_QUOTA: { status: 409, title: "The tenant's quota does not allow it" },
  MNO_RESERVATION_UNUSABLE: { status: 409, title: "The reservation cannot be drawn from so" },
  MNO_GANG_NOT_FOUND: { status: 404, title: "There is no such gang" },
  MNO_ALLOCATION_NOT_FOUND: { status: 404, title: "There is no such allocation" },
  MNO_IDEMPOTENCY_KEY_REUSED: { status: 409, title: "The idempotency key was used for another request" },
  MNO_DECISION_NOT_FOUND: { status: 404, title: "There is no such decision" },

  // auto-scaling engine
  MNO_SCALER_NOT_FOUND: { status: 404, title: "There is no such scaler" },
  MNO_SCALER_INVALID: { status: 422, title: "The scaler is not valid" },
  MNO_SCRAPE_FAILED: { status: 502, title: "A replica's metrics could not be read" },

  // performance optimizer
  MNO_CHECKPOINT_INVALID: { status: 500, title: "A stored histogram is damaged" },
  MNO_ADVICE_NOT_FOUND: { status: 404, title: "There is no such advice" },
  MNO_ADVICE_NOT_APPLICABLE: { status: 409, title: "The advice cannot be applied or reverted as things stand" },
  MNO_KNOB_INVALID: { status: 422, title: "The knob or its experiment is not valid" },
  MNO_KNOB_UNREACHABLE: { status: 502, title: "The knob's address did not take the value" },
  MNO_EXPERIMENT_NOT_FOUND: { status: 404, title: "There is no such experiment" },
  MNO_EXPERIMENT_CONFLICT: { status: 409, title: "The knob has an experiment already" },

  // green scheduler
  MNO_GREEN_JOB_INVALID: { status: 422, title: "The job's declaration is not valid" },
  MNO_GREEN_JOB_NOT_FOUND: { status: 404, title: "The green scheduler has no such job" },
  MNO_GREEN_JOB_CONFLICT: { status: 409, title: "The job is not the caller's to change, or its name is taken" },
  MNO_GREEN_PLAN_UNAVAILABLE: { status: 503, title: "There is no intensity to plan by" },

  // global load balancer
  MNO_BALANCER_POLICY_INVALID: { status: 422, title: "The balancing policy is not valid" },
  MNO_UPSTREAM_INVALID: { status: 422, title: "The upstream is not valid" },
  MNO_UPSTREAM_NOT_FOUND: { status: 404, title: "There is no such upstream" },
  MNO_UPSTREAM_CHANGED: { status: 409, title: "The upstream was changed meanwhile" },
  MNO_ROUTE_NOT_FOUND: { status: 404, title: "No upstream serves the request" },
  MNO_NO_ENDPOINT: { status: 503, title: "No endpoint may be used at the moment" },
  MNO_UPSTREAM_OVERLOADED: { status: 503, title: "The upstream has too many requests" },
  MNO_UPSTREAM_FAILED: { status: 502, title: "The endpoint gave no answer" },
  MNO_UPSTREAM_TIMEOUT: { status: 504, title: "The upstream took too long" },

  // sustainability reporter
  MNO_ENERGY_RECORD_INVALID: { status: 422, title: "The energy record does not add up" },
  MNO_REPORT_PERIOD_INVALID: { status: 422, title: "The report's period is not valid" },
  MNO_REPORT_EMPTY: { status: 409, title: "The period has no record to report" },
  MNO_REPORT_NOT_FOUND: { status: 404, title: "There is no such report" },
  MNO_REPORT_CLOSED: { status: 409, title: "The period is closed, and a restatement needs a reason" },
  MNO_REPORT_NOT_PUBLISHED: { status: 409, title: "Nothing says where the report is published" },

  // pools of resources, in the process and across processes
  MNO_POOL_OPTIONS_INVALID: { status: 500, title: "The pool's options are not valid" },
  MNO_POOL_ACQUIRE_TIMEOUT: { status: 503, title: "No resource of the pool came free in time" },
  MNO_POOL_QUEUE_FULL: { status: 503, title: "Too many wait for the pool" },
  MNO_POOL_FACTORY_FAILED: { status: 503, title: "The pool cannot make its resources" },
  MNO_POOL_CLOSED: { status: 503, title: "The pool is closed" },
  MNO_POOL_LEASE_REVOKED: { status: 409, title: "The pool took its resource back" },
  MNO_POOL_INVALID: { status: 422, title: "The pool's definition is not valid" },
  MNO_POOL_NOT_FOUND: { status: 404, title: "There is no such pool" },
  MNO_POOL_IN_USE: { status: 409, title: "The pool has leases" },
  MNO_POOL_EXHAUSTED: { status: 409, title: "Nothing of the pool came free in time" },
  MNO_LEASE_NOT_FOUND: { status: 404, title: "There is no such lease" },
  MNO_LEASE_OVER: { status: 409, title: "The lease is over" },

  // carbon monitor and power models
  MNO_POWER_MODEL_INVALID: { status: 422, title: "The power model is not valid" },
  MNO_SCI_INVALID: { status: 422, title: "The carbon intensity score cannot be made from this" },
  MNO_CARBON_SIGNALS_MIXED: { status: 409, title: "The period has figures of more than one signal" },
  MNO_ENERGY_RECORD_NOT_FOUND: { status: 404, title: "There is no such energy record" },
  MNO_FORECAST_NOT_KEPT: { status: 501, title: "Forecasts of the past are not kept" },

  // energy optimizer
  MNO_ENERGY_PLAN_NOT_FOUND: { status: 404, title: "There is no such plan" },
  MNO_ENERGY_PLAN_CONFLICT: { status: 409, title: "The plan cannot be carried out or undone as things stand" },
  MNO_ENERGY_NOT_MEASURED: { status: 409, title: "Nothing was measured that a plan could rest on" },

  // carbon intensity
  MNO_INTENSITY_UNKNOWN_REGION: { status: 404, title: "No feed knows the carbon intensity of the region" },
  MNO_INTENSITY_UNAVAILABLE: { status: 503, title: "No feed has a carbon intensity that can be believed" },

  // quantum cryptography
  MNO_CRYPTO_INPUT_INVALID: { status: 422, title: "The input of the cryptographic operation is not valid" },
  MNO_CRYPTO_UNSUPPORTED: {
    status: 501,
    title: "No implementation on this machine can do the cryptographic operation",
  },
  MNO_CRYPTO_OPEN_FAILED: { status: 422, title: "The ciphertext could not be opened" },
  MNO_CRYPTO_POLICY_REFUSED: { status: 403, title: "The cryptographic policy refuses the operation" },
  MNO_ENVELOPE_INVALID: { status: 422, title: "This is not an envelope that can be read" },
  MNO_ENVELOPE_NOT_FOUND: { status: 404, title: "There is no such registered envelope" },
  MNO_KEY_NOT_FOUND: { status: 404, title: "There is no such key" },
  MNO_KEY_CONFLICT: { status: 409, title: "The key cannot be changed like this as things stand" },
  MNO_KEY_UNUSABLE: { status: 409, title: "The key cannot do this" },
  MNO_KEY_ACCESS_DENIED: { status: 403, title: "The caller has no grant for the key" },
  MNO_ROOT_KEY_INVALID: { status: 500, title: "The root key cannot be used" },
  MNO_ROOT_KEY_UNAVAILABLE: { status: 503, title: "What keeps the root key does not answer" },
  MNO_AUDIT_RECORD_NOT_FOUND: { status: 404, title: "There is no such audit record" },
  MNO_CRYPTO_DECISION_NOT_FOUND: { status: 404, title: "There is no such decision of the cryptographic policy" },

  // zero-trust gateway: policy decision
  MNO_POLICY_UNAVAILABLE: { status: 503, title: "No policy set is loaded" },
  MNO_POLICY_INVALID: { status: 422, title: "The policy set is not valid" },
  MNO_POLICY_NOT_FOUND: { status: 404, title: "There is no such policy set or version" },
  MNO_ENTITIES_INVALID: { status: 422, title: "The entities are not valid" },
  MNO_ACCESS_QUESTION_INVALID: { status: 422, title: "The access question is not valid" },

  // zero-trust gateway: enforcement
  MNO_ACCESS_DENIED: { status: 403, title: "No policy allows the request" },
  MNO_FORGERY_SUSPECTED: { status: 403, title: "Another site's page seems to have sent the request" },
  MNO_ATTACK_SUSPECTED: { status: 403, title: "The request looks like an attack" },
  MNO_REQUEST_TOO_SLOW: { status: 408, title: "The request did not arrive in time" },
  MNO_ENFORCEMENT_UNAVAILABLE: { status: 503, title: "The request could not be decided on" },
  MNO_GATEWAY_ROUTES_INVALID: { status: 422, title: "The gateway's routes are not valid" },
  MNO_GATEWAY_ROUTES_CHANGED: { status: 409, title: "The gateway's routes were changed meanwhile" },

  // zero-trust gateway: identity, sessions and signals
  MNO_CREDENTIALS_AMBIGUOUS: { status: 400, title: "The request proves who sends it in more than one way" },
  MNO_TOKEN_INVALID: { status: 401, title: "The access token is not valid" },
  MNO_TOKEN_BINDING_REFUSED: { status: 401, title: "The access token is bound to another key" },
  MNO_DPOP_INVALID: { status: 401, title: "The DPoP proof is not valid" },
  MNO_DPOP_NONCE_REQUIRED: { status: 401, title: "The DPoP proof needs the server's nonce" },
  MNO_IDENTITY_UNTRUSTED: { status: 401, title: "The identity is of a trust domain that is not trusted" },
  MNO_IDENTITY_UNAVAILABLE: { status: 503, title: "The issuer's keys or endpoints cannot be had" },
  MNO_ACCOUNT_DISABLED: { status: 403, title: "The account is disabled" },
  MNO_SESSION_OVER: { status: 401, title: "The session is over" },
  MNO_SESSION_STOPPED: { status: 401, title: "The session was stopped because it may be stolen" },
  MNO_SESSION_NOT_FOUND: { status: 404, title: "There is no such session" },
  MNO_STEP_UP_REQUIRED: { status: 401, title: "The user must prove again who they are" },
  MNO_LOGIN_REFUSED: { status: 401, title: "The login was refused" },
  MNO_LOGIN_STATE_INVALID: { status: 400, title: "The login was not begun here, or took too long" },
  MNO_LOGIN_INSECURE: { status: 403, title: "Logins need HTTPS" },
  MNO_RISK_UNAVAILABLE: { status: 503, title: "The risk of the request cannot be assessed" },
  MNO_RATE_LIMITED: { status: 429, title: "Too many requests" },
  MNO_SIGNAL_INVALID: { status: 400, title: "The security event token is not valid" },

  // zero-trust gateway: inspection of requests
  MNO_INSPECTION_OPTIONS_INVALID: { status: 422, title: "The options of the inspection are not valid" },
  MNO_INSPECTION_STATE_INVALID: { status: 422, title: "The learned state of the inspection is not valid" },
  MNO_OPENAPI_INVALID: { status: 422, title: "The OpenAPI document cannot be used to validate requests" },
  MNO_REQUEST_UNDECLARED: { status: 404, title: "The upstream declares no such operation" },
  MNO_REQUEST_METHOD_UNDECLARED: { status: 405, title: "The upstream declares no such method here" },
  MNO_REQUEST_REFUSED_BY_SCHEMA: { status: 422, title: "The request does not fit what the upstream declares" },

  // behavioral authentication
  MNO_ASSESSMENT_INVALID: { status: 422, title: "The attempt cannot be assessed" },
  MNO_ASSESSMENT_NOT_FOUND: { status: 404, title: "There is no such assessment" },
  MNO_OUTCOME_CONFLICT: { status: 409, title: "The assessment's outcome is known to be another" },
  MNO_BEHAVIOR_SEALED: { status: 500, title: "A sealed record of a user cannot be opened" },

  // threat detection
  MNO_THREAT_EVENT_INVALID: { status: 422, title: "The event cannot be looked at for threats" },
  MNO_THREAT_PIPELINE_NOT_FOUND: { status: 404, title: "There is no such pipeline" },
  MNO_THREAT_PIPELINE_CONFLICT: { status: 409, title: "The pipeline exists with other fields" },
  MNO_THREAT_ALERT_NOT_FOUND: { status: 404, title: "There is no such alert" },
  MNO_THREAT_MODEL_NOT_FOUND: { status: 404, title: "There is no such model" },
  MNO_THREAT_MODEL_INVALID: { status: 422, title: "The model cannot be used" },
  MNO_THREAT_MODEL_UNTRUSTED: { status: 409, title: "The model is not signed by a trusted key" },
  MNO_THREAT_JOB_NOT_FOUND: { status: 404, title: "There is no such training job" },

  // security intelligence
  MNO_SIGMA_RULE_INVALID: { status: 422, title: "The Sigma document is not valid" },
  MNO_SIGMA_RULE_UNSUPPORTED: { status: 422, title: "The Sigma document asks for what the engine does not support" },
  MNO_SECURITY_LOG_TAMPERED: { status: 500, title: "The security log is not as it was written" },
  MNO_SECURITY_EVENT_INVALID: { status: 422, title: "The security event is not valid" },
  MNO_SECURITY_INGESTION_FULL: { status: 503, title: "Security events come faster than they can be stored" },
  MNO_INCIDENT_UNKNOWN: { status: 404, title: "There is no such incident" },
  MNO_INCIDENT_CONFLICT: { status: 409, title: "The incident's status does not allow it" },
  MNO_RESPONSE_UNKNOWN: { status: 404, title: "There is no such response" },
  MNO_RESPONSE_CONFLICT: { status: 409, title: "The response's status does not allow it" },
  MNO_RESPONSE_UNSUPPORTED: { status: 501, title: "The platform cannot carry the response out" },
  MNO_RESPONSE_FAILED: { status: 502, title: "The engine that was asked refused the response" },

  // components and the local toolchain
  MNO_COMPONENT_ARGS_INVALID: { status: 422, title: "The component's arguments are not valid" },
  MNO_TOOLCHAIN_MISSING: { status: 500, title: "The Pulumi toolchain is missing" },
  MNO_STATE_LOCKED: { status: 409, title: "Another command holds the state folder" },
  MNO_CLUSTER_REQUIREMENTS_MISSING: { status: 500, title: "This machine cannot run the test cluster" },
  MNO_CLUSTER_COMPONENT_FAILED: { status: 500, title: "A program of the test cluster failed" },
  MNO_CLUSTER_NOT_UP: { status: 409, title: "The test cluster is not up" },

  // command-line tools
  MNO_IMAGE_INVALID: { status: 422, title: "The container image cannot be made from these inputs" },
  MNO_COMMAND_LINE_INVALID: { status: 400, title: "The command line is not valid" },
  MNO_TRACE_INVALID: { status: 422, title: "The request trace is not valid" },
  MNO_MANIFEST_INVALID: { status: 422, title: "A Kubernetes manifest is not valid" },
  MNO_TARGET_UNREACHABLE: { status: 503, title: "Nothing answers at the address" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** One fault among several: where it is and what would be right. */
export interface FieldFault {
  /** JSON pointer or argument path of the offending value. */
  field: string;
  /** What is wrong and what would be right. */
  message: string;
}

/** An error with a stable code. Throw it for whatever a caller can act on; anything else becomes MNO_INTERNAL at the edge. */
export class MnoError extends Error {
  override readonly name = "MnoError";
  readonly status: number;
  readonly title: string;
  readonly faults: readonly FieldFault[];
  /** Extra members of the problem document; must be JSON. */
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: ErrorCode,
    detail: string,
    options: { cause?: unknown; faults?: readonly FieldFault[]; extensions?: Record<string, unknown> } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = ERRORS[code].status;
    this.title = ERRORS[code].title;
    this.faults = options.faults ?? [];
    this.extensions = options.extensions ?? {};
  }
}
