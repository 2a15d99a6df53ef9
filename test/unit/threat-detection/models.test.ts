import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkerPool } from "../../../runtime/kernel/workers/create";
import { seeded } from "../../../runtime/kernel/random";
import { finish } from "../../../runtime/security/threat-detection/detectors/detector";
import { CONCENTRATORS } from "../../../runtime/security/threat-detection/ensemble/families";
import { select, type TrainingSet } from "../../../runtime/security/threat-detection/ensemble/training";
import {
  type Artifact,
  decodeArtifact,
  encodeArtifact,
} from "../../../runtime/security/threat-detection/models/artifact";
import { checkModel, type Manifest, manifestText } from "../../../runtime/security/threat-detection/models/manifest";
import { OnnxModel } from "../../../runtime/security/threat-detection/models/onnx";
import {
  ModelSigner,
  privateKeyAt,
  publicKeyAt,
  sha256,
} from "../../../runtime/security/threat-detection/models/signing";
import type { TrainingInput } from "../../../runtime/security/threat-detection/models/train-worker";
import { silent } from "../auto-scaling-engine/fakes";
import { logisticRegression } from "./onnx-fixture";
import { normalRows } from "./support";

const SHAPE = { numeric: 2, categorical: 0 };
const ARTIFACT: Artifact = {
  columns: ["a", "b"],
  numeric: 2,
  seed: 3,
  learning: normalRows(20, 2, 1),
  heldOut: normalRows(5, 2, 2),
};
const invalid = { code: "MNO_THREAT_MODEL_INVALID" };
const untrusted = { code: "MNO_THREAT_MODEL_UNTRUSTED" };

describe("threat detection: models", () => {
  let folder: string;
  let key: KeyObject;
  let signer: ModelSigner;

  before(() => {
    key = generateKeyPairSync("ml-dsa-65").privateKey;
    signer = new ModelSigner(key, []);
  });
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mno-td-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("artifacts", () => {
    it("come back as they were", () => assert.deepEqual(decodeArtifact(encodeArtifact(ARTIFACT)), ARTIFACT));

    it("are refused where they are cut off, no artifact, or hold what is no number", () => {
      const bytes = encodeArtifact(ARTIFACT);
      assert.throws(() => decodeArtifact(bytes.subarray(0, bytes.length - 20)), invalid);
      assert.throws(() => decodeArtifact(Buffer.from("model")), invalid);
      const learning = { raw: Float64Array.of(Number.NaN, 0), count: 1 };
      assert.throws(() => decodeArtifact(encodeArtifact({ ...ARTIFACT, learning })), invalid);
    });
  });

  describe("signatures", () => {
    const manifest = (artifact: Uint8Array): Manifest => ({
      id: "mdl_1",
      pipeline: "p",
      version: 1,
      madeAt: "2026-03-02T11:30:00.000Z",
      assumption: "normals",
      rows: { given: 25, learning: 20, heldOut: 5 },
      seed: 3,
      sha256: sha256(artifact),
    });

    it("hold for the model, and for no other byte, version or key", () => {
      const artifact = encodeArtifact(ARTIFACT);
      const model = { manifest: manifest(artifact), signature: signer.sign(manifestText(manifest(artifact))) };
      checkModel(model, artifact, signer);
      const altered = Buffer.from(artifact);
      altered[40]! ^= 1;
      assert.throws(() => checkModel(model, altered, signer), untrusted);
      assert.throws(
        () => checkModel({ ...model, manifest: { ...model.manifest, version: 2 } }, artifact, signer),
        untrusted,
      );
      const stranger = new ModelSigner(generateKeyPairSync("ml-dsa-65").privateKey, []);
      assert.throws(() => checkModel(model, artifact, stranger), untrusted);
    });

    it("make a key that only its owner can read, and read it again", () => {
      const path = join(folder, "keys", "models.pem");
      const made = privateKeyAt(path, { make: true });
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.ok(privateKeyAt(path, { make: true }).equals(made));
    });

    it("refuse keys of another kind, and files without one", () => {
      const path = join(folder, "ed25519.pem");
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }));
      assert.throws(() => privateKeyAt(path, { make: false }), /of type ed25519, not ml-dsa-65/);
      writeFileSync(path, publicKey.export({ type: "spki", format: "pem" }));
      assert.throws(() => publicKeyAt(path), { code: "MNO_CONFIG_INVALID" });
      assert.throws(() => privateKeyAt(join(folder, "none.pem"), { make: false }), /cannot be read/);
    });
  });

  describe("training", () => {
    it("runs on a worker thread, tells how far it is, and gives what it would give here", async function () {
      this.timeout(60_000);
      const rows = normalRows(400, 2, 4);
      const progress = new SharedArrayBuffer(8);
      const input: TrainingInput = { ...SHAPE, raw: rows.raw, count: 400, assumption: "unlabelled", seed: 5, progress };
      const workers = createWorkerPool({ log: silent, maxThreads: 1 });
      const worker = require.resolve("../../../runtime/security/threat-detection/models/train-worker");
      const set = await workers.run<TrainingInput, TrainingSet>(worker, input);
      await workers.close();
      assert.equal(new Float64Array(progress)[0], 1);
      assert.deepEqual(set, finish(select(SHAPE, CONCENTRATORS, rows, "unlabelled", seeded(5))));
    });
  });

  describe("ONNX", () => {
    const WEIGHTS = [0.5, -1.25, 2];
    const BIAS = 0.1;

    const write = (changes: object = {}, sign: (text: string) => object = (text) => signer.sign(text)): void => {
      const model = logisticRegression(WEIGHTS, BIAS);
      const text = JSON.stringify({
        ...{ name: "tiny", pipeline: "p", file: "tiny.onnx", sha256: sha256(model), columns: ["a", "b", "c"] },
        ...{ input: "x", output: "y", index: 0, threshold: 0.5 },
        ...changes,
      });
      writeFileSync(join(folder, "tiny.onnx"), model);
      writeFileSync(join(folder, "manifest.json"), text);
      writeFileSync(join(folder, "manifest.sig"), JSON.stringify(sign(text)));
    };

    it("scores as the formula does", async () => {
      write();
      const model = await OnnxModel.open(folder, signer);
      assert.equal(model.state, "ready", model.reason);
      const next = seeded(6);
      for (let i = 0; i < 100; i++) {
        const values = Float32Array.from(WEIGHTS, () => 4 * next() - 2);
        const sum = WEIGHTS.reduce((total, weight, column) => total + weight * values[column]!, BIAS);
        assert.ok(Math.abs((await model.probability(values)) - 1 / (1 + Math.exp(-sum))) < 1e-5);
      }
      await model.close();
    });

    it("is not loaded where its native part is missing, and says so", async () => {
      write();
      const model = await OnnxModel.open(folder, signer, () => Promise.reject(new Error("Cannot find module")));
      assert.deepEqual([model.state, model.manifest?.name], ["runtime-missing", "tiny"]);
      await assert.rejects(model.probability(new Float32Array(3)), invalid);
    });

    it("never reaches the runtime with a signature that fails, another file, or no manifest", async () => {
      const load = () => assert.fail("the runtime was loaded");
      const stateOf = async () => (await OnnxModel.open(folder, signer, load)).state;
      assert.equal(await stateOf(), "invalid");
      write({}, (text) => new ModelSigner(generateKeyPairSync("ml-dsa-65").privateKey, []).sign(text));
      assert.equal(await stateOf(), "untrusted");
      write({}, (text) => signer.sign(`${text} `));
      assert.equal(await stateOf(), "untrusted");
      write({}, () => ({ algorithm: "none" }));
      assert.equal(await stateOf(), "untrusted");
      write();
      writeFileSync(join(folder, "tiny.onnx"), logisticRegression([1, 1, 1], 0));
      assert.equal(await stateOf(), "untrusted");
      write({ file: "../tiny.onnx" });
      assert.equal(await stateOf(), "invalid");
    });

    it("is refused where it is signed and no model", async () => {
      write({ sha256: sha256(Buffer.from("no model")) });
      writeFileSync(join(folder, "tiny.onnx"), "no model");
      assert.equal((await OnnxModel.open(folder, signer)).state, "invalid");
    });
  });
});
