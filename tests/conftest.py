"""For all tests: shapes and types of the package are checked at every call, and what belongs together runs in one process."""

import ast
import functools
import os

import pytest

if os.environ.get("INDUCTION_HEADS_TYPECHECK", "1") != "0":
    from jaxtyping import _import_hook, config, install_import_hook

    decorate = _import_hook.JaxtypingTransformer.visit_FunctionDef

    def decorate_outermost(self, node):
        """A function inside a function is left alone: decorating it at each call is slow, and `torch.compile` cannot trace it."""
        return node if any(isinstance(parent, ast.FunctionDef) for parent in self._parents) else decorate(self, node)

    _import_hook.JaxtypingTransformer.visit_FunctionDef = decorate_outermost
    # The space is for another name of the cached bytecode than that of an unchanged hook.
    install_import_hook("induction_heads", "beartype.beartype ")

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
