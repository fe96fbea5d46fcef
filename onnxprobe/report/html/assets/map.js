/** The map: draws points or pictures, zooms, and shows the picture under the pointer. */
class PictureMap {
  static FAR = 60; // largest zoom
  static REACH = 14; // pixels from the pointer to a point
  static MANY = 15000; // points in view above which they are drawn as pixels

  constructor(root, data) {
    this.points = new Points(data);
    this.legend = data.legend;
    this.side = data.sprite;
    this.columns = data.columns;
    this.stage = root.querySelector(".stage");
    this.canvas = root.querySelector(".points");
    this.over = root.querySelector(".over");
    this.card = new Card(root.querySelector(".card"), this);
    this.shapes = [...document.querySelectorAll(".symbols path")].map(
      (path) => new Path2D(path.getAttribute("d")),
    );
    this.sheets = data.sheets.map((address) => {
      if (!address) return null;
      const sheet = new Image();
      sheet.onload = () => this.redraw();
      sheet.src = address;
      return sheet;
    });
    this.pictures = false;
    this.chosen = new Set();
    this.filter = () => true;
    this.peek = null;
    this.at = -1;
    this.pinned = false;
    this.whole();
    this.recolour();
    new ResizeObserver(() => this.resize()).observe(this.stage);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
  }

  // What is in view: a point (x, y) is drawn at middle + (x - .5, y - .5) * scale + offset.

  whole() {
    [this.zoom, this.dx, this.dy] = [1, 0, 0];
    this.redraw();
  }

  get scale() {
    return (Math.min(this.width, this.height) - 48) * this.zoom;
  }

  px(i) {
    return this.width / 2 + (this.points.x[i] - 0.5) * this.scale + this.dx;
  }

  py(i) {
    return this.height / 2 + (this.points.y[i] - 0.5) * this.scale + this.dy;
  }

  unit(px, py) {
    return [
      (px - this.dx - this.width / 2) / this.scale + 0.5,
      (py - this.dy - this.height / 2) / this.scale + 0.5,
    ];
  }

  under(event) {
    const [x, y] = this.unit(event.offsetX, event.offsetY);
    return this.points.nearest(x, y, PictureMap.REACH / this.scale);
  }

  zoomBy(factor, px = this.width / 2, py = this.height / 2) {
    const zoom = Math.max(1, Math.min(PictureMap.FAR, this.zoom * factor));
    const grow = zoom / this.zoom;
    this.dx = px - this.width / 2 - (px - this.width / 2 - this.dx) * grow;
    this.dy = py - this.height / 2 - (py - this.height / 2 - this.dy) * grow;
    this.zoom = zoom;
    this.moveBy(0, 0);
  }

  moveBy(dx, dy) {
    const slack = this.scale / 2;
    this.dx = Math.max(-slack, Math.min(slack, this.dx + dx));
    this.dy = Math.max(-slack, Math.min(slack, this.dy + dy));
    this.canvas.style.touchAction = this.zoom > 1 ? "none" : "pan-y";
    this.redraw();
  }

  // Drawing

  recolour() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.colours = [];
    for (let c = 0; colour(`--c${c}`); c++) this.colours.push(colour(`--c${c}`));
    this.ink = colour("--ink");
    this.paper = colour("--paper");
    this.none = colour("--none");
    this.dim = colour("--dim");
    this.font = colour("--sans");
    this.redraw();
  }

  colour(ordinal) {
    return ordinal < 0 ? this.none : this.colours[ordinal % this.colours.length];
  }

  shape(ordinal) {
    if (ordinal < 0) return this.shapes[0];
    return this.shapes[Math.floor(ordinal / this.colours.length) % this.shapes.length];
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.width) this.draw();
    });
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.width = this.stage.clientWidth;
    this.height = this.stage.clientHeight;
    for (const canvas of [this.canvas, this.over]) {
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(this.height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    this.ratio = ratio;
    this.draw();
  }

  draw() {
    const brush = this.canvas.getContext("2d");
    brush.clearRect(0, 0, this.width, this.height);
    const [unlit, lit] = this.visible();
    const radius = this.radius();
    this.drawPoints(brush, unlit, Math.max(1, radius * 0.6), true);
    this.drawPoints(brush, lit, this.pictures ? radius * 0.7 : radius, false);
    if (this.pictures) this.drawPictures(brush);
    else this.drawNumbers(brush);
    this.drawOver();
  }

  visible() {
    const parts = [[], []];
    for (let i = 0; i < this.points.count; i++) {
      const [x, y] = [this.px(i), this.py(i)];
      if (x > -9 && y > -9 && x < this.width + 9 && y < this.height + 9) {
        parts[this.points.lit[i]].push(i);
      }
    }
    return parts;
  }

  radius() {
    const crowd = Math.max(300, this.points.count);
    const base = Math.max(1.1, 5.6 - 0.75 * Math.log(crowd / 300));
    return Math.min(7, base * this.zoom ** 0.35);
  }

  drawPoints(brush, which, radius, isUnlit) {
    if (which.length > PictureMap.MANY) return this.drawPixels(brush, which, radius, isUnlit);
    const stamps = new Map();
    for (const i of which) {
      const ordinal = isUnlit ? -2 : this.points.primary[i];
      if (!stamps.has(ordinal)) stamps.set(ordinal, this.stamp(ordinal, radius));
      const stamp = stamps.get(ordinal);
      const size = stamp.width / this.ratio;
      brush.drawImage(stamp, this.px(i) - size / 2, this.py(i) - size / 2, size, size);
    }
  }

  /** A mark drawn once, to be copied; -1 is in no domain, -2 is not lit. */
  stamp(ordinal, radius) {
    const size = Math.ceil((2.5 * radius + 3) * this.ratio);
    const stamp = new OffscreenCanvas(size, size);
    const brush = stamp.getContext("2d");
    brush.translate(size / 2, size / 2);
    brush.scale(radius * this.ratio, radius * this.ratio);
    const path = this.shape(Math.max(-1, ordinal));
    brush.lineWidth = 1.6 / radius;
    brush.strokeStyle = this.paper;
    if (ordinal !== -2) brush.stroke(path);
    brush.fillStyle = ordinal === -2 ? this.dim : this.colour(ordinal);
    brush.fill(path);
    return stamp;
  }

  drawPixels(brush, which, radius, isUnlit) {
    const { width, height } = this.canvas;
    const layer = new OffscreenCanvas(width, height);
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const size = Math.max(1, Math.round(radius * 1.6 * this.ratio));
    const colours = [this.none, ...this.colours].map(asPixel);
    const dim = asPixel(this.dim);
    for (const i of which) {
      const ordinal = this.points.primary[i];
      const colour = ordinal < 0 ? colours[0] : colours[1 + (ordinal % this.colours.length)];
      const left = Math.round(this.px(i) * this.ratio - size / 2);
      const top = Math.round(this.py(i) * this.ratio - size / 2);
      for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
        for (let x = Math.max(0, left); x < Math.min(width, left + size); x++) {
          pixels[y * width + x] = isUnlit ? dim : colour;
        }
      }
    }
    layer.getContext("2d").putImageData(image, 0, 0);
    brush.drawImage(layer, 0, 0, this.width, this.height);
  }

  /** As many pictures as fit without covering each other; the choice does not change on moving. */
  drawPictures(brush) {
    const size = Math.min(this.side, 34 * this.zoom ** 0.25);
    const taken = new Map();
    const cell = (v) => Math.floor(v / size);
    for (let i = 0; i < this.points.pictured; i++) {
      if (!this.points.lit[i] || this.points.blank.has(i)) continue;
      const [x, y] = [this.points.x[i] * this.scale, this.points.y[i] * this.scale];
      if (this.isTaken(taken, cell(x), cell(y), x, y, size + 3)) continue;
      taken.set(`${cell(x)},${cell(y)}`, [x, y]);
      const [left, top] = [this.px(i) - size / 2, this.py(i) - size / 2];
      if (left < -size || top < -size || left > this.width || top > this.height) continue;
      const ordinal = this.points.primary[i];
      brush.fillStyle = this.colour(ordinal);
      brush.fillRect(left - 1.5, top - 1.5, size + 3, size + 3);
      this.drawPicture(brush, i, left, top, size);
      if (ordinal >= 0) this.drawNumber(brush, ordinal, left + 2, top + size - 4, 9);
    }
  }

  isTaken(taken, column, row, x, y, size) {
    for (let c = column - 1; c <= column + 1; c++) {
      for (let r = row - 1; r <= row + 1; r++) {
        const other = taken.get(`${c},${r}`);
        if (other && Math.abs(other[0] - x) < size && Math.abs(other[1] - y) < size) return true;
      }
    }
    return false;
  }

  drawPicture(brush, i, left, top, size) {
    const sheet = this.sheets[Math.floor(i / this.columns ** 2)];
    if (!sheet?.complete || !sheet.naturalWidth) return;
    const place = i % this.columns ** 2;
    const column = place % this.columns;
    const row = Math.floor(place / this.columns);
    const side = this.side;
    brush.drawImage(sheet, column * side, row * side, side, side, left, top, size, size);
  }

  /** The domains' numbers, each above its densest place; one that would cover another is left out. */
  drawNumbers(brush) {
    const placed = [];
    const size = this.legend.length > 40 ? 10 : 12;
    const sought = [...this.legend.keys()].sort((a, b) => this.isShown(b) - this.isShown(a));
    for (const ordinal of sought) {
      const { spot } = this.legend[ordinal];
      if (!spot || (this.chosen.size && !this.isShown(ordinal))) continue;
      const x = this.width / 2 + (spot[0] - 0.5) * this.scale + this.dx;
      const y = this.height / 2 + (spot[1] - 0.5) * this.scale + this.dy - this.radius() - 1.6 * size;
      if (placed.some(([u, v]) => Math.abs(u - x) < 2.1 * size && Math.abs(v - y) < 1.5 * size)) continue;
      placed.push([x, y]);
      this.drawNumber(brush, ordinal, x, y, size);
    }
  }

  drawNumber(brush, ordinal, x, y, size) {
    const { id } = this.legend[ordinal];
    brush.font = `600 ${size}px ${this.font}`;
    brush.textAlign = "center";
    brush.textBaseline = "middle";
    const half = brush.measureText(id).width / 2 + size * 0.4;
    brush.beginPath();
    brush.roundRect(x - half, y - size * 0.75, half * 2, size * 1.5, size / 3);
    brush.fillStyle = this.paper;
    brush.fill();
    brush.lineWidth = size / 8;
    brush.strokeStyle = this.colour(ordinal);
    brush.stroke();
    brush.fillStyle = this.ink;
    brush.fillText(id, x, y + 0.5);
  }

  isShown(ordinal) {
    return this.chosen.has(ordinal) || this.peek === ordinal;
  }

  drawOver() {
    const brush = this.over.getContext("2d");
    brush.clearRect(0, 0, this.width, this.height);
    if (this.at < 0) return;
    brush.beginPath();
    brush.arc(this.px(this.at), this.py(this.at), this.radius() + 5, 0, 7);
    brush.lineWidth = 2;
    brush.strokeStyle = this.ink;
    brush.stroke();
    this.card.place(this.px(this.at), this.py(this.at));
  }

  /** Ring a point and show its card; -1 lets go. */
  show(i, pinned = false) {
    this.pinned = pinned && i >= 0;
    if (i !== this.at) this.card.fill(i);
    this.at = i;
    this.card.box.classList.toggle("pinned", this.pinned);
    this.drawOver();
  }

  // Choosing

  choose(ordinals) {
    this.chosen = new Set(ordinals);
    this.relight();
  }

  relight() {
    const chosen = this.peek === null ? this.chosen : new Set([...this.chosen, this.peek]);
    this.points.light(this.filter, chosen);
    if (this.at >= 0 && !this.points.lit[this.at]) this.show(-1);
    this.redraw();
  }

  step(by) {
    const { count, lit } = this.points;
    for (let tried = 0, i = this.at; tried < count; tried++) {
      i = (i + by + count) % count;
      if (!lit[i]) continue;
      const [x, y] = [this.px(i), this.py(i)];
      if (x < 0 || y < 0 || x > this.width || y > this.height) {
        this.moveBy(this.width / 2 - x, this.height / 2 - y);
      }
      return this.show(i, true);
    }
  }
}

/** A CSS colour as the little-endian number that an image holds. */
function asPixel(colour) {
  const brush = new OffscreenCanvas(1, 1).getContext("2d");
  brush.fillStyle = colour;
  brush.fillRect(0, 0, 1, 1);
  return new Uint32Array(brush.getImageData(0, 0, 1, 1).data.buffer)[0];
}
