"""Vectors in batches, the nearest passages, and what travels through Arrow."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import checkpoint
from models.encoder import pretrained
from models.passages import load
from models.passages.lexicon import Lexicon
from models.passages.use_qa import SentenceEncoder
from tests.models import toy
from udfs.passages import encode, nearest, nearest_passages, text_vectors


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tiny = toy.bert_folder(tmp_path_factory.mktemp("encoder"))
    source = pretrained(tiny)
    config = {
        "encoder": dict(source.sizes),
        "is_lower_case": True,
        "max_question_tokens": 4,
        "max_passage_tokens": 12,
        "pool": "mean",
        "is_unit_length": True,
    }
    network = SentenceEncoder(source.encoder(), source.words, config)
    return checkpoint.save(
        str(tmp_path_factory.mktemp("models") / "passages"),
        name="use-qa",
        config={"sizes": config, "threshold": 0.5},
        weights=network.state_dict(),
        words=source.words,
        metrics={},
    )


def texts(*rows):
    hashes, sides, values = zip(*rows, strict=True)
    return pa.RecordBatch.from_pydict(
        {"text_hash": hashes, "side": sides, "text": values, "lane": [0] * len(rows)}
    )


def read(folder, batch, fingerprint=None):
    function = text_vectors(
        folder.folder,
        fingerprint=fingerprint or folder.fingerprint,
        token_budget=64,
        threads=1,
        precision="fp32",
    )
    (found,) = function(iter([batch]))
    return found.to_pylist()


def test_each_text_has_the_vector_of_its_side(folder):
    model = load(folder.folder, device="cpu", precision="fp32")
    rows = read(
        folder,
        texts(
            ("a", "passage", "w1 w2 w3 w4 w5"),
            ("a", "question", "w1 w2 w3 w4 w5"),
            ("b", "passage", "w9"),
        ),
    )
    assert [(row["text_hash"], row["side"]) for row in rows] == [
        ("a", "passage"),
        ("a", "question"),
        ("b", "passage"),
    ]
    stored = [np.frombuffer(row["vector"], dtype="<f2") for row in rows]
    expected = [
        *model.vectors(["w1 w2 w3 w4 w5"], "passage"),
        *model.vectors(["w1 w2 w3 w4 w5"], "question"),  # cut at four pieces
        *model.vectors(["w9"], "passage"),
    ]
    assert np.allclose(stored, expected, atol=2e-3)
    assert not np.allclose(expected[0], expected[1], atol=1e-2)
    assert {row["error_class"] for row in rows} == {None}


def test_one_text_that_fails_takes_no_other_with_it(folder, monkeypatch):
    model = load(folder.folder, device="cpu", precision="fp32")
    vectors = model.vectors

    def broken(some, side):
        found = vectors(some, side)
        found[[text == "w3" for text in some]] = 1e6  # more than 16 bits hold
        return found

    monkeypatch.setattr(model, "vectors", broken)
    found, failures = encode(model, ["w1", "w3", "w2"], "passage", token_budget=999)
    assert set(failures) == {1}
    assert failures[1].error_class == "NotANumberError"
    assert not found[1].any()
    assert np.allclose(found[2], vectors(["w2"], "passage")[0], atol=2e-3)


def test_another_fingerprint_is_refused(folder):
    with pytest.raises(ValueError, match="fingerprint is"):
        read(folder, texts(("a", "passage", "w1")), fingerprint="other")


@given(
    asked=st.lists(st.lists(st.integers(-2, 2), min_size=3, max_size=3), max_size=5),
    said=st.lists(
        st.lists(st.integers(-2, 2), min_size=3, max_size=3), min_size=1, max_size=40
    ),
    k=st.integers(1, 10),
    seed=st.none() | st.integers(0, 9),
    spare=st.integers(0, 3),
    at_once=st.integers(1, 100),
)
def test_the_nearest_are_those_of_a_full_sort_ties_included(
    asked, said, k, seed, spare, at_once
):
    more = np.random.default_rng(seed).integers(-2, 3, (len(asked), len(said)))
    if seed is None:
        more[:] = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("udfs.passages._SPARE", spare)
        patch.setattr("udfs.passages._SCORES_AT_ONCE", at_once)
        places, scores = nearest(
            np.array(asked, dtype=np.float16).reshape(-1, 3),
            np.array(said, dtype=np.float16),
            top_k=k,
            beside=None if seed is None else lambda start, end: more[start:end],
        )
    for question, added, found, of_row in zip(
        asked, more.tolist(), places, scores, strict=True
    ):
        products = [
            sum(a * b for a, b in zip(question, row, strict=True)) + extra
            for row, extra in zip(said, added, strict=True)
        ]
        order = sorted(range(len(said)), key=lambda place: (-products[place], place))
        assert found.tolist() == order[:k]
        assert of_row.tolist() == [products[place] for place in order[:k]]


def test_what_fp32_cannot_tell_apart_is_told_apart():
    said = np.array([[1000, place / 1000] for place in range(60)], dtype=np.float16)
    asked = np.array([[1000, 1], [0, 1]], dtype=np.float16)
    places, _ = nearest(asked, said, top_k=3)
    assert places.tolist() == [[59, 58, 57]] * 2


@given(
    said=st.lists(
        st.lists(st.integers(-2, 2), min_size=2, max_size=2), min_size=1, max_size=40
    ),
    asked=st.tuples(st.integers(-2, 2), st.integers(-2, 2)),
    k=st.integers(1, 5),
    size=st.integers(1, 9),
)
def test_the_nearest_of_blocks_hold_those_of_the_whole(said, asked, k, size):
    question = np.array([asked], dtype=np.float16)
    passages = np.array(said, dtype=np.float16)
    found = []
    for start in range(0, len(said), size):
        places, scores = nearest(question, passages[start : start + size], top_k=k)
        found += [*zip(-scores[0], start + places[0], strict=True)]
    whole, of_whole = nearest(question, passages, top_k=k)
    assert sorted(found)[:k] == [*zip(-of_whole[0], whole[0], strict=True)]


@pytest.mark.parametrize("is_hybrid", [False, True])
def test_blocks_of_questions_change_nothing(monkeypatch, is_hybrid):
    rng = np.random.default_rng(0)
    asked, said, more = (rng.normal(size=size) for size in ((7, 4), (5, 4), (7, 5)))
    beside = (lambda start, end: more[start:end]) if is_hybrid else None
    whole = nearest(asked, said, top_k=3, beside=beside)
    monkeypatch.setattr("udfs.passages._SCORES_AT_ONCE", 10)
    parts = nearest(asked, said, top_k=3, beside=beside)
    assert np.array_equal(whole[0], parts[0])
    assert np.allclose(whole[1], parts[1])


def test_a_block_gives_each_question_its_best_with_a_probability():
    def stored(*rows):
        return [np.array(row, dtype="<f2").tobytes() for row in rows]

    blocks = pa.RecordBatch.from_pydict(
        {
            "product_id": ["p0", "p1"],
            "question_ids": [["q9"], ["q1", "q2"]],
            "question_vectors": [stored([1, 1]), stored([1, 0], [0, 2])],
            "sentence_ids": [["s9"], ["s1", "s2", "s3"]],
            "passage_vectors": [stored([0, 0]), stored([1, 0], [0, 1], [3, 1])],
        }
    )
    card = checkpoint.Card("", "", "", 0.5, {}, calibration=(2.0, -1.0))
    find = nearest_passages(top_k=2, probability=card.probability, threads=1)
    rows = [row for batch in find(iter([blocks])) for row in batch.to_pylist()]

    def score(product):
        return pytest.approx(1 / (1 + np.exp(1 - 2 * product)))

    assert [tuple(row.values()) for row in rows] == [
        ("p0", "q9", "s9", 0, score(0)),
        ("p1", "q1", "s3", 3, score(3)),
        ("p1", "q1", "s1", 1, score(1)),
        ("p1", "q2", "s2", 2, score(2)),
        ("p1", "q2", "s3", 2, score(2)),
    ]
    # A slice of a batch has an offset of its own.
    again = [
        row for batch in find(iter([blocks.slice(1)])) for row in batch.to_pylist()
    ]
    assert again == rows[1:]


def test_a_hybrid_adds_what_the_texts_of_a_block_share():
    said = ["a red hat", "a shoe", "red"]
    fitted = Lexicon.fit([*said, "box"])
    lexicon = Lexicon(fitted.idf, fitted.average, np.array([1.5, -0.5]))
    vectors = [np.array([number, 1], dtype="<f2").tobytes() for number in (1, 2, 3)]
    block = pa.RecordBatch.from_pydict(
        {
            "product_id": ["p"],
            "question_ids": [["q"]],
            "question_vectors": [[vectors[0]]],
            "sentence_ids": [["s1", "s2", "s3"]],
            "passage_vectors": [vectors],
            "question_texts": [["red hats?"]],
            "passage_texts": [said],
        }
    )
    find = nearest_passages(
        top_k=3, probability=lambda found: found, threads=1, lexicon=lexicon
    )
    rows = {row["sentence_id"]: row for row in next(find(iter([block]))).to_pylist()}
    (words,) = lexicon.scores(["red hats?"], lexicon.read(said))
    assert words[0] > words[2] > words[1] == 0
    for place, name in enumerate(("s1", "s2", "s3")):
        assert rows[name]["similarity"] == pytest.approx(place + 2 + words[place])
