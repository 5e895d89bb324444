"""The pipeline on one screen: a source file in, diagnostics or repaired text out."""

from __future__ import annotations

import ast
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

from tf_nan_lint.analysis.facts import Facts
from tf_nan_lint.config import Config
from tf_nan_lint.diagnostics import Cause, Diagnostic, Position, Span
from tf_nan_lint.domain.dtypes import FLOATS
from tf_nan_lint.errors import ConvergenceError, SourceError
from tf_nan_lint.fix.apply import apply, choose
from tf_nan_lint.fix.concretize import concretize, sweep
from tf_nan_lint.graph.build import Module, build
from tf_nan_lint.graph.noqa import Suppressions
from tf_nan_lint.graph.source import Screen, SourceFile, mentions_tensorflow
from tf_nan_lint.graph.text import span_of
from tf_nan_lint.ops import OPS
from tf_nan_lint.rules import RULES
from tf_nan_lint.rules.base import Finding, Rule

MAX_PASSES: Final = 10
"""How often a file is fixed and linted again before its fixes are said not to converge."""

_STACK: Final = 512 * 1024 * 1024
_DEPTH: Final = 60_000
_OPERATORS: Final = {"/": ast.Div, "**": ast.Pow}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FixResult:
    """What fixing a file gave: its new text, the diagnostics that were repaired, and those that are left."""

    text: str
    applied: tuple[Diagnostic, ...]
    remaining: tuple[Diagnostic, ...]


def lint(source: SourceFile, config: Config, *, screened: bool = True, reraise: bool = False) -> tuple[Diagnostic, ...]:
    """The diagnostics of one file, in the order of the file.

    A file that cannot be parsed gives one TFN001. ``screened`` False looks at every scope; ``reraise`` lets internal errors
    pass instead of reporting them as TFN000.
    """
    if screened and not mentions_tensorflow(source.text.encode("utf-8", "surrogatepass")):
        return ()
    try:
        found = _on_deep_stack(lambda: _lint(source, config, screened=screened, reraise=reraise))
    except SourceError as error:
        at = Position(error.line, error.column)
        found = [Diagnostic("TFN001", "syntax-error", f"file cannot be parsed: {error.problem}", Span(at, at))]
    except RecursionError:
        found = [_internal("the code is nested too deeply to be analysed", Position(1, 0))]
    suppressions = Suppressions.parse(source.text) if config.respect_noqa else None
    kept = [
        diagnostic
        for diagnostic in found
        if config.selects(diagnostic.code)
        and (suppressions is None or not suppressions.covers(diagnostic.code, diagnostic.span.start.line))
    ]
    return tuple(sorted(kept, key=lambda d: d.order))


def fix(source: SourceFile, config: Config, *, reraise: bool = False) -> FixResult:
    """Apply fixes and lint again until nothing changes. Raises ConvergenceError after ``MAX_PASSES`` passes."""
    applied: list[Diagnostic] = []
    refused: set[tuple[str, str]] = set()
    current = source
    diagnostics = lint(current, config, reraise=reraise)
    for _ in range(MAX_PASSES):
        wanted = [d for d in diagnostics if config.applies(d.fix) and _identity(d) not in refused]
        chosen = choose(wanted)
        if not chosen:
            return FixResult(current.text, tuple(applied), diagnostics)
        step = _step(current, chosen, diagnostics, config, reraise=reraise)
        if step is None and len(chosen) > 1:
            # One of several is to blame: they are tried one by one.
            chosen = chosen[:1]
            step = _step(current, chosen, diagnostics, config, reraise=reraise)
        if step is None:
            refused.update(_identity(d) for d in chosen)
            continue
        current, diagnostics = step
        applied += chosen
    raise ConvergenceError(source.path, MAX_PASSES, tuple(sorted({d.code for d in chosen})))


def _step(
    current: SourceFile,
    chosen: Sequence[Diagnostic],
    before: Sequence[Diagnostic],
    config: Config,
    *,
    reraise: bool,
) -> tuple[SourceFile, tuple[Diagnostic, ...]] | None:
    """The file after the fixes of ``chosen``, and its diagnostics; None if they do not do what they say."""
    edits = [edit for d in chosen if d.fix is not None for edit in d.fix.edits]
    changed = current.with_text(apply(current.lines, edits))
    freed = {pair for d in chosen if d.fix is not None for pair in d.fix.frees}
    changed = _on_deep_stack(lambda: _swept(changed, freed))
    after = lint(changed, config, reraise=reraise)
    if any(d.code == "TFN001" for d in after):
        return None
    left = Counter(d.code for d in after)
    had = Counter(d.code for d in before)
    repaired = Counter(d.code for d in chosen)
    if any(left[code] > had[code] - count for code, count in repaired.items()):
        return None
    return changed, after


def _swept(source: SourceFile, freed: Collection[tuple[str, str]]) -> SourceFile:
    """``source`` without the assignments that fixes together left without a reader."""
    try:
        outline = source.outline()
    except SourceError:
        return source  # the caller's lint says so
    functions = [f for f in outline.functions() if any(f.mentions.meets({name}) for _, name in freed)]
    edits = sweep(build(source, outline, functions), freed)
    return source.with_text(apply(source.lines, edits)) if edits else source


def _identity(diagnostic: Diagnostic) -> tuple[str, str]:
    return diagnostic.code, diagnostic.message


# ---- one file ---------------------------------------------------------------------------------------------------------


def _lint(source: SourceFile, config: Config, *, screened: bool, reraise: bool) -> list[Diagnostic]:
    outline = source.outline()
    if screened:
        has_candidates, functions = outline.candidates(_screen())
        if not has_candidates and not functions:
            return []
    else:
        functions = list(outline.functions())
    module = build(source, outline, functions)
    facts = Facts(module, FLOATS[config.compute_dtype], xla=config.xla)
    found: list[tuple[Rule, Finding]] = []
    errors: list[Diagnostic] = []
    rules = _rules_by_op()
    for site in module.graph.sites:
        looking = rules.get(site.node.op, ())
        if looking and facts.is_wrapper(site):
            continue
        for rule in looking:
            try:
                found.extend((rule, finding) for finding in rule.check(site, facts))
            except RecursionError:
                raise
            except Exception as error:  # a defect of ours must not cost the user the other findings
                if reraise:
                    raise
                errors.append(
                    _internal(f"{rule.code} failed here: {type(error).__name__}: {error}", span_of(site).start)
                )
    return [*errors, *_diagnostics(found, module, facts)]


def _diagnostics(found: Sequence[tuple[Rule, Finding]], module: Module, facts: Facts) -> list[Diagnostic]:
    """One diagnostic per defect: of several rules on one hazard the most specific speaks, and of several calls the first."""
    speakers: dict[object, int] = {}
    for rule, finding in found:
        for place in _places(finding, facts):
            speakers[place] = max(speakers.get(place, -1), rule.specificity)
    kept: dict[tuple[str, Span], Diagnostic] = {}
    for rule, finding in sorted(found, key=lambda pair: len(pair[1].site.calls)):
        if any(rule.specificity < speakers[place] for place in _places(finding, facts)):
            continue
        span = span_of(finding.site)
        if (rule.code, span) in kept:
            continue
        cause = Cause(span_of(finding.cause), finding.cause_message) if finding.cause is not None else None
        repair = concretize(finding.rewrites, facts)
        kept[rule.code, span] = Diagnostic(rule.code, rule.name, finding.message, span, cause, finding.evidence, repair)
    return list(kept.values())


def _places(finding: Finding, facts: Facts) -> set[object]:
    """What identifies a defect: where the finding stands, and the place of its singular operation."""
    places: set[object] = {finding.site.expression}
    if finding.hazard is not None:
        site = facts.site_of(finding.hazard, finding.site)
        places.add(site.expression if site is not None else finding.hazard.id)
    return places


def _internal(problem: str, at: Position) -> Diagnostic:
    message = f"internal error, please report it: {problem}"
    return Diagnostic("TFN000", "internal-error", message, Span(at, at))


@lru_cache(maxsize=1)
def _rules_by_op() -> dict[str, tuple[Rule, ...]]:
    by_op: dict[str, tuple[Rule, ...]] = {}
    for rule in RULES.values():
        for op in rule.ops:
            by_op[op] = (*by_op.get(op, ()), rule)
    return by_op


@lru_cache(maxsize=1)
def _screen() -> Screen:
    names: set[str] = set()
    operators: set[type[ast.AST]] = set()
    for rule in RULES.values():
        names.update(rule.functions)
    for op in _rules_by_op():
        if op not in OPS:
            continue
        row = OPS[op]
        names.update(name.rpartition(".")[2] for name in row.names)
        if row.symbol in _OPERATORS:
            operators.add(_OPERATORS[row.symbol])
            names.update({"__truediv__", "__div__", "__pow__"})
    return Screen(frozenset(names), frozenset(operators))


def _on_deep_stack(function: Callable[[], T]) -> T:
    """Call ``function``; if Python's stack is too short for it, again in a thread with a deep one."""
    try:
        return function()
    except RecursionError:
        pass
    result: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            result.append(function())
        except BaseException as error:  # handed to the caller's thread
            errors.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK)
    sys.setrecursionlimit(_DEPTH)
    try:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(size)
    if errors:
        raise errors[0]
    return result[0]
