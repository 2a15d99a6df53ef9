import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceOutputsRequest, RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { MockMonitor, setMocks } from "@pulumi/pulumi/runtime/mocks";
import { setMockOptions } from "@pulumi/pulumi/runtime/settings";

/** One registration as the engine would have seen it. Secret values are the SDK's signed wrappers. */
export interface Registration {
  urn: string;
  type: string;
  name: string;
  custom: boolean;
  parent: string;
  protect: boolean;
  provider: string;
  aliases: number;
  /** URNs that must exist before it, sorted. */
  dependencies: string[];
  ignoreChanges: string[];
  replaceOnChanges: string[];
  inputs: Record<string, unknown>;
}

export interface Recording {
  resources: Registration[];
  /** URN -> what registerOutputs got. */
  outputs: Map<string, Record<string, unknown>>;
}

/** What our provider would compute; everything else echoes its inputs. */
const OUTPUTS: Record<string, (inputs: Record<string, unknown>) => Record<string, unknown>> = {
  "mno-local:index:Workload": (inputs) => {
    const { ports = [] } = inputs.spec as { ports?: { name: string; port: number }[] };
    return { ready: true, endpoints: Object.fromEntries(ports.map((p) => [p.name, `127.0.0.1:${String(p.port)}`])) };
  },
  "random:index/randomPassword:RandomPassword": ({ length }) => ({ result: "random-".padEnd(Number(length), "x") }),
};

class RecordingMonitor extends MockMonitor {
  constructor(
    private readonly recording: Recording,
    stackOutputs: Record<string, unknown>,
  ) {
    super({
      call: (args) => args.inputs as Record<string, unknown>,
      newResource: (args) => {
        const inputs = args.inputs as Record<string, unknown>;
        return {
          id: `${args.name}-id`,
          state: {
            ...inputs,
            ...(args.type === "pulumi:pulumi:StackReference" ? { outputs: stackOutputs } : {}),
            ...OUTPUTS[args.type]?.(plain(inputs) as Record<string, unknown>),
          },
        };
      },
    });
  }

  override async registerResource(
    request: RegisterResourceRequest,
    callback: (error: unknown, response: { getUrn(): string } | null) => void,
  ): Promise<void> {
    await super.registerResource(request, (error: unknown, response: { getUrn(): string } | null) => {
      if (response) {
        this.recording.resources.push({
          urn: response.getUrn(),
          type: request.getType(),
          name: request.getName(),
          custom: request.getCustom(),
          parent: request.getParent(),
          protect: request.getProtect() ?? false,
          provider: request.getProvider(),
          aliases: request.getAliasesList().length,
          dependencies: request.getDependenciesList().sort(),
          ignoreChanges: request.getIgnorechangesList(),
          replaceOnChanges: request.getReplaceonchangesList(),
          inputs: request.getObject()?.toJavaScript() ?? {},
        });
      }
      callback(error, response);
    });
  }

  override registerResourceOutputs(
    request: RegisterResourceOutputsRequest,
    callback: (error: unknown, response: unknown) => void,
  ): void {
    this.recording.outputs.set(request.getUrn(), request.getOutputs()?.toJavaScript() ?? {});
    super.registerResourceOutputs(request, callback);
  }
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** The value without secret wrappers. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value) return plain((value as { value?: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/**
 * Runs a Pulumi program in this process and records all that it registers; a rejected program rejects. Every stack that it
 * references has `stackOutputs`.
 */
export async function record(
  program: () => unknown,
  { stackOutputs = {} }: { stackOutputs?: Record<string, unknown> } = {},
): Promise<Recording> {
  const recording: Recording = { resources: [], outputs: new Map() };
  await setMocks(
    { call: (args) => args.inputs as object, newResource: (args) => ({ id: "", state: args.inputs as object }) },
    "machine-native-ops",
    "test",
  );
  setMockOptions(new RecordingMonitor(recording, stackOutputs), "machine-native-ops", "test");
  await pulumi.runtime.runInPulumiStack(async () => {
    await program();
    return {};
  });
  await pulumi.runtime.disconnect();
  return recording;
}
