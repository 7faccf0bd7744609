// A run in a worker of its own: it trains in slices, hears messages between them, and tells what it measures.
"use strict";

const SLICE = 60; // ms of training between two looks at the messages
const A_DOUBLE = 8,
  AN_INT = 4;
let facts,
  wasm,
  lab,
  room,
  run,
  step,
  running = false,
  hasLearnt = false,
  look = null,
  spent = 0,
  counted = 0;

self.onmessage = async ({ data }) => {
  try {
    await HEARS[data.type](data);
  } catch (error) {
    running = false;
    self.postMessage({ type: "failed", message: error.message });
  }
};

const HEARS = {
  async begin(message) {
    ({ facts, run } = message);
    const nothing = () => 52; // WASI's "not supported": the C++ neither writes nor reads
    const wasi = { fd_close: nothing, fd_seek: nothing, fd_write: nothing };
    const made = await WebAssembly.instantiate(message.code, { wasi_snapshot_preview1: wasi });
    wasm = made.instance.exports;
    wasm._initialize();
    room = wasm.lab_take(A_DOUBLE * 1024);
    lab = created(message.features, message.shape);
    start();
  },
  go() {
    if (!running) {
      running = true;
      again();
    }
  },
  pause() {
    running = false;
    tell("paused");
  },
  // To the next evaluation, and no further.
  onward() {
    running = false;
    const stop = nextEvaluation();
    if (step < run.steps) train(stop - step);
    measure();
    tell("paused");
  },
  again() {
    running = false;
    start();
  },
  look(message) {
    look = message.look;
    showAttention();
  },
};

function created(features, shape) {
  const at = wasm.lab_take(features.byteLength);
  new Float32Array(wasm.memory.buffer, at, features.length).set(features);
  const made = wasm.lab_new(
    run.seed,
    run.streamSeed,
    run.evaluationSeed,
    run.classes,
    run.labels,
    run.pairs,
    run.learningRate,
    at,
    ...shape,
  );
  wasm.lab_give_back(at);
  if (!made) {
    throw new Error(
      `there is no task of ${run.classes} classes, ${run.labels} labels and ${run.pairs} pairs: ` +
        "take more labels than pairs, or fewer pairs",
    );
  }
  for (const [clamp, ...settings] of run.clamps) wasm[`lab_${clamp}`](made, ...settings);
  return made;
}

function start() {
  wasm.lab_begin(lab);
  step = spent = counted = 0;
  hasLearnt = false;
  measure();
  tell("paused");
}

const channel = new MessageChannel(); // a timeout of 0 would wait for 4 ms
channel.port1.onmessage = () => running && slice();
const again = () => channel.port2.postMessage(null);

function slice() {
  const until = performance.now() + SLICE,
    stop = nextEvaluation();
  while (step < stop && performance.now() < until) train(Math.min(10, stop - step));
  if (step === stop) measure();
  if (step >= run.steps) {
    running = false;
    tell("finished");
  } else {
    tell("going");
    again();
  }
}

function train(steps) {
  const begun = performance.now();
  wasm.lab_train(lab, steps);
  step += steps;
  spent += performance.now() - begun;
  counted += steps;
}

// As run.Schedule: before step ceil(k every / batch), and at the end.
const isAt = (every) => {
  const k = Math.floor((step * facts.batch) / every);
  return step === run.steps || Math.ceil((k * every) / facts.batch) === step;
};

function nextEvaluation() {
  const every = hasLearnt ? run.learntEvery : run.evaluateEvery,
    k = Math.floor((step * facts.batch) / every) + 1;
  return Math.min(Math.ceil((k * every) / facts.batch), run.steps);
}

function measure() {
  const sets = isAt(run.othersEvery) ? facts.sets : facts.sets.slice(0, 1);
  const point = { type: "point", sequences: step * facts.batch, loss: {}, accuracy: {}, strengths: null };
  sets.forEach((name, i) => {
    wasm.lab_evaluate(lab, i, run.evaluationSequences, room);
    [point.loss[name], point.accuracy[name]] = doubles(2);
  });
  hasLearnt ||= point.loss.train < facts.learnt;
  if (!Number.isFinite(point.loss.train)) throw new Error(`the train loss is ${point.loss.train} after ${step} steps`);
  if (sets.length > 1) {
    wasm.lab_strengths(lab, facts.probe, room);
    const all = Array.from(doubles(2 * facts.heads));
    point.strengths = [all.slice(0, facts.heads), all.slice(facts.heads)];
  }
  self.postMessage(point);
  showAttention();
}

// The attention of the head that is looked at, on the sequence that is looked at: rows are queries.
function showAttention() {
  if (!look || !lab) return;
  const set = facts.sets.indexOf(look.set),
    pairs = run.pairs,
    tokens = 2 * pairs + 1;
  wasm.lab_sequence(lab, set, look.number, room);
  const sequence = new Int32Array(wasm.memory.buffer, room, 2 * pairs + 2).slice();
  const given = wasm.lab_take(AN_INT * sequence.length);
  new Int32Array(wasm.memory.buffer, given, sequence.length).set(sequence);
  const match = sequence[2 * pairs + 1],
    labels = given + AN_INT * (pairs + 1);
  wasm.lab_pattern(lab, look.layer, look.head, set, given, labels, match, room);
  const rows = look.layer ? 1 : tokens,
    pattern = Array.from(doubles(rows * tokens));
  wasm.lab_give_back(given);
  self.postMessage({
    type: "attention",
    look,
    rows: sequence.slice(0, pairs + 1),
    labels: sequence.slice(pairs + 1, 2 * pairs + 1),
    match,
    pattern: Array.from({ length: rows }, (_, i) => pattern.slice(i * tokens, (i + 1) * tokens)),
  });
}

const doubles = (n) => new Float64Array(wasm.memory.buffer, room, n);

function tell(state) {
  self.postMessage({ type: "state", state, step, msAStep: counted ? spent / counted : null });
}
