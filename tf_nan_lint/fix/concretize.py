"""From a rewrite of the graph to edits of the source, with the statements that it leaves dead."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable, Collection, Sequence
from itertools import combinations

import libcst as cst

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.diagnostics import Applicability, Edit, Fix, Position, Span
from tf_nan_lint.fix.simplify import simplify
from tf_nan_lint.fix.writer import CannotWriteError, Writer, precedence_of
from tf_nan_lint.graph import names
from tf_nan_lint.graph.build import Module
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.scopes import Binding, Scope, Statement
from tf_nan_lint.graph.text import span_of
from tf_nan_lint.ops import OPS
from tf_nan_lint.rules.base import Rewrite

TF1_BROADCAST = "tf.where of TensorFlow 1 does not broadcast, and an operand of the condition may out-rank the value"


def concretize(rewrites: Sequence[Rewrite], facts: Facts) -> Fix | None:
    """The first of some alternative rewrites that can be written in this file, or None."""
    for rewrite in rewrites:
        try:
            fix = _concretize(rewrite, facts)
        except CannotWriteError:
            continue
        if fix is not None:
            return fix
    return None


def _concretize(rewrite: Rewrite, facts: Facts) -> Fix | None:
    module = facts.module
    edits: list[Edit] = []
    removed: set[int] = set()
    reads: set[str] = set()
    applicability, reason = rewrite.applicability, rewrite.reason
    sites = [replacement.site for replacement in rewrite.replacements]
    if any(site.calls or site.statement is None for site in sites):
        # The body of a function that was followed for one of its callers: other callers see the same text.
        return None
    for replacement in rewrite.replacements:
        site = replacement.site
        node = simplify(facts.graph, replacement.node)
        if rewrite.eliminates is not None and any(part is rewrite.eliminates for part in node.walk()):
            return None
        if applicability is Applicability.SAFE and _may_not_broadcast(node, site, facts):
            applicability, reason = Applicability.UNSAFE, TF1_BROADCAST
        writer = Writer(module, site)
        text, precedence = writer.write(node)
        old = site.expression
        if not isinstance(old, cst.BaseExpression) or _loses_comment(module, site, text):
            return None
        if precedence < precedence_of(old) and not getattr(old, "lpar", ()) and not _stands_alone(site):
            text = f"({text})"
        edits.append(_narrowed(module.source.slice(span_of(site)), text, span_of(site)))
        edits += _hoisting(writer, site)
        reads |= writer.reads
        removed |= {id(part) for part in _parts(old)}
    if any(a.span.overlaps(b.span) for a, b in combinations(edits, 2)):
        return None
    frees = _frees(sites[0].scope, removed)
    edits += _dead_statements(sites[0], removed, reads, module)
    return Fix(rewrite.message, tuple(sorted(edits)), applicability, reason, frees)


def _stands_alone(site: Site) -> bool:
    """Whether the expression is all of a statement's value or of an argument, where any operator may stand."""
    statement = site.statement.node
    if getattr(statement, "value", None) is site.expression:
        return True
    return any(isinstance(part, cst.Arg) and part.value is site.expression for part in _parts(statement))


def _narrowed(old: str, new: str, span: Span) -> Edit:
    """The edit from ``old`` to ``new`` without what both begin and end with, cut between words."""
    start = _common(old, new)
    while (start and _within_word(old, start)) or (start and _within_word(new, start)):
        start -= 1
    room = min(len(old), len(new)) - start
    end = min(_common(old[::-1], new[::-1]), room)
    while end and (_within_word(old, len(old) - end) or _within_word(new, len(new) - end)):
        end -= 1
    return Edit(
        Span(_advanced(span.start, old[:start]), _advanced(span.start, old[: len(old) - end])),
        new[start : len(new) - end],
    )


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _within_word(text: str, index: int) -> bool:
    return 0 < index < len(text) and all(c.isalnum() or c in "_." for c in text[index - 1 : index + 1])


def _advanced(position: Position, over: str) -> Position:
    """The place behind ``over``, a text that starts at ``position``."""
    lines = over.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) == 1:
        return Position(position.line, position.column + len(over))
    return Position(position.line + len(lines) - 1, len(lines[-1]))


def _frees(scope: Scope, removed: set[int]) -> tuple[tuple[str, str], ...]:
    """The variables of ``scope`` that ``removed`` expressions read."""
    function = scope.qualified_name
    read = (
        name for name, bindings in scope.history.items() if any(id(r) in removed for b in bindings for r in b.reads)
    )
    return tuple((function, name) for name in read)


def _hoisting(writer: Writer, site: Site) -> list[Edit]:
    """Statements that compute shared values right before the statement of ``site``."""
    if not writer.hoisted:
        return []
    line = site.statement.line
    source = site.scope.region.source
    start = site.scope.region.span(line).start
    indentation = source.lines[start.line - 1][: start.column]
    if indentation.strip():
        raise CannotWriteError("the statement does not begin its line")
    text = "".join(f"{name} = {value}{source.newline}{indentation}" for name, value in writer.hoisted.values())
    return [Edit(Span(start, start), text)]


def _may_not_broadcast(node: Node, site: Site, facts: Facts) -> bool:
    """Whether a ``where`` of TensorFlow 1 gets a condition whose shape may not be that of its value."""
    if not (facts.module.uses_tf1 or names.family_of(site.spelling or "") == "tf1") or node.op != "where":
        return False
    condition, value, _ = node.args
    leaves = {part.id for part in value.walk()}
    return any(
        arg.id not in leaves and not facts.at(site, arg).rank0
        for arg in condition.args
        if arg.op != "negative" or arg.args[0].id not in leaves
    )


def _loses_comment(module: Module, site: Site, text: str) -> bool:
    old = module.source.slice(span_of(site))
    if "#" not in old:
        return False
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"({old})").readline))
    except (tokenize.TokenError, SyntaxError):
        return True
    return any(token.type == tokenize.COMMENT and token.string not in text for token in tokens)


def _dead_statements(site: Site, removed: set[int], reads: set[str], module: Module) -> list[Edit]:
    """Edits that take out assignments nobody reads once ``removed`` expressions are gone."""
    needed: set[int] = set()
    stack = [b for name in reads if (b := site.scope.lookup(name, site.time)) is not None]
    while stack:
        top = stack.pop()
        if id(top) not in needed:
            needed.add(id(top))
            stack.extend(top.sources)
    return _unread(site.scope, module, removed, lambda binding, lost: bool(lost) and id(binding) not in needed)


def sweep(module: Module, freed: Collection[tuple[str, str]]) -> list[Edit]:
    """Edits that take out assignments to ``freed`` (function, variable) pairs that nobody reads any more."""
    edits: dict[Edit, None] = {}
    for scope in module.scopes:
        variables = {name for function, name in freed if function == scope.qualified_name}
        if variables and not scope.calls:
            edits |= dict.fromkeys(_unread(scope, module, set(), _loses_or_is(variables)))
    return list(edits)


def _loses_or_is(variables: Collection[str]) -> Callable[[Binding, Sequence[cst.BaseExpression]], bool]:
    return lambda binding, lost: bool(lost) or binding.name in variables


def _unread(
    scope: Scope, module: Module, removed: set[int], may_go: Callable[[Binding, Sequence[cst.BaseExpression]], bool]
) -> list[Edit]:
    """Edits that take out the assignments of ``scope`` all of whose readers are ``removed``, and what only they read.

    ``may_go`` decides by a binding and the readers it loses.
    """
    edits: list[Edit] = []
    gone: set[int] = set()
    grew = True
    while grew:
        grew = False
        for same_name in scope.history.values():
            for binding in same_name:
                if id(binding) in gone or not _removable(binding, same_name, module):
                    continue
                lost = [read for read in binding.reads if id(read) in removed]
                if len(lost) == len(binding.reads) and may_go(binding, lost):
                    assert binding.statement is not None
                    gone.add(id(binding))
                    removed |= {id(part) for part in _parts(binding.statement.node)}
                    edits.append(_deletion(binding.statement))
                    grew = True
    return edits


def _removable(binding: Binding, same_name: Sequence[Binding], module: Module) -> bool:
    scope_ = binding.statement.scope if binding.statement is not None else None
    if binding.kind != "assign" or scope_ is None or binding.statement is None or binding.statement.line is None:
        return False
    if binding.name in scope_.captured or binding.name in scope_.outside:
        return False
    if scope_.kind == "module" and same_name[-1] is binding:
        return False  # importable
    return _is_pure(binding.statement, module) and not _has_other_readers(scope_, binding.name, same_name)


def _has_other_readers(scope: Scope, name: str, same_name: Sequence[Binding]) -> bool:
    """Whether the function mentions ``name`` where the graph does not follow it, or can look at all its variables."""
    seen = {id(read) for binding in same_name for read in binding.reads}
    stack: list[cst.CSTNode] = [scope.node if scope.node is not None else scope.region.module]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.Name):
            if (node.value == name and id(node) not in seen) or node.value in ("locals", "vars", "eval", "exec"):
                return True
        elif isinstance(node, (cst.Attribute, cst.Arg)):
            stack.append(node.value)
        elif not (isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Name)):
            stack.extend(node.children)
    return False


def _is_pure(statement: Statement, module: Module) -> bool:
    sites = {id(s.expression): s for s in module.graph.sites if s.statement is statement}
    for part in _parts(statement.node):
        if isinstance(part, (cst.Await, cst.Yield, cst.NamedExpr, cst.Lambda)):
            return False
        if isinstance(part, cst.Call):
            known = sites.get(id(part))
            if known is None or known.node.op not in OPS:
                return False
    return True


def _deletion(statement: Statement) -> Edit:
    line = statement.line
    assert line is not None
    region = statement.scope.region
    span = region.span(line)
    source = region.source
    start, end = span.start, span.end
    rest = source.lines[end.line - 1][end.column :]
    if rest.strip():
        # A comment behind the statement stays, on a line of its own.
        shift = len(rest) - len(rest.lstrip())
        return Edit(Span(start, Position(end.line, end.column + shift)), "")
    return Edit(Span(Position(start.line, 0), Position(end.line + 1, 0)), "")


def _parts(root: cst.CSTNode) -> list[cst.CSTNode]:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        found.append(node)
        stack.extend(node.children)
    return found
