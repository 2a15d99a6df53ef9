import assert from "node:assert/strict";
import fc from "fast-check";
import {
  leafHash,
  MerkleFrontier,
  merkleRoot,
  MerkleTree,
  verifyConsistency,
  verifyInclusion,
} from "../../../runtime/kernel/crypto/merkle";

const SIZES = Array.from({ length: 66 }, (_, size) => size + 1);
const leavesOf = (size: number): Buffer[] =>
  Array.from({ length: size }, (_, index) => leafHash(Buffer.from(String(index))));

describe("Merkle proofs", () => {
  it("verify for every leaf and every prefix of every size, and for no other place", () => {
    for (const size of SIZES) {
      const leaves = leavesOf(size);
      const tree = new MerkleTree(leaves);
      for (let index = 0; index < size; index += 1) {
        const proof = tree.inclusionProof(index);
        assert.ok(verifyInclusion(leaves[index]!, index, size, proof, tree.root), `${index} of ${size}`);
        assert.ok(!verifyInclusion(leaves[index]!, index + 1, size, proof, tree.root));
        assert.ok(!verifyInclusion(leafHash(Buffer.from("another")), index, size, proof, tree.root));
        const root = merkleRoot(leaves.slice(0, index + 1));
        assert.ok(verifyConsistency(index + 1, size, root, tree.root, tree.consistencyProof(index + 1)));
        if (index + 1 < size)
          assert.ok(!verifyConsistency(index + 1, size, root, root, tree.consistencyProof(index + 1)));
      }
    }
  });

  it("fail when any hash is changed, dropped or added", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 300 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 31 }),
        (size, i, j, byte) => {
          const leaves = leavesOf(size);
          const tree = new MerkleTree(leaves);
          const index = i % size;
          const check = (proof: Uint8Array[]): boolean =>
            verifyInclusion(leaves[index]!, index, size, proof, tree.root);
          const earlier = 1 + (j % size);
          const prefix = merkleRoot(leaves.slice(0, earlier));
          const grows = (proof: Uint8Array[]): boolean => verifyConsistency(earlier, size, prefix, tree.root, proof);
          for (const [proof, verify] of [
            [tree.inclusionProof(index), check],
            [tree.consistencyProof(earlier), grows],
          ] as const) {
            assert.ok(verify(proof));
            assert.ok(!verify([...proof, leaves[0]!]));
            if (proof.length === 0) continue;
            assert.ok(!verify(proof.slice(1)));
            const changed = proof.map((each) => Buffer.from(each));
            changed[j % proof.length]![byte]! ^= 1;
            assert.ok(!verify(changed));
          }
        },
      ),
    );
  });

  it("never throw for what a stranger presents", () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const number = fc.oneof(fc.integer(), fc.double(), fc.maxSafeInteger());
    fc.assert(
      fc.property(bytes, number, number, fc.array(bytes, { maxLength: 70 }), bytes, (leaf, a, b, proof, root) => {
        assert.equal(typeof verifyInclusion(leaf, a, b, proof, root), "boolean");
        assert.equal(typeof verifyConsistency(a, b, leaf, root, proof), "boolean");
      }),
    );
  });

  it("a frontier has the tree's root after every append, also when it was stored and taken up again", () => {
    let frontier = new MerkleFrontier();
    const leaves = leavesOf(200);
    leaves.forEach((leaf, index) => {
      frontier.append(leaf);
      assert.deepEqual(frontier.root, merkleRoot(leaves.slice(0, index + 1)));
      frontier = new MerkleFrontier(frontier.size, frontier.hashes);
    });
    assert.ok(frontier.hashes.length <= 8);
  });
});
