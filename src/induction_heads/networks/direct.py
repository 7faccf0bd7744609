"""What a network answers at the query, whole or with only some heads writing to the output (section 3, appendix C).

Many networks or clamps at once: in C++ where it knows the clamps, through `clamps.forward` otherwise.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from . import clamps, kernels, model, training
from .clamps import Clamp, Clamps, Network
from .model import Parameters, Sequences

CHUNK = 1_024  # sequences times networks at a time, so that activations stay in the cache
SMALLEST_CHUNK = 64


@torch.no_grad()
def direct_paths(
    networks: Parameters,
    features: Float[Tensor, "#run exemplar feature"],
    which: Sequences,
    keep: Bool[Tensor, "choice layer head"] | None,
    clamped: Sequence[Sequence[Clamp]] | None = None,
) -> dict[str, Tensor]:
    """`logits` (run choice batch label) when only some heads write to the output, and `pattern` (run batch head key).

    Every head keeps its pattern and values; a head that is not kept writes nothing that the output reads. For the last
    layer that is `Ablate`, for an earlier one `Ablate` with `PreservePatterns` and `PreserveValues`: exact, and one
    pass for any number of choices. Figures 4a, 12 to 14 and 16, Tables 2 and 3. Without `keep` the one choice is the
    network as it is. `clamped` gives the clamps of each run, or several conditions of a single network, which are then
    its runs; `pattern` is the last layer's at the query; `which` has a run axis of 1 where all runs read the same.
    """
    network, runs = Network.of({name: p[0] for name, p in networks.items()}), networks["b_U"].shape[0]
    each = [network] * (len(clamped) if clamped and runs == 1 else runs)
    if clamped and len(clamped) != len(each):
        raise ValueError(f"expected the clamps of each of {runs} networks, got those of {len(clamped)}")
    combined = clamps.combine(clamped, each) if clamped else clamps.NO_CLAMPS
    in_cpp = features.device.type == "cpu" and kernels.load(features.dtype)
    told = in_kernels(combined, each, features.dtype) if in_cpp else None
    if told is None:
        return _by_sites(_expanded(networks, len(each)), features, which, keep, combined)
    if keep is None:
        keep = torch.ones(1, 2, max(map(len, network.heads)), dtype=torch.bool)
    given, ablated = told
    if runs == 1 and all((numbers == numbers[:1]).all() for numbers in given[:-1]):  # they differ in ablations alone
        given = kernels.Clamped._make([*(numbers[:1] for numbers in given[:-1]), {}])
        ablated = kernels.Ablated(*(mask[None] for mask in ablated))
    else:
        networks, ablated = _expanded(networks, len(each)), kernels.Ablated(*(mask[:, None] for mask in ablated))
    logits, pattern = kernels.direct_paths(model.stored(networks), given, ablated, keep, features, which)
    return {"logits": logits.flatten(0, 1), "pattern": pattern.flatten(0, 1)}


def _expanded(networks: Parameters, runs: int) -> Parameters:
    return model.stored({name: p.expand(runs, *p.shape[1:]) for name, p in networks.items()})


def in_kernels(
    combined: Clamps, networks: Sequence[Network], dtype: torch.dtype
) -> tuple[kernels.Clamped, kernels.Ablated] | None:
    """These clamps as `kernels.direct_paths` is told of them; None where it does not know them, or the networks."""
    parts = list(zip(*combined, strict=True))
    others = [(p, s) for p, s in parts if not (p.kind.ablates or p.kind.reads_unablated)]
    clamped = training.in_kernels(Clamps(*zip(*others, strict=True)) if others else clamps.NO_CLAMPS, networks, dtype)
    if clamped is None or clamped.grafted or clamped.copies.any() or clamped.perfect_layer_1.any():
        return None
    heads = torch.zeros(clamped.pattern.shape, dtype=torch.bool)
    preserved = torch.zeros(len(networks), 2, dtype=torch.bool)
    for part, settings in parts:
        layer, where = int(part.site.split(".")[1]), settings["where"].flatten(1)
        if part.kind.ablates:
            heads[:, layer, : where.shape[1]] |= where
        elif part.kind.reads_unablated and layer == 1:  # Layer 1 reads nothing that is ablated
            preserved[:, int(part.site.endswith("hook_v"))] |= where[:, 0]
    return clamped, kernels.Ablated(heads, preserved)


def _by_sites(
    networks: Parameters, features: Tensor, which: Sequences, keep: Tensor | None, combined: Clamps
) -> dict[str, Tensor]:
    """The same from all sites, some sequences at a time."""
    runs, layers = networks["b_U"].shape[0], model.n_layers(networks)
    found: dict[str, list[Tensor]] = {"logits": [], "pattern": []}
    size = max(CHUNK // runs, SMALLEST_CHUNK)
    for chunk in zip(*(a.expand(runs, *a.shape[1:]).split(size, 1) for a in which), strict=True):
        sites = clamps.forward(networks, features, Sequences(*chunk), combined)
        found["pattern"].append(sites[f"blocks.{layers - 1}.attn.hook_pattern"][..., -1, :])
        if keep is None:
            found["logits"].append(sites["logits"][:, None])
            continue
        stream = sites[f"blocks.{layers - 1}.hook_resid_post"][:, None, :, -1]  # run 1 batch d_model
        for layer in range(layers):
            z = sites[f"blocks.{layer}.attn.hook_z"][:, :, -1]  # run batch head d_head
            written = torch.einsum("rbhd,rhdm->rbhm", z, networks[f"blocks.{layer}.W_O"])
            stream = stream - torch.einsum("ch,rbhm->rcbm", (~keep[:, layer]).to(written.dtype), written)
        normed = model.layer_norm(stream.flatten(1, 2), networks["ln_final_w"], networks["ln_final_b"])
        logits = normed @ networks["W_U"] + networks["b_U"][:, None]
        found["logits"].append(logits.unflatten(1, (len(keep), -1)))
    return {"logits": torch.cat(found["logits"], 2), "pattern": torch.cat(found["pattern"], 1)}
