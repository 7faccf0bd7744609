// Three guided tours: at each stop what to look at, the settings, and what there is to do.

const ALONE = { ...DEFAULTS, alone: true, sequences: 300_000 };
const TOURS = {
  plateau: {
    title: "Why there is a plateau",
    stops: [
      {
        says:
          "A network with nothing clamped. It first learns which labels are in the sequence: a guess " +
          "between two costs ln 2 = 0.69 nats. To do better it has to find the query among the characters. " +
          "Draw the loss you expect, then train.",
        sets: { ...DEFAULTS, sequences: 600_000 },
        predicts: true,
      },
      {
        says:
          "Watch the loss stay near ln 2 and then fall, and the strengths of the heads below: they rise " +
          "when the loss falls, and not before. Is nothing learnt on the plateau?",
        sets: { ...DEFAULTS, sequences: 600_000 },
        trains: true,
      },
      {
        says:
          "Now give one head alone a perfect Layer 1: steps 1 and 2 are clamped from the first step of " +
          "training on. What is left is to match and to copy. Draw what you expect, and train.",
        sets: { ...ALONE, clamped: "1, 2" },
        predicts: true,
      },
      {
        says:
          "And with all but the copying done (1, 2, 3qk and 4 clamped), or all but the matching (1, 2, 3v " +
          "and 5)? Train both. Each part alone is learnt smoothly, without a plateau: the plateau is what " +
          "waiting for one another looks like.",
        sets: { ...ALONE, clamped: "1, 2, 3qk, 4", sequences: 100_000 },
        trains: true,
      },
      {
        says:
          "The last of the three: only matching is left. Compare the kept curves: three parts that are " +
          "smooth alone make one abrupt change together. That is the paper's argument (section 4, Figure " +
          "5).",
        sets: { ...ALONE, clamped: "1, 2, 3v, 5", sequences: 200_000 },
        trains: true,
      },
    ],
  },
  clamping: {
    title: "What clamping does, step by step",
    stops: [
      {
        says:
          "One head of Layer 2, the other seven ablated, and nothing clamped. This is the slowest of all: " +
          "one head learns the whole circuit alone. Let it train, or stop it when you have seen the " +
          "plateau.",
        sets: { ...ALONE, sequences: 400_000 },
        trains: true,
      },
      {
        says:
          "Step 1 clamped: one head of Layer 1 attends to the token before, always. What it copies there, " +
          "it still has to learn.",
        sets: { ...ALONE, clamped: "1" },
        trains: true,
      },
      {
        says:
          "Steps 1 and 2: every label token is read as carrying its character. Subcircuit A is given; B " +
          "(match) and C (copy) are left.",
        sets: { ...ALONE, clamped: "1, 2" },
        trains: true,
      },
      {
        says:
          "Steps 1, 2, 3qk and 4: the head attends to the right label from the start. Only C, copying it to" +
          " the output, is left. How long can that take?",
        sets: { ...ALONE, clamped: "1, 2, 3qk, 4", sequences: 100_000 },
        trains: true,
      },
      {
        says:
          "And the other end: 3v and 5 clamped, so that attention to a label is a vote for it. Now A and B " +
          "are left. Which of the five curves has a plateau? (Figure 5b draws the paper's behind yours.)",
        sets: { ...ALONE, clamped: "3v, 5" },
        trains: true,
      },
    ],
  },
  data: {
    title: "Classes against labels",
    stops: [
      {
        says:
          "More classes make the whole network learn later, and so do more labels. But which part of the " +
          "circuit do they slow? Clamp all but one part, and change the data. First: only matching (B) is " +
          "left, 50 classes.",
        sets: { ...ALONE, clamped: "1, 2, 3v, 5", sequences: 200_000 },
        trains: true,
      },
      {
        says:
          "Only matching is left, and twice as many classes. The head must tell more characters apart: draw" +
          " whether that is slower, then train.",
        sets: { ...ALONE, clamped: "1, 2, 3v, 5", sequences: 200_000, classes: 100 },
        predicts: true,
      },
      {
        says: "Only matching is left, and three times as many labels instead.",
        sets: { ...ALONE, clamped: "1, 2, 3v, 5", sequences: 200_000, labels: 15 },
        trains: true,
      },
      {
        says:
          "Now only copying (C) is left, with 15 labels instead of 5. Copying needs a direction for each " +
          "label: does it take longer?",
        sets: { ...ALONE, clamped: "1, 2, 3qk, 4", sequences: 100_000, labels: 15 },
        predicts: true,
      },
      {
        says:
          "Only copying is left, 100 classes and 5 labels. Classes should not matter to who copies labels. " +
          "The paper's Figure 6 has all twenty-four of these runs.",
        sets: { ...ALONE, clamped: "1, 2, 3qk, 4", sequences: 100_000, classes: 100 },
        trains: true,
      },
    ],
  },
};

class Tours {
  // `set` puts settings in place, `predict` opens the axes for drawing, `train` trains.
  constructor(box, actions) {
    Object.assign(this, { box, actions });
    this.choose();
  }

  // After a tour was left the keyboard is where it was before.
  choose(left = null) {
    const buttons = Object.entries(TOURS).map(([key, { title }]) =>
      element("button", { type: "button", onclick: () => this.open(key) }, title),
    );
    this.box.replaceChildren(element("span", { class: "quiet" }, "Guided tours:"), ...buttons);
    this.box.classList.remove("open");
    if (left) buttons[Object.keys(TOURS).indexOf(left)].focus();
  }

  open(key, stop = 0, focus = true) {
    const { title, stops } = TOURS[key],
      { says, sets, predicts, trains } = stops[stop];
    this.actions.set(sets);
    const heading = element("h2", { tabindex: -1 }, `${title}: ${stop + 1} of ${stops.length}`);
    const button = (text, onclick, disabled = false) => element("button", { type: "button", onclick, disabled }, text);
    const does = [];
    if (predicts) does.push(button("Draw your prediction", this.actions.predict));
    if (predicts || trains) does.push(button("Train this", this.actions.train));
    const moves = [
      button("Back", () => this.open(key, stop - 1), stop === 0),
      stop + 1 < stops.length
        ? button("Next", () => this.open(key, stop + 1))
        : button("End of the tour", () => this.choose(key)),
    ];
    const leave = button("Leave", () => this.choose(key));
    this.box.replaceChildren(
      heading,
      element("p", {}, says),
      element("div", { class: "buttons" }, ...does, ...moves, leave),
    );
    this.box.classList.add("open");
    if (focus) heading.focus();
  }
}
