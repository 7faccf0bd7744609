"""One of our networks as a TransformerLens model, with the standard hook names and the same logits.

    network = lens.open(study.results("3a")["all heads"], sequences=200_000)   # any checkpoint, or the end
    logits, cache = network.run_with_cache(sequences)                          # our `Sequences`, or integer tokens

Tokens are one vocabulary: row c of `W_E` is exemplar c as the network embeds it, labels follow. The rows are
computed from the features, not trained in their place. Logits are given at every token; ours are those of the last.

This module loads TransformerLens, which takes seconds: nothing that trains imports it.
"""

import json
from functools import partial
from typing import cast

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformer_lens import ActivationCache, FactoredMatrix, HookedRootModule
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.hook_points import HookPoint
from transformer_lens.utilities import composition_scores

from induction_heads import data
from induction_heads.machinery.store import Trained
from induction_heads.networks import kernels, model
from induction_heads.networks.model import Parameters, Sequences
from induction_heads.networks.sequences import Exemplars

CONTEXT = 64  # tokens; nothing in the network depends on it, but some tools ask


class LayerNorm(nn.Module):
    def __init__(self, w: Tensor, b: Tensor):
        super().__init__()
        self.w, self.b = nn.Parameter(w), nn.Parameter(b)
        self.hook_scale = HookPoint()  # ... 1
        self.hook_normalized = HookPoint()  # ... d_model

    def forward(self, x: Float[Tensor, "*any d_model"]) -> Float[Tensor, "*any d_model"]:
        centred = x - x.mean(-1, keepdim=True)
        scale = self.hook_scale((centred.square().mean(-1, keepdim=True) + model.LAYER_NORM_EPS).sqrt())
        return self.hook_normalized(centred / scale) * self.w + self.b


class Circuits:
    """What each head matches and what it copies, of whatever has these."""

    W_Q: Tensor
    W_K: Tensor
    W_V: Tensor
    W_O: Tensor

    @property
    def QK(self) -> FactoredMatrix:
        return FactoredMatrix(self.W_Q, self.W_K.mT)

    @property
    def OV(self) -> FactoredMatrix:
        return FactoredMatrix(self.W_V, self.W_O)


class Attention(Circuits, nn.Module):
    hook_q: HookPoint
    hook_k: HookPoint
    hook_v: HookPoint
    hook_rot_q: HookPoint
    hook_rot_k: HookPoint
    hook_z: HookPoint
    hook_attn_scores: HookPoint
    hook_pattern: HookPoint
    hook_result: HookPoint

    def __init__(self, block: Parameters):
        super().__init__()
        for name in ("W_Q", "W_K", "W_V", "W_O"):
            setattr(self, name, nn.Parameter(block[name]))
        for name in Attention.__annotations__:
            setattr(self, name, HookPoint())

    def forward(self, q_input: Tensor, k_input: Tensor, v_input: Tensor) -> Float[Tensor, "batch token d_model"]:
        project = partial(torch.einsum, "bthm,hmd->bthd")
        q, k = self.hook_q(project(q_input, self.W_Q)), self.hook_k(project(k_input, self.W_K))
        v = self.hook_v(project(v_input, self.W_V))  # batch token head d_head
        rot_q, rot_k = self.hook_rot_q(rotated(q)), self.hook_rot_k(rotated(k))
        scores = torch.einsum("bqhd,bkhd->bhqk", rot_q, rot_k) * q.shape[-1] ** -0.5
        future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = self.hook_attn_scores(scores.masked_fill(future, -torch.inf))
        pattern = self.hook_pattern(scores.softmax(-1))  # batch head query key
        z = self.hook_z(torch.einsum("bhqk,bkhd->bqhd", pattern, v))
        if self.hook_result.has_hooks():
            return self.hook_result(torch.einsum("bthd,hdm->bthm", z, self.W_O)).sum(2)
        return torch.einsum("bthd,hdm->btm", z, self.W_O)


def rotated(x: Float[Tensor, "batch token head d_head"]) -> Float[Tensor, "batch token head d_head"]:
    return kernels.rotate(x.permute(2, 3, 1, 0)[None].contiguous(), 0)[0].permute(3, 2, 0, 1)


class Block(nn.Module):
    hook_resid_pre: HookPoint
    hook_q_input: HookPoint
    hook_k_input: HookPoint
    hook_v_input: HookPoint
    hook_attn_out: HookPoint
    hook_resid_post: HookPoint
    hook_out_is_single_residual_stream = True  # asked for by ActivationCache

    def __init__(self, block: Parameters):
        super().__init__()
        self.ln1 = LayerNorm(block["ln_w"], block["ln_b"])
        self.attn = Attention(block)
        for name in Block.__annotations__:
            setattr(self, name, HookPoint())

    def forward(self, stream: Float[Tensor, "batch token d_model"]) -> Float[Tensor, "batch token d_model"]:
        stream = self.hook_resid_pre(stream)
        each_head = stream[:, :, None].expand(-1, -1, self.attn.W_Q.shape[0], -1)  # batch token head d_model
        inputs = (self.ln1(hook(each_head)) for hook in (self.hook_q_input, self.hook_k_input, self.hook_v_input))
        return self.hook_resid_post(stream + self.hook_attn_out(self.attn(*inputs)))


class Lens(Circuits, HookedRootModule):
    """A network of section 2.2. Made by `open`; `features` are the exemplars it is shown, one a token."""

    features: Tensor
    W_exemplar: nn.Parameter
    b_exemplar: nn.Parameter
    W_label: nn.Parameter
    W_U: nn.Parameter
    b_U: nn.Parameter
    blocks: list[Block]  # an `nn.ModuleList`

    def __init__(self, parameters: Parameters, features: Float[Tensor, "exemplar feature"]):
        super().__init__()
        expected = parameters["W_exemplar"].shape[0]
        if features.dim() != 2 or features.shape[1] != expected:
            raise ValueError(f"features should be (exemplar, {expected}) as in W_exemplar, got {tuple(features.shape)}")
        own = {name: p.detach().clone() for name, p in parameters.items()}
        self.register_buffer("features", features.to(own["W_exemplar"]))
        for name in ("W_exemplar", "b_exemplar", "W_label", "W_U", "b_U"):
            setattr(self, name, nn.Parameter(own[name]))
        blocks = nn.ModuleList(Block(model.parameters_of(own, i)) for i in range(model.n_layers(own)))
        self.blocks = cast(list[Block], blocks)
        self.ln_final = LayerNorm(own["ln_final_w"], own["ln_final_b"])
        self.hook_embed = HookPoint()
        heads, d_model, d_head = own["blocks.0.W_Q"].shape
        self.cfg = TransformerBridgeConfig(
            d_model=d_model,
            d_head=d_head,
            n_heads=heads,
            n_layers=len(self.blocks),
            n_ctx=CONTEXT,
            d_vocab=len(features) + len(own["W_label"]),
            d_vocab_out=len(own["W_label"]),
            attn_only=True,
            normalization_type="LN",
            eps=model.LAYER_NORM_EPS,
            positional_embedding_type="rotary",
            use_split_qkv_input=True,
            use_attn_result=True,
            device=str(features.device),
            dtype=own["W_U"].dtype,
            default_prepend_bos=False,
        )
        self.setup()
        self.eval()

    def forward(self, sequences: Sequences | Int[Tensor, "batch token"]) -> Float[Tensor, "batch token label"]:
        """Logits at every token, of our `Sequences` or of tokens of the one vocabulary."""
        stream = self.hook_embed(self.W_E[self.to_tokens(sequences)])
        for block in self.blocks:
            stream = block(stream)
        return self.ln_final(stream) @ self.W_U + self.b_U

    def run_with_cache(self, *inputs, return_cache_object: bool = True, remove_batch_dim: bool = False, **options):
        """Logits and every activation, as an `ActivationCache`."""
        logits, cache = super().run_with_cache(*inputs, remove_batch_dim=remove_batch_dim, **options)
        return logits, ActivationCache(
            cache, self, has_batch_dim=not remove_batch_dim
        ) if return_cache_object else cache

    def to_tokens(self, sequences: Sequences | Int[Tensor, "..."] | list, **ignored) -> Int[Tensor, "batch token"]:
        """The one vocabulary: exemplar c is token c, label l is token `len(features)` + l. A list holds sequences."""
        if isinstance(sequences, list):
            sequences = torch.stack([torch.as_tensor(each) for each in sequences])
        if isinstance(sequences, Sequences):
            tokens = self._unstacked(sequences).tokens(len(self.features))[0].mT
        else:
            tokens = sequences if sequences.dim() == 2 else sequences[None]
        if tokens.is_floating_point() or tokens.min() < 0 or tokens.max() >= self.cfg.d_vocab:
            raise ValueError(
                f"tokens are whole numbers from 0 to {self.cfg.d_vocab - 1}, "
                f"got {tokens.dtype} from {tokens.min()} to {tokens.max()}"
            )
        return tokens

    def to_sequences(self, sequences: Sequences | Int[Tensor, "batch token"]) -> Sequences:
        """As `Sequences` with a run axis of 1; the query's class is that of the pair with the same exemplar."""
        if isinstance(sequences, Sequences):
            return self._unstacked(sequences)
        tokens, n = self.to_tokens(sequences), len(self.features)
        exemplar, label = tokens[:, ::2], tokens[:, 1::2] - n
        same = exemplar[:, :-1] == exemplar[:, -1:]
        if tokens.shape[1] % 2 == 0 or (label < 0).any() or (exemplar >= n).any() or (same.sum(1) != 1).any():
            raise ValueError(
                "tokens are not exemplar, label, exemplar, label, …, query with the query's exemplar shown once: "
                "give `Sequences`"
            )
        return Sequences(exemplar[None], label[None], same.int().argmax(1)[None])

    @staticmethod
    def _unstacked(sequences: Sequences) -> Sequences:
        if sequences.match.dim() == 1:
            return Sequences(*(part[None] for part in sequences))
        if sequences.match.shape[0] != 1:
            raise ValueError(f"one network reads sequences of one run, got {sequences.match.shape[0]} runs")
        return sequences

    @property
    def W_E(self) -> Float[Tensor, "token d_model"]:
        """Every exemplar as it is embedded, then every label."""
        return torch.cat([self.features @ self.W_exemplar + self.b_exemplar, self.W_label])

    def tokens_to_residual_directions(self, labels: int | Int[Tensor, "..."]) -> Float[Tensor, "... d_model"]:
        """What the normalised residual stream is multiplied by to give a label's logit; labels count from 0.

        The final LayerNorm's weight is in it, so that `ActivationCache.logit_attrs` adds up to the logit less
        `logit_constant`.
        """
        return (self.ln_final.w[:, None] * self.W_U).T[labels]

    def logit_constant(self, labels: int | Int[Tensor, "..."]) -> Float[Tensor, "..."]:
        """The part of a label's logit that no component of the residual stream brings: LayerNorm's bias and `b_U`."""
        return (self.ln_final.b @ self.W_U + self.b_U)[labels]

    def accumulated_bias(
        self, layer: int, mlp_input: bool = False, include_mlp_biases: bool = True
    ) -> Float[Tensor, " d_model"]:
        return torch.zeros_like(self.b_exemplar)  # heads have no biases

    def composition_scores(self, letter: str, writer: int = 0, reader: int = 1) -> Float[Tensor, "writer reader"]:
        """How much of what a head writes is in what another reads as Q, K or V, by weights; Figure 11.

        The paper's definition, ||W_O W|| / (||W_O|| ||W||): not TransformerLens's, which takes the whole OV and QK.
        """
        if letter not in ("Q", "K", "V"):
            raise ValueError(f"heads compose in Q, K or V, got {letter!r}")
        written, read = self.blocks[writer].attn.W_O, getattr(self.blocks[reader].attn, f"W_{letter}")
        d_head, same = torch.eye(written.shape[1]).to(written), torch.eye(read.shape[1]).to(read)
        left = FactoredMatrix(d_head.expand(len(written), -1, -1), written)
        return composition_scores(left, FactoredMatrix(same.expand(len(read), -1, -1), read))

    def as_parameters(self) -> Parameters:
        """The parameters under our names (`model.forward`); not copies, so that gradients reach them."""
        return {_our_name(name): p for name, p in self.named_parameters()}


def _stacked(name: str) -> property:
    return property(lambda self: torch.stack([getattr(block.attn, name) for block in self.blocks]), doc="layer head …")


for _name in ("W_Q", "W_K", "W_V", "W_O"):
    setattr(Lens, _name, _stacked(_name))


def _our_name(name: str) -> str:
    return name.replace(".attn.", ".").replace("ln1.", "ln_").replace("ln_final.", "ln_final_")


def open(
    network: Trained | Parameters,
    features: Float[Tensor, "exemplar feature"] | None = None,
    *,
    sequences: int | None = None,
) -> Lens:
    """A trained run, at its end or after so many `sequences`, or parameters without a run axis, for TransformerLens.

    `features` are by default those of the run's training classes; parameters alone do not say which, so they need them.
    The run's clamps are not part of the network: `with clamped(network, run.clamps)` puts them on.

    >>> from induction_heads.networks.run import Run, initial
    >>> network = open(initial(Run(5), n_features=32), torch.randn(50, 32))  # exemplars, then labels from 50
    >>> logits, cache = network.run_with_cache(torch.tensor([[0, 50, 7, 52, 0]]))  # x0 l0 x7 l2, and x0 asks
    >>> logits.shape, cache["pattern", 1].shape
    (torch.Size([1, 5, 5]), torch.Size([1, 8, 5, 5]))
    """
    if not isinstance(network, Trained):
        if features is None or sequences is not None:
            raise ValueError("parameters are opened with the features they are to be shown, and without `sequences`")
        return Lens(network, features)
    if sequences is not None and sequences not in network.checkpoints:
        raise ValueError(f"{network.run} has checkpoints at {network.checkpoints}, not at {sequences}")
    if features is None:
        features = Exemplars.of(_dataset(network), network.run.task).train
    return Lens(network.final if sequences is None else network.at(sequences), features)


def _dataset(trained: Trained) -> data.Dataset:
    about = json.loads((trained.folder / "run.json").read_text())
    found = data.load(about["data"])
    if found.fingerprint != about["fingerprint"]:
        raise ValueError(f"{about['data']} is not the data this run was trained on any more: give its `features`")
    return found
