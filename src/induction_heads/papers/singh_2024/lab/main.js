// The page: what there is, what its buttons do, and how it begins.

const SETS_SAID = {
  train: "train",
  held_out_label_pairs: "held-out label pairs",
  unseen_classes: "unseen classes",
  held_out_exemplars: "other drawings",
};
const SOONEST = 150; // ms between two drawings
let settings = { ...DEFAULTS },
  compiled = null,
  runs = [],
  current = null,
  asked = false,
  drawn = 0,
  waiting = null,
  saidAt = -1;
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

function pressTrain() {
  if (!compiled) return; // a tour has this button too
  if (isEverything(settings.clamped)) return notice(whatIsLeft());
  const phone = matchMedia("(pointer: coarse) and (hover: none)").matches;
  if (phone && !asked && settings.scale === 1) return ask();
  train();
}

function ask() {
  const seconds = runOf(settings).steps * (settings.alone ? facts.secondsAStep.alone : facts.secondsAStep.all);
  $("ask-text").textContent =
    `This run computes for about ${Math.max(1, Math.round(seconds / 60))} min at full speed. ` +
    "That warms a phone and uses its battery. " +
    `A quick look, ${facts.quick} times shorter at a larger learning rate, takes seconds and shows nearly the same.`;
  $("ask").returnValue = ""; // else who closes it by a key answers as the last time
  $("ask").showModal();
}

// Begins the run that is set, and goes on to its end, or with "onward" to its first evaluation.
function train(then = "go") {
  predicting(false);
  notice("");
  if (current?.state === "paused" && linkOf(current.settings) === linkOf(settings)) return go(current);
  for (const run of runs) if (run.going || run.state === "paused" || run.state === "begins") run.end();
  runs = runs.filter((run) => linkOf(run.settings) !== linkOf(settings)); // the same run again takes its place
  current = new LabRun(settings, compiled, runs, heard);
  current.wanted = then;
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
    const { wanted } = run;
    run.wanted = null;
    return wanted === "go" ? go(run) : run.tell(wanted);
  }
  if (message.type === "failed") notice(`This run ended: ${message.message}.`);
  if (message.type === "state" && message.state === "finished" && prediction.drawn && run === current)
    $("verdict").textContent = prediction.compare(run.losses());
  if (message.type === "state" || message.type === "failed" || !run.going) say(run);
  draw();
}

function lookAgain() {
  if (!current) return;
  const { head, set, number } = $("look").elements,
    index = Number(head.value);
  const layer = index < facts.heads ? 0 : 1;
  const look = {
    layer,
    head: index % facts.heads,
    set: set.value,
    number: Math.min(Math.max(Number(number.value) || 0, 0), 999),
  };
  current.tell("look", { look });
}

function predicting(on) {
  if (on && (prediction.isCompared || prediction.sequences !== lossPlot.x[1])) prediction.clear();
  prediction.drawing = on;
  $("predict").setAttribute("aria-pressed", on);
  $("predict").textContent = on ? "Done drawing" : "Draw your prediction";
  if (on) {
    if (current && !current.going) current = null;
    $("verdict").textContent =
      "Draw the train loss that you expect, with finger or mouse, or with the arrow keys; Escape when it is done.";
    $("loss").focus({ preventScroll: false });
  } else if (!current) $("verdict").textContent = "";
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

function wire() {
  $("train").onclick = pressTrain;
  $("pause").onclick = () => current.tell("pause");
  $("onward").onclick = () => {
    if (!current) train("onward");
    else if (current.state === "paused") current.tell("onward");
  };
  $("reset").onclick = () => {
    current.again();
    attention.box.replaceChildren();
  };
  $("predict").onclick = () => predicting(!prediction.drawing);
  $("loss").addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !prediction.drawing) return;
    predicting(false);
    $("predict").focus();
  });
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
  [...LAYER_1_HEADS, ...LAYER_2_HEADS].forEach((name, i) =>
    look.head.append(element("option", { value: i, selected: i === facts.heads }, name)),
  );
  for (const set of facts.sets) look.set.append(element("option", { value: set }, SETS_SAID[set]));
  $("look").onchange = lookAgain;
  $("look").onsubmit = (event) => event.preventDefault();
  for (const radio of document.querySelectorAll('[name="strength"]')) radio.onchange = draw;
  for (const set of facts.sets.slice(1)) {
    const box = element("input", {
      type: "checkbox",
      onchange: () => {
        shownSets.delete(set) || shownSets.add(set);
        draw();
      },
    });
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
  if (canUnpack()) {
    await unpack();
    compiled = await compiledLab();
  }
  if (!compiled) {
    $("status").textContent = "";
    return notice(
      "Training here needs WebAssembly with SIMD, which this browser does not have, or has switched off: every " +
        "browser since 2023 has it. The rest of the page can be looked at.",
    );
  }
  const how = compiled.name === "lab" ? "plain SIMD: newer browsers are a third faster" : "relaxed SIMD";
  $("about").textContent =
    `Data: ${facts.dataset}, ${facts.mostClasses} training classes and ${facts.unseen} unseen ones. ` +
    `Compiled lab: ${how}.`;
  $("status").textContent = "";
  draw();
}

begin().catch((error) => notice(`The lab could not begin: ${error.message}.`));
