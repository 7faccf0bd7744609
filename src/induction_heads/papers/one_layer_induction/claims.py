"""What the papers state, as claims on three seeds; criteria are those of the page of facts the project was given."""

from induction_heads.networks.tokens.study import Claim, Study

from . import measures, runs
from .runs import GAMMAS, KEYS_ONLY, SHIFTED, SMEARED, VANILLA, momentum

Numbers = dict[str, float]
BOTH = momentum(1.0)


def losses(study: Study, seed: int, names: tuple[str, ...]) -> Numbers:
    rows = study.rows(runs.models, seed)
    return {f"repeat loss, {name}": float(rows[name].history.copied_loss.iloc[-1]) for name in names}


def one_layer(study: Study, seed: int) -> Numbers:
    return losses(study, seed, (SHIFTED, SMEARED, VANILLA))


def with_momentum(study: Study, seed: int) -> Numbers:
    return losses(study, seed, tuple(momentum(gamma) for gamma in GAMMAS))


def lure(study: Study, seed: int) -> Numbers:
    rows = study.rows(runs.models, seed)
    found: Numbers = {}
    for name in (BOTH, KEYS_ONLY):
        curve = measures.lag_curve(rows[name])
        found |= {f"a(-1), {name}": float(curve[measures.BACK]), f"a(+1), {name}": float(curve[measures.NEXT])}
    return found


def shares(study: Study, seed: int) -> Numbers:
    found = measures.shares(study.rows(runs.models, seed)[SHIFTED])
    heads = measures.induces(found)
    return {"heads with the shares of induction": float(heads.sum()), "heads": float(len(heads))}


lowest, highest = measures.BETWEEN


def suffices(numbers) -> bool:
    learnt = max(numbers[f"repeat loss, {name}"] for name in (SHIFTED, SMEARED)) < 0.1
    return learnt and numbers[f"repeat loss, {VANILLA}"] > 3


CLAIMS = (
    Claim(
        "one-layer-suffices",
        "One layer learns induction when keys see their predecessor, and does not otherwise.",
        "one layer",
        "the loss on repeated tokens at the end, one layer (nats)",
        "below 0.1 with KV shifting and with smeared keys; above 3 with plain attention",
        "chance is 4.16; the paper has KV shifting perfect, and faster than two plain layers",
        suffices,
        one_layer,
        runs.models,
    ),
    Claim(
        "momentum-between",
        "Momentum lets one layer do induction, but not as well.",
        "momentum",
        "the loss on repeated tokens at the end, with momentum 0.5, 1 and 2 on queries and keys (nats)",
        "all three between 0.1 and 1",
        "above what KV shifting reaches and far below the 3 of plain attention",
        lambda numbers: all(lowest < loss < highest for loss in numbers.values()),
        with_momentum,
        runs.models,
    ),
    Claim(
        "lure",
        "With momentum on queries and keys, lag -1 is a lure beside lag +1; on keys alone it is none (ours).",
        "lags",
        "attention at lag -1 of the head that attends most to lag +1, momentum 1",
        "at least 0.05 with momentum on both, at most 0.02 on keys alone",
        "between 0.12 and 0.01 of one seed measured earlier",
        lambda numbers: numbers[f"a(-1), {BOTH}"] >= 0.05 and numbers[f"a(-1), {KEYS_ONLY}"] <= 0.02,
        lure,
        runs.models,
    ),
    Claim(
        "shares",
        "Heads with KV shifting learn a key that is its predecessor's and a value that is its own.",
        "shares",
        "heads of KV shifting with α₁ < α₂ and β₁ > β₂ at the end",
        "at least one",
        "these inequalities define induction; 17 of 128 heads have them in the paper's model of 2.9 billion parameters",
        lambda numbers: numbers["heads with the shares of induction"] >= 1,
        shares,
        runs.models,
    ),
)
