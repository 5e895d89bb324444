"""What a rule is: one class with its code, its name, its check, its rewrites and its examples."""

from __future__ import annotations

import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from tf_nan_lint.diagnostics import Applicability

if TYPE_CHECKING:
    from tf_nan_lint.analysis.facts import Facts
    from tf_nan_lint.graph.nodes import Node, Site


@dataclass(frozen=True, slots=True)
class Replacement:
    """Write the expression of ``site`` as source of ``node``."""

    site: Site
    node: Node


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A repair in terms of the graph; ``fix/concretize.py`` turns it into edits of the source.

    ``reason`` says why it is not ``SAFE``. A rewrite that ``eliminates`` a node is offered only if simplification removes
    every use of it; several rewrites of one finding are alternatives, the first that can be written counts.
    """

    message: str
    replacements: tuple[Replacement, ...]
    applicability: Applicability
    reason: str = ""
    eliminates: Node | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect as a rule sees it. ``site`` is where it stands, ``cause`` the related place, ``hazard`` identifies
    the operation that is singular: of several findings about one hazard the most specific rule speaks alone."""

    site: Site
    message: str
    evidence: str
    cause: Site | None = None
    cause_message: str = ""
    hazard: Node | None = None
    rewrites: tuple[Rewrite, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """Code that a rule reports, what its fix leaves, and the inputs that prove both on TensorFlow.

    ``bad`` is a module with a function ``f``; the reported lines end in ``# TFN`` comments with the code. ``good`` is
    the exact text after ``--fix --unsafe-fixes`` (None: no fix). ``witness`` and ``ordinary`` are argument lists for
    ``f`` (nested lists of numbers, in float32). ``breaks`` maps each of ``eager``, ``graph``
    and ``xla`` to what is not finite on the witness: ``value``, ``gradient`` or ``nothing``. ``slice`` runs the example
    through the slice instead of executing its text, for spellings that TensorFlow 2 cannot import.
    """

    title: str
    bad: str
    good: str | None
    witness: tuple[object, ...]
    ordinary: tuple[tuple[object, ...], ...] = ()
    breaks: Mapping[str, str] = field(
        default_factory=lambda: {"eager": "gradient", "graph": "gradient", "xla": "gradient"}
    )
    applicability: Applicability = Applicability.SAFE
    watch: tuple[int, ...] | None = None
    rtol: float = 1e-5
    atol: float = 1e-6
    slice: bool = False


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Code that looks like a finding of this rule and must stay silent, with the reason."""

    reason: str
    code: str


class Rule(ABC):
    """One rule: a file of its own, whose module docstring is its documentation page.

    ``functions`` are names of functions outside of the op table that it looks at as well (their nodes are ``call``s).
    """

    code: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    ops: ClassVar[frozenset[str]]
    functions: ClassVar[frozenset[str]] = frozenset()
    enabled: ClassVar[bool] = True
    fixable: ClassVar[bool] = True
    specificity: ClassVar[int] = 0
    examples: ClassVar[tuple[Example, ...]]
    near_misses: ClassVar[tuple[NearMiss, ...]]

    @abstractmethod
    def check(self, site: Site, facts: Facts) -> Iterator[Finding]:
        """Findings that stand on ``site``, whose node is an application of one of ``ops``."""

    @property
    def documentation(self) -> str:
        """The module docstring: a title line, then the sections of the rule's page in Markdown."""
        return inspect.cleandoc(sys.modules[type(self).__module__].__doc__ or "")

    @property
    def url(self) -> str:
        """Where the rule's page is published."""
        return f"https://tf-nan-lint.readthedocs.io/rules/{self.name}/"
