import { hash } from "node:crypto";
import { sameBytes } from "./bytes";

/**
 * The Merkle tree of RFC 9162, section 2 (as in RFC 6962) with SHA-256: leaves are hashed with the prefix 0x00 and nodes
 * with 0x01, so that no leaf passes for a node; the left subtree of n leaves holds the largest power of two below n. All
 * functions take leaf hashes (`leafHash`), 32 bytes each.
 */

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** Hash of one entry: SHA-256(0x00 || entry). */
export function leafHash(entry: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([LEAF, entry]), "buffer");
}

/** Root of the tree over `leaves`, in order; of none, SHA-256 of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  return new MerkleTree(leaves).root;
}

/** A tree held in memory (two hashes for each leaf), which answers any proof in O(log n). */
export class MerkleTree {
  /** `levels[k][i]` is the root of leaves i·2^k to (i+1)·2^k, or to the last where there are fewer. */
  private readonly levels: Uint8Array[][];

  constructor(leaves: readonly Uint8Array[]) {
    this.levels = [[...leaves]];
    for (let level = this.levels[0]!; level.length > 1; this.levels.push(level)) level = parentsOf(level);
  }

  get size(): number {
    return this.levels[0]!.length;
  }

  get root(): Buffer {
    return this.size === 0 ? hash("sha256", "", "buffer") : Buffer.from(this.levels.at(-1)![0]!);
  }

  /** Audit path of leaf `index`, from the leaf up. Throws RangeError where there is no such leaf. */
  inclusionProof(index: number): Uint8Array[] {
    requireWithin("leaf", index, 0, this.size - 1);
    const proof: Uint8Array[] = [];
    this.levels.slice(0, -1).forEach((level, height) => {
      const sibling = level[(index >> height) ^ 1];
      if (sibling !== undefined) proof.push(sibling);
    });
    return proof;
  }

  /** Proof that the tree of the first `earlier` leaves is a prefix of this one. Throws RangeError outside 1…size. */
  consistencyProof(earlier: number): Uint8Array[] {
    requireWithin("size of the earlier tree", earlier, 1, this.size);
    const proof: Uint8Array[] = [];
    // RFC 9162, 2.1.4.1: descend to where the earlier tree ends; what is passed by belongs to the proof.
    let [low, high] = [0, this.size];
    let whole = true;
    while (earlier !== high) {
      const middle = low + largestPowerBelow(high - low);
      if (earlier <= middle) {
        proof.push(this.subtree(middle, high));
        high = middle;
      } else {
        proof.push(this.subtree(low, middle));
        low = middle;
        whole = false;
      }
    }
    if (!whole) proof.push(this.subtree(low, high));
    return proof.reverse();
  }

  private subtree(low: number, high: number): Uint8Array {
    const height = heightOf(high - low);
    return this.levels[height]![low / 2 ** height]!;
  }
}

/**
 * Whether the leaf is the one at `index` of the tree of `size` leaves with this root (RFC 9162, 2.1.3.2). False, never an
 * error, for whatever was presented.
 */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  let [position, last, current] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      current = nodeHash(sibling, current);
      while (position % 2 === 0 && position !== 0) [position, last] = [halved(position), halved(last)];
    } else {
      current = nodeHash(current, sibling);
    }
    [position, last] = [halved(position), halved(last)];
  }
  return last === 0 && sameBytes(current, root);
}

/** Whether the tree of `later` leaves starts with all `earlier` leaves of the other (RFC 9162, 2.1.4.2). Never an error. */
export function verifyConsistency(
  earlier: number,
  later: number,
  earlierRoot: Uint8Array,
  laterRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(earlier) || !isCount(later) || earlier < 1 || earlier > later) return false;
  if (earlier === later) return proof.length === 0 && sameBytes(earlierRoot, laterRoot);
  const path = isPowerOfTwo(earlier) ? [earlierRoot, ...proof] : proof;
  if (path.length === 0) return false;
  let [position, last] = [earlier - 1, later - 1];
  while (position % 2 === 1) [position, last] = [halved(position), halved(last)];
  let [ofEarlier, ofLater] = [path[0]!, path[0]!];
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      ofEarlier = nodeHash(sibling, ofEarlier);
      ofLater = nodeHash(sibling, ofLater);
      while (position % 2 === 0 && position !== 0) [position, last] = [halved(position), halved(last)];
    } else {
      ofLater = nodeHash(ofLater, sibling);
    }
    [position, last] = [halved(position), halved(last)];
  }
  return last === 0 && sameBytes(ofEarlier, earlierRoot) && sameBytes(ofLater, laterRoot);
}

/** The tree of a stream: what was appended is forgotten but for one hash per set bit of its number (at most log2 n). */
export class MerkleFrontier {
  private readonly peaks: Uint8Array[];

  /** `hashes` and `size` as another frontier had them. Throws RangeError where they do not belong together. */
  constructor(
    private count = 0,
    hashes: readonly Uint8Array[] = [],
  ) {
    if (!isCount(count) || setBits(count) !== hashes.length) {
      throw new RangeError(
        `A frontier of ${count} leaves has one hash per set bit of that number, not ${hashes.length}`,
      );
    }
    this.peaks = [...hashes];
  }

  get size(): number {
    return this.count;
  }

  /** Roots of the complete subtrees, largest (leftmost) first: with `size`, all that there is to keep. */
  get hashes(): readonly Uint8Array[] {
    return this.peaks;
  }

  get root(): Buffer {
    if (this.peaks.length === 0) return hash("sha256", "", "buffer");
    return Buffer.from(this.peaks.reduceRight((right, left) => nodeHash(left, right)));
  }

  append(leaf: Uint8Array): void {
    let current = leaf;
    for (let rest = this.count; rest % 2 === 1; rest = halved(rest)) current = nodeHash(this.peaks.pop()!, current);
    this.peaks.push(current);
    this.count += 1;
  }
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([NODE, left, right]), "buffer");
}

/** A node without a sibling moves up as it is: that gives the RFC's split at the largest power of two. */
function parentsOf(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const right = level[index + 1];
    parents.push(right === undefined ? level[index]! : nodeHash(level[index]!, right));
  }
  return parents;
}

const halved = (value: number): number => Math.floor(value / 2);
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isPowerOfTwo = (value: number): boolean => 2 ** heightOf(value) === value;

/** Height of a tree of so many leaves: the least k with 2^k >= leaves. */
function heightOf(leaves: number): number {
  let height = 0;
  for (let capacity = 1; capacity < leaves; capacity *= 2) height += 1;
  return height;
}

function largestPowerBelow(leaves: number): number {
  return 2 ** (heightOf(leaves) - 1);
}

function setBits(value: number): number {
  let bits = 0;
  for (let rest = value; rest > 0; rest = halved(rest)) bits += rest % 2;
  return bits;
}

function requireWithin(what: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`The ${what} must be a whole number from ${least} to ${most}, not ${value}`);
  }
}
