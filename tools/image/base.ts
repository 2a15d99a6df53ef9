import { rootCertificates } from "node:tls";
import { bytes } from "./content";
import { FileTree, type Owner } from "./tree";

/** The user of distroless images, by number, so that `runAsNonRoot` can be checked without reading /etc/passwd. */
export const NONROOT: Owner = { uid: 65532, gid: 65532 };

const HOME = "/home/nonroot";

/** What every image has, whatever runs in it: users, name resolution, certificate authorities, a place for scratch. */
export function baseTree(user: Owner, userName: string): FileTree {
  const tree = new FileTree();
  const { uid, gid } = user;
  tree.addFile(
    "/etc/passwd",
    bytes(`root:x:0:0:root:/root:/sbin/nologin\n${userName}:x:${String(uid)}:${String(gid)}::${HOME}:/sbin/nologin\n`),
  );
  tree.addFile("/etc/group", bytes(`root:x:0:\n${userName}:x:${String(gid)}:\n`));
  tree.addFile("/etc/nsswitch.conf", bytes("passwd: files\ngroup: files\nhosts: files dns\n"));
  tree.addDirectory(HOME, 0o700, user);
  tree.addDirectory("/tmp", 0o1777);
  // Mozilla's list as Node.js carries it: the same on every machine that builds.
  tree.addFile("/etc/ssl/certs/ca-certificates.crt", bytes(`${rootCertificates.join("\n")}\n`));
  return tree;
}
