"""Graphs and facts of small sources, for tests that look below the diagnostics."""

from __future__ import annotations

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.domain.value import AbstractValue
from tf_nan_lint.graph.build import Module, build
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.source import SourceFile

HEAD = "import tensorflow as tf\n"


def module_of(text: str) -> Module:
    """The value graph of a module, every function built."""
    source = SourceFile.from_text("module.py", text)
    outline = source.outline()
    return build(source, outline, list(outline.functions()))


def returned(text: str, name: str = "f") -> Node:
    """The node that the last ``return`` of a function gives, its parameters unknown."""
    module = module_of(HEAD + text)
    scope = next(s for s in module.scopes if s.name == name and not s.calls)
    return scope.returns[-1][1]


def site_of(text: str, op: str) -> tuple[Site, Facts]:
    """The last place that computes ``op``, and the facts of its module."""
    module = module_of(HEAD + text)
    sites = [s for s in module.graph.sites if s.node.op == op]
    return sites[-1], Facts(module)


def operand_of(text: str, op: str, index: int = 0) -> AbstractValue:
    """What is known of an operand at the last place that computes ``op``."""
    site, facts = site_of(text, op)
    return facts.at(site, site.node.args[index])
