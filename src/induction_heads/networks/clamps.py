"""The paper's clamps (sections 2.3 and 4, appendix B): what stands at a site instead of what the network computed.

A clamp is a value: `PerfectMatch("L2H3", 0.9)`. It names its sites and says what stands there, from activations
already at hand; gradients flow through whatever it does not replace. `combine` stacks the clamps of many runs,
so that runs with different clamps train as one batch: at each site, each kind of clamp is computed once and
chosen where a run has it.

Heads are written as in the paper, Layers from 1 and heads from 0: "L2H3". A role such as "strongest" may stand
for a head until `resolve` gives it a name.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor

from . import model
from .kernels import NO_LOGIT
from .model import Parameters, Sequences, Sites

Settings = dict[str, Tensor]
Heads = tuple[str, ...] | list[str] | str  # kept as a tuple, so that a clamp is a value


def head(name: str) -> tuple[int, int]:
    """ "L2H3" -> (1, 3): the layer's block and the head, both counted from 0."""
    match = re.fullmatch(r"L([1-9]\d*)H(\d+)", name)
    if match is None:
        raise ValueError(f"a head is written L2H3 (Layer from 1, head from 0), got {name!r}")
    return int(match[1]) - 1, int(match[2])


def head_name(layer: int, index: int) -> str:
    return f"L{layer + 1}H{index}"


@dataclass(frozen=True)
class Network:
    """The heads of each layer that a network computes, numbered as in the full network."""

    heads: tuple[tuple[int, ...], ...]
    left_out: tuple[tuple[int, ...], ...] = ()  # heads of the full network that are ablated and not computed

    @classmethod
    def of(cls, parameters: Parameters) -> "Network":
        depth = model.n_layers(parameters)
        return cls(tuple(tuple(range(parameters[f"blocks.{i}.W_Q"].shape[-3])) for i in range(depth)))

    def at(self, heads: Sequence[str], clamp: "Clamp", layer: int | None = None) -> dict[int, list[bool]]:
        """Layer -> one truth value a head, for the layers that `heads` are in."""
        chosen: dict[int, set[int]] = {}
        for name in heads:
            block, index = head(name)
            if layer is not None and block != layer:
                raise ValueError(f"{type(clamp).__name__} needs a Layer {layer + 1} head, got {name}")
            known = (
                (*self.heads[block], *(self.left_out[block] if self.left_out else ()))
                if block < len(self.heads)
                else ()
            )
            if index not in known:
                have = "; ".join(f"Layer {i + 1}: {', '.join(map(str, h))}" for i, h in enumerate(self.heads))
                raise ValueError(f"{type(clamp).__name__}: no head {name} in this network, which has {have}")
            chosen.setdefault(block, set()).add(index)
        return {block: [h in indices for h in self.heads[block]] for block, indices in chosen.items()}

    @property
    def last(self) -> int:
        return len(self.heads) - 1


class Pass(NamedTuple):
    """What is at hand while a clamp decides what stands at its site."""

    features: Any  # a tensor, as `sequences` are `Sequences`, where clamps may ask for them
    sequences: Any
    seen: Sites  # earlier sites of this pass
    unablated: Sites  # every site of the pass without ablations, where a clamp asks for it
    tokens: Tensor | None = None  # run batch token; None where `sequences` says what they are


@dataclass(frozen=True)
class Clamp:
    """`sites` says, for one run, where the clamp stands (`where`) and gives the numbers it needs there."""

    last_word: ClassVar[bool] = False  # at a site that several clamps claim
    reads_unablated: ClassVar[bool] = False
    reads_labels: ClassVar[bool] = False  # `Pass.sequences`, so that a model of tokens cannot have it
    ablates: ClassVar[bool] = False

    def __post_init__(self):
        heads = getattr(self, "heads", ())
        object.__setattr__(self, "heads", (heads,) if isinstance(heads, str) else tuple(heads)) if heads else None

    def sites(self, network: Network) -> dict[str, Settings]:
        raise TypeError(f"{type(self).__name__} names no site")

    def reads(self, network: Network) -> tuple[str, ...]:
        """The earlier sites that `stand_in` looks at."""
        return ()

    def ablated(self, network: Network) -> dict[int, list[bool]]:
        """Layer -> one truth value a head, for the layers in which heads are ablated."""
        return {}

    @staticmethod
    def stand_in(site: str, here: Tensor, at: Pass, settings: Settings) -> Tensor:
        """What stands at the site, broadcastable to `here`."""
        raise TypeError("this clamp stands nowhere")

    @property
    def named_heads(self) -> tuple[str, ...]:
        return getattr(self, "heads", ()) or ((self.head,) if hasattr(self, "head") else ())


def _where(mask: Sequence[bool], shape: tuple[int, ...]) -> Settings:
    return {"where": torch.tensor(mask).view(shape)}


@dataclass(frozen=True)
class Ablate(Clamp):
    """The values of these heads are 0 at every token."""

    heads: Heads
    last_word: ClassVar[bool] = True
    ablates: ClassVar[bool] = True

    def ablated(self, network: Network) -> dict[int, list[bool]]:
        return network.at(self.heads, self)

    def sites(self, network):
        masks = self.ablated(network)
        return {f"blocks.{layer}.attn.hook_v": _where(mask, (1, 1, -1, 1)) for layer, mask in masks.items()}

    @staticmethod
    def stand_in(site, here, at, settings):
        return torch.zeros_like(here)


@dataclass(frozen=True)
class Only(Ablate):
    """In the layers of these heads, every other head is ablated."""

    def ablated(self, network):
        return {layer: [not chosen for chosen in mask] for layer, mask in network.at(self.heads, self).items()}


@dataclass(frozen=True)
class PreviousTokenAttention(Clamp):
    """Step 1: these heads attend to the previous token with weight 1; token 0 to itself."""

    heads: Heads

    def sites(self, network):
        masks = network.at(self.heads, self)
        return {f"blocks.{layer}.attn.hook_pattern": _where(mask, (1, -1, 1, 1)) for layer, mask in masks.items()}

    @staticmethod
    def stand_in(site, here, at, settings):
        queries, tokens = here.shape[-2:]
        token = torch.arange(tokens, device=here.device)
        return ((token - 1).clamp(min=0)[-queries:, None] == token).to(here.dtype)


@dataclass(frozen=True)
class PerfectLayer1(Clamp):
    """Steps 1 and 2: the last layer's queries and keys read each label token as carrying its exemplar.

    Its values and the residual stream read the token embeddings as they are.
    """

    def sites(self, network):
        reads = ("hook_resid_pre", "hook_q_input", "hook_k_input")
        return {f"blocks.{network.last}.{site}": _where([True], (1, 1, 1)) for site in reads}

    def reads(self, network):
        return ("hook_embed",)

    @staticmethod
    def stand_in(site, here, at, settings):
        embedded = at.seen["hook_embed"]
        if site.endswith("hook_resid_pre"):
            return embedded
        return torch.cat([embedded[:, :, :1], embedded[:, :, :-2], embedded[:, :, -1:]], 2)


@dataclass(frozen=True)
class PerfectMatch(Clamp):
    """Steps 1, 2, 3qk and 4: the query attends with `strength` to the correct label token, else to the other labels."""

    head: str
    strength: float = 1.0
    reads_labels: ClassVar[bool] = True

    def __post_init__(self):
        if not 0 <= self.strength <= 1:
            raise ValueError(f"PerfectMatch: strength is an attention weight between 0 and 1, got {self.strength}")

    def sites(self, network):
        mask = network.at((self.head,), self, network.last)[network.last]
        strength = {"strength": torch.tensor([[self.strength]], dtype=torch.float64)}
        return {f"blocks.{network.last}.attn.hook_pattern": _where(mask, (1, -1, 1, 1)) | strength}

    @staticmethod
    def stand_in(site, here, at, settings):
        pairs = at.sequences.label.shape[-1]
        strength = settings["strength"].to(here.dtype)
        correct = at.sequences.match[..., None] == torch.arange(pairs, device=here.device)
        on_labels = torch.where(correct, strength, (1 - strength) / max(pairs - 1, 1))  # run batch pair
        row = torch.stack([torch.zeros_like(on_labels), on_labels], -1).flatten(-2)
        row = torch.nn.functional.pad(row, (0, 1))[:, :, None, None].expand(*here.shape[:3], 1, -1)
        return torch.cat([here[..., :-1, :], row], -2)


@dataclass(frozen=True)
class InductionAttention(Clamp):
    """The match of any token: these heads attend to the token after the previous occurrence of the present one.

        x y z x -> the last x attends to y, with `strength`; the rest is spread evenly over what else it may see

    A token that is new in its sequence is left to the heads. On the paper's task this is `PerfectMatch` (section 2.3)
    at the query; it needs no labels, so that it clamps models of any tokens.
    """

    heads: Heads
    strength: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        if not 0 <= self.strength <= 1:
            raise ValueError(
                f"InductionAttention: strength is an attention weight between 0 and 1, got {self.strength}"
            )

    def sites(self, network):
        masks, strength = network.at(self.heads, self), torch.tensor([[[self.strength]]], dtype=torch.float64)
        where = {f"blocks.{layer}.attn.hook_pattern": _where(mask, (1, -1, 1, 1)) for layer, mask in masks.items()}
        return {site: settings | {"strength": strength} for site, settings in where.items()}

    @staticmethod
    def stand_in(site, here, at, settings):
        tokens = at.tokens if at.tokens is not None else at.sequences.tokens(at.features.shape[-2]).mT
        queries, position = here.shape[-2], torch.arange(tokens.shape[-1], device=here.device)
        strength = settings["strength"].to(here.dtype)
        query, key = position[-queries:, None], position
        same = tokens[..., -queries:, None] == tokens[..., None, :]
        target = ((same & (key < query)) * (key + 1)).amax(-1, keepdim=True)  # run batch query 1; 0 where there is none
        row = torch.where(key == target, strength, (1 - strength) / query.clamp(min=1)) * (key <= query)
        return torch.where((target > 0)[:, :, None], row[:, :, None], here)


@dataclass(frozen=True)
class PerfectCopy(Clamp):
    """Steps 3v and 5: the head's scores from the query to the label tokens are the logits of those labels."""

    head: str
    reads_labels: ClassVar[bool] = True

    def sites(self, network):
        mask = network.at((self.head,), self, network.last)[network.last]
        return {"logits": _where([True], (1, 1)) | {"head": torch.tensor(mask).view(1, -1, 1)}}

    def reads(self, network):
        return (f"blocks.{network.last}.attn.hook_attn_scores",)

    @staticmethod
    def stand_in(site, here, at, settings):
        scores = next(s for name, s in reversed(at.seen.items()) if name.endswith("attn_scores"))
        scores = torch.where(settings["head"], scores[..., -1, 1::2], 0).sum(2)  # run batch pair
        in_context = at.sequences.label[..., None] == torch.arange(here.shape[-1], device=here.device)
        logits = torch.where(in_context, scores[..., None], 0).sum(2)
        return torch.where(in_context.any(2), logits, NO_LOGIT)


@dataclass(frozen=True)
class PreservePatterns(Clamp):
    """Every head of every layer keeps its pattern of the pass without ablations."""

    site: ClassVar[str] = "hook_pattern"
    reads_unablated: ClassVar[bool] = True

    def sites(self, network):
        every = range(len(network.heads))
        return {f"blocks.{layer}.attn.{self.site}": _where([True], (1, 1, 1, 1)) for layer in every}

    @staticmethod
    def stand_in(site, here, at, settings):
        return at.unablated[site]


@dataclass(frozen=True)
class PreserveValues(PreservePatterns):
    """Every head of every layer keeps its values of the pass without ablations; ablated heads stay ablated."""

    site: ClassVar[str] = "hook_v"


@dataclass(frozen=True)
class Graft(Clamp):
    """Layer 1, embeddings included, is that of another network, trained and frozen."""

    network: Any  # the run that trained it

    def sites(self, network):
        return {"blocks.1.hook_resid_pre": _where([True], (1, 1, 1))}

    @staticmethod
    def stand_in(site, here, at, settings):
        frozen = {name: p for name, p in settings.items() if name != "where"}
        return model.forward(frozen, at.features, at.sequences, until=site)[site]


class Part(NamedTuple):
    """One kind of clamp at one site of a batch of runs."""

    kind: type[Clamp]
    site: str
    everywhere: bool  # in every run and every place, so that nothing else is needed there


class Clamps(NamedTuple):
    """The clamps of a batch of runs: what is the same for every batch of such runs, and the numbers."""

    parts: tuple[Part, ...]
    settings: tuple[Settings, ...]  # one a part, `run` first


NO_CLAMPS = Clamps((), ())


def stands(clamps: Clamps, site: str, here: Tensor, at: Pass, unablated: bool = False) -> Tensor:
    """What stands at a site of the pass, or of the pass without ablations."""
    for part, settings in zip(clamps.parts, clamps.settings, strict=True):
        if part.site == site and not (unablated and (part.kind.ablates or part.kind.reads_unablated)):
            stand_in = part.kind.stand_in(site, here, at, settings)
            here = stand_in.expand_as(here) if part.everywhere else torch.where(settings["where"], stand_in, here)
    return here


def two_passes(clamps: Clamps) -> bool:
    return any(part.kind.reads_unablated for part in clamps.parts)


def _check_compatible(clamps: Sequence[Clamp], network: Network) -> None:
    taken: dict[str, list[tuple[Clamp, Tensor]]] = {}
    for clamp in clamps:
        for site, settings in clamp.sites(network).items() if not clamp.ablates and not clamp.reads_unablated else ():
            for other, where in taken.get(site, ()):
                if (where & settings["where"]).any():
                    raise ValueError(f"{clamp} and {other} both say what stands at {site}: give one of them")
            taken.setdefault(site, []).append((clamp, settings["where"]))


def combine(
    runs: Iterable[Sequence[Clamp]], networks: Sequence[Network], donors: Mapping[Any, Parameters] | None = None
) -> Clamps:
    """Stack the clamps of several runs; `donors` holds the parameters (no run axis) that `Graft` names."""
    claims: dict[tuple, dict[int, Settings]] = {}
    runs = list(runs)
    for run, (clamps, network) in enumerate(zip(runs, networks, strict=True)):
        _check_compatible(clamps, network)
        count: Counter = Counter()
        for clamp in clamps:
            for site, settings in clamp.sites(network).items():
                if isinstance(clamp, Graft):
                    settings = settings | dict((donors or {})[clamp.network])
                key = (type(clamp), site)
                claims.setdefault((*key, count[key]), {})[run] = settings
                count[key] += 1
    parts: list[Part] = []
    stacked: list[Settings] = []
    for (kind, site, _), by_run in sorted(claims.items(), key=lambda item: (item[0][0].last_word, item[0][1])):
        nothing = {name: torch.zeros_like(number) for name, number in next(iter(by_run.values())).items()}
        each = [by_run.get(run, nothing) for run in range(len(runs))]
        settings = {name: torch.stack([s[name] for s in each]) for name in nothing}
        if settings["where"].any():
            parts.append(Part(kind, site, bool(settings["where"].all())))
            stacked.append(settings)
    return Clamps(tuple(parts), tuple(stacked))


def forward(
    parameters: Parameters,
    features: Tensor,
    sequences: Sequences,
    clamps: Clamps = NO_CLAMPS,
    all_queries: bool = False,
) -> Sites:
    """`model.forward` with clamps; gradients flow through the unablated pass too, where there is one."""
    one_pass = partial(model.forward, parameters, features, sequences, all_queries=all_queries)
    return passes(clamps, one_pass, features, sequences)


def passes(
    clamps: Clamps,
    one_pass: Callable[[model.Edit], Sites],
    features: Tensor | None = None,
    sequences: Sequences | None = None,
    tokens: Tensor | None = None,
) -> Sites:
    """The sites of `one_pass(edit)` with clamps, made twice where a clamp reads the pass without ablations.

    The other arguments are what clamps may ask of the input (`Pass`).
    """
    unablated: Sites = {}

    def edit(first: bool, site: str, here: Tensor, seen: Sites) -> Tensor:
        return stands(clamps, site, here, Pass(features, sequences, seen, unablated, tokens), first)

    if two_passes(clamps):
        unablated = one_pass(partial(edit, True))
    return one_pass(partial(edit, False))


def active(clamps: Sequence[Clamp], network: Network) -> Network:
    """The heads whose values can reach the output, or that a clamp reads: the others need not be computed."""
    if any(clamp.reads_unablated for clamp in clamps):
        return network
    ablated = {
        (layer, h)
        for clamp in clamps
        for layer, mask in clamp.ablated(network).items()
        for h, off in zip(network.heads[layer], mask, strict=True)
        if off
    }
    ablated -= {head(name) for clamp in clamps for name in clamp.named_heads if not clamp.ablates}
    kept = [
        tuple(h for h in heads if (layer, h) not in ablated) or heads[:1] for layer, heads in enumerate(network.heads)
    ]
    left_out = [tuple(h for h in every if h not in heads) for heads, every in zip(kept, network.heads, strict=True)]
    return Network(tuple(kept), tuple(left_out))


def restrict(parameters: Parameters, network: Network) -> Parameters:
    """The parameters of those heads alone (no run axis)."""
    kept = dict(parameters)
    for layer, heads in enumerate(network.heads):
        for name in ("W_Q", "W_K", "W_V", "W_O"):
            kept[f"blocks.{layer}.{name}"] = parameters[f"blocks.{layer}.{name}"][list(heads)]
    return kept


def resolve(clamp: Clamp, roles: Mapping[str, str]) -> Clamp:
    """The clamp with roles ("strongest") replaced by the heads that have them."""
    changes = {}
    for field in dataclasses.fields(clamp):
        value = getattr(clamp, field.name)
        if field.name == "head":
            changes["head"] = roles.get(value, value)
        if field.name == "heads":
            changes["heads"] = tuple(roles.get(name, name) for name in value)
    return dataclasses.replace(clamp, **changes)
