"""Answer a question that nobody asked before, from what the lake knows of a product.

Reads   the tables of the stages that it uses; writes none
"""

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import click
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs import config, encode_passages, lake, score_answers, session
from jobs import pair_reviews as pairing
from jobs import retrieve_passages as retrieval
from jobs.config import (
    EncodePassages,
    PairReviews,
    RankAnswers,
    RetrievePassages,
    ScoreAnswers,
    SettingsError,
)
from jobs.launch import CONF, JSON, SET, attempt, document_of, keep
from jobs.model_folders import NoModelError, model_of, threshold_of
from jobs.scope import Scope
from jobs.similar_passages import similar
from models.checkpoint import Card
from models.passages import lexicon_of, load
from pipelines.answers import blocks, missing_pairs, rank_answers, with_block
from pipelines.passages import asked_texts, both_sides, missing_texts, passages_of
from pipelines.tables import (
    ANSWER_SCORES,
    ATTRIBUTE_VALUES,
    QUESTIONS,
    SENTENCES,
    TEXT_VECTORS,
)
from udfs.answers import SCHEMA
from udfs.batching import device_name
from udfs.passages import VECTOR_SCHEMA, beside_words, encode, nearest

Row = Mapping[str, Any]
_WIDTH = 96


@dataclass(frozen=True)
class Found:
    """What is known that may answer a question.

    Attributes:
        passages: Nearest sentences of any text, with rank, score, source, sentence_id.
        answers: Review sentences that an answer model takes to answer, likewise.
        values: Attribute values nearest to the question, with score and place.
        missing: Why a part is empty where its model is not there.
    """

    passages: Sequence[Row]
    answers: Sequence[Row]
    values: Sequence[Row]
    missing: Sequence[str]


def found(
    spark: SparkSession, document: dict[str, Any], product_id: str, text: str
) -> Found:
    """Passages, answers and values, by the functions and settings of the stages.

    Args:
        spark: Session.
        document: Merged settings.
        product_id: Whose texts are read.
        text: The question.

    Raises:
        SettingsError: The lake has no sentence of that product.
    """
    one = spark.createDataFrame([(product_id,)], "product_id string")
    todo = Scope(products=one, is_empty=False, consumed={})
    root = config.settings_of(RetrievePassages, document).lake
    sentences = todo.of(lake.read(spark, SENTENCES, root))
    if sentences.isEmpty():
        raise SettingsError(
            f"--product {product_id}: no sentence in {root}, expected the id of a"
            " product with reviews, bullets, descriptions or community answers"
        )
    key = sha256(f"{product_id}\x1f{text}".encode()).hexdigest()
    asked = spark.createDataFrame(
        [(key, product_id, None, None, None, None, None, text)], QUESTIONS.schema
    )
    missing: list[str] = []
    passages: Sequence[Row] = ()
    answers: Sequence[Row] = ()
    values: Sequence[Row] = ()
    try:
        passages = _passages(spark, document, asked, sentences)
        values = _values(spark, document, product_id, text)
    except NoModelError as error:
        missing.append(str(error))
    try:
        answers = _answers(spark, document, todo, asked, sentences)
    except NoModelError as error:
        missing.append(str(error))
    return Found(passages, answers, values, missing)


def _passages(
    spark: SparkSession,
    document: dict[str, Any],
    asked: DataFrame,
    sentences: DataFrame,
) -> list[Row]:
    """As `encode_passages` and `retrieve_passages` find them; known texts stay read."""
    encoding = config.settings_of(EncodePassages, document)
    settings = config.settings_of(RetrievePassages, document)
    model = model_of(settings)
    texts = asked_texts(asked)
    passages = passages_of(asked, sentences, sources=settings.sources)
    known = lake.read(spark, TEXT_VECTORS, settings.lake).filter(
        F.col("model_fp") == model.fingerprint
    )
    new = missing_texts(both_sides(texts, passages), known).mapInArrow(
        encode_passages.reader(encoding, model), VECTOR_SCHEMA
    )
    new.persist()  # read several times, each of which would run the model
    columns = ("text_hash", "side", "vector")
    vectors = known.select(*columns).unionByName(
        new.filter(F.col("error_class").isNull()).select(*columns)
    )
    rows = retrieval.ranked(settings, model, texts, passages, vectors, run_id="ask")
    if settings.n_similar:
        others = similar(spark, settings, model, texts, rows, vectors, run_id="ask")
        rows = rows.unionByName(others.rows)
    kept = rows.select("rank", "score", "source", "sentence_id", "passage")
    return [row.asDict() for row in kept.orderBy("rank").collect()]


def _answers(
    spark: SparkSession,
    document: dict[str, Any],
    todo: Scope,
    asked: DataFrame,
    sentences: DataFrame,
) -> list[Row]:
    """As `pair_reviews`, `score_answers` and `rank_answers` find them.

    By BM25 whatever the rule: nobody has tagged the nouns of a new question.
    """
    settings = config.settings_of(ScoreAnswers, document)
    ranking = config.settings_of(RankAnswers, document)
    rule = config.settings_of(PairReviews, document)
    model = model_of(settings)
    pairs = pairing.candidates(spark, rule, todo, None, asked).pairs.persist()
    unscored = spark.createDataFrame([], ANSWER_SCORES.schema)
    placed = with_block(
        missing_pairs(pairs, unscored),
        block_sentences=settings.block_sentences,
        block_questions=settings.block_questions,
    )
    scores = (
        blocks(placed, asked, sentences)
        .mapInArrow(score_answers.scorer(settings, model), SCHEMA)
        .filter(F.col("error_class").isNull())
        .withColumns(
            {
                "model_fp": F.lit(model.fingerprint),
                "scored_at": F.lit(dt.datetime.now(dt.UTC)),
            }
        )
    )
    rows = rank_answers(
        pairs,
        scores,
        asked,
        sentences,
        threshold=threshold_of(
            model, threshold=ranking.threshold, precision=ranking.at_precision
        ),
        top_k=ranking.top_k,
        model_name=model.name,
        run_id="ask",
    )
    kept = rows.select("rank", "score", "sentence_id", "sentence").orderBy("rank")
    told: list[Row] = [row.asDict() for row in kept.collect()]
    pairs.unpersist()
    return told


def _values(
    spark: SparkSession, document: dict[str, Any], product_id: str, text: str
) -> list[Row]:
    """The product's attribute values nearest to the question, as passages are."""
    settings = config.settings_of(RetrievePassages, document)
    encoding = config.settings_of(EncodePassages, document)
    card = model_of(settings)
    rows = (
        lake.read(spark, ATTRIBUTE_VALUES, settings.lake)
        .filter(F.col("product_id") == product_id)
        .select("attribute", "value", "verdict", "source", "source_id", "begin", "end")
        .orderBy("attribute")
        .collect()
    )
    if not rows:
        return []
    return _nearest_values(
        card, encoding, text, [row.asDict() for row in rows], settings.top_k
    )


def _nearest_values(
    card: Card, encoding: EncodePassages, text: str, rows: Sequence[Row], top_k: int
) -> list[Row]:
    model = load(card.folder, device=device_name(), precision=encoding.precision)
    said = [f"The {row['attribute']} is {row['value']}." for row in rows]
    budget = encoding.token_budget
    question, is_refused = encode(model, [text], "question", token_budget=budget)
    passages, refused = encode(model, said, "passage", token_budget=budget)
    if is_refused:
        return []
    read = [place for place in range(len(said)) if place not in refused]
    rows, said, passages = (
        [rows[place] for place in read],
        [said[place] for place in read],
        passages[read],
    )
    places, products = nearest(
        question,
        passages,
        top_k=top_k,
        beside=beside_words(lexicon_of(card), [text], said),
    )
    scores = card.probability(products[0])
    return [
        {"rank": rank, "score": float(score), **rows[place]}
        for rank, (place, score) in enumerate(
            zip(places[0].tolist(), scores, strict=True), start=1
        )
    ]


def lines(answer: Found) -> list[str]:
    """What was found, for the terminal."""
    told = ["", "passages"]
    told += [
        _line(row, row["source"], row["passage"], row["sentence_id"])
        for row in answer.passages
    ] or ["  none"]
    told += ["", "answers in reviews"]
    told += [
        _line(row, "review", row["sentence"], row["sentence_id"])
        for row in answer.answers
    ] or ["  none"]
    told += ["", "attribute values"]
    told += [
        _line(
            row,
            row["source"],
            f"{row['attribute']}: {row['value']} ({row['verdict']})",
            f"{row['source_id']} {row['begin']}-{row['end']}",
        )
        for row in answer.values
    ] or ["  none"]
    return [*told, "", *(f"left out: {reason}" for reason in answer.missing)]


def _line(row: Row, source: str, text: str, place: str) -> str:
    shown = text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
    return f"  {row['score']:.3f}  {source:<16}  {shown}  [{place}]"


@click.command(name="ask")
@click.argument("question")
@click.option("--product", "product_id", required=True, metavar="ID", help="Which one.")
@click.option("--lake", "lake_root", metavar="DIR", help="Same as --set lake=DIR.")
@click.option("--models", metavar="DIR", help="Same as --set models=DIR.")
@JSON
@CONF
@SET
def ask(
    question: str,
    product_id: str,
    lake_root: str | None,
    models: str | None,
    out: str | None,
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
) -> None:
    """Passages, answers and attribute values for a question that is not in the lake.

    \b
      enrich ask --lake DIR --models DIR --product ID "does it fit a 15 inch laptop?"

    By the models, plans and settings of the nightly stages; nothing is written.
    """  # noqa: D301 - click's mark is the sign itself

    def work() -> None:
        more = [f"lake={lake_root}"] if lake_root else []
        more += [f"models={models}"] if models else []
        document = document_of(confs, [*overrides, *more], None)
        if not question.strip():
            raise SettingsError("QUESTION: blank, expected a text")
        spark = session.build(config.settings_of(RetrievePassages, document).spark)
        answer = found(spark, document, product_id, question.strip())
        click.echo("\n".join(lines(answer)))
        content = {
            "passages": answer.passages,
            "answers": answer.answers,
            "values": answer.values,
        }
        keep(out, content)

    sys.exit(attempt(work))


if __name__ == "__main__":
    ask()
