// The runs of this visit: each trains in a worker of its own, and is kept to be compared.

const DASHES = ["", "7 4", "2 3", "10 3 2 3"];

class LabRun {
  // `hears` is called after every message of the worker.
  constructor(settings, compiled, others, hears) {
    Object.assign(this, {
      settings: { ...settings },
      compiled,
      hears,
      points: [],
      state: "begins",
      step: 0,
      msAStep: null,
    });
    this.plan = runOf(settings);
    this.name = nameOfRun(settings);
    this.shown = true;
    this.colour = facts.colours[settings.clamped] ?? facts.otherColour;
    this.dash = DASHES[others.filter((run) => run.colour === this.colour).length % DASHES.length];
    const source = document.getElementById("worker").textContent;
    this.worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
    this.worker.onmessage = ({ data }) => this.hear(data);
    this.worker.onerror = (event) => this.hear({ type: "failed", message: event.message });
    const told = {
      batch: facts.batch,
      sets: facts.sets,
      heads: facts.heads,
      probe: facts.probe,
      learnt: facts.learnt,
    };
    const { features, shape } = featuresFor(settings.classes);
    this.tell("begin", { facts: told, run: this.plan, code: compiled.code, features, shape });
  }

  tell(type, more = {}) {
    this.worker.postMessage({ type, ...more });
  }

  hear(message) {
    if (message.type === "point") this.points.push(message);
    if (message.type === "state")
      Object.assign(this, { state: message.state, step: message.step, msAStep: message.msAStep ?? this.msAStep });
    if (message.type === "failed") Object.assign(this, { state: "failed", why: message.message });
    this.hears(this, message);
  }

  again() {
    this.points = [];
    this.tell("again");
  }
  end() {
    this.worker.terminate();
    if (this.state !== "finished") this.state = "ended";
  }

  get going() {
    return this.state === "going";
  }
  get done() {
    return this.step / this.plan.steps;
  }
  get last() {
    return this.points.at(-1);
  }

  // Sequences seen, at the paper's pace, and a loss (nats) of a set.
  losses(set = "train") {
    return this.points.filter((p) => set in p.loss).map((p) => [p.sequences * this.settings.scale, p.loss[set]]);
  }
  strengths(layer, head) {
    return this.points
      .filter((p) => p.strengths)
      .map((p) => [p.sequences * this.settings.scale, p.strengths[layer][head]]);
  }

  // Columns as in networks/run.HISTORY, and the strength of every head.
  csv() {
    const names = facts.sets.flatMap((set) => [`${set}_loss`, `${set}_accuracy`]),
      heads = [...LAYER_1_HEADS, ...LAYER_2_HEADS];
    const number = (n) => (n === undefined || Number.isNaN(n) ? "" : `${n}`);
    const rows = this.points.map((p) => [
      p.sequences,
      ...facts.sets.flatMap((set) => [p.loss[set], p.accuracy[set]]),
      ...(p.strengths ? p.strengths.flat() : heads.map(() => undefined)),
    ]);
    return (
      [["sequences", ...names, ...heads], ...rows.map((row) => row.map(number))]
        .map((row) => row.join(","))
        .join("\n") + "\n"
    );
  }
}

// The paper's curve of the same setting, where it shows one: of the train set, or of every set for the whole network.
function paperCurve(settings, set = "train") {
  const { clamped, classes, labels, pairs, alone } = settings;
  if (pairs !== 2) return null;
  if (alone) return set === "train" ? (facts.paper.alone[`${clamped}/${classes}/${labels}`] ?? null) : null;
  return clamped === "none" && classes === 50 && labels === 5 ? (facts.paper.all[set] ?? null) : null;
}
