// onnxruntime-node. Says: node node.mjs CASES OUT NODE_MODULES
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [cases, out, modules] = process.argv.slice(2);
const require = createRequire(join(modules, "anything.js"));
const ort = require("onnxruntime-node");

const written = (tensor) => ({
  dtype: tensor.type,
  shape: tensor.dims,
  data: Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength).toString("base64"),
});

async function answer(folder) {
  const said = JSON.parse(readFileSync(join(folder, "case.json")));
  const session = await ort.InferenceSession.create(join(folder, "model.onnx"));
  const answers = {};
  for (const [batch, shape] of Object.entries(said.batches)) {
    const bytes = readFileSync(join(folder, `${batch}.bin`));
    const x = new Float32Array(new Uint8Array(bytes).buffer);
    const results = await session.run({ [session.inputNames[0]]: new ort.Tensor("float32", x, shape) });
    answers[batch] = said.outputs.map((name) => written(results[name]));
  }
  return answers;
}

writeFileSync(join(out, "version.txt"), require("onnxruntime-node/package.json").version);
for (const name of readdirSync(cases)) {
  const answers = await answer(join(cases, name)).catch((error) => ({ error: String(error) }));
  writeFileSync(join(out, `${name}.json`), JSON.stringify(answers));
}
