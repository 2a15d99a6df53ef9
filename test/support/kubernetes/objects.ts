import { KubeConfig, type KubernetesObject, KubernetesObjectApi, PatchStrategy } from "@kubernetes/client-node";
import { eventually } from "../supervisor";

/** Any object of the API; what a test reads of it is the test's to know. */
/* eslint-disable @typescript-eslint/no-explicit-any */
export type AnyObject = KubernetesObject & {
  type?: string;
  spec?: any;
  status?: any;
  data?: any;
  stringData?: any;
};
/* eslint-enable @typescript-eslint/no-explicit-any */

/** A test's hands on a real API server: any kind, by apiVersion and kind. */
export class Objects {
  private readonly api: KubernetesObjectApi;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.api = KubernetesObjectApi.makeApiClient(config);
  }

  /** Server-side apply. */
  apply(object: AnyObject, options: { dryRun?: boolean; manager?: string } = {}): Promise<AnyObject> {
    const { dryRun = false, manager = "mno-test" } = options;
    return this.api.patch(object, undefined, dryRun ? "All" : undefined, manager, true, PatchStrategy.ServerSideApply);
  }

  /** None where the API server does not serve the kind. */
  async list(apiVersion: string, kind: string, namespace?: string): Promise<AnyObject[]> {
    try {
      const { items } = await this.api.list<AnyObject>(apiVersion, kind, namespace);
      return items.map((item) => ({ ...item, apiVersion, kind }));
    } catch (error) {
      if (isNotFound(error) || /Unrecognized API version and kind/.test(String(error))) return [];
      throw error;
    }
  }

  /** undefined where there is none. */
  async get(apiVersion: string, kind: string, name: string, namespace?: string): Promise<AnyObject | undefined> {
    try {
      return await this.api.read<AnyObject>({
        apiVersion,
        kind,
        metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async delete(object: AnyObject): Promise<void> {
    try {
      await this.api.delete(object, undefined, undefined, undefined, undefined, "Background");
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** Ends a pod's processes at once, without the chance to give anything up. */
  async kill(pod: AnyObject): Promise<void> {
    await this.api.delete({ ...pod, apiVersion: "v1", kind: "Pod" }, undefined, undefined, 0);
  }

  /** Deletes the namespace and waits until nothing of it is left. */
  async removeNamespace(name: string): Promise<void> {
    await this.delete({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    await eventually(async () => {
      if (await this.get("v1", "Namespace", name)) throw new Error(`namespace ${name} is still there`);
    }, 60_000);
  }
}

function isNotFound(error: unknown): boolean {
  return (error as { code?: number }).code === 404;
}
