"""The glossary has every clamp and measure, what it says of gradients is so, and links to it and in it lead on."""

import fnmatch
import importlib
import json
import re
from pathlib import Path

import pytest
import torch

import small
from induction_heads.machinery import paths
from induction_heads.networks import clamps, model
from induction_heads.networks.clamps import Network

NOTEBOOKS = paths.ROOT / "notebooks"
GLOSSARY = NOTEBOOKS / "glossary.md"
TEXT = GLOSSARY.read_text(encoding="utf-8")
ANCHORS = re.findall(r'<a id="([^"]+)">', TEXT)
CLAMPS = [
    kind
    for kind in vars(clamps).values()
    if isinstance(kind, type) and issubclass(kind, clamps.Clamp) and kind is not clamps.Clamp
]
MEASURES = (
    "model.loss",
    "model.loss_and_accuracy",
    "measures.induction_strength",
    "measures.strengths",
    "measures.in_context",
    "measures.previous_token_attention",
    "measures.time_to_learn",
    "measures.plateau",
    "measures.progress",
    "measures.direct_paths",
    "wiring.previous_token_heads",
    "wiring.composition_scores",
    "wiring.wiring",
    "wiring.effect",
    "wiring.direct_effects",
)
MODULES = {name: f"induction_heads.networks.{name}" for name in ("clamps", "kernels", "model", "sequences")}
MODULES |= {name: f"induction_heads.papers.singh_2024.{name}" for name in ("measures", "runs", "wiring")}
WEIGHTS_OF_A_HEAD = ("W_Q", "W_K", "W_V", "W_O")

each_notebook = pytest.mark.parametrize("path", sorted(NOTEBOOKS.rglob("*.ipynb")), ids=lambda path: path.stem)


def entry(anchor: str) -> str:
    """What stands between an anchor and the next heading."""
    return re.split(r"\n#+ ", TEXT.split(f'<a id="{anchor}"></a>\n')[1].lstrip("# "))[0]


def cells(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def test_an_anchor_names_one_place():
    assert len(ANCHORS) == len(set(ANCHORS))


@pytest.mark.parametrize("kind", CLAMPS, ids=lambda kind: kind.__name__)
def test_every_clamp_says_what_it_replaces_with_what_and_where_gradients_flow(kind):
    found = entry("clamp" + re.sub(r"([A-Z]|\d)", r"-\1", kind.__name__).lower())
    assert found.startswith(f"`{kind.__name__}(")
    for part in ("*Replaced:*", "*New", "*Gradients:*", "*Source:*", f"`clamps.{kind.__name__}`"):
        assert part in found


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_has_an_entry_with_its_source(name):
    found = [part for part in re.split(r"\n#+ ", TEXT) if f"`{name}`" in part and "In the package:" in part]
    assert len(found) == 1 and "Source:" in found[0]


@pytest.mark.parametrize("title", ["Equations", "Measures"])
def test_every_equation_says_where_it_is_from_and_where_it_is_computed(title):
    chapter = re.split(r"\n# ", TEXT.split(f"\n# {title}\n")[1])[0]
    for part in chapter.split("\n### ")[1:]:
        assert "Source:" in part and "In the package: `" in part, part.splitlines()[0]


def test_the_package_has_what_the_glossary_names():
    named = re.findall(r"`(\w+)\.(\w+)`", TEXT)
    known = [(module, name) for module, name in named if module in MODULES]
    assert len(known) > 30
    for module, name in known:
        assert hasattr(importlib.import_module(MODULES[module]), name), f"{module}.{name}"


def without_gradient(clamped: tuple[clamps.Clamp, ...]) -> set[str]:
    """The weights, heads apart, that a step under these clamps leaves alone."""
    network = Network((tuple(range(8)),) * 2)
    parameters = {name: p[None].requires_grad_() for name, p in small.network(seed=1).items()}
    combined = clamps.combine([clamped], [network], {"trained": small.network(seed=2)})
    batch = small.sequences(runs=1)
    logits = clamps.forward(parameters, small.features(), batch, combined)["logits"]
    model.loss(logits, batch.target).mean().backward()
    found = set()
    for name, parameter in parameters.items():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        if name.endswith(WEIGHTS_OF_A_HEAD):
            block, weight = name.removeprefix("blocks.").split(".")
            found |= {f"L{int(block) + 1}H{h}.{weight}" for h in range(8) if not gradient[0, h].any()}
        elif not gradient.any():
            found.add(name)
    return found


def rows_of_gradients() -> list[tuple[str, list[str]]]:
    rows = [line.split("|")[1:3] for line in entry("gradients").splitlines() if line.startswith("| `")]
    return [(clamp.strip(" `"), re.findall("`([^`]+)`", weights)) for clamp, weights in rows]


def test_the_table_of_gradients_has_every_clamp():
    named = " ".join(clamp for clamp, _ in rows_of_gradients())
    assert all(f"{kind.__name__}(" in named for kind in CLAMPS)


@pytest.mark.parametrize(("clamp", "patterns"), rows_of_gradients())
def test_what_the_glossary_says_learns_nothing_under_a_clamp_is_all_that_learns_nothing(clamp, patterns):
    found = without_gradient(eval(f"({clamp},)", vars(clamps) | {"run": "trained"}))
    assert all(fnmatch.filter(found, pattern) for pattern in patterns)
    heads = [f"L{layer}H{h}.{weight}" for layer in (1, 2) for h in range(8) for weight in WEIGHTS_OF_A_HEAD]
    every = [*heads, *(name for name in small.network(seed=1) if not name.endswith(WEIGHTS_OF_A_HEAD))]
    assert found == {name for name in every if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)}


def test_links_of_the_glossary_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        path, _, anchor = target.partition("#")
        assert target.startswith("https://") or not path or (NOTEBOOKS / path).is_file(), target
        assert path or anchor in ANCHORS, target


@each_notebook
def test_anchors_that_a_notebook_links_to_exist(path):
    linked = re.findall(r"glossary\.md#([\w-]+)", "\n".join(cells(path)))
    assert set(linked) <= set(ANCHORS)


@each_notebook
def test_the_first_cell_of_a_notebook_links_to_the_glossary(path):
    (link, *_) = re.findall(r"\]\(([^)#]*glossary\.md)[^)]*\)", cells(path)[0]) or [""]
    assert link and (path.parent / link).resolve() == GLOSSARY


def test_mathematics_keeps_to_what_github_and_jupyterlab_both_show():
    """GitHub's Markdown takes the backslash from before punctuation, and its MathJax knows no operatorname."""
    for formula in re.findall(r"\$\$?([^$]+)\$\$?", TEXT):
        assert not re.search(r"\\[^\w\s]|\\operatorname", formula), formula
