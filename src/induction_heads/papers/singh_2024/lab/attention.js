// Whom a head attends to, on one sequence, with the characters as they are drawn: a table, rows attend to columns.

class Attention {
  constructor(box) {
    this.box = box;
  }

  // A message of the worker: rows of the exemplars, labels, the query's pair, the pattern.
  show({ look, rows, labels, match, pattern }) {
    const tokens = this.tokens(look.set, rows, labels, match),
      head = look.layer ? LAYER_2_HEADS[look.head] : LAYER_1_HEADS[look.head];
    const queries = tokens.slice(tokens.length - pattern.length);
    const table = element("table", { class: "attention" });
    table.append(element("caption", {}, this.says(head, tokens, queries, pattern)));
    table.append(
      element("tr", {}, element("td"), ...tokens.map((token) => element("th", { scope: "col" }, ...token.shown()))),
    );
    queries.forEach((query, i) => {
      const cells = pattern[i].map((weight, j) => {
        const seen = j <= i + tokens.length - queries.length;
        const cell = element("td", {}, !seen ? "" : Number.isNaN(weight) ? "–" : weight.toFixed(2).replace(/^0/, ""));
        if (seen && weight > 0) cell.style.setProperty("--weight", weight);
        cell.classList.toggle("strong", weight > 0.55);
        return cell;
      });
      table.append(element("tr", {}, element("th", { scope: "row" }, ...query.shown()), ...cells));
    });
    this.box.replaceChildren(table);
  }

  tokens(set, rows, labels, match) {
    const tokens = [];
    rows.forEach((row, i) => {
      const name = i < labels.length ? `character ${i + 1}` : "query";
      const shown = () => [this.framed(set, row, name, i === rows.length - 1 || i === match)];
      tokens.push({ name, shown });
      if (i < labels.length)
        tokens.push({
          name: `label ${labels[i]}`,
          shown: () => [element("span", { class: "label", title: `label ${labels[i]}` }, `${labels[i]}`)],
        });
    });
    return tokens;
  }

  framed(set, row, name, own) {
    const picture = pictureOf(set, row);
    picture.className = own ? "picture own-class" : "picture";
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", name);
    return picture;
  }

  // The strongest attention of the last token that attends, in words.
  says(head, tokens, queries, pattern) {
    const last = pattern.at(-1);
    if (last.some(Number.isNaN)) return `${head} is not computed under these clamps.`;
    const most = last.indexOf(Math.max(...last));
    return `${head}: the ${queries.at(-1).name} attends most to ${tokens[most].name} (${last[most].toFixed(2)}).`;
  }
}
