import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { leafHash, MerkleFrontier, merkleRoot, MerkleTree } from "../../../runtime/kernel/crypto/merkle";

/** The entries and roots of certificate-transparency's reference tests (merkle_tree_test, Apache-2.0). */
const ENTRIES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => Buffer.from(hex, "hex"));
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

describe("Merkle tree of RFC 9162", () => {
  const leaves = ENTRIES.map(leafHash);

  it("has the roots of the reference implementation", () => {
    ROOTS.forEach((root, index) => assert.equal(merkleRoot(leaves.slice(0, index + 1)).toString("hex"), root));
    assert.deepEqual(merkleRoot([]), createHash("sha256").digest());
    assert.deepEqual(new MerkleFrontier().root, merkleRoot([]));
  });

  it("has the audit paths and consistency proofs of the reference implementation", () => {
    const tree = new MerkleTree(leaves);
    assert.deepEqual(hex(tree.inclusionProof(5)), [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
    assert.deepEqual(hex(new MerkleTree(leaves.slice(0, 5)).consistencyProof(2)), [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]);
    assert.deepEqual(tree.consistencyProof(8), []);
  });

  it("names what is out of range", () => {
    const tree = new MerkleTree(leaves);
    assert.throws(() => tree.inclusionProof(8), /from 0 to 7, not 8/);
    assert.throws(() => tree.consistencyProof(0), /from 1 to 8, not 0/);
    assert.throws(() => new MerkleFrontier(3, [leaves[0]!]), /one hash per set bit/);
  });
});

const hex = (hashes: readonly Uint8Array[]): string[] => hashes.map((each) => Buffer.from(each).toString("hex"));
