"""The source text behind nodes and sites: what messages quote and fixes reuse."""

from __future__ import annotations

from tf_nan_lint.diagnostics import Span
from tf_nan_lint.graph.nodes import Graph, Node, Site

QUOTED: int = 40
"""How much of an expression a message quotes, in characters."""


def span_of(site: Site) -> Span:
    """Where the expression of ``site`` stands in its file."""
    span: Span = site.scope.region.span(site.expression)
    return span


def text_of(site: Site) -> str:
    """The expression of ``site`` as it is written."""
    return site.scope.region.source.slice(span_of(site))


def line_of(site: Site) -> int:
    """The line that ``site`` starts on."""
    return span_of(site).start.line


def describe(graph: Graph, node: Node, near: Site) -> str:
    """``node`` in the words of its author: a name that means it near a site, else its expression, on one line."""
    for name in near.scope.names_of(node, near.time):
        if not name.startswith("*"):
            return name
    paths = near.scope.attributes.get(node.id)
    if paths:
        return min(paths)
    if node.op == "const":
        return repr(node.value)
    if node.op == "input":
        return str(node.attr("name"))
    for site in graph.sites_of(node):
        text = " ".join(text_of(site).split())
        return text if len(text) <= QUOTED else text[: QUOTED - 1].rstrip() + "…"
    return f"the {node.op} here" if node.op not in ("item", "phi", "loop") else "a value"
