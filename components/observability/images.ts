/**
 * Images that run by default, pinned by the digests of their multi-platform indexes. Charts choose the rest of their images
 * themselves, in custom resources that their operators turn into pods.
 */

/** A pinned image in the parts that charts ask for. */
export interface PinnedImage {
  registry: string;
  repository: string;
  tag: string;
  /** SHA-256 in hexadecimal. */
  digest: string;
}

export const COLLECTOR: PinnedImage = {
  registry: "docker.io",
  repository: "otel/opentelemetry-collector-contrib",
  tag: "0.158.0",
  digest: "c5918f78992ee73b0d6f0e599423ac5ec52dd5d9726733114d6eca53d5a32ed5",
};

export const PROMETHEUS_OPERATOR: PinnedImage = {
  registry: "quay.io",
  repository: "prometheus-operator/prometheus-operator",
  tag: "v0.93.1",
  digest: "e52bb28fd41c98dd407c7a8cba8bdcfe7eabd7447e250afaf1fe7bb816dedbff",
};

export const CONFIG_RELOADER: PinnedImage = {
  registry: "quay.io",
  repository: "prometheus-operator/prometheus-config-reloader",
  tag: "v0.93.1",
  digest: "428f088fe6fe07ab138bda92113664b04848a1dc408e4d3680a60ecdb55d1a65",
};

export const PROMETHEUS: PinnedImage = {
  registry: "quay.io",
  repository: "prometheus/prometheus",
  tag: "v3.14.0-distroless",
  digest: "50c707e96da5ade383cb1707790576480485e93de06aa60ad8802cb5f744bd0a",
};

export const ALERTMANAGER: PinnedImage = {
  registry: "quay.io",
  repository: "prometheus/alertmanager",
  tag: "v0.34.0",
  digest: "690c7b525f4367aa91f73e2f91c632206d32e97c6384bdbf2fb7a861b420340d",
};

export const KUBE_STATE_METRICS: PinnedImage = {
  registry: "registry.k8s.io",
  repository: "kube-state-metrics/kube-state-metrics",
  tag: "v2.20.0",
  digest: "42cfe3723a5f058171c627537fb57a3ea0f26e4380fa18555a95cb1a1b4cfc5b",
};

export const NODE_EXPORTER: PinnedImage = {
  registry: "quay.io",
  repository: "prometheus/node-exporter",
  tag: "v1.12.1",
  digest: "1b4e4438faca4dd7e001dd445d161a4a2091b0fededa84093b3a8dfeae1f1be0",
};

export const GRAFANA: PinnedImage = {
  registry: "docker.io",
  repository: "grafana/grafana",
  tag: "13.2.0",
  digest: "3fd54ae1214669f8355f065ec9f6445d5279a3d77095ab048ca045685272429b",
};

export const GRAFANA_SIDECAR: PinnedImage = {
  registry: "ghcr.io",
  repository: "kiwigrid/k8s-sidecar",
  tag: "2.11.2",
  digest: "2912be006f62f9ea080194cf6d3afcd90daead8d101d0ba686a137a849f6a4f6",
};

export const ECK_OPERATOR: PinnedImage = {
  registry: "docker.elastic.co",
  repository: "eck/eck-operator",
  tag: "3.5.0",
  digest: "b6f261372d9d9af7b00aab03efea25263314d16063c4d440ac322e52c2fdf314",
};

/** The image as a pod names it. */
export function reference({ registry, repository, tag, digest }: PinnedImage): string {
  return `${registry}/${repository}:${tag}@sha256:${digest}`;
}
