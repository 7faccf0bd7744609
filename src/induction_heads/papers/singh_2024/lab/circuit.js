// The circuit of Figure 1 as the control: a click on a step clamps it. The drawing is that of figures/diagrams.py,
// but that steps 1 and 2 have their names further apart, for fingers.

const CIRCUIT_COLUMNS = { x1: 0, l1: 1.75, x2: 4.2, l2: 5.95, q: 8.4 };
const CIRCUIT_TOP = 8;
const SAID = {
  1: "Layer 1: each label attends to the character before it",
  2: "Layer 1: and copies that character beside itself",
  "3qk": "Layer 2: the query asks for its class, and labels answer with the character copied to them",
  4: "Layer 2: so that the query attends to the right label",
  "3v": "Layer 2: labels offer themselves as values",
  5: "Layer 2: and the label attended to is copied to the output",
};

const flipped = (points) => points.map(([x, y]) => [x, CIRCUIT_TOP - y]);
// A straight line of two points, a Bezier curve of four.
function pathOf(points) {
  const [first, ...rest] = flipped(points).map((point) => point.join(" "));
  return rest.length === 1 ? `M ${first} L ${rest[0]}` : `M ${first} C ${rest.join(" , ")}`;
}

class Circuit {
  constructor(box, onClick) {
    this.onClick = onClick;
    this.steps = new Map();
    this.picture = svg("svg", {
      viewBox: "-1.5 0 10.8 8.6",
      role: "group",
      "aria-label": "The circuit: choose steps to clamp",
    });
    this.arrowHeads();
    this.layers();
    for (const pair of [2, 1]) this.copyForward(pair);
    const q = CIRCUIT_COLUMNS.q;
    this.step(
      "3qk",
      [
        [q, 0.55],
        [q, 4.0],
      ],
      [q, 2.3],
    );
    this.step(
      "4",
      [
        [q - 0.2, 4.85],
        [7.2, 5.95],
        [4.0, 5.95],
        [2.98, 5.0],
      ],
      [5.5, 5.7],
      true,
    );
    this.step(
      "5",
      [
        [1.75, 5.0],
        [1.8, 7.0],
        [4.2, 7.0],
        [q - 0.72, 7.0],
      ],
      [2.9, 6.56],
    );
    this.box(q, 4.5, 0.7, 0.7, "plain", 0.35);
    this.write(q, 4.5, "q", 0.46, "italic");
    this.token(q, 7.0, "l1", 1);
    this.write(q, 7.68, "output", 0.36, "soft");
    for (const step of STEPS) this.picture.append(this.steps.get(step)); // in the order in which they are told
    box.append(this.picture);
  }

  // Which steps are clamped, as in `nameOf`.
  show(clamped) {
    const now = stepsOf(clamped);
    for (const [step, drawn] of this.steps) {
      drawn.setAttribute("aria-checked", now.has(step));
      drawn.classList.toggle("clamped", now.has(step));
    }
  }

  arrowHeads() {
    const colours = { ...Object.fromEntries(STEPS.map((step) => [step, this.colour(step)])), ghost: "var(--ghost)" };
    const heads = Object.entries(colours).map(([name, colour]) =>
      svg(
        "marker",
        {
          id: `head-${name}`,
          viewBox: "0 0 10 10",
          refX: 7,
          refY: 5,
          markerWidth: 3.4,
          markerHeight: 3.4,
          orient: "auto",
        },
        svg("path", { d: "M 0 0.8 L 10 5 L 0 9.2 z", class: "own", style: `--own: ${colour}` }),
      ),
    );
    this.picture.append(svg("defs", {}, ...heads));
  }

  colour = (step) => facts.subcircuitColours[facts.subcircuits[step]];

  layers() {
    for (const [name, low, high] of [
      ["Layer 1", 0.75, 3.12],
      ["Layer 2", 3.5, 6.05],
    ]) {
      const y = CIRCUIT_TOP - high,
        middle = CIRCUIT_TOP - (low + high) / 2;
      this.picture.append(svg("rect", { class: "band", x: -0.85, y, width: 9.95, height: high - low, rx: 0.18 }));
      this.picture.append(
        svg(
          "text",
          {
            class: "soft",
            x: -1.15,
            y: middle,
            "font-size": 0.38,
            transform: `rotate(-90 -1.15 ${middle})`,
            "text-anchor": "middle",
          },
          name,
        ),
      );
    }
    for (const [token, x] of Object.entries(CIRCUIT_COLUMNS)) {
      const high = { x: 2.9, l: 2.4, q: 6.5 }[token[0]];
      this.picture.append(
        svg("path", {
          class: "stream",
          d: pathOf([
            [x, 0.4],
            [x, high],
          ]),
        }),
      );
      this.token(x, 0, token, 1);
    }
  }

  // Steps 1, 2, 3qk and 3v at one pair; at pair 2, which the query does not match, in grey.
  copyForward(pair) {
    const x = CIRCUIT_COLUMNS[`x${pair}`],
      label = CIRCUIT_COLUMNS[`l${pair}`],
      copied = label + 1.1;
    this.box((label + copied) / 2, 2.5, 2.14, 0.94, "plain", 0.4);
    const draw = pair === 1 ? this.step.bind(this) : this.ghost.bind(this);
    draw(
      "1",
      [
        [label - 0.1, 1.08],
        [x + 0.16, 1.08],
      ],
      [x + 0.95, 1.08],
      true,
    );
    draw(
      "2",
      [
        [x, 1.62],
        [x + 1.2, 1.9],
        [copied, 1.2],
        [copied, 1.98],
      ],
      [x + 2.1, 1.6],
    );
    for (const [letter, stream, step] of [
      ["v", label, "3v"],
      ["k", copied, "3qk"],
    ]) {
      draw(
        step,
        [
          [stream, 2.8],
          [stream, 4.0],
        ],
        [stream, 3.42],
      );
      this.token(stream, 2.5, `${letter === "v" ? "l" : "x"}${pair}`, 0.8);
      this.box(stream, 4.5, 0.7, 0.7, "plain", 0.35);
      this.write(stream, 4.5, letter, 0.46, pair === 1 ? "italic" : "italic soft");
    }
  }

  step(step, points, [x, y], attends = false) {
    const width = step.length === 1 ? 0.62 : 0.42 + 0.21 * step.length,
      at = CIRCUIT_TOP - y,
      d = pathOf(points);
    const parts = [
      svg("path", { class: "reach", d }),
      svg("path", { class: "shade own", d }),
      svg("path", { class: attends ? "stroke own attends" : "stroke own", d, "marker-end": `url(#head-${step})` }),
      svg("rect", { class: "reach-badge", x: x - 0.55, y: at - 0.45, width: 1.1, height: 0.9 }),
      svg("rect", { class: "badge own", x: x - width / 2, y: at - 0.31, width, height: 0.62, rx: 0.31 }),
      svg("text", { class: "badge own", x, y: at + 0.14, "font-size": 0.4, "text-anchor": "middle" }, step),
    ];
    const known = this.steps.get(step);
    if (known) {
      known.prepend(...parts.slice(0, 3)); // 3qk has two arrows
      known.append(...parts.slice(3));
      return;
    }
    const drawn = svg("g", {
      class: "step",
      role: "switch",
      tabindex: 0,
      "aria-label": `Clamp step ${step}. ${SAID[step]}`,
      "aria-checked": false,
    });
    drawn.style.setProperty("--own", this.colour(step));
    drawn.append(svg("title", {}, `Step ${step}. ${SAID[step]}`), ...parts);
    drawn.addEventListener("click", () => this.onClick(step));
    drawn.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      this.onClick(step);
    });
    this.steps.set(step, drawn);
    this.picture.append(drawn);
  }

  ghost(step, points, at, attends = false) {
    this.picture.append(
      svg("path", { class: attends ? "ghost attends" : "ghost", d: pathOf(points), "marker-end": "url(#head-ghost)" }),
    );
  }

  // An exemplar as a square in the colour of its class, a label as a disc.
  token(x, y, name, scale) {
    const kind = name === "x2" ? "class-2" : "xq".includes(name[0]) ? "class-1" : "plain";
    this.box(x, y, 1.08 * scale, 0.9 * scale, kind, kind === "plain" ? 0.45 * scale : 0.12);
    const letter = name[0] === "l" ? "ℓ" : "x",
      below = name === "q" ? "q" : name[1];
    const text = svg("text", {
      x,
      y: CIRCUIT_TOP - y + 0.15 * scale,
      "font-size": 0.5 * scale,
      "text-anchor": "middle",
    });
    text.append(
      svg("tspan", { class: "italic" }, letter),
      svg("tspan", { dy: 0.12 * scale, "font-size": 0.32 * scale }, below),
    );
    text.classList.add("token");
    this.picture.append(text);
  }

  box(x, y, width, height, kind, rx) {
    this.picture.append(
      svg("rect", { class: kind, x: x - width / 2, y: CIRCUIT_TOP - y - height / 2, width, height, rx }),
    );
  }

  write(x, y, text, size, kind = "") {
    this.picture.append(
      svg(
        "text",
        { class: kind, x, y: CIRCUIT_TOP - y + 0.34 * size, "font-size": size, "text-anchor": "middle" },
        text,
      ),
    );
  }
}
