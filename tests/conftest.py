"""For all tests: shapes and types of the package are checked at every call, and what belongs together runs in one process."""

import functools
import os

import pytest

if os.environ.get("INDUCTION_HEADS_TYPECHECK", "1") != "0":
    from jaxtyping import config, install_import_hook

    install_import_hook("induction_heads", "beartype.beartype")

    import torch

    compile_checked = torch.compile

    def compile_unchecked(*arguments, **options):
        """`torch.compile` cannot trace the checks, so they are off while compiled code is called."""
        if not arguments:
            return lambda function: compile_unchecked(function, **options)
        compiled = compile_checked(*arguments, **options)

        @functools.wraps(arguments[0])
        def call(*given, **named):
            before = config.jaxtyping_disable
            config.update("jaxtyping_disable", True)
            try:
                return compiled(*given, **named)
            finally:
                config.update("jaxtyping_disable", before)

        return call

    torch.compile = compile_unchecked


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With xdist, a module's tests share a process and its fixtures, unless they are grouped otherwise; the longest go first."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
