"""The paper's clamps on any TransformerLens model, at every forward pass, training included.

    with clamped(model, [PreviousTokenAttention("L1H2"), Ablate(["L2H0", "L2H5"])]):
        loss(model(tokens)).backward()

The clamps are those of `clamps`: what stands at a site is computed by the same code as in our own training, and
gradients flow through everything that is not clamped, through the first pass of a two-pass clamp too. `model` is a
`HookedRootModule` or a `TransformerBridge` with the standard hook names, of any depth, for sequences of any length.
A model that would drop an edit, or lacks a site, is refused: a clamp that silently does nothing is worse than none.
"""

import warnings
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from induction_heads.networks import clamps
from induction_heads.networks.clamps import Clamp, Network, Pass
from induction_heads.networks.model import Parameters, Sequences, Sites

SHAPES = {  # of what the hooks see
    "hook_v": "batch token head d_head",
    "hook_pattern": "batch head query key",
    "hook_resid_pre": "batch token d_model",
    "hook_q_input": "batch token head d_model",
    "hook_k_input": "batch token head d_model",
}
PER_HEAD = ("hook_q_input", "hook_k_input")  # of which our own model has one for all heads
AFTER_PATTERN = ("hook_pattern", "hook_attn_scores")  # are told of an edit even where nothing else is


@contextmanager
def clamped(
    hooked: nn.Module,
    given: Clamp | Sequence,
    *,
    sequences: Callable[..., Sequences] | None = None,
    donors: Mapping[Hashable, Parameters] | None = None,
) -> Iterator[nn.Module]:
    """Puts clamps on a model for as long as the context lasts.

    `sequences` says, from the arguments of the model, where labels are (with a run axis of 1), for clamps that need
    to know; our own networks (`lens.open`) know by themselves. `donors` are the networks that `Graft` names.
    Raises `ValueError` here or at the first pass where a clamp cannot be honoured.

    >>> from transformer_lens.model_bridge import TransformerBridge
    >>> shape = dict(n_layers=2, d_model=16, n_heads=4, d_head=4, n_ctx=16, d_vocab=9,
    ...              attn_only=True, act_fn="relu", seed=0)
    >>> model, tokens = TransformerBridge.boot_native(shape), torch.tensor([[3, 5, 7, 3, 5]])
    >>> with clamped(model, [clamps.PreviousTokenAttention("L1H2"), clamps.InductionAttention("L2H0", 0.8)]):
    ...     pattern = model.run_with_cache(tokens)[1]["blocks.1.attn.hook_pattern"]
    >>> pattern[0, 0, 4].argmax().item()  # the 7 that came after the 5
    2
    """
    clamping = Clamping(hooked, given, sequences, donors)
    with clamping.attached():
        yield hooked


def network_of(hooked: nn.Module) -> Network:
    """The heads of a model, from its hook names and `cfg.n_heads`."""
    names, heads = getattr(hooked, "hook_dict", {}), getattr(getattr(hooked, "cfg", None), "n_heads", None)
    layers = {
        int(name.split(".")[1]) for name in names if name.startswith("blocks.") and name.endswith("attn.hook_pattern")
    }
    if not layers or heads is None or layers != set(range(len(layers))):
        raise ValueError(
            "expected a TransformerLens model with hooks blocks.0.attn.hook_pattern, … and cfg.n_heads, "
            f"got {type(hooked).__name__}"
        )
    return Network((tuple(range(heads)),) * len(layers))


class Clamping:
    """Clamps on one model, and what they have seen of the pass that is going on."""

    def __init__(self, hooked: nn.Module, given: Clamp | Sequence, sequences: Callable | None, donors: Mapping | None):
        self.hooked: Any = hooked  # a HookedRootModule or a TransformerBridge
        self.given: tuple[Clamp, ...] = (given,) if isinstance(given, Clamp) else tuple(given)
        network = network_of(hooked)
        self.sequences = sequences or getattr(hooked, "to_sequences", None)
        for clamp in self.given:
            if not isinstance(clamp, Clamp):
                raise ValueError(f"expected clamps such as Ablate(('L1H0',)), got {clamp!r}")
            if clamp.reads_labels and self.sequences is None:
                raise ValueError(
                    f"{clamp} needs to know which tokens are labels, and {type(hooked).__name__} does not say: "
                    "give `sequences`, or use InductionAttention, which needs tokens alone"
                )
            if isinstance(clamp, clamps.Graft) and not hasattr(hooked, "features"):
                raise ValueError(f"{clamp} needs one of our networks (lens.open), got {type(hooked).__name__}")
        self.combined = clamps.combine([self.given], [network], donors)
        self.edited = tuple(dict.fromkeys(part.site for part in self.combined.parts))
        read = [site for clamp in self.given for site in clamp.reads(network)]
        self.points = {site: self._point(site) for site in dict.fromkeys([*read, *self.edited]) if site != "logits"}
        self.checked = self.running = False
        self._forget()

    def _point(self, site: str):
        name = site
        if site == "hook_embed" and "blocks.0.hook_resid_pre" in self.hooked.hook_dict:
            name = "blocks.0.hook_resid_pre"  # with a learned embedding of positions, where there is one
        point = self.hooked.hook_dict.get(name)
        if point is None:
            raise ValueError(f"{self._whose(site)} needs the site {name}, which {type(self.hooked).__name__} lacks")
        if name.endswith(PER_HEAD) and getattr(self.hooked.cfg, "use_split_qkv_input", True) is False:
            raise ValueError(
                f"{self._whose(site)} needs the site {name}: call model.set_use_split_qkv_input(True) first"
            )
        return point

    def _whose(self, site: str) -> str:
        kinds = dict.fromkeys(part.kind.__name__ for part in self.combined.parts if part.site == site)
        return " and ".join(kinds) or " and ".join(type(clamp).__name__ for clamp in self.given)

    def _forget(self) -> None:
        self.seen: Sites = {}
        self.unablated: Sites = {}
        self.first: bool | None = None  # in the pass without ablations; None outside a pass
        self.about: dict[str, Any] = {}

    @contextmanager
    def attached(self) -> Iterator[None]:
        if "clamping" in vars(self.hooked):
            raise ValueError("this model is clamped already: give all clamps in one list")
        with ExitStack() as undo:
            for site, point in self.points.items():
                undo.callback(_remove, point, point.add_hook(self._hook(site), is_permanent=True))
            before = vars(self.hooked).get("forward")
            forward = self.hooked.forward
            self.hooked.forward = lambda *args, **kwargs: self._forward(forward, args, kwargs)
            undo.callback(setattr, self.hooked, "forward", before) if before else undo.callback(
                delattr, self.hooked, "forward"
            )
            object.__setattr__(self.hooked, "clamping", self)
            undo.callback(object.__delattr__, self.hooked, "clamping")
            yield

    def _hook(self, site: str) -> Callable:
        def visit(here: Tensor, hook: Any) -> Tensor | None:
            if self.first is None:
                return None
            if site not in self.edited:
                self.seen[site] = here[None]
                return None
            self._check_shape(site, here)
            self.seen[site] = self._stands(site, here[None])
            return self.seen[site][0]

        return visit

    def _stands(self, site: str, here: Tensor) -> Tensor:
        at = Pass(seen=self.seen, unablated=self.unablated, **self.about)
        if site.endswith(PER_HEAD):
            each = [clamps.stands(self.combined, site, one, at, bool(self.first)) for one in here.unbind(-2)]
            return torch.stack(each, -2)
        return clamps.stands(self.combined, site, here, at, bool(self.first))

    def _check_shape(self, site: str, here: Tensor) -> None:
        expected = SHAPES[site.rsplit(".")[-1]]
        heads = len(network_of(self.hooked).heads[0])
        axis = expected.split().index("head") if "head" in expected.split() else None
        if here.dim() != len(expected.split()) or (axis is not None and here.shape[axis] != heads):
            raise ValueError(
                f"{self._whose(site)}: {site} should be ({expected}) with {heads} heads, got {tuple(here.shape)}"
            )
        which = self.about["sequences"]
        if not site.endswith("hook_pattern") or which is None:
            return
        pairs = which.label.shape[-1]
        if here.shape[-1] != 2 * pairs + 1:
            raise ValueError(
                f"{self._whose(site)}: {pairs} pairs and a query are {2 * pairs + 1} tokens, got {here.shape[-1]}"
            )

    def _forward(self, forward: Callable, args: tuple, kwargs: dict) -> Any:
        if self.running:  # a model that calls itself
            return forward(*args, **kwargs)
        self.running = True
        try:
            if not self.checked:
                self._check_honoured(forward, args, kwargs)
                self.checked = True
            self.about = self._about(args, kwargs)
            if clamps.two_passes(self.combined):
                self.first = True
                forward(*args, **kwargs)
                self.unablated, self.seen = self.seen, {}
            self.first = False
            out = forward(*args, **kwargs)
            missing = sorted(self.points.keys() - self.seen.keys())
            if missing:
                whose = ", ".join(map(self._whose, missing))
                raise ValueError(f"{whose}: this pass never came by {', '.join(missing)}")
            return self._logits(out) if "logits" in self.edited else out
        finally:
            self._forget()
            self.running = False

    def _about(self, args: tuple, kwargs: dict) -> dict[str, Any]:
        """What a clamp may ask about the input."""
        first = args[0] if args else next(iter(kwargs.values()), None)
        needs_sequences = any(clamp.reads_labels or isinstance(clamp, clamps.Graft) for clamp in self.given)
        tokens = None
        if any(isinstance(clamp, clamps.InductionAttention) for clamp in self.given):
            whole = isinstance(first, Tensor) and not first.is_floating_point()
            tokens = first if whole or not hasattr(self.hooked, "to_tokens") else self.hooked.to_tokens(first)
            if not isinstance(tokens, Tensor) or tokens.is_floating_point() or tokens.dim() > 2:
                raise ValueError(
                    f"InductionAttention needs whole-number tokens (batch, token), got {type(first).__name__}"
                )
            tokens = tokens.reshape(-1, tokens.shape[-1])[None]
        features = getattr(self.hooked, "features", None)
        return {
            "features": None if features is None else features[None],
            "sequences": self.sequences(*args, **kwargs) if needs_sequences and self.sequences else None,
            "tokens": tokens,
        }

    def _logits(self, out: Any) -> Tensor:
        """Clamped at the query, the last token."""
        if not isinstance(out, Tensor) or out.dim() not in (2, 3):
            raise ValueError(
                f"{self._whose('logits')} needs a model that gives logits (batch, token, label) or (batch, label)"
            )
        here = out[:, -1] if out.dim() == 3 else out
        stands = self._stands("logits", here[None])[0]
        return stands if out.dim() == 2 else torch.cat([out[:, :-1], stands[:, None]], 1)

    @torch.no_grad()
    def _check_honoured(self, forward: Callable, args: tuple, kwargs: dict) -> None:
        """Try an edit at each site: one that changes nothing downstream is dropped by the model."""
        with warnings.catch_warnings(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            warnings.simplefilter("ignore")
            plain = self._witness(forward, args, kwargs)
            for site in self.edited:
                if site == "logits" or f"{site} edited" in plain:
                    continue
                tried = self._witness(forward, args, kwargs, edit=site)
                if all(
                    torch.equal(value, tried[name]) for name, value in plain.items() if name in tried and name != site
                ):
                    raise ValueError(
                        f"{self._whose(site)}: {type(self.hooked).__name__} drops what is put at {site}, "
                        "so the clamp would do nothing"
                    )
        for site in self.points:
            pattern = plain.get(site.replace("hook_attn_scores", "hook_pattern"))
            if site.endswith("hook_attn_scores") and (
                pattern is None or not torch.allclose(plain[site].softmax(-1), pattern, atol=1e-4)
            ):
                raise ValueError(
                    f"{self._whose('logits')}: what {type(self.hooked).__name__} shows at {site} "
                    "are not the scores before the softmax"
                )

    def _witness(self, forward: Callable, args: tuple, kwargs: dict, edit: str | None = None) -> dict[str, Tensor]:
        """The activations of one plain pass and its output, with noise added at the site `edit`."""
        found: dict[str, Tensor] = {}
        target = self.points[edit] if edit else None

        def look(name: str) -> Callable:
            def visit(here: Any, hook: Any) -> Any:
                told = (
                    edit is not None
                    and name.rsplit(".", 1)[0] == edit.rsplit(".", 1)[0]
                    and name.endswith(AFTER_PATTERN)
                )
                if isinstance(here, Tensor) and not told:
                    found[name] = here.clone()
                return here + torch.rand_like(here) if hook_is(name, target) else None

            return visit

        named = {id(point): (name, point) for name, point in self.hooked.hook_dict.items()}
        named |= {id(point): (site, point) for site, point in self.points.items()}

        def hook_is(name: str, target: Any) -> bool:
            return target is not None and named[id(target)][0] == name

        torch.manual_seed(0)  # the same dropout, where there is any
        with ExitStack() as undo:
            for name, point in named.values():
                if not any(
                    name.endswith(gated) and not getattr(self.hooked.cfg, setting, True) for gated, setting in GATED
                ):
                    undo.callback(_remove, point, point.add_hook(look(name)))
            out = forward(*args, **kwargs)
        logits = out if isinstance(out, Tensor) else getattr(out, "logits", None)
        return found | ({"output": logits} if isinstance(logits, Tensor) else {})


GATED = (
    ("hook_result", "use_attn_result"),
    ("_input", "use_split_qkv_input"),
    ("attn_in", "use_attn_in"),
    ("mlp_in", "use_hook_mlp_in"),
)


def _remove(point: Any, handle: Any) -> None:
    handle.hook.remove()
    if handle in point.fwd_hooks:
        point.fwd_hooks.remove(handle)
