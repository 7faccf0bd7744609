"""The README of a folder of figures: the paper's argument, told through its figures in its own order.

Every figure of `PARTS` that is in the folder is shown, with what the paper says, what to look for, and the verdicts of
the ledger (`claims.json`); what is missing is named and left out. Other pictures of the same notebooks are linked below
the figure they belong to.
"""

import csv
import json
import re
from pathlib import Path
from typing import NamedTuple

from . import paths
from .settings import Settings

VERDICTS = {  # as in the ledger -> mark, and how many of them are told
    "holds": ("✔", "hold"),
    "holds in part": ("◐", "hold in part"),
    "does not hold here": ("✘", "do not hold here"),
    "not measured": ("–", "are not measured"),
}


class Picture(NamedTuple):
    """A result of the paper: the file's stem, what it is called, and what the reader should see in it."""

    stem: str
    title: str
    caption: str


class Part(NamedTuple):
    title: str
    text: str
    pictures: tuple[Picture, ...]


PARTS = (
    Part(
        "The task",
        "An *induction head* completes A B … A with B. Here two characters are shown with a label each, then one of them again, and the answer is its "
        "label. Labels are dealt anew for every sequence, so that nothing can be memorised: the network has to find the query in the context and copy "
        "what stands after it.",
        (
            Picture("figure_1_sequences", "A sequence", "Two character-label pairs, a query, and the answer; the four ways in which a network is tested."),
            Picture(
                "figure_1_circuit", "Figure 1: the circuit",
                "What has to go right, in five steps. Layer 1 attends from a label to the character before it (1) and copies it forward (2); Layer 2 reads "
                "queries and keys (3qk), matches them (4), reads values (3v) and copies the matched label to the output (5). Three subcircuits: "
                "**A** = 1 + 2, **B** = 3qk + 4 (match), **C** = 3v + 5 (copy).",
            ),
        ),
    ),
    Part(
        "Induction heads emerge abruptly, and several at once",
        "A two-layer transformer with attention only is trained on the task. Where nothing but copying a label from the context is learnt, the loss is ln 2.",
        (
            Picture("figure_3a", "Figure 3a: the loss through training", "A quick drop to ln 2, a wait, and a fall towards 0, on the training set and on the test sets alike. Wide pale curves: the paper's."),
            Picture(
                "figure_3b", "Figure 3b: induction strengths",
                "The strength of a head is its attention to the right label minus that to the wrong one. Many heads rise in the window in which the loss falls, and end far apart.",
            ),
            Picture("figure_3_direct_path", "Section 3: Layer 1 works through Layer 2", "Wrong answers of the whole network, and without what Layer 1 says to the output directly."),
        ),
    ),
    Part(
        "The heads are redundant and additive",
        "One perfect head would be enough; why are there several, and does the network need them?",
        (
            Picture("figure_4a", "Figure 4a: ablate one head, or all but one", "Without any one head the others do the work (hollow). Alone, a head is as good as its strength says (filled)."),
            Picture("figure_4b", "Figure 4b: one head from the first step on", "Trained with all other Layer 2 heads ablated, every head learns the task; the times differ."),
        ),
    ),
    Part(
        "Why a plateau: smooth parts that need each other",
        "The paper's explanation is in two steps. In a toy model, a product of three vectors, each part learns only as fast as the others allow, so that the whole waits and "
        "then falls. In the network the parts are clamped: from the first step of training on, a step of the circuit is given its finished form, and "
        "what is left is watched being learnt.",
        (
            Picture("figure_5a", "Figure 5a: the toy model", "Three vectors fitted to a product: the more of them are clamped, the shorter the wait; one alone is learnt exponentially."),
            Picture(
                "figure_5b", "Figure 5b: clamping subcircuits throughout training",
                "The more of the circuit is given, the earlier the rest is learnt, and the shorter the plateau. With one subcircuit left the loss falls from the start.",
            ),
        ),
    ),
    Part(
        "What the data slow",
        "Clamps take the phase change apart: how does each subcircuit depend on the data?",
        (
            Picture("figure_6", "Figure 6: more classes, more labels", "Both delay the change. With only one subcircuit left to learn, classes slow the match (B) and labels the copy (C)."),
        ),
    ),
    Part(
        "Appendix: clamps in more detail",
        "Other ways to fix a part of the network, and what a clamp tells that a progress measure does not.",
        (
            Picture("figure_7", "Figure 7: grafting a trained Layer 1", "With a trained Layer 1 from the start there is no plateau; the network's own Layer 1 is learnt from fastest."),
            Picture("figure_8", "Figure 8: which previous-token head is clamped", "It hardly matters which head is given the previous-token pattern; giving it to all disables what else Layer 1 does, and slows learning."),
            Picture("figure_9", "Figure 9: progress measures in the toy model", "A measure of how far a part has come moves on the schedule of the whole, not on the part's own."),
            Picture("figure_10", "Figure 10: clamps against progress measures", "The same in the network: a clamp at evaluation alone follows the plateau of the whole, a clamp throughout training does not."),
        ),
    ),
    Part(
        "Appendix: how the heads are wired",
        "Which Layer 1 heads feed which Layer 2 heads, and what the layers tell the output directly.",
        (
            Picture("table_1", "Table 1: previous-token heads", "Ablated with patterns or values preserved, previous-token heads act through Layer 2's patterns (keys), the others through its values."),
            Picture("figure_11", "Figure 11: wiring of all pairs of heads", "Many to many, and not what the weights' composition scores predict."),
            Picture("figure_12", "Figure 12: direct effects on the output", "Layer 1's peaks early and vanishes, Layer 2's grows with the change."),
        ),
    ),
    Part(
        "Appendix: heads alone and together",
        "What each head contributes, in nats and mistakes.",
        (
            Picture("figure_13", "Figure 13: ablations in nats", "Figure 4a with the loss instead of the accuracy: contributions that accuracy hides."),
            Picture("figure_14", "Figure 14: heads add up", "Switched back on in the order of their strengths, every head lowers the loss."),
            Picture("figure_15", "Figure 15: the match clamp at every strength", "A clamp to the right label or to the wrong one speeds the training set up; only the right one generalises to held-out label pairs."),
            Picture("table_2", "Table 2: who corrects whose mistakes", "The share of the strongest head's mistakes that each other head gets right."),
            Picture("table_3", "Table 3: single heads under a perfect match", "What is left when the match is perfect is the copy."),
            Picture("figure_16", "Figure 16: mistakes by label", "Copying is specific to labels: a head's mistakes fall on particular ones."),
            Picture("figure_17", "Figure 17: pairs of heads", "The strongest head with any other learns nearly as fast as all heads."),
            Picture("figure_18", "Figure 18: strength, accuracy alone, learning time", "Over the seeds: strength in the full network goes with accuracy alone, and hardly with how fast a head learns alone."),
        ),
    ),
    Part("Beyond the paper", "Is it these seeds only?", (Picture("figure_many_seeds", "Many seeds", "The main run over many seeds: when it changes, how many heads there are, and how often each claim holds."),)),
)  # fmt: skip


def write(settings: Settings) -> str:
    """Writes README.md into the folder of figures and says where it is."""
    folder = paths.figures_dir(settings.profile, settings.dataset)
    target = folder / "README.md"
    with paths.write_whole(target) as part:
        part.write_text(page(folder, settings), encoding="utf-8")
    return str(target)


def page(folder: Path, settings: Settings) -> str:
    """The gallery of what is in the folder."""
    ledger = _ledger(folder)
    shown: set[str] = set()
    lines = [
        "# What needs to go right for an induction head?", "",
        "The argument of Singh, Moskovitz, Hill, Chan and Saxe (ICML 2024, [arXiv 2404.07129](https://arxiv.org/abs/2404.07129)), re-made from scratch and "
        "told through its figures. Induction heads, the circuits behind in-context learning, appear abruptly in training. The paper interferes "
        "with the network *throughout training* and finds why: three subcircuits, each learnt smoothly, need each other, and their interaction makes the change abrupt.", "",
        f"Made by `make reproduce-all{_options(settings)}` on the data set `{settings.dataset}`. Layers count from 1 and heads from 0; head numbers mean nothing across "
        "implementations, so compare our heads with the paper's as wholes. Captions say what the paper states; the marks below them say whether it holds here.", "",
    ]  # fmt: skip
    if ledger:
        lines += [
            f"**{len(ledger)} claims of the paper: {_summary(ledger)}.** The [table of verdicts](#verdicts), with criteria and numbers, is at the end; "
            "the notebook `17_claims` says of each that misses why.",
            "",
        ]
    stems = sorted({path.stem for path in folder.glob("*") if path.suffix in (".png", ".csv")})
    for part in PARTS:
        body: list[str] = []
        for picture in part.pictures:
            found = [
                stem
                for stem in stems
                if stem == picture.stem or (stem.startswith(picture.stem) and not stem[len(picture.stem)].isdigit())
            ]
            body += _entry(folder, picture, found, ledger)
            shown |= set(found)
        if body:
            lines += [f"## {part.title}", "", part.text, "", *body]
    if rest := [stem for stem in stems if stem not in shown and (folder / f"{stem}.png").exists()]:
        lines += ["## More pictures", "", ", ".join(_link(folder, stem) for stem in rest) + ".", ""]
    return "\n".join([*lines, *_verdicts(ledger)]).rstrip() + "\n"


def _entry(folder: Path, picture: Picture, found: list[str], ledger: list[dict]) -> list[str]:
    """A figure or a table with its caption and verdicts, and links to what belongs to it."""
    if not found:
        return []
    lines = [f"### {picture.title}", ""]
    main = picture.stem if picture.stem in found else None
    for stem in [main] if main else found:
        table, image = folder / f"{stem}.csv", folder / f"{stem}.png"
        lines += _markdown_table(table) if table.exists() else [f"![{picture.title}]({image.name})"]
        lines += [""]
    lines += [picture.caption, ""]
    for claim in ledger:
        if picture.stem in _about(claim["source"]):
            seeds = claim["holds"]
            count = f", {sum(seeds.values())} of {len(seeds)} seeds" if seeds else ""
            lines += [f"- {_mark(claim['verdict'])} *{claim['statement']}* {claim['verdict'].capitalize()}{count}."]
    lines += [""] if lines[-1] else []
    if main and (others := [stem for stem in found if stem != main]):
        lines += ["More: " + ", ".join(_link(folder, stem) for stem in others) + ".", ""]
    return lines


def _about(source: str) -> set[str]:
    """The stems of the figures and tables that a claim's source names: "figure 16b, 16c" is about figure_16."""
    kinds = re.findall(r"(figure|table) ((?:\d+[a-c]?(?:, )?)+)", source)
    named = {(kind, number) for kind, numbers in kinds for number in re.findall(r"\d+[a-c]?", numbers)}
    stems = {f"{kind}_{number}" for kind, number in named} | {
        f"{kind}_{number.rstrip('abc')}" for kind, number in named
    }
    return stems | ({"figure_3_direct_path"} if source == "section 3" else set())


def _ledger(folder: Path) -> list[dict]:
    try:
        return json.loads((folder / "claims.json").read_text(encoding="utf-8"))["claims"]
    except (OSError, ValueError, KeyError):
        return []


def _summary(ledger: list[dict]) -> str:
    words = [claim["verdict"] for claim in ledger]
    return ", ".join(f"{words.count(word)} {told}" for word, (_, told) in VERDICTS.items() if word in words)


def _mark(word: str) -> str:
    return VERDICTS[word][0]


def _link(folder: Path, stem: str) -> str:
    name = f"{stem}.png" if (folder / f"{stem}.png").exists() else f"{stem}.csv"
    return f"[{stem.replace('_', ' ')}]({name})"


def _markdown_table(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        head, *rows = [[cell.replace("|", "\\|") for cell in row] for row in csv.reader(file)] or [[""]]
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def _verdicts(ledger: list[dict]) -> list[str]:
    """The table of all claims; the numbers of every seed are folded away below it."""
    if not ledger:
        return ["## Verdicts", "", "Not measured yet: `make reproduce-all`."]
    lines = [
        "## Verdicts", "",
        "Criteria were fixed, from the paper's own numbers, before ours were looked at. *Holds*: true for every seed measured; *in part*: for some. "
        "[claims.json](claims.json) has the same for machines; the notebook `17_claims` discusses what does not hold.", "",
        "| claim | the paper states | criterion | the paper | ours, first seed | verdict | seeds |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for claim in ledger:
        first = next(iter(claim["values"].values()), {})
        ours = "; ".join(f"{name} {_number(x)}" for name, x in first.items())
        seeds = f"{sum(claim['holds'].values())} of {len(claim['holds'])}" if claim["holds"] else "–"
        cells = (
            claim["id"],
            f"{claim['statement']} ({claim['source']})",
            claim["criterion"],
            claim["paper"],
            ours,
            f"{_mark(claim['verdict'])} {claim['verdict']}",
            seeds,
        )
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return lines


def _number(number: float | None) -> str:
    if number is None:
        return "never"
    return f"{number:,.0f}" if abs(number) >= 1_000 else f"{number:.3g}"


def _options(settings: Settings) -> str:
    defaults = Settings()
    given = {"PROFILE": (settings.profile, defaults.profile), "DATASET": (settings.dataset, defaults.dataset)}
    return "".join(f" {name}={value}" for name, (value, default) in given.items() if value != default)
