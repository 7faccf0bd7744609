"""For all tests: shapes and types are checked at every call, and what belongs together runs in one process."""

import os

import pytest

if os.environ.get("INDUCTION_HEADS_TYPECHECK", "1") != "0":
    from jaxtyping import install_import_hook

    install_import_hook("induction_heads", "beartype.beartype")


@pytest.fixture
def style():
    """Figures as the project draws them, none left open."""
    import matplotlib.pyplot as plt

    from induction_heads.machinery import plots

    plots.style()
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def chromium():
    from induction_heads.machinery.chromium import INSTALL, browser, installed

    if not installed():
        pytest.fail(INSTALL)
    with browser() as driver:
        yield driver


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With xdist, a module's tests share a process and its fixtures, unless grouped otherwise; the longest go first."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
