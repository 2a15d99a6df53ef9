import { isAbsolute } from "node:path";
import { MnoError } from "../../../exports";

export interface KubernetesUrl {
  namespace: string;
  /** Absolute path; without it the pod's service account, or else KUBECONFIG or ~/.kube/config. */
  kubeconfig?: string;
  /** Of the kubeconfig; its current one by default. */
  context?: string;
  /** Image of applied workloads that name none. */
  image?: string;
}

const FORM = "kubernetes:<namespace>[?kubeconfig=<absolute file>&context=<name>&image=<image>]";
const PARAMETERS = ["kubeconfig", "context", "image"] as const;

/** Errors: MNO_CLUSTER_URL_INVALID. */
export function parseKubernetesUrl(url: string): KubernetesUrl {
  const invalid = (why: string): MnoError => new MnoError("MNO_CLUSTER_URL_INVALID", `"${url}" ${why}; use ${FORM}`);
  const [, namespace = "", query = ""] = /^kubernetes:([^?]*)(?:\?(.*))?$/.exec(url) ?? [];
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) throw invalid("names no namespace");
  const parsed: KubernetesUrl = { namespace };
  for (const [key, value] of new URLSearchParams(query)) {
    const parameter = PARAMETERS.find((known) => known === key);
    if (!parameter || value === "")
      throw invalid(`has a parameter "${key}" that is ${parameter ? "empty" : "not known"}`);
    parsed[parameter] = value;
  }
  if (parsed.kubeconfig !== undefined && !isAbsolute(parsed.kubeconfig))
    throw invalid("has a kubeconfig that is not absolute");
  return parsed;
}
