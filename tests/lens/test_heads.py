"""Heads of real models: an induction head set by hand is found, whatever opens it, and what is not at hand is named."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import math

import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from drawn import checked
from induction_heads import cli
from induction_heads.lens import heads, pictures
from induction_heads.lens import tokens as lens
from induction_heads.machinery import paths
from induction_heads.machinery.schedule import train
from induction_heads.machinery.store import Store
from induction_heads.networks.tokens import evaluate, model
from induction_heads.networks.tokens.generators import REP
from induction_heads.networks.tokens.training import TokenRun
from induction_heads.networks.tokens.variants import NGramHeads, SmearedKeys

VOCABULARY = 64


def by_hand() -> model.Parameters:
    """L1H0 attends to the previous token and stores it beside the present one; L2H0 looks for the present one there.

    The stream's first half holds a token, the second the one before it. The other heads do nothing.
    """
    zero = {name: torch.zeros_like(p) for name, p in model.initial(0, 2, d_model=2 * VOCABULARY, heads=2).items()}
    one, first, second = torch.eye(VOCABULARY), slice(VOCABULARY), slice(VOCABULARY, None)
    zero["W_E"][:, first], zero["W_U"][first] = one, one
    for norm in ("blocks.0.ln_w", "blocks.1.ln_w", "ln_final_w"):
        zero[norm] += 1
    zero["blocks.0.W_pos"][:, second] = 40 * one
    zero["blocks.0.W_Q"][0, second], zero["blocks.0.W_K"][0, second] = one, one.roll(-1, 0)
    zero["blocks.0.W_V"][0, first], zero["blocks.0.W_O"][0, :, second] = one, one / 11  # LayerNorm makes a 1 an 11
    zero["blocks.1.W_Q"][0, first], zero["blocks.1.W_K"][0, second] = one, 2 * one
    zero["blocks.1.W_V"][0, first], zero["blocks.1.W_O"][0, :, first] = one, one
    return zero


@pytest.fixture(scope="module")
def found() -> heads.Found:
    return heads.look(lens.TokenLens(by_hand()), "by hand")


def test_an_induction_head_set_by_hand_is_found_and_so_is_what_it_is_built_on(found):
    assert pictures.best(found) == ["L2H0"] and found.table.prefix_matching["L2H0"] > 0.9
    assert pictures.best(found, "previous_token") == ["L1H0"] and found.table.previous_token["L1H0"] > 0.99
    assert found.table.ov_score["L2H0"] == pytest.approx(1, abs=1e-3)
    assert found.lags[2].max() > 0.9 and pictures.peak(found, "L2H0") == 1
    others = found.table.prefix_matching.drop(["L1H0", "L2H0"])
    assert others.tolist() == pytest.approx([found.uniform] * 2, abs=1e-4)
    told = " ".join(pictures.told(found))
    assert told.startswith("L2H0 matches prefixes most") and "at lag +1" in told and "L1H0 attends most" in told


def test_its_figure_says_so(found):
    checked(pictures.figure_heads_of_a_model(found), pictures.figure_heads_of_a_model, "L2H0 0.9")


@pytest.mark.parametrize("variant", [SmearedKeys(), NGramHeads((1, 2))], ids=str)
def test_our_network_has_the_same_logits_and_the_same_table_in_transformer_lens(variant):
    learnt, text = model.initial(0, 2, variant=variant), REP.held_out(1, 3).tokens
    opened = lens.TokenLens(learnt, variant)
    logits, cache = opened.run_with_cache(text)
    sites = evaluate.sites(learnt, text, variant)
    torch.testing.assert_close(logits, sites["logits"])
    for name in set(sites) - {"logits"}:
        torch.testing.assert_close(cache[name], sites[name])
    table = heads.look(opened, text=text).table
    pd.testing.assert_frame_equal(table, evaluate.heads(learnt, text, variant), check_exact=False, rtol=1e-4, atol=1e-5)


def test_a_stored_run_is_opened_by_its_folder_and_reads_its_own_data(tmp_path):
    run = TokenRun(3, REP, layers=1, steps=2, evaluate_every=1)
    trained = train([run], Store(tmp_path, None), workers=1)[run]
    opened = heads.open(str(trained.folder))
    assert opened.run.settings == run.settings
    text = REP.held_out(run.evaluation_seed, 2).tokens
    torch.testing.assert_close(opened(text), evaluate.sites(trained.final, text)["logits"])
    seen = heads.look(opened)
    assert "held-out Repeat" in seen.test and seen.icl_score == pytest.approx(0, abs=0.3)


GPT2 = GPT2LMHeadModel, GPT2Config(n_layer=3, n_head=4, n_embd=20, n_positions=128, vocab_size=53)
LLAMA = (  # two heads share keys and values
    LlamaForCausalLM,
    LlamaConfig(
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        hidden_size=24,
        intermediate_size=8,
        vocab_size=53,
        max_position_embeddings=128,
    ),
)


@pytest.mark.parametrize(("kind", "config"), [GPT2, LLAMA])
def test_an_architecture_with_random_weights_has_no_induction_head(kind, config, tmp_path):
    kind(config).save_pretrained(tmp_path)
    seen = heads.look(heads.open(str(tmp_path)))
    assert len(seen.table) == 12 and seen.lags.shape == (12, 13)
    assert seen.table.prefix_matching.max() < 1.5 * seen.uniform
    assert seen.table.copying.between(-1, 1).all() and seen.table.ov_score.abs().max() < 0.9
    assert math.isnan(seen.icl_score) and "no tokenizer" in seen.test


def test_with_a_tokenizer_it_reads_text_after_a_start_token(tmp_path):
    kind, config = GPT2
    kind(config).save_pretrained(tmp_path)
    letters = {"<s>": 0, "?": 1} | {letter: i for i, letter in enumerate("abcdefghijklmnopqrstuvwxyz ", 2)}
    characters = Tokenizer(models.WordLevel(letters, unk_token="?"))
    characters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=characters, bos_token="<s>").save_pretrained(tmp_path)
    opened = heads.open(str(tmp_path))
    seen = heads.look(opened)
    assert "after a start" in seen.test and "16 of 128 tokens" in seen.test and math.isfinite(seen.icl_score)
    assert "as given, 2 of 128" in heads.look(opened, text="ab " * 100).test
    with pytest.raises(ValueError, match="at least 127 tokens, got 3"):
        heads.look(opened, text="abc")


def test_what_is_not_at_hand_is_named_with_where_it_goes(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^gpt2 is not at hand.*config.json, model.safetensors and tokenizer"):
        heads.open("gpt2")
    with pytest.raises(FileNotFoundError, match="lacks .*safetensors and config.json: put"):
        heads.open(str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no folder is called"):
        heads.open(str(tmp_path / "nothing"))
    (tmp_path / "run.json").write_text('{"family": "pairs"}')
    with pytest.raises(ValueError, match="run of pairs.*lens.networks.open"):
        heads.open(str(tmp_path))


def test_the_command_writes_a_table_and_a_figure(tmp_path, monkeypatch, capsys):
    run = TokenRun(0, REP, layers=2, steps=1)
    folder = train([run], Store(tmp_path / "runs", None), workers=1)[run].folder
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    assert cli.main(["heads", str(folder)]) == 0
    told = capsys.readouterr().out.splitlines()
    table, picture = told[-2:]
    written = pd.read_csv(table)
    assert (
        len(written) == 8 and written["lag +1"].between(0, 1).all() and picture.endswith("figure_heads_of_a_model.png")
    )
    assert os.path.isfile(picture) and told[0].split()[:2] == ["layer", "prefix_matching"]
    assert cli.main(["heads"]) == 2 and "heads wants a model" in capsys.readouterr().err
