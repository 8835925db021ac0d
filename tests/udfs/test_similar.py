"""The answered questions that are nearest, those of the own product left out."""

import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.similar import (
    NoFaissError,
    approximate,
    exact,
    recall_of,
    similar_questions,
    unit,
)

ROWS = st.lists(
    st.tuples(st.sampled_from("pqr"), st.integers(-2, 2), st.integers(-2, 2)),
    min_size=1,
    max_size=8,
)


def sides(rows):
    vectors = np.array([row[1:] for row in rows], dtype=np.float16)
    return vectors, np.array([row[0] for row in rows])


@given(asked=ROWS, said=ROWS, k=st.integers(1, 9))
def test_the_nearest_of_other_products_as_a_full_sort_has_them(asked, said, k):
    first, first_of = sides(asked)
    other, other_of = sides(said)
    places, products = exact(first, first_of, other, other_of, k)
    for (product, *vector), row, values in zip(asked, places, products, strict=True):
        wanted = sorted(
            (-(vector[0] * x + vector[1] * y), place)
            for place, (owner, x, y) in enumerate(said)
            if owner != product
        )[:k]
        is_there = np.isfinite(values)
        assert row[is_there].tolist() == [place for _, place in wanted]
        assert values[is_there].tolist() == [-value for value, _ in wanted]


def block(asked, said):
    def stored(rows):
        vectors, owners = sides(rows)
        return [[v.astype("<f2").tobytes() for v in vectors]], [owners.tolist()]

    columns = {}
    for side, rows in (("asked", asked), ("answered", said)):
        columns[f"{side}_vectors"], columns[f"{side}_products"] = stored(rows)
        columns[f"{side}_ids"] = [[f"{side} {n}" for n in range(len(rows))]]
    return pa.RecordBatch.from_pydict(columns)


@pytest.mark.parametrize("is_exact", [True, False])
def test_a_block_tells_the_similar_by_their_cosine(is_exact):
    given_block = block(
        [("p", 2, 0), ("q", 0, 1), ("r", 0, 0)],
        [("p", 1, 0), ("q", 3, 0), ("q", 1, 1), ("p", 0, -2)],
    )
    find = similar_questions(n_similar=2, min_cosine=0.5, is_exact=is_exact, threads=1)
    (found,) = find(iter([given_block]))
    rows = found.to_pylist()
    if not is_exact:
        assert [*rows.pop().values()] == [None, None, None, 2, 2]
    told = [
        (row["question_id"], row["similar_id"], round(row["cosine"], 3)) for row in rows
    ]
    assert told == [
        ("asked 0", "answered 1", 1.0),
        ("asked 0", "answered 2", 0.707),
    ]
    assert {row["n_wanted"] for row in rows} == {None}


def test_the_graph_finds_nearly_all():
    rng = np.random.default_rng(0)
    asked, said = (unit(rng.normal(size=(n, 24))) for n in (100, 400))
    owners = np.array(["p"] * 100), np.array(["p", "q"] * 200)
    places, cosines = approximate(asked, owners[0], said, owners[1], 5, 1)
    wanted = exact(asked, owners[0], said, owners[1], 5)
    assert set(owners[1][places].ravel()) == {"q"}
    assert (np.diff(cosines) <= 0).all()
    n_wanted, n_found = recall_of(places, wanted, 0.0)
    assert n_wanted == 5 * 100 >= n_found > 0.9 * n_wanted
    assert recall_of(places * 0 - 1, wanted, 0.0) == (n_wanted, 0)
    nothing = np.full((1, 2), -np.inf)
    assert recall_of(places[:1], (places[:1, :2], nothing), -1.0) == (0, 0)


def test_the_own_products_may_all_be_nearer():
    vectors = np.array([[1, 0]] * 60 + [[0.6, 0.8]], dtype=np.float32)
    owners = np.array(["p"] * 60 + ["q"])
    places, cosines = approximate(vectors[:1], owners[:1], vectors, owners, 2, 1)
    assert (places[0, 0], cosines[0, 0]) == (60, pytest.approx(0.6))
    assert cosines[0, 1] == -np.inf


def test_without_faiss_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    given_block = block([("p", 1, 0)], [("q", 1, 0)])
    find = similar_questions(n_similar=1, min_cosine=0, is_exact=False, threads=1)
    with pytest.raises(NoFaissError, match=r"expected the extra approximate"):
        next(find(iter([given_block])))
