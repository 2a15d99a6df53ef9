import type { CertificateFiles } from "./envoy";

const TYPE = "type.googleapis.com/envoy.extensions";

export interface MeshOptions {
  readonly server: CertificateFiles;
  readonly authority: CertificateFiles;
  readonly upstreamPort: number;
  /** Ports of the gateway's doors. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** Of content that is shown to the gateway. */
  readonly shownBytes: number;
}

/** The ways in which the gateway is asked; each is a listener of its own. */
export const DOORS = ["http", "grpc", "grpc-raw", "http-headers-only", "grpc-headers-only"] as const;
export type Door = (typeof DOORS)[number];

/**
 * Envoy's part of a mesh: TLS that knows workloads by their certificates and tells of them, the gateway asked about each request, one
 * upstream. HTTP, gRPC with headers in the map, gRPC with raw headers and content; those that show no content.
 */
export function meshResources(options: MeshOptions): object {
  return {
    listeners: DOORS.map((door) => listener(door, options)),
    clusters: [
      cluster("upstream", options.upstreamPort),
      cluster("gateway-http", options.httpPort),
      cluster("gateway-grpc", options.grpcPort, {
        typed_extension_protocol_options: {
          "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": `${TYPE}.upstreams.http.v3.HttpProtocolOptions`,
            explicit_http_config: { http2_protocol_options: {} },
          },
        },
      }),
    ],
  };
}

function extAuthz(door: Door, shownBytes: number): object {
  const body = { max_request_bytes: shownBytes, allow_partial_message: true, pack_as_bytes: door === "grpc-raw" };
  const all = { patterns: [{ safe_regex: { regex: ".*" } }] };
  const own = { patterns: [{ prefix: "x-mno-" }] };
  return {
    "@type": `${TYPE}.filters.http.ext_authz.v3.ExtAuthz`,
    transport_api_version: "V3",
    status_on_error: { code: 503 },
    allowed_headers: all,
    ...(!door.endsWith("headers-only") && { with_request_body: body }),
    ...(door.startsWith("http")
      ? {
          http_service: {
            server_uri: { uri: "http://gateway", cluster: "gateway-http", timeout: "5s" },
            path_prefix: "/check",
            authorization_response: { allowed_upstream_headers: own, allowed_client_headers_on_success: own },
          },
        }
      : {
          grpc_service: { envoy_grpc: { cluster_name: "gateway-grpc" }, timeout: "5s" },
          encode_raw_headers: door === "grpc-raw",
        }),
  };
}

function listener(door: Door, { server, authority, shownBytes }: MeshOptions): object {
  const manager = {
    "@type": `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: door,
    use_remote_address: true,
    forward_client_cert_details: "SANITIZE_SET",
    set_current_client_cert_details: { uri: true },
    route_config: {
      virtual_hosts: [
        { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "upstream" } }] },
      ],
    },
    http_filters: [
      { name: "ext_authz", typed_config: extAuthz(door, shownBytes) },
      { name: "router", typed_config: { "@type": `${TYPE}.filters.http.router.v3.Router` } },
    ],
  };
  const tls = {
    "@type": `${TYPE}.transport_sockets.tls.v3.DownstreamTlsContext`,
    common_tls_context: {
      alpn_protocols: ["h2", "http/1.1"],
      tls_certificates: [
        { certificate_chain: { filename: server.certificate }, private_key: { filename: server.key } },
      ],
      validation_context: { trusted_ca: { filename: authority.certificate } },
    },
  };
  return {
    name: door,
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [
      {
        filters: [{ name: "http", typed_config: manager }],
        transport_socket: { name: "tls", typed_config: tls },
      },
    ],
  };
}

function cluster(name: string, port: number, more: object = {}): object {
  const address = { socket_address: { address: "127.0.0.1", port_value: port } };
  return {
    name,
    type: "STATIC",
    connect_timeout: "2s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    ...more,
  };
}
