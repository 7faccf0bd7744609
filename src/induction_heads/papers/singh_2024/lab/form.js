// The settings as the reader sees and changes them.

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
  const clamped = steps.size
    ? `Clamped: ${settings.clamped}${where}.`
    : "Nothing is clamped: choose a step in the circuit.";
  return `${clamped} Left to learn: ${left.map((part) => facts.subcircuitNames[part]).join(", ")}.`;
}

function fillSettings() {
  const form = $("settings").elements;
  const option = (value, text) => element("option", { value }, text);
  LAYER_2_HEADS.forEach((name, h) => form.head.append(option(h, name)));
  LAYER_1_HEADS.forEach((name, h) => form.previous.append(option(h, name)));
  for (const n of [100_000, 200_000, 300_000, 400_000, 600_000, 1_000_000, 2_000_000])
    form.sequences.append(option(n, n.toLocaleString("en")));
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
  const asks = new URLSearchParams(location.hash.slice(1)),
    read = fromLink(location.hash.slice(1));
  if (read.wrong.length)
    notice(`The link says ${read.wrong.join(", ")}, which the lab does not know; the rest of it is set.`);
  choose(read.settings);
  if (asks.get("tour") in TOURS) tours.open(asks.get("tour"), 0, false);
}
