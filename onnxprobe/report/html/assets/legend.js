/** The legend: every domain is a switch that lights its pictures on the map. */
function buildLegend(root, map) {
  const counts = new Map([[-1, 0]]);
  const { points } = map;
  for (let i = 0; i < points.count; i++) {
    if (points.domains.isEmpty(i)) counts.set(-1, counts.get(-1) + 1);
  }
  for (const ordinal of points.domains.ids) counts.set(ordinal, (counts.get(ordinal) ?? 0) + 1);

  const buttons = new Map();
  const list = element("ul");
  const entries = [...map.legend.entries(), [-1, { id: "", name: "in no domain" }]];
  for (const [ordinal, { id, name }] of entries) {
    const button = element("button", { type: "button", "aria-pressed": "false" });
    button.append(
      markOf(ordinal, map),
      element("span", { class: "id" }, id),
      element("bdi", { class: "name" }, name),
      element("span", { class: "count" }, (counts.get(ordinal) ?? 0).toLocaleString("en")),
    );
    button.addEventListener("click", () => {
      const chosen = new Set(map.chosen);
      if (!chosen.delete(ordinal)) chosen.add(ordinal);
      choose(chosen);
    });
    const peek = (value) => () => {
      map.peek = value;
      map.relight();
    };
    button.addEventListener("pointerenter", peek(ordinal));
    button.addEventListener("pointerleave", peek(null));
    buttons.set(ordinal, button);
    list.appendChild(element("li")).append(button);
  }

  const clear = element("button", { type: "button", class: "quiet", disabled: "" }, "Clear");
  clear.addEventListener("click", () => choose([]));
  function choose(ordinals) {
    map.choose(ordinals);
    for (const [ordinal, button] of buttons) {
      button.setAttribute("aria-pressed", String(map.chosen.has(ordinal)));
    }
    clear.disabled = map.chosen.size === 0;
  }

  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      choose([Number(button.dataset.show)]);
      document.getElementById("map").scrollIntoView();
      map.canvas.focus({ preventScroll: true });
    });
  }

  const head = element("div", { class: "legend-head" });
  head.append(drawChoice(map), showChoice(map), searchBox(list, entries.length), clear);
  root.append(head, list);
}

/** Points or pictures. */
function drawChoice(map) {
  const group = element("div", { class: "segments", role: "group", "aria-label": "Draw" });
  for (const [text, pictures] of [["Points", false], ["Pictures", true]]) {
    const button = element("button", { type: "button", "aria-pressed": String(!pictures) }, text);
    button.addEventListener("click", () => {
      for (const other of group.children) other.setAttribute("aria-pressed", String(other === button));
      map.pictures = pictures;
      map.redraw();
    });
    group.append(button);
  }
  return group;
}

/** Which pictures are lit at all: a split, or those where head and groups disagree. */
function showChoice(map) {
  const { points } = map;
  const choices = [
    ["all pictures", () => true],
    ...points.splits
      .map((name, code) => [`split: ${name}`, (i) => points.split[i] === code])
      .filter(([name]) => name !== "split: "),
    ["head and groups disagree", (i) => !points.domains.same(i, points.predicted)],
  ];
  const select = element("select", { "aria-label": "Show" });
  choices.forEach(([text], value) => select.append(element("option", { value }, text)));
  select.addEventListener("change", () => {
    map.filter = choices[select.value][1];
    map.relight();
  });
  return select;
}

/** Finds domains by name or number; only where there are many. */
function searchBox(list, entries) {
  const box = element("input", { type: "search", placeholder: "Find a domain", "aria-label": "Find a domain" });
  box.hidden = entries <= 14;
  box.addEventListener("input", () => {
    const sought = box.value.trim().toLowerCase();
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(sought);
  });
  return box;
}
