import * as grpc from "@grpc/grpc-js";
import langrpc from "@pulumi/pulumi/proto/language_grpc_pb";
import langproto from "@pulumi/pulumi/proto/language_pb";
import pluginproto from "@pulumi/pulumi/proto/plugin_pb";
import emptyproto from "google-protobuf/google/protobuf/empty_pb";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * The Node.js language host for machines that cannot download Pulumi's own: the engine starts it as
 * `pulumi-language-nodejs`, and it starts programs, policy packs and plugins with the runners inside the program's own
 * `@pulumi/pulumi`. It is bundled into one file, so that it depends on no checkout. Protocol: pulumi/proto/language.proto.
 */

/** The runners exit with this code when the program has already told the user what is wrong. */
const EXIT_AFTER_MESSAGE = 32;

/** How often the host looks whether the engine that started it is still there. */
const ORPHAN_CHECK_MILLISECONDS = 1000;

type Unary<Q, A> = grpc.handleUnaryCall<Q, A>;
type Streaming<Q, A> = grpc.handleServerStreamingCall<Q, A>;

let engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";

const answerEmpty: Unary<unknown, emptyproto.Empty> = (_call, callback) => callback(null, new emptyproto.Empty());

const handshake: Unary<langproto.LanguageHandshakeRequest, langproto.LanguageHandshakeResponse> = (call, callback) => {
  engineAddress = call.request.getEngineAddress();
  callback(null, new langproto.LanguageHandshakeResponse());
};

const getPluginInfo: Unary<unknown, pluginproto.PluginInfo> = (_call, callback) => {
  const info = new pluginproto.PluginInfo();
  info.setVersion(process.env.MNO_LANGUAGE_HOST_VERSION ?? "0.0.0");
  callback(null, info);
};

const about: Unary<unknown, langproto.AboutResponse> = (_call, callback) => {
  const answer = new langproto.AboutResponse();
  answer.setExecutable(process.execPath);
  answer.setVersion(process.version);
  callback(null, answer);
};

const run: Unary<langproto.RunRequest, langproto.RunResponse> = (call, callback) => {
  const request = call.request;
  const info = request.getInfo();
  const directory = info?.getProgramDirectory() ?? request.getPwd();
  const options = (info?.getOptions()?.toJavaScript() ?? {}) as { typescript?: boolean; nodeargs?: string };
  const flags: [string, string][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engineAddress],
    ["organization", request.getOrganization()],
    ["project", request.getProject()],
    ["root-directory", info?.getRootDirectory() ?? directory],
    ["stack", request.getStack()],
    ["parallel", String(request.getParallel())],
    ["pwd", request.getPwd()],
  ];
  const child = spawn(
    process.execPath,
    [
      ...(options.nodeargs ?? "").split(" ").filter(Boolean),
      runner(directory, "run"),
      ...flags.filter(([, value]) => value !== "").map(([key, value]) => `--${key}=${value}`),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      info?.getEntryPoint() ?? request.getProgram(),
      ...request.getArgsList(),
    ],
    {
      cwd: directory,
      // Through the host's own streams: the engine relays them to the user's terminal.
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        PULUMI_NODEJS_TYPESCRIPT: String(options.typescript ?? true),
        PULUMI_CONFIG: JSON.stringify(configuration(request)),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      },
    },
  );
  call.on("cancelled", () => child.kill("SIGINT"));
  const answer = new langproto.RunResponse();
  child.once("error", (error) => callback(error));
  child.once("exit", (code, signal) => {
    if (code === EXIT_AFTER_MESSAGE) answer.setBail(true);
    else if (code !== 0) answer.setError(`Program exited with ${signal ?? `code ${String(code)}`}`);
    callback(null, answer);
  });
};

const runPlugin: Streaming<langproto.RunPluginRequest, langproto.RunPluginResponse> = (call) => {
  const request = call.request;
  const directory = request.getInfo()?.getProgramDirectory() ?? request.getProgram();
  const isPack = request.getKind() === "analyzer";
  const child = spawn(
    process.execPath,
    [runner(directory, isPack ? "run-policy-pack" : "run-plugin"), ...pluginArguments(request, directory, isPack)],
    {
      // A pack reads its own package.json from the working directory.
      cwd: isPack ? directory : request.getPwd(),
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...Object.fromEntries(request.getEnvList().map(splitVariable)) },
    },
  );
  const send = (fill: (answer: langproto.RunPluginResponse) => void): void => {
    const answer = new langproto.RunPluginResponse();
    fill(answer);
    call.write(answer);
  };
  child.stdout.on("data", (chunk: Buffer) => send((answer) => answer.setStdout(chunk)));
  child.stderr.on("data", (chunk: Buffer) => send((answer) => answer.setStderr(chunk)));
  call.on("cancelled", () => child.kill());
  child.once("error", (error) => call.destroy(error));
  child.once("close", (code) => {
    send((answer) => answer.setExitcode(code ?? 1));
    call.end();
  });
};

/** A policy pack's runner takes the engine's address first, a plugin's takes the program first. */
function pluginArguments(request: langproto.RunPluginRequest, directory: string, isPack: boolean): string[] {
  const args = request.getArgsList();
  const program = join(directory, request.getInfo()?.getEntryPoint() ?? ".");
  return isPack ? [...args, program] : [program, ...args];
}

/** The runner inside the program's own SDK, so that program and runner never differ in version. */
function runner(directory: string, name: "run" | "run-plugin" | "run-policy-pack"): string {
  return createRequire(join(directory, "package.json")).resolve(`@pulumi/pulumi/cmd/${name}`);
}

/** `namespace:name` becomes `namespace:config:name`, the form that the SDK reads. */
function configuration(request: langproto.RunRequest): Record<string, string> {
  const result: Record<string, string> = {};
  request.getConfigMap().forEach((value, key) => {
    const parts = key.split(":");
    result[parts.length === 2 ? `${parts[0] ?? ""}:config:${parts[1] ?? ""}` : key] = value;
  });
  return result;
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf("=");
  return [variable.slice(0, at), variable.slice(at + 1)];
}

const getProgramDependencies: Unary<
  langproto.GetProgramDependenciesRequest,
  langproto.GetProgramDependenciesResponse
> = (call, callback) => {
  const directory = call.request.getInfo()?.getProgramDirectory() ?? call.request.getPwd();
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  const answer = new langproto.GetProgramDependenciesResponse();
  answer.setDependenciesList(
    Object.entries(manifest.dependencies ?? {}).map(([name, version]) => {
      const dependency = new langproto.DependencyInfo();
      dependency.setName(name);
      dependency.setVersion(version);
      return dependency;
    }),
  );
  callback(null, answer);
};

const getRequiredPlugins: Unary<unknown, langproto.GetRequiredPluginsResponse> = (_call, callback) =>
  callback(null, new langproto.GetRequiredPluginsResponse());

const getRequiredPackages: Unary<unknown, langproto.GetRequiredPackagesResponse> = (_call, callback) =>
  callback(null, new langproto.GetRequiredPackagesResponse());

const runtimeOptionsPrompts: Unary<unknown, langproto.RuntimeOptionsResponse> = (_call, callback) =>
  callback(null, new langproto.RuntimeOptionsResponse());

/** Dependencies came with `npm ci`; there is nothing left to install. */
const installDependencies: Streaming<unknown, langproto.InstallDependenciesResponse> = (call) => call.end();

const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(langrpc.LanguageRuntimeService, {
  handshake,
  getPluginInfo,
  about,
  run,
  runPlugin,
  getProgramDependencies,
  getRequiredPlugins,
  getRequiredPackages,
  installDependencies,
  runtimeOptionsPrompts,
  cancel: answerEmpty,
});

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    process.stderr.write(`pulumi-language-nodejs: ${error.message}\n`);
    process.exit(1);
  }
  process.stdout.write(`${String(port)}\n`);
});

// An engine that was killed leaves its hosts behind; this one notices and goes.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, ORPHAN_CHECK_MILLISECONDS).unref();
