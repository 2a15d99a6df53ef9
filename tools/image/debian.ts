import { baseTree, NONROOT } from "./base";
import { addFromHost, addLibrariesOf } from "./host";
import { type Image, makeImage } from "./image";
import type { Owner } from "./tree";

export interface ProgramsImage {
  /** Last part of the reference: `localhost/machine-native-ops-test/<name>:installed`. */
  name: string;
  /** Programs of this machine; the first is the entry point. Scripts and programs of their own need `/bin/sh` among them. */
  programs: string[];
  /** What the programs open at run time: files and whole folders. Libraries in them come with those that they need. */
  files?: string[];
  /** Files and folders below `files` that stay out. */
  except?: string[];
  /** Whom the programs run as; 65532 by default. */
  user?: Owner & { name: string };
  environment?: Record<string, string>;
}

/**
 * An image of programs that are installed on this machine, for tests: real servers as pods without a registry. The same
 * installed packages give the same digest.
 * Errors: MNO_IMAGE_INVALID for what is not installed.
 */
export function imageFromPrograms(programs: ProgramsImage): Image {
  const { uid, gid, name: userName } = programs.user ?? { ...NONROOT, name: "nonroot" };
  const user = { uid, gid };
  const tree = baseTree(user, userName);
  const added = [...programs.programs, ...(programs.files ?? [])].flatMap((path) =>
    addFromHost(tree, path, programs.except),
  );
  addLibrariesOf(tree, added);
  return makeImage({
    reference: `localhost/machine-native-ops-test/${programs.name}:installed`,
    created: "1970-01-01T00:00:00Z",
    layers: [{ name: "programs", title: `Installed here: ${programs.programs.join(" ")}`, tree }],
    user,
    entrypoint: programs.programs.slice(0, 1),
    command: [],
    workingDirectory: "/tmp",
    environment: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin", ...programs.environment },
    ports: [],
    labels: {},
  });
}

const POSTGRES = "/usr/lib/postgresql/15";

/** The servers that tests run as pods, as Debian 12 installs them. */
export const TEST_SERVERS = {
  nats: { name: "nats-server", programs: ["/usr/sbin/nats-server"] },
  /** A sentinel is `redis-server --sentinel`. */
  redis: {
    name: "redis",
    programs: [
      "/usr/bin/redis-server",
      "/usr/bin/redis-cli",
      "/bin/sh",
      // What a start-up script may expect of an image with a shell.
      ...["cat", "cp", "date", "grep", "mkdir", "mv", "sed", "sleep"].map((name) => `/bin/${name}`),
      ...["cut", "getent", "head", "seq", "sha1sum", "timeout", "tr"].map((name) => `/usr/bin/${name}`),
    ],
  },
  postgres: {
    name: "postgresql",
    // initdb and pg_ctl start postgres through the shell, and so do archive and restore commands.
    programs: [`${POSTGRES}/bin/postgres`, "/bin/sh", "/bin/cp", "/bin/mkdir"],
    files: [
      `${POSTGRES}/bin`,
      `${POSTGRES}/lib`,
      "/usr/share/postgresql/15",
      "/usr/share/zoneinfo", // Debian's PostgreSQL brings no time zones of its own
      "/usr/lib/locale/C.utf8",
    ],
    // Just-in-time compilation: over 100 MB of LLVM that PostgreSQL does without.
    except: [`${POSTGRES}/lib/bitcode`, `${POSTGRES}/lib/llvmjit.so`, `${POSTGRES}/lib/llvmjit_types.bc`],
    user: { uid: 26, gid: 26, name: "postgres" },
    environment: { PATH: `${POSTGRES}/bin:/usr/bin:/bin`, LANG: "C.UTF-8" },
  },
} as const satisfies Record<string, ProgramsImage>;
