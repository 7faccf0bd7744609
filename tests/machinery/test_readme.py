"""No number of the README is typed: each comes from a committed result."""

import json

import pytest

from induction_heads.machinery import paths, readme
from induction_heads.machinery.settings import Settings


def test_the_readme_says_what_the_committed_results_say():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.PLACE.search(text), "no number stands in it"
    assert readme.filled(text, readme.values_of(paths.figures_of_all(Settings()))) == text, "run `make readme`"


def test_a_number_stands_where_its_key_is(tmp_path):
    (tmp_path / "some").mkdir()
    claims = [
        {"id": "1", "verdict": "holds", "seeds": "5 of 5"},
        {"id": "2", "verdict": "holds in part", "seeds": "1 of 2"},
    ]
    (tmp_path / "some" / "claims.json").write_text(json.dumps({"claims": claims}))
    (tmp_path / "times.json").write_text('{"training some": 600}')
    (tmp_path / "bench.json").write_text('{"1 run": {"ms": 0.23456}}')
    values = readme.values_of(tmp_path)
    assert (values["papers"], values["claims"]) == ("1", "2")
    text = "<!--n:some verdicts--><!--/n-->; <!--n:time training some-->9 h<!--/n-->; <!--n:bench 1 run ms-->?<!--/n-->"
    said = readme.PLACE.sub(lambda place: readme.filled(place[0], values).split("-->")[1].split("<!--")[0], text)
    assert said == "1 hold, 1 hold in part; 10 min; 0.235"


def test_a_key_without_a_result_is_named():
    with pytest.raises(KeyError, match="asks for 'nonsense', which no result has; there are some"):
        readme.filled("<!--n:nonsense--><!--/n-->", {"some": "1"})
