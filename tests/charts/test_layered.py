"""Rows of boxes, and where they stand in them, for any graph."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from dlviz_docs.charts.layered import BENDS, ROW, SPARE, Layers, layered
from dlviz_docs.charts.spacing import GAP, NARROW, Spaced, spaced
from dlviz_docs.charts.uncross import crossings, uncross

sizes = st.tuples(st.integers(10, 60).map(lambda half: 2 * half), st.integers(20, 90))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 30))
    node = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(node, node).filter(lambda pair: pair[0] != pair[1]), max_size=60, unique=True))
    return count, pairs


def row_of(layers: Layers) -> dict[int, int]:
    return {node: i for i, row in enumerate(layers.rows) for node in row}


@given(graphs())
def test_every_node_has_one_place_and_every_wire_goes_down_row_by_row(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, wires = graph
    layers = layered(count, wires)
    placed = [node for row in layers.rows for node in row]
    assert sorted(node for node in placed if node < count) == list(range(count))
    assert len(placed) == len(set(placed))
    rows = row_of(layers)
    for i, (wire, chain) in enumerate(zip(wires, layers.chains, strict=True)):
        assert (chain[-1], chain[0]) == wire if i in layers.upwards else (chain[0], chain[-1]) == wire
        assert [rows[b] - rows[a] for a, b in pairwise(chain)] == [1] * (len(chain) - 1)
        assert all(bend >= count for bend in chain[1:-1])


@given(graphs())
def test_without_a_cycle_no_wire_goes_up(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, wires = graph
    downwards = [(min(pair), max(pair)) for pair in wires]
    layers = layered(count, list(dict.fromkeys(downwards)))
    assert not layers.upwards
    rows = row_of(layers)
    assert all(rows[start] < rows[end] for start, end in downwards)


@given(graphs(), st.data())
def test_nothing_overlaps_and_all_is_inside(graph: tuple[int, list[tuple[int, int]]], data: st.DataObject) -> None:
    count, wires = graph
    given_sizes = data.draw(st.lists(sizes, min_size=count, max_size=count))
    layers = layered(count, wires)
    at = spaced(layers, given_sizes)
    assert_apart(layers, given_sizes, at)
    assert at == spaced(layered(count, list(wires)), list(given_sizes))


def assert_apart(layers: Layers, given_sizes: list[tuple[int, int]], at: Spaced) -> None:
    def width(node: int) -> int:
        return given_sizes[node][0] if node < layers.count else 0

    for i, row in enumerate(layers.rows):
        for one, other in pairwise(row):
            gap = GAP if one < layers.count and other < layers.count else NARROW
            assert at.x[other] - at.x[one] >= (width(one) + width(other)) / 2 + gap - 1
        assert all(at.x[node] - width(node) / 2 >= 0 and at.x[node] + width(node) / 2 <= at.width for node in row)
        assert all(given_sizes[node][1] <= at.heights[i] for node in row if node < layers.count)
    for (top, height), (below, _) in pairwise(zip(at.tops, at.heights, strict=True)):
        assert below >= top + height
    assert at.tops[-1] + at.heights[-1] == at.height


@given(graphs(), st.integers(1, 3), st.integers(1, 3))
def test_what_enters_is_above_and_what_leaves_is_below(
    graph: tuple[int, list[tuple[int, int]]], entering: int, leaving: int
) -> None:
    count, wires = graph
    top = range(count, count + entering)
    bottom = range(count + entering, count + entering + leaving)
    wires = [*wires, *((port, port % count) for port in top), *((port % count, port) for port in bottom)]
    rows = layered(count + entering + leaving, wires, top=top, bottom=bottom).rows
    assert sorted(rows[0]) == list(top)
    assert sorted(rows[-1]) == list(bottom)


def test_a_chain_with_a_shortcut_stays_straight() -> None:
    layers = layered(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 3)])
    at = spaced(layers, [(100, 40)] * 5)
    assert len(set(at.x[:5])) == 1
    bends = layers.chains[4][1:-1]
    assert len(bends) == 2
    assert len({at.x[bend] for bend in bends}) == 1


def test_wires_of_one_box_share_their_bends_and_so_do_many_wires_to_one() -> None:
    fan = layered(8, [*((0, i) for i in range(1, 8)), *pairwise(range(1, 8))])
    assert sum(map(len, fan.rows)) - 8 == 6  # instead of 21
    into = layered(8, [*((i, 7) for i in range(7)), *pairwise(range(7))])
    assert sum(map(len, into.rows)) - 8 == 6


@given(graphs())
def test_crossings_are_counted_and_never_become_more(graph: tuple[int, list[tuple[int, int]]]) -> None:
    count, wires = graph
    half = count // 2
    below = {node: sorted({b % (count - half) + half for a, b in wires if a == node}) for node in range(half)}
    below |= {node: [] for node in range(half, count)}
    rows = [list(range(half)), list(range(half, count))]
    place = {node: i for row in rows for i, node in enumerate(row)}
    pairs = [(a, b) for a in range(half) for b in below[a]]
    told = sum((a - c) * (b - d) < 0 for (a, b), (c, d) in combinations(pairs, 2))
    assert crossings(rows, below, place) == told
    uncross(rows, below)
    assert sorted(rows[0]) == list(range(half))
    assert crossings(rows, below, {node: i for row in rows for i, node in enumerate(row)}) <= told


def test_wires_cross_only_where_they_must() -> None:
    layers = layered(6, [(0, 5), (1, 4), (2, 3)])
    rows = [[node for node in row if node < 6] for row in layers.rows]
    order = {node: i for row in rows for i, node in enumerate(row)}
    assert not any((order[a] - order[b]) * (order[c] - order[d]) < 0 for (a, c), (b, d) in
                   combinations([(0, 5), (1, 4), (2, 3)], 2))  # fmt: skip


def test_boxes_without_wires_stand_in_a_column_or_on_shelves() -> None:
    assert [len(row) for row in layered(5, []).rows] == [1] * 5
    rows = layered(100, []).rows
    assert [node for row in rows for node in row] == list(range(100))
    assert max(map(len, rows)) <= ROW
    at = spaced(layered(100, []), [(80, 30)] * 100)
    assert at.x[rows[-1][0]] == at.x[rows[0][0]]  # the last shelf begins where the others do


def test_a_fan_of_hundreds_is_folded_into_rows() -> None:
    count = 302
    wires = [*((0, i) for i in range(1, 301)), *((i, 301) for i in range(1, 301))]
    layers = layered(count, wires)
    assert max(sum(node < count for node in row) for row in layers.rows) <= ROW
    at = spaced(layers, [(100, 40)] * count)
    assert at.width < 2 * ROW * 130


def test_bends_are_bounded() -> None:
    count = 800
    wires = [*pairwise(range(count)), *((i, count - 1 - i) for i in range(count // 2 - 10))]
    layers = layered(count, wires)
    assert sum(map(len, layers.rows)) <= count + BENDS * count + SPARE
    assert any(len(chain) == 2 for i, chain in enumerate(layers.chains) if chain[-1] - chain[0] > 300)


def test_nothing_is_something() -> None:
    at = spaced(layered(0, []), [])
    assert (at.width, at.height) == (0, 0)


def test_a_main_path_stays_straight_beside_its_branches() -> None:
    """Blocks of a long and a short way each, one after the other: the long one does not wander."""
    wires: list[tuple[int, int]] = []
    for block in range(10):
        first = 5 * block
        long, short = (first, first + 1, first + 2, first + 3, first + 5), (first, first + 4, first + 5)
        wires += [*pairwise(long), *pairwise(short)]
    at = spaced(layered(51, wires), [(100, 40)] * 51)
    main = [node for node in range(51) if node % 5 != 4]
    assert len({at.x[node] for node in main}) == 1


def test_constants_stand_above_what_they_lead_to_unless_the_row_is_full() -> None:
    chain = list(pairwise(range(6)))
    layers = layered(6 + 30, [*chain, *((6 + i, 5) for i in range(30))])
    rows = row_of(layers)
    assert max(sum(node < layers.count for node in row) for row in layers.rows) <= ROW
    assert sum(rows[6 + i] == rows[5] - 1 for i in range(30)) == ROW - 1
