"""Source files: decoding, the screens that decide what libcst is given, regions and positions."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from tf_nan_lint.diagnostics import Position, Span
from tf_nan_lint.errors import SourceError

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_OWN_TF = re.compile(rb"\bimport\b[^\n]*\btf[12]?\b")
_BOM = b"\xef\xbb\xbf"


def mentions_tensorflow(data: bytes) -> bool:
    """The byte screen: whether a file can use TensorFlow or Keras at all."""
    return b"tensorflow" in data or b"keras" in data or (b"tf" in data and _OWN_TF.search(data) is not None)


@dataclass(frozen=True, slots=True)
class Screen:
    """What makes a scope a candidate: the last parts of names that rules look at, and Python's own operators."""

    names: frozenset[str]
    operators: frozenset[type[ast.AST]]


class SourceFile:
    """One module's text, with its lines as they stand in the file.

    ``tree`` is Python's own tree where the caller has it already; it is parsed on demand otherwise.
    """

    def __init__(
        self,
        path: str,
        text: str,
        *,
        encoding: str = "utf-8",
        bom: bool = False,
        tree: ast.Module | None = None,
    ) -> None:
        self.path = path
        self.text = text
        self.encoding = encoding
        self.bom = bom
        if tree is not None:
            self.__dict__["tree"] = tree

    @classmethod
    def from_bytes(cls, path: str, data: bytes) -> SourceFile:
        """Decode as Python does: byte order mark, coding line, else UTF-8.

        Raises SourceError where the bytes are not text in that encoding, or hold a null byte.
        """
        if b"\0" in data:
            line = data.count(b"\n", 0, data.index(b"\0")) + 1
            raise SourceError(path, "source code cannot contain null bytes", line)
        bom = data.startswith(_BOM)
        body = data[len(_BOM) :] if bom else data
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            encoding = "utf-8" if encoding == "utf-8-sig" else encoding
            text = body.decode(encoding)
        except (SyntaxError, UnicodeDecodeError, LookupError) as error:
            raise SourceError(path, f"cannot be decoded: {error}") from error
        return cls(path, text, encoding=encoding, bom=bom)

    @classmethod
    def from_text(cls, path: str, text: str, tree: ast.Module | None = None) -> SourceFile:
        """A module whose text is at hand; a leading byte order mark is dropped."""
        return cls(path, text.removeprefix("\ufeff"), tree=tree)

    def with_text(self, text: str) -> SourceFile:
        """The same file with another text."""
        return SourceFile(self.path, text, encoding=self.encoding, bom=self.bom)

    def encode(self, text: str) -> bytes:
        """``text`` as the bytes of this file: its encoding and byte order mark are kept."""
        return (_BOM if self.bom else b"") + text.encode(self.encoding)

    @cached_property
    def lines(self) -> Sequence[str]:
        """The lines with their ends, split where Python's tokenizer splits them."""
        return _LINE.findall(self.text)

    @cached_property
    def newline(self) -> str:
        """The line end that the file uses first."""
        first = self.lines[0] if self.lines else ""
        return first[len(first.rstrip("\r\n")) :] or "\n"

    @cached_property
    def tree(self) -> ast.Module | None:
        """Python's tree, or None where this Python's grammar does not read the file."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # invalid escapes and the like are the author's other tools' concern
                return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    @cached_property
    def whole(self) -> Region:
        """The whole file as one region, for files that only libcst can parse; SourceError where it cannot either."""
        return Region(self, 1, len(self.lines), self.text, 0)

    def outline(self) -> Outline:
        """The scopes of the file, with what each of them names. SourceError where nothing can parse the file."""
        if self.tree is not None:
            return _outline(self, self.tree)
        return _outline_from_libcst(self)

    def slice(self, span: Span) -> str:
        """The text that ``span`` covers."""
        first, last = span.start.line - 1, span.end.line - 1
        if first == last:
            return self.lines[first][span.start.column : span.end.column]
        middle = self.lines[first + 1 : last]
        end = self.lines[last][: span.end.column] if last < len(self.lines) else ""
        return "".join([self.lines[first][span.start.column :], *middle, end])


class Region:
    """A stretch of whole lines that libcst parses by itself; parsed on first use."""

    def __init__(self, source: SourceFile, first: int, last: int, text: str, shift: int) -> None:
        self.source = source
        self.first = first
        self.last = last
        self._text = text
        self._shift = shift

    @classmethod
    def of_lines(cls, source: SourceFile, first: int, last: int, holes: Sequence[tuple[int, int]] = ()) -> Region:
        """Lines ``first`` to ``last``, without the definitions whose line ranges ``holes`` gives.

        An indented region is parsed as the body of an ``if``, which keeps every column; a hole becomes a ``pass`` of
        its own indentation and empty lines, which keeps every line number.
        """
        lines = list(source.lines[first - 1 : last])
        for start, end in holes:
            opening = source.lines[start - 1]
            indentation = opening[: len(opening) - len(opening.lstrip(" \t\f"))]
            lines[start - first : end - first + 1] = [indentation + "pass\n"] + ["\n"] * (end - start)
        text = "".join(lines)
        if first > 1 and lines and lines[0][:1] in " \t":  # a module may begin with an indented comment
            return cls(source, first, last, "if 1:\n" + text, first - 2)
        return cls(source, first, last, text, first - 1)

    @cached_property
    def module(self) -> cst.Module:
        """The libcst tree of this region. SourceError where libcst cannot parse it."""
        try:
            return cst.parse_module(self._text)
        except cst.ParserSyntaxError as error:
            line = max(1, error.raw_line + self._shift)
            raise SourceError(self.source.path, error.message, line, max(0, error.raw_column)) from error

    @property
    def body(self) -> Sequence[cst.BaseStatement]:
        """The statements of the region, without the ``if`` that it may be wrapped in."""
        body: Sequence[cst.BaseStatement] = self.module.body
        if self._text.startswith("if 1:\n") and self._shift == self.first - 2 and isinstance(body[0], cst.If):
            block = body[0].body
            assert isinstance(block, cst.IndentedBlock)
            return block.body
        return body

    @cached_property
    def _positions(self) -> Mapping[cst.CSTNode, CodeRange]:
        wrapper = MetadataWrapper(self.module, unsafe_skip_copy=True)
        return wrapper.resolve(PositionProvider)

    def span(self, node: cst.CSTNode) -> Span:
        """Where ``node`` stands in the file, without the parentheses around it."""
        at = self._positions[node]
        return Span(
            Position(at.start.line + self._shift, at.start.column),
            Position(at.end.line + self._shift, at.end.column),
        )

    def outer_span(self, node: cst.CSTNode) -> Span:
        """Where ``node`` stands in the file, its own parentheses included."""
        span = self.span(node)
        left: Sequence[cst.LeftParen] = getattr(node, "lpar", ())
        right: Sequence[cst.RightParen] = getattr(node, "rpar", ())
        return Span(self.span(left[0]).start, self.span(right[-1]).end) if left and right else span


@dataclass(eq=False, slots=True)
class Mentions:
    """What a scope names: identifiers and attributes, operators, and the attributes of other objects it assigns.

    ``everything`` stands for a scope that could not be looked into.
    """

    names: set[str] = field(default_factory=set)
    operators: set[type[ast.AST]] = field(default_factory=set)
    stores: set[str] = field(default_factory=set)
    everything: bool = False

    def meets(self, names: Collection[str], operators: Collection[type[ast.AST]] = ()) -> bool:
        """Whether any of ``names`` or ``operators`` occurs in the scope."""
        return self.everything or not self.names.isdisjoint(names) or not self.operators.isdisjoint(operators)

    def may_store(self, attribute: str) -> bool:
        """Whether the scope may assign this attribute."""
        return self.everything or attribute in self.stores


@dataclass(eq=False, slots=True)
class Definition:
    """A function, method or class at module or class level, with its lines and what it mentions.

    ``members`` are the definitions inside a class, by name (the last one of a name counts).
    """

    name: str
    region: Region
    is_class: bool
    mentions: Mentions
    parent: Definition | None = None
    members: dict[str, Definition] = field(default_factory=dict)
    node: cst.FunctionDef | cst.ClassDef | None = None

    def statement(self) -> cst.FunctionDef | cst.ClassDef:
        """The libcst node of this definition."""
        if self.node is None:
            (self.node,) = (s for s in self.region.body if isinstance(s, (cst.FunctionDef, cst.ClassDef)))
        return self.node

    @property
    def qualified_name(self) -> str:
        """``Class.method`` or ``function``."""
        return self.name if self.parent is None else f"{self.parent.qualified_name}.{self.name}"


@dataclass(eq=False, slots=True)
class Outline:
    """A file's definitions, and the region of everything that stands outside of them.

    ``aliases`` maps a name bound by ``import … as`` or by a plain assignment to the last parts of what it stands for.
    """

    definitions: list[Definition]
    module: Region
    mentions: Mentions
    aliases: dict[str, set[str]] = field(default_factory=dict)

    def functions(self) -> Iterator[Definition]:
        """Every function and method in the order of the file, classes entered."""
        stack = list(reversed(self.definitions))
        while stack:
            definition = stack.pop()
            if definition.is_class:
                stack.extend(reversed(definition.members.values()))
            else:
                yield definition

    def candidates(self, screen: Screen) -> tuple[bool, list[Definition]]:
        """Whether the module's own statements can hold a diagnostic, and the functions that can.

        A scope is a candidate if it mentions a name or operator of the screen, an alias of such a name, or a function
        that is a candidate.
        """
        wanted = set(screen.names)
        wanted.update(alias for alias, originals in self.aliases.items() if not originals.isdisjoint(wanted))
        functions = list(self.functions())
        chosen: set[int] = set()
        while True:
            new = [f for f in functions if id(f) not in chosen and f.mentions.meets(wanted, screen.operators)]
            if not new:
                break
            chosen.update(map(id, new))
            wanted.update(function.name for function in new)
        return self.mentions.meets(wanted, screen.operators), [f for f in functions if id(f) in chosen]


class _OutlineReader:
    """One walk over Python's tree: definitions with their line ranges, and what each of them mentions."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.aliases: dict[str, set[str]] = {}

    def read(self, tree: ast.Module) -> Outline:
        mentions, definitions, holes = Mentions(), list[Definition](), list[tuple[int, int]]()
        self._statements(tree.body, None, definitions, mentions, holes)
        region = Region.of_lines(self.source, 1, len(self.source.lines), holes)
        return Outline(definitions, region, mentions, self.aliases)

    def _statements(
        self,
        body: Sequence[ast.stmt],
        parent: Definition | None,
        into: list[Definition],
        mentions: Mentions,
        holes: list[tuple[int, int]],
    ) -> None:
        for statement in body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
                last = statement.end_lineno or statement.lineno
                holes.append((first, last))
                into.append(self._definition(statement, parent, first, last))
            elif isinstance(statement, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
                for part in ast.iter_child_nodes(statement):
                    if isinstance(part, ast.stmt):
                        self._statements([part], parent, into, mentions, holes)
                    elif isinstance(part, ast.ExceptHandler):
                        self._statements(part.body, parent, into, mentions, holes)
                    else:
                        self._mentions(part, mentions)
            else:
                self._mentions(statement, mentions)

    def _definition(
        self,
        node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef,
        parent: Definition | None,
        first: int,
        last: int,
    ) -> Definition:
        mentions = Mentions()
        if not isinstance(node, ast.ClassDef):
            self._mentions(node, mentions)
            return Definition(node.name, Region.of_lines(self.source, first, last), False, mentions, parent)
        definition = Definition(node.name, self.source.whole, True, mentions, parent)
        members, holes = list[Definition](), list[tuple[int, int]]()
        self._statements(node.body, definition, members, mentions, holes)
        for expression in (*node.bases, *node.decorator_list):
            self._mentions(expression, mentions)
        definition.members = {member.name: member for member in members}
        definition.region = Region.of_lines(self.source, first, last, holes)
        return definition

    def _mentions(self, root: ast.AST, mentions: Mentions) -> None:
        stack: list[ast.AST] = [root]
        while stack:
            node = stack.pop()
            if isinstance(node, ast.Name):
                mentions.names.add(node.id)
            elif isinstance(node, ast.Attribute):
                mentions.names.add(node.attr)
                if isinstance(node.ctx, ast.Store):
                    mentions.stores.add(node.attr)
                stack.append(node.value)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    if alias.asname:
                        self._alias(alias.asname, alias.name.rpartition(".")[2])
            elif not isinstance(node, ast.Constant):
                if isinstance(node, (ast.BinOp, ast.AugAssign)):
                    mentions.operators.add(type(node.op))
                elif isinstance(node, ast.Assign) and isinstance(node.value, (ast.Name, ast.Attribute)):
                    original = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
                    for target in node.targets:
                        if isinstance(target, (ast.Name, ast.Attribute)):
                            self._alias(target.id if isinstance(target, ast.Name) else target.attr, original)
                stack.extend(ast.iter_child_nodes(node))

    def _alias(self, name: str, original: str) -> None:
        if name != original:
            self.aliases.setdefault(name, set()).add(original)


def _outline(source: SourceFile, tree: ast.Module) -> Outline:
    return _OutlineReader(source).read(tree)


def _outline_from_libcst(source: SourceFile) -> Outline:
    """The outline of a file that only libcst reads: every scope is a candidate, and all share one region."""
    region = source.whole
    everything = Mentions(everything=True)

    def read(body: Sequence[cst.CSTNode], parent: Definition | None) -> list[Definition]:
        found: list[Definition] = []
        for statement in body:
            if isinstance(statement, cst.FunctionDef):
                found.append(Definition(statement.name.value, region, False, everything, parent, node=statement))
            elif isinstance(statement, cst.ClassDef):
                definition = Definition(statement.name.value, region, True, everything, parent, node=statement)
                definition.members = {m.name: m for m in read(statement.body.body, definition)}
                found.append(definition)
            elif isinstance(statement, (cst.If, cst.With, cst.For, cst.While, cst.Try)):
                found += read(statement.body.body, parent)
        return found

    return Outline(read(region.module.body, None), region, everything)
