"""Block scoring: equal to the plain network, in any order, on any device."""

import os
import zlib
from dataclasses import asdict

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models import checkpoint
from models.answers import load
from models.word_inputs import texts_of
from tests.models import toy
from udfs.answers import SCHEMA, answer_scores, score_block

BLOCK = (
    "block bigint, question_keys array<bigint>, question_hashes array<string>,"
    " questions array<string>, sentence_keys array<bigint>,"
    " sentence_hashes array<string>, sentences array<string>,"
    " pair_question array<bigint>, pair_sentence array<bigint>"
)


def save(folder, network=None):
    network = network or toy.network()
    return checkpoint.save(
        str(folder),
        name="qar-net",
        config={"sizes": asdict(network.config), "threshold": 0.5},
        weights=network.state_dict(),
        words=toy.WORDS,
        metrics={},
    )


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    return save(tmp_path_factory.mktemp("model") / "answers")


@pytest.fixture(scope="module")
def model(card):
    return load(card.folder, device="cpu", precision="fp32")


def plainly(questions, sentences, pairs):
    """The network's own forward pass, pair by pair."""
    network = toy.network()
    with torch.inference_mode():
        return [
            torch.sigmoid(
                network(
                    texts_of([questions[q]], toy.VOCABULARY, 80),
                    texts_of([sentences[s]], toy.VOCABULARY, 80),
                ).logit
            ).item()
            for q, s in pairs
        ]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 8)), min_size=1, max_size=30),
    st.sampled_from([1, 30, 200, 10_000]),
)
def test_block_scores_are_those_of_the_network(model, pairs, budget):
    questions, sentences = toy.texts(5), toy.texts(9, 1)
    scores, failures = score_block(
        model,
        questions,
        sentences,
        np.array([q for q, _ in pairs]),
        np.array([s for _, s in pairs]),
        token_budget=budget,
    )
    assert failures == {}
    np.testing.assert_allclose(scores, plainly(questions, sentences, pairs), atol=1e-5)


def test_no_pair_and_an_empty_text_are_ordinary(model):
    none = np.array([], dtype=np.int64)
    assert len(score_block(model, [], [], none, none, token_budget=9)[0]) == 0
    zero = np.array([0])
    scores, failures = score_block(model, [""], ["\x00"], zero, zero, token_budget=9)
    assert 0 <= scores[0] <= 1
    assert failures == {}


class Poisoned:
    """A model that can't encode one sentence and gives NaN for one question."""

    def __init__(self, model):
        self._model = model

    def __getattr__(self, name):
        return getattr(self._model, name)

    def encode_sentences(self, texts):
        if "poison" in texts:
            raise ValueError("a text no model likes")
        return self._model.encode_sentences(texts)

    def score(self, questions, sentences, asked, said):
        scores = self._model.score(questions, sentences, asked, said)
        return np.where(asked == 1, np.nan, scores)


def test_what_can_not_be_scored_fails_alone_and_says_why(model):
    grid = [(q, s) for q in range(3) for s in range(3)]
    questions, sentences = toy.texts(3), ["w1 w2", "poison", "w3"]
    scores, failures = score_block(
        Poisoned(model),
        questions,
        sentences,
        np.array([q for q, _ in grid]),
        np.array([s for _, s in grid]),
        token_budget=1000,
    )
    told = {grid[place]: failure.error_class for place, failure in failures.items()}
    assert told == {
        (0, 1): "ValueError",
        (1, 0): "NotANumberError",
        (1, 1): "ValueError",
        (1, 2): "NotANumberError",
        (2, 1): "ValueError",
    }
    good = [pair for pair in grid if pair not in told]
    np.testing.assert_allclose(
        [scores[grid.index(pair)] for pair in good],
        plainly(questions, ["w1 w2", "", "w3"], good),
        atol=1e-5,
    )


def block(number, questions, sentences, pairs):
    """Keys need no more than to be other ones for other texts."""
    asked = [zlib.crc32(text.encode()) for text in questions]
    said = [zlib.crc32(text.encode()) for text in sentences]
    return (
        number,
        asked,
        [f"h {text}" for text in questions],
        questions,
        said,
        [f"h {text}" for text in sentences],
        sentences,
        [asked[q] for q, _ in pairs],
        [said[s] for _, s in pairs],
    )


BLOCKS = [
    block(1, ["w1 w2", "w3"], ["w4", "w5 w6 w7"], [(0, 0), (0, 1), (1, 1)]),
    block(2, ["w3"], ["w4", "w8"], [(0, 0), (0, 1)]),
]


def arrow(blocks):
    names = [part.split()[0] for part in BLOCK.split(", ")]
    return pa.RecordBatch.from_pylist(
        [dict(zip(names, row, strict=True)) for row in blocks]
    )


def scorer(card, **changes):
    options = {
        "fingerprint": card.fingerprint,
        "token_budget": 1000,
        "threads": 1,
        "precision": "fp32",
        **changes,
    }
    return answer_scores(card.folder, **options)


def expected():
    found = {}
    for row in arrow(BLOCKS).to_pylist():
        asked = [row["question_keys"].index(key) for key in row["pair_question"]]
        said = [row["sentence_keys"].index(key) for key in row["pair_sentence"]]
        pairs = list(zip(asked, said, strict=True))
        scores = plainly(row["questions"], row["sentences"], pairs)
        for (q, s), score in zip(pairs, scores, strict=True):
            found[row["question_hashes"][q], row["sentence_hashes"][s]] = score
    return found


@pytest.mark.parametrize("sizes", [[2], [1, 1]])
def test_blocks_that_come_together_or_apart_score_alike(card, sizes):
    batches, start = [], 0
    for size in sizes:
        batches.append(arrow(BLOCKS[start : start + size]))
        start += size
    rows = [row for batch in scorer(card)(iter(batches)) for row in batch.to_pylist()]
    found = {(row["question_hash"], row["sentence_hash"]): row["score"] for row in rows}
    assert len(rows) == 5
    assert found == pytest.approx(expected(), abs=1e-5)
    assert {row["error_class"] for row in rows} == {None}


def test_a_pair_whose_text_is_gone_is_refused_and_the_others_are_scored(card):
    blocks = arrow(BLOCKS).to_pylist()
    blocks[0]["sentences"] = ["w4", None]
    names = [part.split()[0] for part in BLOCK.split(", ")]
    batch = arrow([[row[name] for name in names] for row in blocks])
    rows = [row for part in scorer(card)(iter([batch])) for row in part.to_pylist()]
    refused = {row["sentence_hash"] for row in rows if row["score"] is None}
    assert refused == {"h w5 w6 w7"}
    assert {row["error_class"] for row in rows} == {None, "missing_text"}
    assert sum(row["score"] is None for row in rows) == 2


def test_two_texts_with_one_key_are_refused(card):
    blocks = arrow(BLOCKS).to_pylist()
    blocks[0]["question_keys"] = [7, 7]
    batch = pa.RecordBatch.from_pylist(blocks, schema=arrow(BLOCKS).schema)
    with pytest.raises(ValueError, match="one 64-bit key"):
        list(scorer(card)(iter([batch])))


def test_a_model_that_was_replaced_meanwhile_is_refused(card):
    with pytest.raises(ValueError, match=r"fingerprint is .*, expected another"):
        list(scorer(card, fingerprint="another")(iter([arrow(BLOCKS)])))


@pytest.mark.spark
@pytest.mark.parametrize("partitions", [1, 3])
def test_through_spark_the_scores_are_the_same(spark, card, partitions):
    frame = spark.createDataFrame(BLOCKS, BLOCK).repartition(partitions)
    rows = frame.mapInArrow(scorer(card), SCHEMA).collect()
    found = {(row.question_hash, row.sentence_hash): row.score for row in rows}
    assert found == pytest.approx(expected(), abs=1e-5)


@pytest.mark.spark
def test_a_worker_loads_the_model_once_for_many_tasks(spark, tmp_path):
    calls = tmp_path / "calls"
    calls.mkdir()
    score = scorer(save(tmp_path / "model"))  # one that no worker has loaded yet

    def counted(batches):
        from udfs import batching

        if not hasattr(batching, "_test_original"):
            batching._test_original = batching.load_once

        def told(key, load):
            def load_and_tell():
                (calls / f"{os.getpid()} {os.urandom(4).hex()}").touch()
                return load()

            return batching._test_original(key, load_and_tell)

        batching.load_once = told
        yield from score(batches)

    batching_key = spark.createDataFrame(BLOCKS * 8, BLOCK).repartition(8)
    assert batching_key.mapInArrow(counted, SCHEMA).count() == 40
    loads = [path.name.split()[0] for path in calls.iterdir()]
    assert 1 <= len(loads) == len(set(loads)) <= 2


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("bf16", 1e-2)])
def test_cpu_and_gpu_agree(card, precision, tolerance):
    questions, sentences = toy.texts(20), toy.texts(60, 1)
    asked, said = np.repeat(np.arange(20), 60), np.tile(np.arange(60), 20)
    scores = [
        score_block(
            load(card.folder, device=device, precision=of_device),
            questions,
            sentences,
            asked,
            said,
            token_budget=4096,
        )[0]
        for device, of_device in (("cpu", "fp32"), ("cuda:0", precision))
    ]
    np.testing.assert_allclose(scores[0], scores[1], atol=tolerance)
