"""Formulas are MathML; what the converter does not know is shown as it is written."""

import pytest


@pytest.fixture
def mathml():
    pytest.importorskip("latex2mathml", reason="pip install -e '.[site]'")
    from induction_heads.site.mathematics import mathml

    return mathml


def test_a_function_stands_apart_from_what_it_is_of(mathml):
    assert '<mi>ln</mi><mspace width="0.167em"/><mn>2</mn>' in mathml(r"\ln 2", "inline")
    assert mathml(r"0.4\ln 2", "inline").count("mspace") == 2
    assert "mspace" not in mathml(r"\ln(2)", "inline")


def test_what_cannot_be_converted_is_shown(mathml):
    assert mathml("x_1_2", "inline").endswith(">x_1_2</code>")
