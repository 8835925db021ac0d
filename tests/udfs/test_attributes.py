"""The adapter of the attribute models: places, batches, failures, one load."""

import math
import os
import shutil
from dataclasses import dataclass

import pyarrow as pa
import pytest
import torch

from models import checkpoint
from models.attributes import load
from models.attributes.extractor import Extracted
from models.attributes.gazetteer import Gazetteer
from udfs import attributes as adapter
from udfs.attributes import SCHEMA, attribute_spans, extract_values

TEXTS = "context_hash string, context string, attributes array<string>, lane int"
ROWS = [
    ("h1", "A Matte Red kettle, 2 l", ["colour", "volume"], 5),
    ("h2", "Mattered, in blue 🫖 Blue", ["colour", "volume", "scent"], 1),
    ("h3", "nothing of it", ["colour"], 9),
    ("h4", "Red", ["colour"], 9),
]
FOUND = {
    ("h1", "colour"): ("Matte Red", 2, 11),
    ("h1", "volume"): ("2 l", 20, 23),
    ("h2", "colour"): ("blue", 13, 17),
    ("h2", "volume"): (None, None, None),
    ("h2", "scent"): (None, None, None),
    ("h3", "colour"): (None, None, None),
    ("h4", "colour"): ("Red", 0, 3),
}


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """A gazetteer of four values, each right as often as not."""
    words = ["colour\tmatte red", "colour\tred", "colour\tblue", "volume\t2 l"]
    network = Gazetteer(words)
    network.n_found += torch.tensor([8, 8, 8, 8])
    network.n_right += torch.tensor([8, 4, 2, 8])
    return checkpoint.save(
        str(tmp_path_factory.mktemp("model") / "attributes"),
        name="gazetteer",
        config={"sizes": {}, "threshold": 0.5, "calibration": [2, -1]},
        weights=network.state_dict(),
        words=words,
        metrics={},
    )


@dataclass(frozen=True)
class Words:
    """A window of the stand-in model."""

    example: int
    context: str
    attribute: str

    def __len__(self):
        return len(self.context.split())


class FirstWord:
    """Finds the first word of any text, surer in longer texts; keeps its batches."""

    def __init__(self, poison=""):
        self.poison = poison
        self.batches = []
        self.n_calls = 0

    def windows(self, contexts, attributes):
        self.n_calls += 1
        pairs = zip(contexts, attributes, strict=True)
        return [Words(place, *pair) for place, pair in enumerate(pairs)]

    def extract(self, windows):
        if any("fail" in one.context for one in windows):
            raise RuntimeError("a text no model likes\nat all")
        self.batches.append([len(one) for one in windows])
        return [
            Extracted(
                one.example,
                (0, len(one.context.split()[0])),
                math.nan if one.attribute == self.poison else float(len(one)),
            )
            for one in windows
        ]

    def score(self, logit):
        return 1 / (1 + math.exp(-logit))


def arrow(rows):
    names = [part.split()[0] for part in TEXTS.split(", ")]
    return pa.RecordBatch.from_pylist([dict(zip(names, r, strict=True)) for r in rows])


def spans(card, *, folder=None, **changes):
    options = {
        "fingerprint": card.fingerprint,
        "token_budget": 1000,
        "threads": 1,
        "precision": "fp32",
        **changes,
    }
    return attribute_spans(folder or card.folder, **options)


def rows_of(parts):
    return [row for part in parts for row in part.to_pylist()]


@pytest.mark.parametrize("sizes", [[4], [1, 2, 1]])
def test_every_example_has_a_row_and_every_value_stands_where_it_says(card, sizes):
    batches, start = [], 0
    for size in sizes:
        batches.append(arrow(ROWS[start : start + size]))
        start += size
    rows = rows_of(spans(card)(iter(batches)))
    texts = {context_hash: context for context_hash, context, *_ in ROWS}
    found = {}
    for row in rows:
        place = (row["value"], row["begin"], row["end"])
        found[row["context_hash"], row["attribute"]] = place
        if row["value"] is None:
            assert row["score"] == 0
        else:
            text = texts[row["context_hash"]]
            assert text[row["begin"] : row["end"]] == row["value"]
    assert found == FOUND
    assert len(rows) == len(FOUND)
    assert {row["error_class"] for row in rows} == {None}


def test_the_score_is_the_calibrated_probability(card):
    rows = rows_of(spans(card)(iter([arrow(ROWS)])))
    scores = {(row["context_hash"], row["attribute"]): row["score"] for row in rows}
    # Right as (8 + 1, 4 + 1, 2 + 1) of (8 + 2) that were found; slope 2, offset -1.
    for key, share in [("h1", 0.9), ("h4", 0.5), ("h2", 0.3)]:
        expected = 1 / (1 + math.exp(1 - 2 * math.log(share / (1 - share))))
        assert scores[key, "colour"] == pytest.approx(expected, abs=1e-6)


def test_windows_of_all_texts_share_batches_of_like_length_within_the_budget():
    model = FirstWord()
    contexts = ["w " * n for n in (9, 1, 5, 1, 9, 2)]
    found, failures = extract_values(model, contexts, "aaaaaa", token_budget=18)
    assert (failures, model.n_calls) == ({}, 1)
    assert model.batches == [[1, 1, 2], [5, 9], [9]]
    assert [one.logit for one in found] == [9, 1, 5, 1, 9, 2]


def test_what_can_not_be_read_fails_alone_and_says_why():
    model = FirstWord(poison="nan")
    contexts = ["one two", "fail", "one two", "fail", "three"]
    asked = ["a", "a", "nan", "b", "b"]
    found, failures = extract_values(model, contexts, asked, token_budget=99)
    told = {place: (f.error_class, f.message) for place, f in failures.items()}
    assert told == {
        1: ("RuntimeError", "a text no model likes"),
        2: ("NotANumberError", failures[2].message),
        3: ("RuntimeError", "a text no model likes"),
    }
    assert [one.span for one in found] == [(0, 3), None, None, None, (0, 5)]


def test_a_failed_example_has_a_row_without_score(card, monkeypatch):
    model = FirstWord(poison="volume")
    monkeypatch.setattr(adapter, "model_of_run", lambda *given: model)
    rows = rows_of(spans(card)(iter([arrow(ROWS[:1])])))
    assert [(row["attribute"], row["score"], row["error_class"]) for row in rows] == [
        ("colour", pytest.approx(1 / (1 + math.exp(-6))), None),
        ("volume", None, "NotANumberError"),
    ]
    assert rows[1]["value"] is None
    assert rows[1]["message"]


def test_texts_are_read_in_runs_of_bounded_size(card, monkeypatch):
    model = FirstWord()
    monkeypatch.setattr(adapter, "model_of_run", lambda *given: model)
    monkeypatch.setattr(adapter, "_EXAMPLES_AT_ONCE", 4)
    parts = list(spans(card)(iter([arrow(ROWS)])))
    assert [part.num_rows for part in parts] == [5, 2]
    assert model.n_calls == 2
    assert {(r["context_hash"], r["attribute"]) for r in rows_of(parts)} == set(FOUND)


def test_an_empty_batch_gives_no_row(card):
    assert rows_of(spans(card)(iter([arrow(ROWS).slice(0, 0)]))) == []


def test_a_model_that_was_replaced_meanwhile_is_refused(card):
    with pytest.raises(ValueError, match=r"fingerprint is .*, expected another"):
        list(spans(card, fingerprint="another")(iter([arrow(ROWS)])))


def test_one_text_alone_is_read_as_among_others(card):
    model = load(card.folder, device="cpu", precision="fp32")
    for context_hash, context, asked, _ in ROWS:
        found, _ = extract_values(model, [context] * len(asked), asked, token_budget=1)
        for attribute, one in zip(asked, found, strict=True):
            assert one.value(context) == FOUND[context_hash, attribute][0]


@pytest.mark.spark
@pytest.mark.parametrize("partitions", [1, 3])
def test_through_spark_the_spans_are_the_same(spark, card, partitions):
    frame = spark.createDataFrame(ROWS, TEXTS).repartition(partitions)
    rows = frame.mapInArrow(spans(card), SCHEMA).collect()
    found = {(r.context_hash, r.attribute): (r.value, r.begin, r.end) for r in rows}
    assert found == FOUND


@pytest.mark.spark
def test_a_worker_loads_the_model_once_for_many_tasks(spark, tmp_path, card):
    calls = tmp_path / "calls"
    calls.mkdir()
    # Of a folder of its own: another test may have loaded the model in these workers.
    folder = shutil.copytree(card.folder, tmp_path / "attributes")
    extract = spans(card, folder=str(folder))

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
        yield from extract(batches)

    many = spark.createDataFrame(ROWS * 8, TEXTS).repartition(8)
    assert many.mapInArrow(counted, SCHEMA).count() == 8 * len(FOUND)
    loads = [path.name.split()[0] for path in calls.iterdir()]
    assert 1 <= len(loads) == len(set(loads)) <= 2
