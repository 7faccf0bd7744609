"""One of our networks of tokens as a TransformerLens model, with the standard hook names and the same logits.

    network = tokens.open("build/runs/0a2ab7e342f7edde")        # a trained run, by its folder
    logits, cache = network.run_with_cache(torch.tensor([[3, 5, 7, 3]]))

The pass is `networks.tokens.model.forward`, whose every site is a hook point here.
"""

import json
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformer_lens import ActivationCache, HookedRootModule
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.hook_points import HookPoint

from induction_heads.machinery import store
from induction_heads.networks import model as networks
from induction_heads.networks.model import Parameters, Sites
from induction_heads.networks.tokens import model
from induction_heads.networks.tokens.kernels import AROUND
from induction_heads.networks.tokens.training import TokenRun, from_plain
from induction_heads.networks.tokens.variants import PLAIN, Variant

ATTENTION = ("hook_q", "hook_k", "hook_v", "hook_attn_scores", "hook_pattern", "hook_z")
WEIGHTS = ("W_Q", "W_K", "W_V", "W_O")


class Attention(nn.Module):
    def __init__(self, block: Parameters):
        super().__init__()
        for name in WEIGHTS:
            setattr(self, name, nn.Parameter(block[name]))
        for name in ATTENTION:
            setattr(self, name, HookPoint())


class Block(nn.Module):
    hook_out_is_single_residual_stream = True  # asked for by ActivationCache

    def __init__(self, block: Parameters, last: bool):
        super().__init__()
        self.attn = Attention(block)
        self.W_pos, self.ln_w, self.ln_b = (nn.Parameter(block[name]) for name in ("W_pos", "ln_w", "ln_b"))
        rest = {name: p for name, p in block.items() if name not in (*WEIGHTS, "W_pos", "ln_w", "ln_b")}
        self.of_variant = nn.ParameterDict(rest)
        self.hook_resid_pre, self.hook_attn_out = HookPoint(), HookPoint()
        if last:
            self.hook_resid_post = HookPoint()


class TokenLens(HookedRootModule):
    """A network of `networks.tokens`. Parameters are copies; its run, where there is one, says on what it learnt."""

    def __init__(self, parameters: Parameters, variant: Variant = PLAIN, run: TokenRun | None = None):
        super().__init__()
        own = {name: p.detach().clone() for name, p in parameters.items()}
        layers = networks.n_layers(own)
        self.variant, self.run = variant, run
        self.W_E, self.W_U = nn.Parameter(own["W_E"]), nn.Parameter(own["W_U"])
        self.ln_final_w, self.ln_final_b = nn.Parameter(own["ln_final_w"]), nn.Parameter(own["ln_final_b"])
        self.of_variant = nn.ParameterDict(
            {name: p for name, p in own.items() if name not in AROUND and "." not in name}
        )
        blocks = [networks.parameters_of(own, i) for i in range(layers)]
        self.blocks = nn.ModuleList(Block(block, i == layers - 1) for i, block in enumerate(blocks))
        self.hook_embed = HookPoint()
        heads, d_model, d_head = own["blocks.0.W_Q"].shape
        self.cfg = TransformerBridgeConfig(
            d_model=d_model,
            d_head=d_head,
            n_heads=heads,
            n_layers=layers,
            n_ctx=own["blocks.0.W_pos"].shape[0],
            d_vocab=len(own["W_E"]),
            attn_only=True,
            normalization_type="LN",
            eps=networks.LAYER_NORM_EPS,
            device="cpu",
            dtype=own["W_U"].dtype,
            default_prepend_bos=False,
        )
        self.setup()
        self.eval()

    def forward(self, tokens: Int[Tensor, "batch token"]) -> Float[Tensor, "batch token vocabulary"]:
        def visit(site: str, here: Tensor, seen: Sites) -> Tensor:
            point = self.hook_dict.get(site)
            return here if point is None else point(here[0])[None]

        given = {name: p[None] for name, p in self.as_parameters().items()}
        return model.forward(given, tokens[None], self.variant, visit)["logits"][0]

    def run_with_cache(self, *inputs, return_cache_object: bool = True, remove_batch_dim: bool = False, **options):
        """Logits and every activation, as an `ActivationCache`."""
        logits, cache = super().run_with_cache(*inputs, remove_batch_dim=remove_batch_dim, **options)
        kept = ActivationCache(cache, self, has_batch_dim=not remove_batch_dim) if return_cache_object else cache
        return logits, kept

    def as_parameters(self) -> Parameters:
        """The parameters under our names; not copies, so that gradients reach them."""
        return {_our_name(name): p for name, p in self.named_parameters()}


def _stacked(name: str) -> property:
    return property(lambda self: torch.stack([getattr(block.attn, name) for block in self.blocks]), doc="layer head …")


for _name in WEIGHTS:
    setattr(TokenLens, _name, _stacked(_name))


def _our_name(name: str) -> str:
    return name.replace(".attn.", ".").replace("of_variant.", "")


def open(folder: Path | str) -> TokenLens:
    """A trained run by its folder in the store, at the end of its training; its clamps are not part of the network.

    `ValueError` where the run is of other networks, or has not ended.
    """
    folder = Path(folder)
    about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if about["family"] != "tokens":
        raise ValueError(
            f"{folder} is a run of {about['family']}, whose tokens are not one vocabulary: expected a network of "
            "tokens; `lens.networks.open` opens networks of exemplars and labels"
        )
    ends = store.checkpoints_in(folder)
    if not ends:
        raise ValueError(f"{folder} has no checkpoint yet: train the run to its end first")
    run = from_plain(about["settings"])
    return TokenLens(store.read(store.checkpoint_path(folder, ends[-1]))[0], run.variant, run)
