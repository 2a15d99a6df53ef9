import {
  type handleUnaryCall,
  type Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { MnoError } from "../../exports";

/** How a request's bytes become a request, and that its answer's bytes. */
export interface UnaryMethod<Q> {
  read: (bytes: Uint8Array) => Q;
  answer: (request: Q) => Promise<Buffer>;
}

/** Lets each method keep the type of its own request. */
export function unaryMethod<Q>(method: UnaryMethod<Q>): UnaryMethod<unknown> {
  return method as unknown as UnaryMethod<unknown>;
}

const identity = (bytes: Buffer): Buffer => bytes;

/** Adds a service of unary calls, `service` with its package's name. What a call throws becomes its status; see `asStatus`. */
export function addUnaryService(server: Server, service: string, methods: Record<string, UnaryMethod<unknown>>): void {
  const definition = Object.entries(methods).map(([name, { read }]) => [
    name,
    {
      path: `/${service}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: read,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  ]);
  const implementation = Object.entries(methods).map(([name, { answer }]) => {
    const handle: handleUnaryCall<unknown, Buffer> = ({ request }, callback) =>
      void answer(request).then(
        (bytes) => callback(null, bytes),
        (error: unknown) => callback(asStatus(error)),
      );
    return [name, handle];
  });
  server.addService(
    Object.fromEntries(definition) as ServiceDefinition,
    Object.fromEntries(implementation) as UntypedServiceImplementation,
  );
}

/** Binds to `host:port` or `unix:/path`; returns the port, 0 for a socket file. Errors: MNO_PORT_IN_USE, naming `what`. */
export function bindGrpc(server: Server, address: string, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (!error) return resolve(port);
      reject(
        new MnoError("MNO_PORT_IN_USE", `${what} cannot listen on ${address}: ${error.message}`, { cause: error }),
      );
    });
  });
}

/** Waits for calls under way, then stops. */
export function stopGrpc(server: Server): Promise<void> {
  return new Promise((resolve) => server.tryShutdown(() => resolve()));
}

const BY_HTTP_STATUS: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  409: status.FAILED_PRECONDITION,
  422: status.INVALID_ARGUMENT,
  429: status.RESOURCE_EXHAUSTED,
  500: status.INTERNAL,
};

/** The gRPC status of an error: its own where it has one, that of its HTTP status for ours, UNAVAILABLE otherwise. */
export function asStatus(error: unknown): { code: status; details: string } {
  if (error instanceof MnoError) {
    return { code: BY_HTTP_STATUS[error.status] ?? status.UNAVAILABLE, details: `${error.code}: ${error.message}` };
  }
  if (error instanceof Error && "code" in error && typeof error.code === "number") {
    return { code: error.code, details: error.message };
  }
  return { code: status.UNAVAILABLE, details: error instanceof Error ? error.message : String(error) };
}
