// Small pieces of SVG, and a plot of lines over sequences seen.

function svg(kind, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function element(kind, attributes = {}, ...children) {
  const made = document.createElement(kind);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") made.toggleAttribute(name, value);
    else made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const thousands = (n) =>
  n >= 1e6 ? `${+(n / 1e6).toFixed(2)}M` : n >= 1e3 ? `${+(n / 1e3).toFixed(1)}k` : `${Math.round(n)}`;

// Even numbers from low to high, about so many.
function ticks([low, high], about) {
  const rough = (high - low) / about,
    power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from(
    { length: Math.floor(high / step + 1e-9) - first + 1 },
    (_, i) => +((first + i) * step).toPrecision(12),
  );
}

// Axes over the given ranges, which fill their box; `draw` draws lines in them anew.
class Plot {
  constructor(box, { y, yLabel, marks = [] }) {
    Object.assign(this, { box, y, yLabel, marks, x: [0, 1], lines: [] });
    this.picture = svg("svg", { role: "img" });
    box.append(this.picture);
    new ResizeObserver(() => this.draw()).observe(box);
  }

  get size() {
    const { left, right, top, bottom } = this.margin;
    return { width: Math.max(this.box.clientWidth - left - right, 50), height: this.box.clientHeight - top - bottom };
  }
  margin = { left: 46, right: 20, top: 8, bottom: 38 };
  px = (x) => this.margin.left + ((x - this.x[0]) / (this.x[1] - this.x[0])) * this.size.width;
  py = (y) => this.margin.top + ((this.y[1] - y) / (this.y[1] - this.y[0])) * this.size.height;
  // The place in the data of a point of the screen.
  at(event) {
    const { left, top } = this.picture.getBoundingClientRect(),
      { width, height } = this.size;
    const x = this.x[0] + ((event.clientX - left - this.margin.left) / width) * (this.x[1] - this.x[0]);
    return [x, this.y[1] - ((event.clientY - top - this.margin.top) / height) * (this.y[1] - this.y[0])];
  }

  // Lines are { points, colour, dash, width, pale, name }; `says` is what the picture shows, in words.
  show(lines, says, x = this.x) {
    Object.assign(this, { lines, says, x });
    this.draw();
  }

  draw() {
    const { clientWidth, clientHeight } = this.box,
      { left, top } = this.margin,
      { width, height } = this.size;
    if (!clientWidth || !clientHeight) return;
    const parts = [];
    for (const at of ticks(this.x, Math.max(width / 90, 2))) {
      const x = this.px(at);
      parts.push(svg("line", { class: "tick", x1: x, x2: x, y1: top + height, y2: top + height + 4 }));
      parts.push(svg("text", { x, y: top + height + 17, "text-anchor": "middle" }, thousands(at)));
    }
    for (const at of ticks(this.y, 5)) {
      const y = this.py(at);
      parts.push(svg("line", { class: "grid", x1: left, x2: left + width, y1: y, y2: y }));
      parts.push(svg("text", { x: left - 6, y: y + 4, "text-anchor": "end" }, `${at}`.replace("-", "−")));
    }
    for (const { y: value, name } of this.marks) {
      const y = this.py(value);
      parts.push(svg("line", { class: "mark", x1: left, x2: left + width, y1: y, y2: y }));
      parts.push(svg("text", { class: "mark", x: left + width - 4, y: y - 4, "text-anchor": "end" }, name));
    }
    parts.push(
      svg(
        "text",
        { x: left + width / 2, y: clientHeight - 4, "text-anchor": "middle" },
        this.xLabel ?? "sequences seen",
      ),
    );
    const middle = top + height / 2;
    parts.push(
      svg("text", { x: 12, y: middle, transform: `rotate(-90 12 ${middle})`, "text-anchor": "middle" }, this.yLabel),
    );
    parts.push(...this.lines.map((line) => this.line(line)));
    this.picture.setAttribute("viewBox", `0 0 ${clientWidth} ${clientHeight}`);
    this.picture.setAttribute("aria-label", this.says ?? this.yLabel);
    this.picture.replaceChildren(...parts);
  }

  line({ points, colour, dash = "", width = 2, pale = false, name = "" }) {
    const seen = points.filter(([, y]) => Number.isFinite(y));
    const within = ([low, high], value) => Math.min(Math.max(value, low), high);
    const clipped = ([x, y]) => `${this.px(x).toFixed(1)},${this.py(within(this.y, y)).toFixed(1)}`;
    const inside = seen.filter(([x]) => x <= this.x[1]);
    const attributes = {
      class: pale ? "line pale" : "line",
      style: `--own: ${colour}`,
      "stroke-width": width,
      "stroke-dasharray": dash,
    };
    return svg("polyline", { points: inside.map(clipped).join(" "), ...attributes }, svg("title", {}, name));
  }
}
