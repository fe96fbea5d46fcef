// The model of this folder in a browser: arrays or pictures in, arrays and names of classes out.
import * as ort from "onnxruntime-web";
import { prepared } from "./pictures.js";

export class Model {
  // Loads contract.json and the model beside it; options are those of ort.InferenceSession.create.
  static async load(folder = new URL(".", import.meta.url), options = {}) {
    const contract = await (await fetch(new URL("contract.json", folder))).json();
    const session = await ort.InferenceSession.create(new URL(contract.model, folder).href, options);
    return new Model(contract, session);
  }

  constructor(contract, session) {
    this.contract = contract;
    this.session = session;
  }

  // Feeds are ort.Tensor by the name of the input; the answer has every output by its name.
  async answers(feeds) {
    return await this.session.run(feeds);
  }

  // A File, Blob, <img>, <video> or <canvas>: whatever createImageBitmap takes.
  async ofPicture(source) {
    const how = this.contract.preprocess;
    const pixels = await decoded(source, how.orientation);
    const [height, width] = how.size;
    const channels = how.channels === "gray" ? 1 : 3;
    const shape = how.layout === "nchw" ? [1, channels, height, width] : [1, height, width, channels];
    const { name } = this.contract.inputs[0];
    return { [name]: new ort.Tensor(how.dtype, prepared(pixels, how), shape) };
  }

  // The class of each row, by head; null where none is above its threshold.
  classes(answers) {
    const named = this.contract.heads.filter((head) => head.classes?.length && `${head.prefix}_id` in answers);
    return Object.fromEntries(
      named.map((head) => [
        head.prefix,
        Array.from(answers[`${head.prefix}_id`].data, (id) => head.classes[Number(id)] ?? null),
      ]),
    );
  }
}

async function decoded(source, orientation) {
  const bitmap = await createImageBitmap(source, {
    imageOrientation: orientation === "stored" ? "none" : "from-image",
    premultiplyAlpha: "none",
    colorSpaceConversion: "none",
  });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}
