"""Check clamps, gradients and Adam against trajectories of the authors' implementation.

    python -m induction_heads.networks.replay FILE.npz

All conditions of the file train together, as one batch of runs, in float64; and those that runs are trained with once
more, each by itself, in C++. The format is described in `tests/networks/golden/README.md`; sizes and conditions are
read from the file.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from . import clamps, kernels, model, optimiser, training
from .model import Parameters, Sequences

TOLERANCE = 1e-9  # float64; an independent implementation agrees to 1e-14
QUANTITIES = ("logits", "patterns", "losses", "parameters")
IN_KERNELS = ("losses in C++", "parameters in C++")


def parameters_in(file: np.lib.npyio.NpzFile, prefix: str) -> Parameters:
    return {n.removeprefix(prefix): torch.from_numpy(file[n]) for n in file.files if n.startswith(prefix)}


def clamp_of(description: dict) -> clamps.Clamp:
    """One entry of `conditions`: the name of a clamp and its fields."""
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in description.items() if k != "clamp"}
    kind = getattr(clamps, description["clamp"], None)
    if not (isinstance(kind, type) and issubclass(kind, clamps.Clamp)):
        raise ValueError(f"no clamp is called {description['clamp']!r}")
    if kind is clamps.Only and "head" in fields:
        fields["heads"] = (fields.pop("head"),)
    return kind(**fields)


def own_attention(run: list[clamps.Clamp]) -> list[clamps.Clamp]:
    """Under PerfectCopy nothing reads the last layer's pattern; the authors record it without PerfectLayer1."""
    copies = any(isinstance(clamp, clamps.PerfectCopy) for clamp in run)
    return [clamp for clamp in run if not (copies and isinstance(clamp, clamps.PerfectLayer1))]


def batch(file: np.lib.npyio.NpzFile, step: int | slice, runs: int) -> Sequences:
    exemplar, label = (torch.from_numpy(file[n][step])[None] for n in ("class_idx", "labels"))
    exemplar, label = (each.expand(runs, *each.shape[1:]) for each in (exemplar, label))
    match = (exemplar[..., :-1] == exemplar[..., -1:]).int().argmax(-1)
    return Sequences(exemplar, label[..., :-1], match)


def replay(path: Path) -> pd.DataFrame:
    """Largest absolute error of each quantity (columns) in each condition (rows)."""
    file = np.load(path, allow_pickle=False)
    conditions = json.loads(str(file["conditions"]))
    initial, n = parameters_in(file, "init/"), len(conditions)
    network = clamps.Network.of(initial)
    donors = {
        d["network"]: parameters_in(file, d["network"] + "/") for c in conditions.values() for d in c if "network" in d
    }
    clamped = {name: [clamp_of(d) for d in c] for name, c in conditions.items()}
    combined = clamps.combine(clamped.values(), [network] * n, donors)
    own = clamps.combine([own_attention(c) for c in clamped.values()], [network] * n, donors)
    parameters = model.stored({name: p.expand(n, *p.shape) for name, p in initial.items()})
    features = torch.from_numpy(file["features"])[None]
    adam = optimiser.Adam.at_start(parameters)

    errors = pd.DataFrame(index=pd.Index(conditions, name="condition"), columns=[*QUANTITIES, *IN_KERNELS], dtype=float)
    losses = []
    for step in range(file["class_idx"].shape[0]):
        sequences = batch(file, step, n)
        if step == 0:
            logits = clamps.forward(parameters, features, sequences, combined)["logits"]
            errors["logits"] = [worst(logits[r], file[f"{c}/logits0"]) for r, c in enumerate(conditions)]
            attention = clamps.forward(parameters, features, sequences, own)
            shown = {"pattern_layer1": attention["blocks.0.attn.hook_pattern"]}
            shown["pattern_layer2_query"] = attention[f"blocks.{network.last}.attn.hook_pattern"][..., -1, :]
            errors["patterns"] = [
                max(worst(p[r], file[f"{c}/{name}"]) for name, p in shown.items()) for r, c in enumerate(conditions)
            ]
        losses.append(optimiser.step(adam, training.loss, float(file["lr"]), features, sequences, combined))
    for r, condition in enumerate(conditions):
        final = parameters_in(file, f"{condition}/final/")
        errors.loc[condition, "losses"] = worst(torch.stack(losses)[:, r], file[f"{condition}/loss"])
        if final:
            errors.loc[condition, "parameters"] = max(worst(parameters[name][r], p) for name, p in final.items())
        heads = clamps.active(clamped[condition], network)
        ours = train_in_kernels(file, clamped[condition], heads, initial, donors)
        if ours is not None:
            errors.loc[condition, IN_KERNELS[0]] = worst(ours[0], file[f"{condition}/loss"])
        if ours is not None and final:
            errors.loc[condition, IN_KERNELS[1]] = max(
                worst(ours[1][name][0], p) for name, p in clamps.restrict(final, heads).items()
            )
    return errors


def train_in_kernels(
    file: np.lib.npyio.NpzFile, clamped: list[clamps.Clamp], heads: clamps.Network, initial: Parameters, donors: dict
) -> tuple[Tensor, Parameters] | None:
    """Losses and final parameters of one condition by what trains the runs; None where its clamps are unknown to it."""
    run = (
        training.in_kernels(clamps.combine([clamped], [heads], donors), [heads], torch.float64)
        if kernels.load(torch.float64)
        else None
    )
    if run is None:
        return None
    adam = optimiser.Adam.at_start(
        model.stored({name: p[None].clone() for name, p in clamps.restrict(initial, heads).items()})
    )
    features, steps = torch.from_numpy(file["features"])[None], batch(file, slice(None), 1)
    corrected = [adam.corrected(float(file["lr"])) for _ in range(steps.match.shape[1])]
    losses = kernels.train(adam.parameters, adam.mean, adam.square, run, features, steps, corrected)
    return losses[0], adam.parameters


def worst(ours: Tensor, theirs: np.ndarray | Tensor) -> float:
    """Largest absolute difference; a shape that differs or a number that is not finite is infinitely wrong."""
    theirs = torch.as_tensor(theirs)
    if ours.shape != theirs.shape:
        raise ValueError(f"expected shape {tuple(theirs.shape)}, got {tuple(ours.shape)}")
    return (ours - theirs).abs().max().nan_to_num(torch.inf).item()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print(
            f"usage: python -m induction_heads.networks.replay FILE.npz; got {' '.join(arguments) or 'no file'}",
            file=sys.stderr,
        )
        return 2
    errors = replay(Path(arguments[0]))
    print(errors.map(lambda e: "" if pd.isna(e) else f"{e:.1e}").to_string())
    bad = errors.gt(TOLERANCE).any(axis=1)
    print(f"{(~bad).sum()} of {len(bad)} conditions agree to {TOLERANCE:g}")
    return int(bad.any())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
