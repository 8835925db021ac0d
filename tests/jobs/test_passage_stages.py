"""From questions and sentences to passages: two stages, again and again."""

import numpy as np
import pytest
import torch
from pyspark.sql import functions as F

from jobs import config, lake, ledger
from jobs.launch import stage
from jobs.model_folders import NoModelError
from jobs.stages import STAGES
from models import checkpoint
from models.encoder import pretrained
from models.passages import bm25, load
from models.passages.hybrid import Hybrid
from models.passages.lexicon import Lexicon
from models.passages.use_qa import SentenceEncoder
from pipelines.tables import (
    COMMUNITY_ANSWERS,
    QUESTION_PASSAGES,
    QUESTIONS,
    SENTENCES,
    TEXT_VECTORS,
)
from tests.models import toy

pytestmark = pytest.mark.spark
BOTH = ("encode_passages", "retrieve_passages")


def question(name, product, text):
    return (name, product, None, None, None, "d", "f", text)


def answer(name, question_id, text, product):
    return (name, question_id, product, None, None, 0, 0, "d", "f", text)


def sentence(name, product, text, source="review"):
    return (name, product, "d", source, "x", 0, 0, len(text), f"h {text}", text)


class Shop:
    """A lake with its model."""

    def __init__(self, spark, root, encoder):
        self.spark = spark
        self.root = root
        self.lake = str(root / "lake")
        self.encoder = encoder

    def put(self, table, *rows):
        columns = table.columns
        if table is SENTENCES:
            names = "sentence_id product_id domain source source_id position begin end"
            named = [*names.split(), "text_hash", "text"]
            rows = [
                tuple(dict(zip(named, row, strict=True))[name] for name in columns)
                for row in rows
            ]
        frame = self.spark.createDataFrame(list(rows), table.schema)
        lake.replace(self.spark, frame, table, self.lake, keeps_missing=True)

    def drop(self, table, name):
        kept = self.read(table).filter(F.col(table.key[0]) != name)
        lake.replace(self.spark, kept, table, self.lake)

    def run(self, *names, more=()):
        given = (f"lake={self.lake}", f"models={self.root}/models", *more)
        document = config.read([], [*given, "spark.shuffle_partitions=2"])
        return {
            one.name: stage(
                self.spark,
                one.run(),
                config.settings_of(one.settings, document),
                one.table,
                ledger.new_run_id(document["run_date"]),
            ).outcome
            for one in STAGES
            if one.name in (names or BOTH)
        }

    def sentences(self):
        """An encoder of random weights, its vocabulary and its sizes."""
        source = pretrained(self.encoder)
        config = {
            "encoder": dict(source.sizes),
            "is_lower_case": True,
            "max_question_tokens": 16,
            "max_passage_tokens": 16,
            "pool": "mean",
            "is_unit_length": True,
        }
        network = SentenceEncoder(source.encoder(), source.words, config)
        return network, source.words, config

    def save(self, name, network, words, config):
        return checkpoint.save(
            str(self.root / "models" / "passages"),
            name=name,
            config={"sizes": config, "threshold": 0.5, "calibration": [4, -2]},
            weights=network.state_dict(),
            words=words,
            metrics={},
        )

    def train(self):
        return self.save("use-qa", *self.sentences())

    def train_hybrid(self):
        """The same encoder, and words that count a hundred times as much."""
        inner, words, config = self.sentences()
        network = Hybrid(inner)
        lexicon = Lexicon.fit([*TEXT.values()])
        network.average.fill_(lexicon.average)
        network.idf.copy_(torch.from_numpy(lexicon.idf))
        network.weights.copy_(torch.tensor([100.0, 0.0]))
        return self.save("hybrid", network, words, config)

    def read(self, table):
        return lake.read(self.spark, table, self.lake)

    def passages(self):
        rows = self.read(QUESTION_PASSAGES).orderBy("question_id", "rank").collect()
        return [(row.question_id, row.rank, row.sentence_id) for row in rows]


QUESTION = {"q1": "w1 w2", "q2": "w3"}
TEXT = {"s1": "w1 w2 w9", "s2": "w3 w8", "s3": "w7", "s4": "w1 w5"}


@pytest.fixture
def shop(spark, tmp_path, encoder):
    made = Shop(spark, tmp_path, encoder)
    made.put(
        QUESTIONS,
        *(question(name, "p", text) for name, text in QUESTION.items()),
        question("q3", "empty", "w4"),
    )
    made.put(
        SENTENCES,
        *(sentence(name, "p", text) for name, text in TEXT.items()),
        sentence("s5", "unasked", "w6"),
    )
    return made


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return toy.bert_folder(tmp_path_factory.mktemp("encoder"))


def ranked_by_hand(card, texts):
    """Each question's sentences by the inner product of half-precision vectors."""
    model = load(card.folder, device="cpu", precision="fp32")

    def halves(values, side):
        return model.vectors([*values], side).astype("<f2").astype(np.float32)

    products = (
        halves(QUESTION.values(), "question") @ halves(texts.values(), "passage").T
    )
    return [
        (name, rank, [*texts][place])
        for name, row in zip(QUESTION, products, strict=True)
        for rank, place in enumerate(np.argsort(-row, kind="stable"), start=1)
    ]


def test_passages_come_and_change_with_their_texts_and_model(shop):
    precise = ("encode_passages.precision=fp32", "retrieve_passages.top_k=3")
    card = shop.train()
    first = shop.run(more=precise)
    # Three questions, four passages; nobody asked about the fifth's product.
    assert (first["encode_passages"].n_in, first["encode_passages"].n_written) == (7, 7)
    expected = [one for one in ranked_by_hand(card, TEXT) if one[1] <= 3]
    assert shop.passages() == expected
    row = shop.read(QUESTION_PASSAGES).filter("question_id = 'q1' AND rank = 1").first()
    assert (row.question, row.passage) == ("w1 w2", TEXT[row.sentence_id])
    assert (row.model_name, row.model_fp) == ("use-qa", card.fingerprint)
    model = load(card.folder, device="cpu", precision="fp32")
    asked, said = (
        model.vectors([text], side)[0]
        for text, side in (("w1 w2", "question"), (row.passage, "passage"))
    )
    assert row.score == pytest.approx(1 / (1 + np.exp(2 - 4 * asked @ said)), abs=2e-3)

    # Again: nothing is done.
    again = shop.run(more=precise)
    assert [one.n_in for one in again.values()] == [0, 0]

    # A new sentence that is what the second question asks, which alone is read; and a
    # question goes, with what came of it.
    shop.put(SENTENCES, sentence("s0", "p", "w3"))
    shop.drop(QUESTIONS, "q1")
    more = shop.run(more=precise)
    assert more["encode_passages"].n_written == 1
    assert [one[0] for one in shop.passages()] == ["q2"] * 3
    assert ("q2", 1, "s0") in shop.passages()

    # A sentence goes. Another model reads everything again, and the old vectors stay:
    # a hybrid whose words outweigh its vectors.
    shop.drop(SENTENCES, "s0")
    other = shop.train_hybrid()
    whole = shop.run(more=precise)
    assert whole["encode_passages"].n_written == 6  # two questions, four passages
    by_model = {
        row.model_fp: row["count"]
        for row in shop.read(TEXT_VECTORS).groupBy("model_fp").count().collect()
    }
    assert by_model == {card.fingerprint: 8, other.fingerprint: 6}
    rows = shop.read(QUESTION_PASSAGES).orderBy("rank").collect()
    assert {row.model_fp for row in rows} == {other.fingerprint}
    assert rows[0].sentence_id == "s2"  # it shares most words with q2


def test_answers_to_like_questions_of_other_products_stand_behind(shop):
    shop.put(
        QUESTIONS,
        question("r1", "r", "w3"),  # as q2 asks
        question("r2", "r", "w20 w21 w22"),
    )
    answers = [("a1", "r1", "w3 w30"), ("a2", "r2", "w31")]
    shop.put(COMMUNITY_ANSWERS, *(answer(*one, "r") for one in answers))
    shop.put(
        SENTENCES,
        *(
            ("t" + name, "r", "d", "community_answer", name, 0, 0, 1, f"h {text}", text)
            for name, _, text in answers
        ),
    )
    shop.train()
    more = (
        "encode_passages.precision=fp32",
        "retrieve_passages.top_k=2",
        "retrieve_passages.n_similar=1",
        "retrieve_passages.min_cosine=0.999",
        "retrieve_passages.approximate_above=1",
    )
    found = shop.run(more=more)
    remark = found["retrieve_passages"].remark
    assert remark == "similar questions searched approximately, recall 1.000"

    def told(name):
        rows = shop.read(QUESTION_PASSAGES).filter(F.col("question_id") == name)
        return [
            (row["rank"], row.source, row.sentence_id, row.product_id)
            for row in rows.orderBy("rank").collect()
        ]

    own = told("q2")[:2]
    assert told("q2") == [*own, (3, "similar_product", "ta1", "p")]
    # Nobody else asked what q1 asks; r1's like has no community answer.
    assert [row[1] for row in told("q1")] == ["review"] * 2
    assert [row[1] for row in told("r1")] == ["community_answer"] * 2
    again = shop.run(more=more)
    assert [one.n_in for one in again.values()] == [0, 0]

    # The answer of another product changes: the question's passages do.
    shop.drop(COMMUNITY_ANSWERS, "a1")
    shop.run("retrieve_passages", more=more)
    assert told("q2") == own


def test_without_a_model_that_gives_vectors_it_is_told_what_to_do(shop):
    with pytest.raises(NoModelError, match="enrich train passages --lake"):
        shop.run("encode_passages")
    checkpoint.save(
        str(shop.root / "models" / "passages"),
        name="bm25",
        config={"sizes": {}, "threshold": 0.5},
        weights=bm25.Bm25().state_dict(),
        words=(),
        metrics={},
    )
    with pytest.raises(
        checkpoint.ModelError, match="can't work with method bm25, expected"
    ):
        shop.run("encode_passages")
