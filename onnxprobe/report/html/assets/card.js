/** What is known of one picture, beside its point. */
class Card {
  constructor(box, map) {
    this.box = box;
    this.map = map;
  }

  fill(i) {
    this.box.hidden = i < 0;
    if (i < 0) return;
    const { points } = this.map;
    const words = element("div", { class: "words" });
    words.append(element("bdi", { class: "name" }, points.names[i] ?? "(name not in this page)"));
    words.append(this.line("in", points.domains.of(i)));
    words.append(this.line("head says", points.predicted.of(i)));
    const facts = [points.splits[points.split[i]]];
    const sure = points.confidence[i];
    if (sure !== 255) facts.unshift(`confidence ${Math.floor(sure / 2)}%`);
    words.append(element("p", {}, facts.filter(Boolean).join(" · ")));
    this.box.replaceChildren(words);
    if (i < points.pictured) this.box.prepend(this.picture(i));
  }

  picture(i) {
    const side = 2 * this.map.side;
    const picture = element("canvas", { width: side, height: side });
    if (this.map.points.blank.has(i)) picture.className = "blank";
    else this.map.drawPicture(picture.getContext("2d"), i, 0, 0, side);
    return picture;
  }

  line(lead, ordinals) {
    const line = element("p", {}, `${lead} `);
    if (!ordinals.length) line.append("no domain");
    for (const ordinal of ordinals) {
      const { id, name } = this.map.legend[ordinal];
      const part = element("span", { class: "part" });
      part.append(markOf(ordinal, this.map), ` ${id} `, element("bdi", {}, name));
      line.append(part);
    }
    return line;
  }

  /** Stand beside the point at (x, y), inside the map. */
  place(x, y) {
    const { offsetWidth: width, offsetHeight: height } = this.box;
    const left = x + 16 + width > this.map.width ? x - 16 - width : x + 16;
    const top = Math.max(4, Math.min(this.map.height - height - 4, y - height / 2));
    this.box.style.transform = `translate(${Math.max(4, left)}px, ${top}px)`;
  }
}

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function markOf(ordinal, map) {
  const space = "http://www.w3.org/2000/svg";
  const mark = document.createElementNS(space, "svg");
  const colour = ordinal < 0 ? "none" : `c${ordinal % map.colours.length}`;
  mark.setAttribute("class", `mark ${colour}`);
  mark.setAttribute("aria-hidden", "true");
  const use = mark.appendChild(document.createElementNS(space, "use"));
  const shape = ordinal < 0 ? 0 : Math.floor(ordinal / map.colours.length) % map.shapes.length;
  use.setAttribute("href", `#shape-${shape}`);
  return mark;
}
