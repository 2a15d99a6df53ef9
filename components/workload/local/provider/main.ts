import * as pulumi from "@pulumi/pulumi";
import providerproto from "@pulumi/pulumi/proto/provider_pb";
import structproto from "google-protobuf/google/protobuf/struct_pb";
import { version } from "../../../../package.json";
import { MnoError } from "../../../../runtime/exports";
import { clusterResource } from "./cluster";
import { workloadResource } from "./workload";

/** The provider plugin `mno-local`: resources of this machine's cluster, over the supervisor's HTTP API. */
type Properties = Record<string, unknown>;

function resourceOf(urn: string): typeof clusterResource | typeof workloadResource {
  const type = urn.split("::")[2]?.split("$").at(-1);
  if (type === "mno-local:index:Cluster") return clusterResource;
  if (type === "mno-local:index:Workload") return workloadResource;
  throw new Error(`mno-local has no resource ${String(type)}; it has Cluster and Workload`);
}

/** The engine shows an error's message only: the code belongs in it. */
async function coded<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof MnoError ? new Error(`${error.code}: ${error.message}`) : error;
  }
}

class LocalProvider implements pulumi.provider.Provider {
  readonly version = version;

  check = (urn: string, _olds: Properties, news: Properties): Promise<pulumi.provider.CheckResult> =>
    coded(() => ({ inputs: news, failures: resourceOf(urn).check(news) }));

  diff = (_id: string, urn: string, olds: Properties, news: Properties): Promise<pulumi.provider.DiffResult> =>
    coded(() => resourceOf(urn).diff(olds, news));

  create = (urn: string, inputs: Properties): Promise<pulumi.provider.CreateResult> =>
    coded(() => resourceOf(urn).create(inputs));

  read = (id: string, urn: string, props: Properties = {}): Promise<pulumi.provider.ReadResult> =>
    coded(async () => {
      const result = await resourceOf(urn).read(id, props);
      // No id tells the engine that the resource is gone; the SDK's server wants the other members all the same.
      return result.id === undefined ? { id: "", props: {} } : result;
    });

  update = (_id: string, urn: string, olds: Properties, news: Properties): Promise<pulumi.provider.UpdateResult> =>
    coded(() => resourceOf(urn).update(olds, news));

  delete = (id: string, urn: string, props: Properties): Promise<void> =>
    coded(() => resourceOf(urn).delete(id, props));
}

/**
 * An import reads a resource of which nothing is known; the engine then sends no properties at all, which the SDK's server
 * does not expect (it fails before `read` is called).
 */
function expectImports(): void {
  const { prototype } = providerproto.ReadRequest;
  const known = Object.getOwnPropertyDescriptor(prototype, "getProperties")?.value as typeof prototype.getProperties;
  prototype.getProperties = function () {
    return known.call(this) ?? new structproto.Struct();
  };
}

expectImports();
void pulumi.provider.main(new LocalProvider(), process.argv.slice(2));
