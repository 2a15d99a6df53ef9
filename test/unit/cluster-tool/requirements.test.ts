import assert from "node:assert/strict";
import { aptLine, checkRequirements, cniFolder, type System } from "../../../tools/cluster/requirements";

/** A machine with everything, changed as the case needs. */
function system(changes: Partial<System> & { without?: string[] } = {}): System {
  const { without = [], ...rest } = changes;
  return {
    platform: "linux",
    isRoot: true,
    hasCgroups: true,
    hasProgram: (name) => !without.includes(name),
    hasFile: (path) => path.startsWith("/usr/lib/cni/") && !without.includes(path),
    versionOf: (program) => program,
    namespaceFault: () => undefined,
    ...rest,
  };
}

describe("what the test cluster needs of the system", () => {
  it("finds nothing missing where everything is", () => {
    assert.deepEqual(checkRequirements(system()), { packages: [], blockers: [], isUnusable: false });
  });

  it("names each missing package once, in one line for apt", () => {
    const { packages, blockers } = checkRequirements(
      system({ without: ["containerd", "ctr", "nft", "/usr/lib/cni/bridge"] }),
    );
    assert.deepEqual(blockers, []);
    assert.equal(
      aptLine(packages),
      "apt-get install --yes --no-install-recommends containerd containernetworking-plugins nftables",
    );
  });

  it("tells what no package can mend", () => {
    const { blockers } = checkRequirements(system({ isRoot: false, hasCgroups: false }));
    assert.equal(blockers.length, 2);
    assert.match(blockers[0] ?? "", /not root/);
    assert.match(blockers[1] ?? "", /cgroups/);
    const refused = checkRequirements(system({ namespaceFault: () => "unshare failed: Operation not permitted" }));
    assert.match(refused.blockers[0] ?? "", /Operation not permitted/);
  });

  it("asks for namespaces only where nothing else stands in the way", () => {
    const asked: string[] = [];
    checkRequirements(system({ isRoot: false, namespaceFault: () => void asked.push("asked") }));
    assert.deepEqual(asked, []);
  });

  it("can simulate pods with no more than openssl", () => {
    assert.equal(checkRequirements(system({ without: ["containerd", "runc"] })).isUnusable, false);
    assert.equal(checkRequirements(system({ without: ["openssl"] })).isUnusable, true);
  });

  it("takes a CNI folder only with all the plug-ins in it", () => {
    assert.equal(cniFolder(system()), "/usr/lib/cni");
    assert.equal(cniFolder(system({ without: ["/usr/lib/cni/portmap"] })), undefined);
    assert.equal(cniFolder(system({ hasFile: (path) => path.startsWith("/opt/cni/bin/") })), "/opt/cni/bin");
  });
});
