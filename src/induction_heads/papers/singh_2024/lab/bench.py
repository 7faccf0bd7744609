"""What the lab costs in Chromium beside the package on this machine, the same runs one after the other.

`make bench-lab`; `python -m induction_heads.papers.singh_2024.lab.bench main 1` measures some of them.
"""

import re
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from induction_heads.machinery.chromium import browser, until
from induction_heads.networks import training

from .page import write

PLAIN = "main, plain SIMD"
RUNS = {  # as the page's address has them
    "main": "",
    "1": "clamped=1",
    "1, 2": "clamped=1%2C+2",
    "1, 2, one head": "clamped=1%2C+2&alone=1",
    "1, 2, 3qk, 4, one head": "clamped=1%2C+2%2C+3qk%2C+4&alone=1",
    "3v, 5, one head": "clamped=3v%2C+5&alone=1",
    "1, 2, 3v, 5, one head": "clamped=1%2C+2%2C+3v%2C+5&alone=1",
    PLAIN: "",  # in the end: the browser keeps to it
}
# The page asks first whether the browser can run the build with relaxed SIMD.
WITHOUT_RELAXED = """
const can = WebAssembly.validate;
let asked = 0;
WebAssembly.validate = (code) => asked++ > 0 && can(code);
"""
LONGEST = 1_200.0  # seconds


def in_chromium(driver: Chrome, address: str) -> tuple[float, float]:
    """Milliseconds a step, and seconds until the run has ended, evaluations and drawing included."""
    driver.get("about:blank")
    driver.get(address)
    until(driver, lambda here: here.find_element(By.ID, "train").is_enabled())
    begun = time.perf_counter()
    driver.find_element(By.ID, "train").click()
    until(driver, lambda here: _status(here).startswith("Finished"), LONGEST)
    found = re.search(r"([\d.]+) ms a step", _status(driver))
    if found is None:
        raise ValueError(f"the page should say how long a step takes; it says {_status(driver)!r}")
    return float(found[1]), time.perf_counter() - begun


def _status(driver: Chrome) -> str:
    return driver.find_element(By.ID, "status").text


def in_the_package(python: str) -> tuple[float, float]:
    """The same, by what the page gives as the Python of its run, on one thread."""
    before, _, last = python.rpartition("\n")
    made: dict[str, Any] = {}
    exec(before, made)
    begun = time.perf_counter()
    exec(last, made)
    taken = time.perf_counter() - begun
    run, data = made["run"], made["data"]
    group = training.Group([run], [training.begin(run, data)], data, {})
    return milliseconds(group), taken


def milliseconds(group: training.Group) -> float:
    """A step and its sampling."""
    begun = time.perf_counter()
    block = group.blocks(0)
    group.steps(block)
    return (time.perf_counter() - begun) / block.match.shape[1] * 1e3


def measured(names: Iterable[str]) -> Iterator[dict[str, Any]]:
    """A row a run; `ValueError` names the runs there are."""
    names = list(names)
    if unknown := set(names) - set(RUNS):
        raise ValueError(f"no run is called {', '.join(sorted(unknown))}; there are {'; '.join(RUNS)}")
    with tempfile.TemporaryDirectory() as folder, browser() as driver:
        page = write(Path(folder)).as_uri()
        for name in names:
            if name == PLAIN:
                source = {"source": WITHOUT_RELAXED}
                driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)
            step, seconds = in_chromium(driver, f"{page}#{RUNS[name]}")
            native, native_seconds = in_the_package(driver.find_element(By.ID, "python").text)
            yield {
                "run": name,
                "Chromium, ms a step": step,
                "Chromium, s": seconds,
                "package, ms a step": native,
                "package, s": native_seconds,
                "times": step / native,
            }


def main(names: list[str]) -> None:
    torch.set_num_threads(1)  # as a worker of the page has one
    rows = []
    for row in measured(names or RUNS):
        rows.append(row)
        print(f"{row['run']}: {row['Chromium, s']:.0f} s in Chromium, {row['package, s']:.0f} s here", flush=True)
    print(pd.DataFrame(rows).set_index("run").round(2).to_string())


if __name__ == "__main__":
    main(sys.argv[1:])
