"""The lab's page, without a browser: one small file that asks nobody for anything and brings what its tasks show."""

import base64
import gzip
import json
import re
from functools import cache

import numpy as np
import pytest

from induction_heads.machinery.colours import HEAD_COLOURS
from induction_heads.networks import wasm
from induction_heads.papers.singh_2024.lab import contents
from induction_heads.papers.singh_2024.lab.page import FOLDER, LARGEST, SCRIPT, page, write


@cache
def whole() -> str:
    return page()


def carried(name: str) -> str:
    (found,) = re.findall(rf'<script type="[^"]+" id="{name}">(.*?)</script>', whole(), re.DOTALL)
    return found


def unpacked(name: str) -> bytes:
    return gzip.decompress(base64.b64decode(carried(name)))


def test_it_is_one_file_below_two_megabytes(tmp_path):
    made = write(tmp_path / "lab")
    assert made.name == "index.html" and made.stat().st_size < LARGEST
    assert [path.name for path in made.parent.iterdir()] == ["index.html"]


def test_every_file_of_the_script_is_in_it():
    assert {path.stem for path in FOLDER.glob("*.js")} == {*SCRIPT, "worker"}


def test_it_asks_no_other_host():
    shell = re.sub(r'<script type="text/plain" id="(features|pictures|lab|lab-relaxed)">.*?</script>', "", whole())
    assert re.findall(r"""(?:src|href)=["'](?!#|data:|https://arxiv\.org/abs/)[^"']+["']""", shell) == []
    assert not re.findall(r"\b(fetch|XMLHttpRequest|importScripts|WebSocket)\b|@import|url\((?!#)", shell)


def test_its_ids_are_each_of_one_element():
    ids = re.findall(r'\sid="([^"]+)"', re.sub(r"<script>.*?</script>", "", whole(), flags=re.DOTALL))
    assert ids and len(ids) == len(set(ids))


def test_every_id_that_the_script_asks_for_is_there():
    asked = set(re.findall(r'\$\("([\w-]+)"\)', whole())) | set(re.findall(r'getElementById\("([\w-]+)"\)', whole()))
    assert asked and asked <= set(re.findall(r'\bid(?:="|: ")([\w-]+)"', whole()))


def test_the_front_page_is_linked_where_there_is_one():
    assert '<a href="../index.html">' in page("../index.html") and "front page" not in whole()


def test_features_come_back_to_the_bit():
    data = contents.characters_data()
    planes = np.frombuffer(unpacked("features"), np.uint8).reshape(3, -1).astype(np.float64)
    back = ((planes[0] + 256 * planes[1] + 65536 * planes[2]) / contents.UNIT).astype(np.float32)
    back = back.reshape(-1, data.features.shape[-1])
    assert len(back) == 100 * 5 + 100
    np.testing.assert_array_equal(back[5 * 7 + 3], data.features[7, 3])
    np.testing.assert_array_equal(back[-1], data.features[-1, 0])


def test_pictures_come_back_to_the_bit():
    data = contents.characters_data()
    side = contents.facts(data)["side"]
    bits = np.frombuffer(unpacked("pictures"), np.uint8).reshape(600, side, -1)
    back = np.unpackbits(bits, axis=-1, count=side)
    np.testing.assert_array_equal(back[5 * 7 + 3], data.images[7, 3] > 0)


def test_features_that_it_cannot_hold_are_refused():
    data = contents.characters_data()
    for wrong in (data.features + np.float32(1e-5), -data.features):
        broken = type(data)(data.name, wrong, data.images, data.class_names, data.fingerprint)
        with pytest.raises(ValueError, match="features from 0 to"):
            contents.packed_features(broken)


def test_both_builds_are_in_it():
    assert unpacked("lab") == wasm.module("lab") and unpacked("lab-relaxed") == wasm.module("lab-relaxed")


def test_the_paper_s_curves_stand_behind_their_own_settings():
    facts = json.loads(carried("facts"))
    alone = facts["paper"]["alone"]
    assert {"none/50/5", "1/50/5", "1, 2, 3v, 5/100/5", "1, 2, 3qk, 4/50/15"} <= set(alone)
    assert not [name for name in alone if "/200/" in name]  # more classes than the page brings
    assert facts["paper"]["all"]["train"][0] == [0, 1.969] and facts["headColours"] == list(HEAD_COLOURS)
