/** Pointers, wheel, keys and buttons that move the map. */
function listen(root, map) {
  listenToPointers(map);
  listenToWheel(map);
  listenToKeys(map);
  const acts = {
    in: () => map.zoomBy(1.6),
    out: () => map.zoomBy(1 / 1.6),
    reset: () => map.whole(),
  };
  for (const button of root.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", acts[button.dataset.zoom]);
  }
}

/** One pointer drags, two pinch, one that does not move picks a point. */
function listenToPointers(map) {
  const { canvas } = map;
  const down = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, event);
    moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return map.pinned || map.show(map.under(event));
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    moved += Math.abs(dx) + Math.abs(dy);
    if (down.size === 2) pinch(map, down, event);
    else if (moved > 3) map.moveBy(dx, dy);
    down.set(event.pointerId, event);
  });
  const release = (event) => {
    if (event.type === "pointerup" && moved <= 3) map.show(map.under(event), true);
    down.delete(event.pointerId);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => map.pinned || map.show(-1));
  canvas.addEventListener("dblclick", (event) => map.zoomBy(2, event.offsetX, event.offsetY));
}

function pinch(map, down, event) {
  const still = [...down.values()].find((other) => other.pointerId !== event.pointerId);
  const before = down.get(event.pointerId);
  const span = (a) => Math.hypot(a.clientX - still.clientX, a.clientY - still.clientY) || 1;
  const [x, y] = [(event.offsetX + still.offsetX) / 2, (event.offsetY + still.offsetY) / 2];
  map.zoomBy(span(event) / span(before), x, y);
}

/** The wheel scrolls the page until the map has been clicked; a pinch on a trackpad always zooms. */
function listenToWheel(map) {
  const onWheel = (event) => {
    if (!event.ctrlKey && document.activeElement !== map.canvas) return;
    event.preventDefault();
    const rate = event.ctrlKey ? 0.01 : 0.0018;
    map.zoomBy(Math.exp(-event.deltaY * rate), event.offsetX, event.offsetY);
  };
  map.canvas.addEventListener("wheel", onWheel, { passive: false });
}

function listenToKeys(map) {
  const step = 60;
  const acts = {
    "+": () => map.zoomBy(1.4),
    "=": () => map.zoomBy(1.4),
    "-": () => map.zoomBy(1 / 1.4),
    0: () => map.whole(),
    ArrowLeft: () => map.moveBy(step, 0),
    ArrowRight: () => map.moveBy(-step, 0),
    ArrowUp: () => map.moveBy(0, step),
    ArrowDown: () => map.moveBy(0, -step),
    n: () => map.step(1),
    p: () => map.step(-1),
    Escape: () => (map.at >= 0 ? map.show(-1) : map.canvas.blur()),
  };
  map.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });
}
