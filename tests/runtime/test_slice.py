"""Slices: near-misses (what must not be computed) first, then the text, then what it computes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.runtime.graphs import LAM, VALUE, X, dtype, founding, parameter
from tf_nan_lint.graph.nodes import Graph, Node
from tf_nan_lint.ops import OPS
from tf_nan_lint.runtime.execute import evaluate
from tf_nan_lint.runtime.slice import PRIMITIVES, SliceError, slice_of

pytestmark = pytest.mark.tensorflow


@pytest.fixture
def graph() -> Graph:
    return Graph()


def body(*outputs: Node) -> str:
    return slice_of(outputs).source.partition("\n")[2].strip()


# ---- what becomes an input ------------------------------------------------------------------------------------------


def test_an_unknown_call_is_an_input_with_its_name(graph: Graph) -> None:
    call = graph.node("call", parameter(graph, "x"), name="encode", key=-1, path=None)
    assert slice_of([graph.node("log", call)]).source == "def sliced(encode):\n    return tf.math.log(encode)\n"


def test_a_part_of_an_unknown_value_is_an_input_of_its_own(graph: Graph) -> None:
    call = graph.node("call", parameter(graph, "x"), name="encode", key=-1, path=None)
    parts = [graph.node("item", call, graph.const(i)) for i in (0, 1)]
    assert slice_of([graph.node("add", *parts)]).inputs == ("encode_0", "encode_1")


def test_a_lazy_if_is_an_input_because_where_would_compute_both_branches(graph: Graph) -> None:
    x = parameter(graph, "x")
    lazy = graph.node("phi", graph.node("greater", x, graph.const(0.0)), graph.node("log", x), x)
    assert slice_of([graph.node("exp", lazy)]).inputs == ("choice",)


def test_an_if_with_a_constant_condition_is_its_branch(graph: Graph) -> None:
    x = parameter(graph, "x")
    taken = graph.node("phi", graph.const(False), x, graph.node("log", x))
    assert body(graph.node("exp", taken)) == "return tf.math.exp(tf.math.log(x))"


def test_random_numbers_are_an_input_within_their_range(graph: Graph) -> None:
    uniform = graph.node("random_uniform", shape=graph.const(3))
    (spec,) = slice_of([graph.node("log", uniform)]).specs
    assert (spec.low, spec.high) == (0.0, math.nextafter(1.0, 0.0))


def test_a_parameter_with_a_default_keeps_it_in_a_witness(graph: Graph) -> None:
    alpha = graph.node("input", name="alpha", kind="parameter", key=1, default=graph.const(0.5))
    (spec,) = slice_of([graph.node("log", alpha)]).specs
    assert (spec.low, spec.high) == (0.5, 0.5)


def test_an_op_whose_axis_is_not_known_is_an_input(graph: Graph) -> None:
    total = graph.node("reduce_sum", parameter(graph, "x"), axis=parameter(graph, "axis"))
    assert slice_of([graph.node("log", total)]).inputs == ("reduce_sum",)


@pytest.mark.parametrize("kind", ["input", "const", "call"])
def test_what_is_no_operation_has_no_slice(graph: Graph, kind: str) -> None:
    nodes = {
        "input": parameter(graph, "x"),
        "const": graph.const(1.0),
        "call": graph.node("call", name="encode", key=-1, path=None),
    }
    with pytest.raises(SliceError, match="no operation that TensorFlow can be asked to run"):
        slice_of([nodes[kind]])


def test_no_outputs_are_refused() -> None:
    with pytest.raises(SliceError, match="no output is asked for"):
        slice_of([])


# ---- names and kinds of inputs --------------------------------------------------------------------------------------


def test_names_are_readable_unique_and_python(graph: Graph) -> None:
    names = ["x", "self.x", "class", "2d", "v1", "tf"]
    inputs = [graph.node("input", name=name, kind="unknown", key=i) for i, name in enumerate(names)]
    again = graph.node("input", name="x", kind="unknown", key=99)
    shared = graph.node("add_n", *inputs, again)
    piece = slice_of([graph.node("multiply", shared, graph.node("exp", shared))])
    assert piece.inputs == ("x", "self_x", "class_", "x2d", "v1", "tf_", "x_2")
    assert "v2 = tf.math.add_n(" in piece.source or "v2 = tf.add_n(" in piece.source
    assert float(piece.compile()(*[0.125] * 7)) == pytest.approx(7 / 8 * math.exp(7 / 8))


def test_conditions_are_bool_and_indices_are_int(graph: Graph) -> None:
    mask, index, x = (parameter(graph, name) for name in ("mask", "index", "x"))
    picked = graph.node("gather", x, index, axis=graph.const(1))
    piece = slice_of([graph.node("where", graph.node("logical_not", mask), picked, graph.const(0.0))])
    assert {spec.name: spec.kind for spec in piece.specs} == {"mask": "bool", "index": "int", "x": "float"}


def test_a_repair_takes_the_arguments_of_its_original(graph: Graph) -> None:
    x, y = parameter(graph, "x"), parameter(graph, "y")
    before = slice_of([graph.node("add", graph.node("log", x), y)])
    after = slice_of([graph.node("log", y)], before.nodes)
    assert before.inputs == after.inputs == ("x", "y")


# ---- the text -------------------------------------------------------------------------------------------------------


def test_a_shared_node_is_computed_once(graph: Graph) -> None:
    before, _ = founding(graph)
    source = slice_of([before]).source
    assert source.count("tf.nn.relu(") == 2
    assert source.splitlines()[1] == "    v1 = tf.nn.relu(f - lam)"


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda g, x: ("subtract", x, g.node("subtract", x, g.const(1.0))), "x - (x - 1.0)"),
        (lambda g, x: ("subtract", g.node("subtract", x, g.const(1.0)), x), "x - 1.0 - x"),
        (lambda g, x: ("pow", g.node("pow", x, g.const(3.0)), x), "(x ** 3.0) ** x"),
        (lambda g, x: ("pow", g.const(-2.0), x), "(-2.0) ** x"),
        (lambda g, x: ("pow", g.node("negative", x), x), "(-x) ** x"),
        (lambda g, x: ("negative", g.node("pow", x, x)), "-x ** x"),
        (lambda g, x: ("negative", g.node("add", x, x)), "-(x + x)"),
        (lambda g, x: ("multiply", g.node("negative", x), x), "-x * x"),
        (lambda g, x: ("equal", g.node("less", x, g.const(0.0)), x), "(x < 0.0) == x"),
        (lambda g, x: ("maximum", x, g.const(math.inf)), "tf.math.maximum(x, float('inf'))"),
        (lambda g, x: ("cast", x, "dtype"), "tf.cast(x, dtype=tf.int32)"),
        (lambda g, x: ("sqrt_clipped", x), "tf.math.sqrt(tf.math.maximum(x, 0.0))"),
        (lambda g, x: ("log2", x), "keras.ops.log2(x)"),
        (lambda g, x: ("concat", x, g.const(2.0)), "tf.concat([x, 2.0])"),
    ],
)
def test_an_expression_is_written_so_that_it_means_the_same(graph: Graph, build, text: str) -> None:
    op, *operands = build(graph, parameter(graph, "x"))
    attrs = {operands.pop(): dtype(graph, "int32")} if operands[-1] == "dtype" else {}
    if op == "concat":
        # The axis is required by TensorFlow; here only the list of operands matters.
        attrs, text = {"axis": graph.const(0)}, text.replace("])", "], axis=0)")
    assert body(graph.node(op, *operands, **attrs)) == f"return {text}"


def test_arguments_have_the_names_that_tensorflow_gives_them(graph: Graph) -> None:
    x = parameter(graph, "x")
    moments = graph.node("moments", x, axis=graph.node("list", graph.const(0)), keepdims=graph.const(True))
    variance = graph.node("item", moments, graph.const(1))
    assert body(graph.node("sqrt", variance)) == "return tf.math.sqrt(tf.nn.moments(x, axes=[0], keepdims=True)[1])"


def test_a_part_of_a_computed_tensor_is_computed(graph: Graph) -> None:
    index = graph.node(
        "tuple",
        graph.node("slice", graph.const(None), graph.const(None), graph.const(None)),
        graph.node("slice", graph.const(1), graph.const(None), graph.const(2)),
        graph.const(None),
    )
    x = parameter(graph, "x")
    piece = slice_of([graph.node("log", graph.node("item", graph.node("exp", x), index))])
    assert "tf.math.exp(x)[:, 1::2, None]" in piece.source
    assert evaluate(piece.compile(), [[[1, 2, 3, 4]]], "eager").values[0].tolist() == [[[2], [4]]]


def test_a_dtype_of_another_tensor_and_a_shape_made_of_sizes_are_written_out(graph: Graph) -> None:
    x = parameter(graph, "x")
    rows = graph.node("item", graph.node("shape", x), graph.const(0))
    flat = graph.node("reshape", graph.node("exp", x), shape=graph.node("list", rows, graph.const(-1)))
    ones = graph.node("cast", graph.const(1), dtype=graph.node("attr", x, name="dtype"))
    piece = slice_of([graph.node("add", flat, ones)])
    assert piece.inputs == ("x",)
    assert evaluate(piece.compile(), [[[[0, 0]], [[0, 0]]]], "graph").values[0].tolist() == [[2, 2], [2, 2]]


def test_a_long_sum_is_written_without_deep_nesting(graph: Graph) -> None:
    node = parameter(graph, "x")
    for _ in range(3000):
        node = graph.node("add", graph.node("abs", node), graph.const(1.0))
    assert float(slice_of([node]).compile()(0.0)) == 3000.0


def test_several_outputs_are_a_tuple(graph: Graph) -> None:
    x = parameter(graph, "x")
    log = graph.node("log", x)
    assert body(log, graph.node("exp", log)) == "v1 = tf.math.log(x)\n    return v1, tf.math.exp(v1)"


def test_the_constants_of_the_code_are_known_to_the_search(graph: Graph) -> None:
    x = parameter(graph, "x")
    node = graph.node("clip_by_value", x, graph.const(0.25), graph.node("add", x, graph.const(3)))
    assert sorted(slice_of([node]).constants) == [0.25, 3.0]


# ---- what it computes -----------------------------------------------------------------------------------------------


def test_the_founding_case_computes_what_its_author_saw(graph: Graph) -> None:
    before, _ = founding(graph)
    piece = slice_of([before])
    assert piece.inputs == ("f", "lam")
    outcome = evaluate(piece.compile(), [X, LAM], "eager")
    np.testing.assert_array_equal(outcome.values[0], VALUE)
    assert np.isnan(outcome.gradients[0]).all()


# Rows that keras.backend, TensorFlow 1 or objects (variables, optimisers) alone can spell.
NOT_IN_TENSORFLOW_2 = {"batch_dot", "cond"}


def test_nearly_every_pure_op_of_the_table_can_be_written(graph: Graph) -> None:
    missing = set()
    for row in OPS.values():
        operands = [parameter(graph, f"x{i}") for i in range(max(row.arity, 1) if row.arity else 0)]
        try:
            slice_of([graph.node(row.name, *operands)])
        except SliceError:
            missing.add(row.name)
    impure = {row.name for row in OPS.values() if not row.pure}
    assert missing - impure <= NOT_IN_TENSORFLOW_2
    assert set(PRIMITIVES) <= set(OPS)


def test_a_primitive_computes_what_the_old_backend_did() -> None:
    graph = Graph()
    function = slice_of([graph.node("sqrt_clipped", parameter(graph, "x"))]).compile()
    assert function(tf.constant([-4.0, 4.0])).numpy().tolist() == [0.0, 2.0]
