// What is drawn anew while a run trains: curves, strengths, buttons, the table of runs.

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
  const shown = runs.filter((run) => run.shown && run.points.length),
    x = [0, Math.max(settings.sequences, ...shown.map((run) => run.settings.sequences))];
  const lines = [],
    keys = [];
  const paper = paperCurve(settings);
  if (paper && !prediction.drawing)
    lines.push({
      points: paper,
      colour: facts.colours[settings.clamped] ?? facts.otherColour,
      width: 6,
      pale: true,
      name: "the paper's",
    });
  for (const run of shown)
    lines.push({
      points: run.losses(),
      colour: run.colour,
      dash: run.dash,
      width: run === current ? 2.6 : 1.8,
      name: run.name,
    });
  for (const set of facts.sets.slice(1)) {
    if (!shownSets.has(set) || !current) continue;
    if (paperCurve(current.settings, set))
      lines.push({
        points: paperCurve(current.settings, set),
        colour: facts.colours[set],
        width: 6,
        pale: true,
        name: `the paper's, ${SETS_SAID[set]}`,
      });
    lines.push({
      points: current.losses(set),
      colour: facts.colours[set],
      dash: "4 3",
      width: 2,
      name: SETS_SAID[set],
    });
  }
  if (prediction.drawn)
    lines.push({ points: prediction.points, colour: "#d1495b", dash: "1 5", width: 3.5, name: "your prediction" });
  const said = shown.map(({ name, last, settings: { scale } }) => {
    return `${name}: ${last.loss.train.toFixed(2)} nats after ${thousands(last.sequences * scale)} sequences`;
  });
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
  const layer = Number(document.querySelector('[name="strength"]:checked').value),
    run = current ?? runs.at(-1);
  const heads = layer ? LAYER_2_HEADS : LAYER_1_HEADS;
  const lines = run
    ? heads.map((name, h) => ({ points: run.strengths(layer, h), colour: facts.headColours[h], name }))
    : [];
  const there = lines.filter((line) => line.points.some(([, y]) => Number.isFinite(y)));
  const last = there.map((line) => `${line.name} ${line.points.at(-1)[1].toFixed(2)}`).join(", ");
  const what = layer
    ? "Induction strength of Layer 2 heads"
    : "Attention of Layer 1 heads from labels to the token before";
  strengthPlot.yLabel = layer ? "induction strength" : "attention";
  strengthPlot.show(
    there,
    `${what}. ${last || (run && !layer ? "Layer 1 is not computed under these clamps." : "Nothing yet.")}`,
    [0, (run ?? { settings }).settings.sequences],
  );
  const none = run && run.points.length && !there.length ? "Layer 1 is given by the clamp, and not computed." : "";
  const key = there.map((line) => swatch(line.colour, line.name));
  $("heads").replaceChildren(...(none ? [none] : key));
}

function drawButtons() {
  const mine = current && linkOf(current.settings) === linkOf(settings) ? current : null,
    before = document.activeElement,
    impossible = !compiled || isEverything(settings.clamped);
  $("train").textContent = mine?.state === "paused" && mine.step ? "Go on" : "Train";
  $("train").disabled = impossible || Boolean(mine?.going);
  $("pause").disabled = !current?.going;
  $("onward").disabled = current ? !["begins", "paused"].includes(current.state) : impossible;
  $("reset").disabled = !current || !["going", "paused", "finished"].includes(current.state);
  $("forget").hidden = !prediction.drawn;
  $("progress").value = current?.done ?? 0;
  $("status").textContent = current ? statusOf(current) : compiled ? "" : $("status").textContent;
  // A button that is disabled under the keyboard would send it to the top of the page.
  if (!before?.disabled) return;
  const next = ["pause", "train", "onward", "reset"].map($).find((button) => !button.disabled);
  next?.focus({ preventScroll: true }); // the reader may look elsewhere when a run ends
}

function statusOf(run) {
  const { state, step, msAStep, plan } = run,
    seen = (step * facts.batch).toLocaleString("en"),
    all = (plan.steps * facts.batch).toLocaleString("en");
  const loss = run.last ? `, train loss ${run.last.loss.train.toFixed(3)} nats` : "";
  const speed = msAStep ? `; ${msAStep.toFixed(2)} ms a step` : "",
    left = msAStep ? ((plan.steps - step) * msAStep) / 1000 : 0;
  if (state === "finished") return `Finished: ${seen} sequences${loss}${speed}.`;
  if (state === "failed") return "Failed.";
  if (state === "ended") return `Ended after ${seen} sequences${loss}.`;
  const more =
    state === "going" && msAStep
      ? `, about ${left < 90 ? `${Math.ceil(left)} s` : `${Math.round(left / 60)} min`} to go`
      : "";
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
  const head = element(
    "tr",
    {},
    ...["", "run", "learnt after", "loss", ""].map((text) => element("th", { scope: "col" }, text)),
  );
  const rows = runs.map((run) => {
    const learnt = firstBelow(run.losses(), facts.learnt),
      shown = element("input", {
        type: "checkbox",
        "aria-label": `draw ${run.name}`,
        onchange: () => {
          run.shown = !run.shown;
          draw();
        },
      });
    shown.checked = run.shown;
    const name = element("a", { href: `#${linkOf(run.settings)}` }, run.name);
    const save = element(
      "a",
      {
        class: "csv",
        "aria-label": `CSV of ${run.name}`,
        download: `${run.name.replaceAll(/[ ,]+/g, "-")}.csv`,
        href: "#",
        onclick: (event) => (event.target.href = csvLink(run)),
      },
      "CSV",
    );
    const away = element(
      "button",
      { type: "button", "aria-label": `take away ${run.name}`, onclick: () => takeAway(run) },
      "✕",
    );
    const cells = [
      [shown],
      [swatch(run.colour, ""), name],
      [learnt === null ? "not yet" : thousands(learnt)],
      [run.last?.loss.train.toFixed(3) ?? ""],
      [save, " ", away],
    ];
    return element("tr", {}, ...cells.map((cell) => element("td", {}, ...cell)));
  });
  $("runs").replaceChildren(element("table", {}, head, ...rows));
}

const csvLink = (run) => `data:text/csv;charset=utf-8,${encodeURIComponent(run.csv())}`;

function takeAway(run) {
  $("kept-title").focus(); // what has the keyboard goes
  $("said").textContent = `Taken away: ${run.name}.`;
  run.end();
  runs = runs.filter((other) => other !== run);
  if (current === run) current = null;
  if (!runs.length) $("runs").replaceChildren(element("p", { class: "quiet" }, "No run is kept."));
  tableDrawn = "";
  draw();
}
