"use strict";

/** Whole numbers written by `packed`: little-endian, one, two or four bytes each. */
function unpack({ bytes, base64 }) {
  const text = atob(base64);
  const raw = new Uint8Array(text.length);
  for (let i = 0; i < raw.length; i++) raw[i] = text.charCodeAt(i);
  if (bytes === 1) return raw;
  return bytes === 2 ? new Uint16Array(raw.buffer) : new Uint32Array(raw.buffer);
}

/** A short list per point, kept flat. */
class Lists {
  constructor({ lengths, ids }) {
    const counts = unpack(lengths);
    this.ids = unpack(ids);
    this.starts = new Uint32Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) this.starts[i + 1] = this.starts[i] + counts[i];
  }

  of(i) {
    return Array.from(this.ids.subarray(this.starts[i], this.starts[i + 1]));
  }

  /** Whether point i has an id that `wanted(id)` accepts. */
  some(i, wanted) {
    for (let j = this.starts[i]; j < this.starts[i + 1]; j++) if (wanted(this.ids[j])) return true;
    return false;
  }

  isEmpty(i) {
    return this.starts[i] === this.starts[i + 1];
  }

  same(i, other) {
    return this.of(i).sort().join() === other.of(i).sort().join();
  }
}

/** All points, with coordinates from 0 to 1 and a grid to find the nearest. */
class Points {
  constructor(data) {
    this.count = data.points;
    this.x = Float32Array.from(unpack(data.x), (v) => v / 65535);
    this.y = Float32Array.from(unpack(data.y), (v) => v / 65535);
    this.primary = Int32Array.from(unpack(data.primary), (v) => v - 1); // -1: in no domain
    this.domains = new Lists(data.domains);
    this.predicted = new Lists(data.predicted);
    this.confidence = unpack(data.confidence); // in half percents, 255: none
    this.split = unpack(data.split);
    this.splits = data.splits;
    this.names = data.names;
    this.pictured = data.pictured;
    this.blank = new Set(data.blank);
    this.lit = new Uint8Array(this.count).fill(1);
    this.index();
  }

  index() {
    this.cells = Math.max(1, Math.min(512, Math.round(Math.sqrt(this.count / 2))));
    const where = new Uint32Array(this.count);
    this.first = new Uint32Array(this.cells * this.cells + 1);
    for (let i = 0; i < this.count; i++) {
      where[i] = this.cell(this.y[i]) * this.cells + this.cell(this.x[i]);
      this.first[where[i] + 1]++;
    }
    for (let c = 0; c < this.cells * this.cells; c++) this.first[c + 1] += this.first[c];
    const next = this.first.slice();
    this.order = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) this.order[next[where[i]]++] = i;
  }

  cell(v) {
    return Math.max(0, Math.min(this.cells - 1, Math.floor(v * this.cells)));
  }

  /** The lit point nearest to (x, y) within `radius`, or -1; pictured ones win when as near. */
  nearest(x, y, radius) {
    let best = -1;
    let least = radius * radius;
    for (let row = this.cell(y - radius); row <= this.cell(y + radius); row++) {
      for (let column = this.cell(x - radius); column <= this.cell(x + radius); column++) {
        const c = row * this.cells + column;
        for (let o = this.first[c]; o < this.first[c + 1]; o++) {
          const i = this.order[o];
          if (!this.lit[i]) continue;
          const away = (this.x[i] - x) ** 2 + (this.y[i] - y) ** 2;
          const handicap = i < this.pictured ? 0.5 : 1;
          if (away * handicap < least) [best, least] = [i, away * handicap];
        }
      }
    }
    return best;
  }

  /** Light the points that pass the filter and are in one of the chosen domains, if any. */
  light(filter, chosen) {
    const wanted = (id) => chosen.has(id);
    for (let i = 0; i < this.count; i++) {
      const isIn =
        chosen.size === 0 ||
        this.domains.some(i, wanted) ||
        (chosen.has(-1) && this.domains.isEmpty(i));
      this.lit[i] = isIn && filter(i) ? 1 : 0;
    }
  }
}
