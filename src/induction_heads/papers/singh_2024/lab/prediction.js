// The curve that the reader expects: drawn on the empty axes before training, and compared kindly afterwards.

const POINTS = 60;

class Prediction {
  constructor(plot, box, onChange) {
    Object.assign(this, { plot, box, onChange });
    this.clear();
    box.addEventListener("pointerdown", (event) => {
      if (!this.drawing) return;
      box.setPointerCapture(event.pointerId);
      this.last = null;
      this.move(event);
      event.preventDefault();
    });
    box.addEventListener("pointermove", (event) => this.drawing && event.buttons && this.move(event));
    box.addEventListener("keydown", (event) => this.key(event));
  }

  clear() {
    this.values = Array(POINTS).fill(NaN);
    this.sequences = null;
    this.cursor = 0;
    this.isCompared = false;
  }
  get drawn() {
    return this.values.some(Number.isFinite);
  }
  get points() {
    return this.values.map((value, i) => [this.place(i), value]);
  }
  // The axis may grow longer than it was when the curve was drawn.
  place = (i) => ((this.sequences ?? this.plot.x[1]) * i) / (POINTS - 1);

  set drawing(on) {
    this.isDrawing = on;
    this.box.classList.toggle("drawing", on);
    if (on) {
      this.box.setAttribute("tabindex", 0);
      this.box.setAttribute("role", "slider");
      this.box.setAttribute("aria-label", "Your prediction: left and right choose the place, up and down the loss");
      this.box.setAttribute("aria-valuemin", this.plot.y[0]);
      this.box.setAttribute("aria-valuemax", this.plot.y[1]);
      this.tell();
    } else
      for (const name of this.box.getAttributeNames())
        if (["tabindex", "role"].includes(name) || name.startsWith("aria-")) this.box.removeAttribute(name);
  }
  get drawing() {
    return this.isDrawing;
  }

  // Everything between two places of the pointer is filled in.
  move(event) {
    const [x, y] = this.plot.at(event),
      [low, high] = this.plot.y;
    const i = Math.round(Math.min(Math.max(x / this.place(1), 0), POINTS - 1));
    const value = Math.min(Math.max(y, low), high),
      from = this.last ?? [i, value];
    const steps = Math.max(Math.abs(i - from[0]), 1);
    for (let k = 0; k <= steps; ++k)
      this.values[Math.round(from[0] + ((i - from[0]) * k) / steps)] = from[1] + ((value - from[1]) * k) / steps;
    this.last = [i, value];
    this.cursor = i;
    this.changed();
  }

  key(event) {
    const moves = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, 1],
      ArrowDown: [0, -1],
      PageUp: [0, 5],
      PageDown: [0, -5],
    }[event.key];
    if (!this.drawing || !moves) return;
    event.preventDefault();
    const [low, high] = this.plot.y,
      here = this.values[this.cursor];
    const value = Number.isFinite(here)
      ? here
      : this.cursor
        ? this.values[this.cursor - 1]
        : Math.log(facts.defaultLabels);
    this.values[this.cursor] = Math.min(
      Math.max((Number.isFinite(value) ? value : high / 2) + 0.05 * moves[1], low),
      high,
    );
    const next = Math.min(Math.max(this.cursor + moves[0], 0), POINTS - 1);
    if (!Number.isFinite(this.values[next])) this.values[next] = this.values[this.cursor];
    this.cursor = next;
    this.changed();
  }

  changed() {
    this.sequences ??= this.plot.x[1];
    this.tell();
    this.onChange();
  }

  tell() {
    const value = this.values[this.cursor],
      said = Number.isFinite(value) ? `${value.toFixed(2)} nats` : "nothing drawn yet";
    this.box.setAttribute("aria-valuetext", `at ${thousands(this.place(this.cursor))} sequences: ${said}`);
    this.box.setAttribute("aria-valuenow", Number.isFinite(value) ? value.toFixed(2) : 0);
  }

  // What was expected beside what came: sentences, and no mark.
  compare(points) {
    this.isCompared = true; // what is drawn next is another prediction
    const expected = this.points.filter(([, y]) => Number.isFinite(y)),
      end = points.at(-1)[0];
    const both = expected.filter(([x]) => x <= end + 1e-9).map(([x, y]) => [x, y, valueAt(points, x)]);
    if (both.length < 2) return "";
    const off = mean(both.map(([, y, came]) => Math.abs(y - came)));
    const straight = mean(both.map(([x, , came]) => Math.abs(straightLine(points, x) - came)));
    const sentences = [
      `Your curve is ${off.toFixed(2)} nats from the network's on average; ` +
        `a straight line from its start to its end is ${straight.toFixed(2)} nats off.`,
    ];
    const guess = firstBelow(expected, facts.learnt),
      came = firstBelow(points, facts.learnt);
    if (guess && came) {
      const ratio = came / guess,
        times = Math.max(ratio, 1 / ratio);
      const how =
        times < 1.25
          ? "just about when it was"
          : ratio > 1
            ? `${times.toFixed(1)} times sooner than it was`
            : `${times.toFixed(1)} times later than it was`;
      sentences.push(
        `You expected the task to be learnt after ${thousands(guess)} sequences, ${how}: ${thousands(came)}.`,
      );
    } else if (came)
      sentences.push(
        `You did not expect it to be learnt so soon: the loss is below 0.4 ln 2 after ${thousands(came)} sequences.`,
      );
    else if (guess)
      sentences.push(
        `You expected it to be learnt after ${thousands(guess)} sequences; after ${thousands(end)} it is not.`,
      );
    sentences.unshift(
      off < 0.08 ? "Very close." : off < straight ? "You saw the shape coming." : "Few people expect this one.",
    );
    return sentences.join(" ");
  }
}

const mean = (numbers) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

// Between the points, straight.
function valueAt(points, x) {
  const after = points.findIndex(([at]) => at >= x);
  if (after <= 0) return points[after === 0 ? 0 : points.length - 1][1];
  const [[x0, y0], [x1, y1]] = [points[after - 1], points[after]];
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}
const straightLine = (points, x) => valueAt([points[0], points.at(-1)], x);

// Where a curve is first below a value; null where it never is.
const firstBelow = (points, value) => points.find(([, y]) => y < value)?.[0] ?? null;
