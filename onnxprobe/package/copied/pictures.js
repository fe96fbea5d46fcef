// From the pixels of a picture to what the model reads, as contract.json says it.
// Scaling is done here, not by the canvas, so that every browser gives the same numbers: those of
// the library in all but one of a hundred pixels, which is one step of 255 off.

const BACKGROUND = { white: 255, black: 0 };

// One sample: pixels is an ImageData (RGBA, 8 bits), how is contract.preprocess.
export function prepared(pixels, how) {
  const [height, width] = how.size;
  const picture = scaled(opaque(pixels, how.alpha), how);
  const order = { rgb: [0, 1, 2], bgr: [2, 1, 0], gray: [0] }[how.channels];
  const sample = new (arrayOf(how.dtype))(order.length * height * width);
  const top = Math.floor((picture.height - height) / 2);
  const left = Math.floor((picture.width - width) / 2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = place(picture, y, x, height, width, top, left);
      order.forEach((channel, c) => {
        const value = from < 0 ? 0 : how.channels === "gray" ? luma(picture.data, from) : picture.data[from + channel];
        const at = how.layout === "nchw" ? (c * height + y) * width + x : (y * width + x) * order.length + c;
        sample[at] = how.dtype === "uint8" ? value : (value - how.mean[c]) / how.std[c];
      });
    }
  }
  return sample;
}

// Where in the scaled picture a pixel of the sample comes from; -1 where it is beside it.
function place(picture, y, x, height, width, top, left) {
  const row = picture.height < height ? y - Math.floor((height - picture.height) / 2) : y + top;
  const column = picture.width < width ? x - Math.floor((width - picture.width) / 2) : x + left;
  const inside = row >= 0 && column >= 0 && row < picture.height && column < picture.width;
  return inside ? (row * picture.width + column) * 3 : -1;
}

function arrayOf(dtype) {
  if (dtype === "float16" && typeof Float16Array === "undefined") {
    throw new Error("this browser has no Float16Array, which the model reads");
  }
  return { float32: Float32Array, float16: globalThis.Float16Array, uint8: Uint8Array }[dtype];
}

// As OpenCV weighs it, in 15 bits.
function luma(data, at) {
  return (data[at] * 9798 + data[at + 1] * 19235 + data[at + 2] * 3735 + 16384) >> 15;
}

// RGB laid on what shines through.
function opaque({ data, width, height }, alpha) {
  const ground = BACKGROUND[alpha];
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0, o = 0; i < data.length; i += 4, o += 3) {
    const a = ground === undefined ? 255 : data[i + 3];
    for (let c = 0; c < 3; c++) {
      rgb[o + c] = Math.floor((data[i + c] * a + (ground ?? 0) * (255 - a) + 127) / 255);
    }
  }
  return { data: rgb, width, height };
}

function scaled(picture, how) {
  const canvas = how.size.map((side) => Math.floor(side / how.crop + 0.5));
  const sides = [picture.height, picture.width];
  const factors = canvas.map((side, i) => side / sides[i]);
  const factor = how.resize === "shortest" ? Math.max(...factors) : Math.min(...factors);
  const to = how.resize === "stretch" ? canvas : sides.map((side) => Math.max(1, Math.floor(side * factor + 0.5)));
  return resized(picture, to[0], to[1], how.interpolation);
}

function resized(picture, height, width, interpolation) {
  const rows = Math.max(1, Math.floor(picture.height / height));
  const columns = Math.max(1, Math.floor(picture.width / width));
  if (interpolation === "antialias" && Math.max(rows, columns) > 1) {
    picture = averaged(picture, rows, columns);
  }
  if (picture.height === height && picture.width === width) return picture;
  return interpolation === "nearest" ? nearest(picture, height, width) : linear(picture, height, width);
}

// Means over whole blocks, as many as fit, from the middle.
function averaged(picture, rows, columns) {
  const height = Math.floor(picture.height / rows);
  const width = Math.floor(picture.width / columns);
  const top = Math.floor((picture.height - height * rows) / 2);
  const left = Math.floor((picture.width - width * columns) / 2);
  const data = new Uint8Array(height * width * 3);
  const share = Math.fround(1 / (rows * columns));
  const halved = rows === 2 && columns === 2; // which OpenCV rounds by itself
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            sum += picture.data[((top + y * rows + i) * picture.width + left + x * columns + j) * 3 + c];
          }
        }
        data[(y * width + x) * 3 + c] = halved ? (sum + 2) >> 2 : even(Math.fround(sum * share));
      }
    }
  }
  return { data, width, height };
}

// The two neighbours of each new row or column, and their weights in 11 bits, as OpenCV has them.
function neighbours(from, to) {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.fround((i + 0.5) * (from / to) - 0.5);
    const first = Math.floor(at);
    const beside = first < 0 || first >= from - 1;
    const second = beside ? 0 : Math.fround(at - first);
    const own = Math.min(Math.max(first, 0), from - 1);
    return [own, Math.min(own + 1, from - 1), even((1 - second) * 2048), even(second * 2048)];
  });
}

// The nearest whole number, of two the even one.
function even(value) {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 ? near - 1 : near;
}

function linear(picture, height, width) {
  const data = new Uint8Array(height * width * 3);
  const rows = neighbours(picture.height, height);
  const columns = neighbours(picture.width, width);
  const at = (y, x, c) => picture.data[(y * picture.width + x) * 3 + c];
  rows.forEach(([y0, y1, up, down], y) =>
    columns.forEach(([x0, x1, left, right], x) => {
      for (let c = 0; c < 3; c++) {
        const above = (at(y0, x0, c) * left + at(y0, x1, c) * right) >> 4;
        const below = (at(y1, x0, c) * left + at(y1, x1, c) * right) >> 4;
        data[(y * width + x) * 3 + c] = (((up * above) >> 16) + ((down * below) >> 16) + 2) >> 2;
      }
    }),
  );
  return { data, width, height };
}

function nearest(picture, height, width) {
  const data = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = Math.floor((y * picture.height) / height);
      const from = (row * picture.width + Math.floor((x * picture.width) / width)) * 3;
      data.set(picture.data.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { data, width, height };
}
