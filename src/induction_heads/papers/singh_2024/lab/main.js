// The page: settings, buttons, what is drawn while a run trains, and the runs that are kept.

const $ = (id) => document.getElementById(id);
const SETS_SAID = {
  train: "train", held_out_label_pairs: "held-out label pairs", unseen_classes: "unseen classes", held_out_exemplars: "other drawings",
};
const SOONEST = 150; // ms between two drawings
let settings = { ...DEFAULTS }, compiled = null, runs = [], current = null, asked = false, drawn = 0, waiting = null, saidAt = -1;
const shownSets = new Set(["train"]);

const lossPlot = new Plot($("loss"), { y: [0, 2.2], yLabel: "loss (nats)", marks: [{ y: Math.LN2, name: "ln 2" }] });
const strengthPlot = new Plot($("strengths"), { y: [-0.2, 1], yLabel: "strength" });
const prediction = new Prediction(lossPlot, $("loss"), () => draw());
const attention = new Attention($("attention"));
const circuit = new Circuit($("circuit"), (step) => choose({ clamped: clicked(settings.clamped, step) }));
const tours = new Tours($("tours"), {
  set: (wanted) => choose(wanted),
  predict: () => predicting(true),
  train: () => pressTrain(),
});

// --- settings

function choose(changes) {
  settings = { ...settings, ...changes };
  if (current && !current.going && linkOf(current.settings) !== linkOf(settings)) current = null;
  circuit.show(settings.clamped);
  for (const field of $("settings").elements) {
    if (field.type === "radio") field.checked = (field.value === "1") === settings.alone;
    else if (field.name) put(field, settings[field.name]);
  }
  $("head-field").hidden = !needsHead(settings);
  $("previous-field").hidden = !needsPrevious(settings);
  $("left").textContent = whatIsLeft();
  $("python").textContent = pythonOf(settings);
  $("link").href = `#${linkOf(settings)}`;
  draw();
}

// Into a field; a length that no option has, from a link, becomes one.
function put(field, value) {
  field.value = value;
  if (field.value === `${value}`) return;
  field.append(element("option", { value }, value.toLocaleString("en")));
  field.value = value;
}

function whatIsLeft() {
  const steps = stepsOf(settings.clamped);
  if (isEverything(settings.clamped)) return "Every step is clamped, so that nothing is left to learn: let one go.";
  const left = [...new Set(STEPS.filter((step) => !steps.has(step)).map((step) => facts.subcircuits[step]))];
  const where = needsHead(settings) && !settings.alone && steps.size ? `, at ${LAYER_2_HEADS[settings.head]}` : "";
  const clamped = steps.size ? `Clamped: ${settings.clamped}${where}.` : "Nothing is clamped: choose a step in the circuit.";
  return `${clamped} Left to learn: ${left.map((part) => facts.subcircuitNames[part]).join(", ")}.`;
}

function fillSettings() {
  const form = $("settings").elements;
  const option = (value, text) => element("option", { value }, text);
  LAYER_2_HEADS.forEach((name, h) => form.head.append(option(h, name)));
  LAYER_1_HEADS.forEach((name, h) => form.previous.append(option(h, name)));
  for (const n of [100_000, 200_000, 300_000, 400_000, 600_000, 1_000_000, 2_000_000]) form.sequences.append(option(n, n.toLocaleString("en")));
  form.scale.append(option(1, "as in the paper"), option(facts.quick, `quick look, ${facts.quick} times shorter`));
  for (const name of ["seed", "classes", "labels", "pairs"]) [form[name].min, form[name].max] = BOUNDS[name];
  $("settings").addEventListener("change", ({ target }) => {
    if (target.name === "alone") return choose({ alone: target.value === "1" });
    const value = Number.parseInt(target.value, 10);
    if (Number.isNaN(value)) return choose({ [target.name]: DEFAULTS[target.name] });
    choose({ [target.name]: target.name in BOUNDS ? within(target.name, value) : value });
  });
  $("settings").addEventListener("submit", (event) => event.preventDefault());
}

function readLink() {
  const asks = new URLSearchParams(location.hash.slice(1)), read = fromLink(location.hash.slice(1));
  if (read.wrong.length) notice(`The link says ${read.wrong.join(", ")}, which the lab does not know; the rest of it is set.`);
  choose(read.settings);
  if (asks.get("tour") in TOURS) tours.open(asks.get("tour"), 0, false);
}

// --- training

function pressTrain() {
  if (isEverything(settings.clamped)) return notice(whatIsLeft());
  const phone = matchMedia("(pointer: coarse) and (hover: none)").matches;
  if (phone && !asked && settings.scale === 1) return ask();
  train();
}

function ask() {
  const seconds = runOf(settings).steps * (settings.alone ? facts.secondsAStep.alone : facts.secondsAStep.all);
  $("ask-text").textContent =
    `This run computes for about ${Math.max(1, Math.round(seconds / 60))} min at full speed. That warms a phone and uses its battery. ` +
    `A quick look, ${facts.quick} times shorter at a larger learning rate, takes seconds and shows nearly the same.`;
  $("ask").showModal();
}

function train() {
  predicting(false);
  notice("");
  if (current?.state === "paused" && linkOf(current.settings) === linkOf(settings)) return go(current);
  for (const run of runs) if (run.going || run.state === "paused" || run.state === "begins") run.end();
  runs = runs.filter((run) => linkOf(run.settings) !== linkOf(settings)); // the same run again takes its place
  current = new LabRun(settings, compiled, runs, heard);
  current.wanted = true;
  runs.push(current);
  saidAt = -1;
  lookAgain();
  draw();
}

function go(run) {
  run.state = "going";
  run.tell("go");
  draw();
}

function heard(run, message) {
  if (message.type === "attention") return run === current && attention.show(message);
  if (run.wanted && run.state === "paused") {
    run.wanted = false;
    return go(run);
  }
  if (message.type === "failed") notice(`This run ended: ${message.message}.`);
  if (message.type === "state" && message.state === "finished" && prediction.drawn && run === current)
    $("verdict").textContent = prediction.compared(run.losses());
  if (message.type === "state" || message.type === "failed" || !run.going) say(run);
  draw();
}

function lookAgain() {
  if (!current) return;
  const { head, set, number } = $("look").elements, index = Number(head.value);
  const layer = index < facts.heads ? 0 : 1;
  const look = { layer, head: index % facts.heads, set: set.value, number: Math.min(Math.max(Number(number.value) || 0, 0), 999) };
  current.tell("look", { look });
}

function predicting(on) {
  prediction.drawing = on;
  $("predict").setAttribute("aria-pressed", on);
  $("predict").textContent = on ? "Done drawing" : "Draw your prediction";
  if (on) {
    if (current && !current.going) current = null;
    if (prediction.sequences !== lossPlot.x[1]) prediction.clear();
    $("verdict").textContent = "Draw the train loss that you expect, with finger or mouse, or with the arrow keys.";
    $("loss").focus({ preventScroll: false });
  } else if (!current) $("verdict").textContent = "";
  draw();
}

// --- drawing

function draw() {
  const wait = drawn + SOONEST - performance.now();
  if (wait > 0) {
    waiting ??= setTimeout(() => {
      waiting = null;
      draw();
    }, wait);
    return;
  }
  drawn = performance.now();
  drawLoss();
  drawStrengths();
  drawButtons();
  drawRuns();
}

function drawLoss() {
  const shown = runs.filter((run) => run.shown && run.points.length), x = [0, Math.max(settings.sequences, ...shown.map((run) => run.settings.sequences))];
  const lines = [], keys = [];
  const paper = paperCurve(settings);
  if (paper && !prediction.drawing) lines.push({ points: paper, colour: facts.colours[settings.clamped] ?? facts.otherColour, width: 6, pale: true, name: "the paper's" });
  for (const run of shown) lines.push({ points: run.losses(), colour: run.colour, dash: run.dash, width: run === current ? 2.6 : 1.8, name: run.name });
  for (const set of facts.sets.slice(1)) {
    if (!shownSets.has(set) || !current) continue;
    if (paperCurve(current.settings, set)) lines.push({ points: paperCurve(current.settings, set), colour: facts.colours[set], width: 6, pale: true, name: `the paper's, ${SETS_SAID[set]}` });
    lines.push({ points: current.losses(set), colour: facts.colours[set], dash: "4 3", width: 2, name: SETS_SAID[set] });
  }
  if (prediction.drawn) lines.push({ points: prediction.points, colour: "#d1495b", dash: "1 5", width: 3.5, name: "your prediction" });
  const said = shown.map((run) => `${run.name}: ${run.last.loss.train.toFixed(2)} nats after ${thousands(run.last.sequences * run.settings.scale)} sequences`);
  const scaled = shown.some((run) => run.settings.scale !== 1) || settings.scale !== 1;
  lossPlot.xLabel = scaled ? `sequences seen (of a quick look: times ${facts.quick})` : "sequences seen";
  strengthPlot.xLabel = lossPlot.xLabel;
  lossPlot.show(lines, `Loss in nats over sequences seen. ${said.join("; ") || "Nothing is trained yet."}`, x);
  if (paper) keys.push(swatch(facts.colours[settings.clamped] ?? facts.otherColour, "wide and pale: the paper's"));
  if (prediction.drawn) keys.push(swatch("#d1495b", "dotted: your prediction"));
  $("paper-key").replaceChildren(...keys);
}

function swatch(colour, text) {
  const line = element("span", { class: "swatch" });
  line.style.setProperty("--own", colour);
  return element("span", {}, line, text);
}

function drawStrengths() {
  const layer = Number(document.querySelector('[name="strength"]:checked').value), run = current ?? runs.at(-1);
  const heads = layer ? LAYER_2_HEADS : LAYER_1_HEADS;
  const lines = run ? heads.map((name, h) => ({ points: run.strengths(layer, h), colour: facts.headColours[h], name })) : [];
  const there = lines.filter((line) => line.points.some(([, y]) => Number.isFinite(y)));
  const last = there.map((line) => `${line.name} ${line.points.at(-1)[1].toFixed(2)}`).join(", ");
  const what = layer ? "Induction strength of Layer 2 heads" : "Attention of Layer 1 heads from labels to the token before";
  strengthPlot.yLabel = layer ? "induction strength" : "attention";
  strengthPlot.show(there, `${what}. ${last || (run && !layer ? "Layer 1 is not computed under these clamps." : "Nothing yet.")}`, [0, (run ?? { settings }).settings.sequences]);
  const none = run && run.points.length && !there.length ? "Layer 1 is given by the clamp, and not computed." : "";
  const key = there.map((line) => swatch(line.colour, line.name));
  $("heads").replaceChildren(...(none ? [none] : key));
}

function drawButtons() {
  const mine = current && linkOf(current.settings) === linkOf(settings) ? current : null;
  $("train").textContent = mine?.state === "paused" && mine.step ? "Go on" : "Train";
  $("train").disabled = !compiled || isEverything(settings.clamped) || Boolean(mine?.going);
  $("pause").disabled = !current?.going;
  $("onward").disabled = !current || current.going || !["paused"].includes(current.state);
  $("reset").disabled = !current || !["going", "paused", "finished"].includes(current.state);
  $("forget").hidden = !prediction.drawn;
  $("progress").value = current?.done ?? 0;
  $("status").textContent = current ? statusOf(current) : compiled ? "" : $("status").textContent;
}

function statusOf(run) {
  const { state, step, msAStep, plan } = run, seen = (step * facts.batch).toLocaleString("en"), all = (plan.steps * facts.batch).toLocaleString("en");
  const loss = run.last ? `, train loss ${run.last.loss.train.toFixed(3)} nats` : "";
  const speed = msAStep ? `; ${msAStep.toFixed(2)} ms a step` : "", left = msAStep ? ((plan.steps - step) * msAStep) / 1000 : 0;
  if (state === "finished") return `Finished: ${seen} sequences${loss}${speed}.`;
  if (state === "failed") return "Failed.";
  if (state === "ended") return `Ended after ${seen} sequences${loss}.`;
  const more = state === "going" && msAStep ? `, about ${left < 90 ? `${Math.ceil(left)} s` : `${Math.round(left / 60)} min`} to go` : "";
  return `${state === "going" ? "Trains" : "Paused"}: ${seen} of ${all} sequences${loss}${speed}${more}.`;
}

// For who does not see the curves: a sentence every tenth of the run.
function say(run) {
  const tenth = Math.floor(10 * run.done);
  if (run !== current || (tenth === saidAt && run.going)) return;
  saidAt = tenth;
  $("said").textContent = statusOf(run);
}

let tableDrawn = "";
function drawRuns() {
  const state = runs.map((run) => [run.name, run.shown, run.state, run.points.length].join()).join(";");
  if (!runs.length || state === tableDrawn || $("runs").contains(document.activeElement)) return;
  tableDrawn = state;
  const head = element("tr", {}, ...["", "run", "learnt after", "loss", ""].map((text) => element("th", { scope: "col" }, text)));
  const rows = runs.map((run) => {
    const learnt = firstBelow(run.losses(), facts.learnt), shown = element("input", { type: "checkbox", "aria-label": `draw ${run.name}`, onchange: () => { run.shown = !run.shown; draw(); } });
    shown.checked = run.shown;
    const name = element("a", { href: `#${linkOf(run.settings)}` }, run.name);
    const save = element("a", { class: "csv", download: `${run.name.replaceAll(/[ ,]+/g, "-")}.csv`, href: "#", onclick: (event) => (event.target.href = csvLink(run)) }, "CSV");
    const away = element("button", { type: "button", "aria-label": `take away ${run.name}`, onclick: () => takeAway(run) }, "✕");
    const cells = [[shown], [swatch(run.colour, ""), name], [learnt === null ? "not yet" : thousands(learnt)], [run.last?.loss.train.toFixed(3) ?? ""], [save, " ", away]];
    return element("tr", {}, ...cells.map((cell) => element("td", {}, ...cell)));
  });
  $("runs").replaceChildren(element("table", {}, head, ...rows));
}

const csvLink = (run) => `data:text/csv;charset=utf-8,${encodeURIComponent(run.csv())}`;

function takeAway(run) {
  document.activeElement.blur();
  run.end();
  runs = runs.filter((other) => other !== run);
  if (current === run) current = null;
  if (!runs.length) $("runs").replaceChildren(element("p", { class: "quiet" }, "No run is kept."));
  tableDrawn = "";
  draw();
}

function notice(text) {
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "This browser does not let a page copy: mark it and copy it yourself";
  }
}

// --- the beginning

function wire() {
  $("train").onclick = pressTrain;
  $("pause").onclick = () => current.tell("pause");
  $("onward").onclick = () => current.tell("onward");
  $("reset").onclick = () => {
    current.again();
    attention.box.replaceChildren();
  };
  $("predict").onclick = () => predicting(!prediction.drawing);
  $("forget").onclick = () => {
    prediction.clear();
    $("verdict").textContent = "";
    draw();
  };
  $("ask").onclose = () => {
    const answer = $("ask").returnValue;
    asked ||= answer === "train";
    if (answer === "quick") choose({ scale: facts.quick });
    if (answer === "train" || answer === "quick") train();
  };
  const look = $("look").elements;
  [...LAYER_1_HEADS, ...LAYER_2_HEADS].forEach((name, i) => look.head.append(element("option", { value: i, selected: i === facts.heads }, name)));
  for (const set of facts.sets) look.set.append(element("option", { value: set }, SETS_SAID[set]));
  $("look").onchange = lookAgain;
  $("look").onsubmit = (event) => event.preventDefault();
  for (const radio of document.querySelectorAll('[name="strength"]')) radio.onchange = draw;
  for (const set of facts.sets.slice(1)) {
    const box = element("input", { type: "checkbox", onchange: () => { shownSets.delete(set) || shownSets.add(set); draw(); } });
    $("lines").append(element("label", {}, box, swatch(facts.colours[set], SETS_SAID[set])));
  }
  $("lines").append(element("span", { id: "paper-key", class: "key" }));
  $("copy-python").onclick = (event) => copy(pythonOf(settings), event.target);
  $("copy-link").onclick = (event) => copy(new URL(`#${linkOf(settings)}`, location.href).href, event.target);
  window.addEventListener("hashchange", readLink);
}

async function begin() {
  wire();
  fillSettings();
  readLink();
  $("status").textContent = "Unpacks the characters …";
  await unpack();
  compiled = await compiledLab();
  if (!compiled) {
    $("status").textContent = "";
    return notice("Training here needs WebAssembly with SIMD, which this browser does not have: every browser since 2023 does. The rest of the page can be looked at.");
  }
  const how = compiled.name === "lab" ? "plain SIMD: newer browsers are a third faster" : "relaxed SIMD";
  $("about").textContent = `Data: ${facts.dataset}, ${facts.mostClasses} training classes and ${facts.unseen} unseen ones. Compiled lab: ${how}.`;
  $("status").textContent = "";
  draw();
}

begin().catch((error) => notice(`The lab could not begin: ${error.message}.`));
