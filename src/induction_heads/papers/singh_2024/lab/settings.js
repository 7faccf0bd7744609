// What the reader has set: the run it means, the link that brings it back, and the Python that makes the same run.

const LAYER_2_HEADS = Array.from({ length: facts.heads }, (_, h) => `L2H${h}`);
const LAYER_1_HEADS = Array.from({ length: facts.heads }, (_, h) => `L1H${h}`);
const DEFAULTS = {
  seed: facts.seed,
  classes: 50,
  labels: 5,
  pairs: 2,
  clamped: "none",
  alone: false,
  head: 0,
  previous: 0,
  sequences: 400_000,
  scale: 1,
};
const BOUNDS = {
  seed: [0, 99_999],
  classes: [4, facts.mostClasses],
  labels: [3, 30],
  pairs: [1, 4],
  head: [0, 7],
  previous: [0, 7],
  sequences: [10_000, 4_000_000],
};

// The steps that a click on one step clamps or lets go: those it builds on come with it, those that build on it go.
const STEPS = ["1", "2", "3qk", "4", "3v", "5"];
const MATCH_STAGES = [[], ["1"], ["1", "2"], ["1", "2", "3qk", "4"]];

const stepsOf = (clamped) => new Set(clamped === "none" ? [] : clamped.split(", "));
const nameOf = (steps) => STEPS.filter((step) => steps.has(step)).join(", ") || "none";
const isEverything = (clamped) => STEPS.every((step) => stepsOf(clamped).has(step));

function clicked(clamped, step) {
  const steps = stepsOf(clamped);
  const copies = step === "3v" || step === "5" ? !steps.has("5") : steps.has("5");
  let stage = MATCH_STAGES.findLastIndex((stage) => stage.every((each) => steps.has(each)));
  if (step !== "3v" && step !== "5") {
    const own = MATCH_STAGES.findIndex((each) => each.includes(step));
    stage = steps.has(step) ? own - 1 : own;
  }
  return nameOf(new Set([...MATCH_STAGES[stage], ...(copies ? ["3v", "5"] : [])]));
}

const needsHead = (settings) =>
  settings.alone || stepsOf(settings.clamped).has("4") || stepsOf(settings.clamped).has("5");
const needsPrevious = (settings) => stepsOf(settings.clamped).has("1") && !stepsOf(settings.clamped).has("2");

// The run as the worker trains it: numbers as in networks/run.py, clamps as calls of lab.cpp.
function runOf(settings) {
  const { seed, classes, labels, pairs, head, previous, scale } = settings,
    steps = stepsOf(settings.clamped);
  const shorter = (interval) =>
    scale === 1 ? interval : Math.max(Math.floor(interval / scale), facts.shortestInterval);
  const clamps = [];
  if (steps.has("4")) clamps.push(["perfect_match", head, 1]);
  else if (steps.has("2")) clamps.push(["perfect_layer_1"]);
  else if (steps.has("1")) clamps.push(["previous_token", previous]);
  if (steps.has("5")) clamps.push(["perfect_copy", head]);
  if (settings.alone) for (let h = 0; h < facts.heads; ++h) if (h !== head) clamps.push(["ablate", 1, h]);
  const evaluateEvery = shorter(settings.alone ? facts.fine : facts.evaluateEvery);
  const seldom = (n) => Math.max(Math.floor(n / evaluateEvery), 1) * evaluateEvery;
  const others = clamps.length ? facts.othersUnderClampsEvery : facts.othersEvery;
  return {
    seed,
    classes,
    labels,
    pairs,
    clamps,
    evaluateEvery,
    streamSeed: facts.streamSeed,
    evaluationSeed: facts.evaluationSeed,
    steps: Math.ceil(Math.floor(settings.sequences / scale) / facts.batch),
    learningRate: facts.learningRate * scale,
    learntEvery: scale === 1 ? seldom(facts.learntEvery) : evaluateEvery,
    othersEvery: scale === 1 ? seldom(others) : facts.scaledSaving * evaluateEvery,
    evaluationSequences: facts.evaluationSequences / (scale === 1 ? 1 : facts.scaledSaving),
  };
}

const count = (n) => n.toLocaleString("en").replaceAll(",", "_");

function pythonOf(settings) {
  const steps = stepsOf(settings.clamped),
    head = LAYER_2_HEADS[settings.head],
    clamps = [];
  if (steps.has("4")) clamps.push(["PerfectMatch", `PerfectMatch("${head}")`]);
  else if (steps.has("2")) clamps.push(["PerfectLayer1", "PerfectLayer1()"]);
  else if (steps.has("1"))
    clamps.push(["PreviousTokenAttention", `PreviousTokenAttention("${LAYER_1_HEADS[settings.previous]}")`]);
  if (steps.has("5")) clamps.push(["PerfectCopy", `PerfectCopy("${head}")`]);
  if (settings.alone) clamps.push(["Only", `Only("${head}")`]);
  const given = [`${settings.seed}`];
  for (const name of ["classes", "labels", "pairs"])
    if (settings[name] !== DEFAULTS[name]) given.push(`${name}=${settings[name]}`);
  if (clamps.length) given.push(`clamps=(${clamps.map(([, made]) => made).join(", ")},)`);
  given.push(`sequences=${count(settings.sequences)}`);
  if (settings.alone) given.push(`evaluate_every=${count(facts.fine)}`);
  const shorter = settings.scale === 1 ? "" : `.scaled(${settings.scale})`;
  const names = clamps
    .map(([name]) => name)
    .sort()
    .join(", ");
  return [
    "from induction_heads.data import load",
    "from induction_heads.networks import training",
    ...(names ? [`from induction_heads.networks.clamps import ${names}`] : []),
    "from induction_heads.networks.run import Run",
    "",
    `run = Run(${given.join(", ")})${shorter}`,
    `data = load("${facts.dataset}", exemplars=${facts.exemplars})`,
    "(state,) = training.Group([run], [training.begin(run, data)], data, {}).train()",
  ].join("\n");
}

function nameOfRun(settings) {
  const parts = [settings.clamped === "none" ? "no clamp" : `clamped ${settings.clamped}`];
  parts.push(settings.alone ? `${LAYER_2_HEADS[settings.head]} alone` : "all heads");
  for (const name of ["classes", "labels", "pairs"])
    if (settings[name] !== DEFAULTS[name]) parts.push(`${settings[name]} ${name}`);
  parts.push(`seed ${settings.seed}`);
  if (settings.scale !== 1) parts.push("quick look");
  return parts.join(", ");
}

// Settings to and from the part of the address after #; what is not said is as it is by default.
function linkOf(settings) {
  const said = Object.entries(settings).filter(([name, value]) => value !== DEFAULTS[name]);
  return new URLSearchParams(said.map(([name, value]) => [name, value === true ? "1" : value])).toString();
}

function fromLink(text) {
  const settings = { ...DEFAULTS },
    wrong = [];
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === "clamped" && nameOf(stepsOf(value)) === value) settings.clamped = value;
    else if (name === "alone") settings.alone = value === "1";
    else if (name === "scale") settings.scale = value === "1" ? 1 : facts.quick;
    else if (name in BOUNDS && value !== "" && Number.isInteger(+value)) settings[name] = within(name, +value);
    else if (name !== "tour") wrong.push(`${name}=${value}`);
  }
  return { settings, wrong };
}

const within = (name, value) => Math.min(Math.max(value, BOUNDS[name][0]), BOUNDS[name][1]);
