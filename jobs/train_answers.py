"""Train a model that tells which sentence answers a question.

Reads   qa_pairs, sentences, questions
Writes  a model folder
"""

import dataclasses
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import click
import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs import config, lake, session
from jobs.config import SettingsError, TrainAnswers
from jobs.launch import CONF, PRINT_CONFIG, SET, attempt, document_of, shown
from jobs.progress import epochs, say
from jobs.sources.labelled_answers import (
    FORMATS,
    LabelledPair,
    read,
    rule,
    split,
)
from jobs.sources.sets import normalised
from jobs.word_vectors import from_file, from_lake
from models import checkpoint
from models.answers import METHODS, PAPER, WITHOUT_ENCODER, train
from models.answers.examples import Examples, Pairs, Recipe, Trained
from models.answers.factored import logits_of
from models.calibration import Decision, decide
from models.encoder import EncoderError, packaged
from models.metrics import measures
from models.training import NotTrainableError, use_threads
from models.word_inputs import WordVectors
from pipelines.tables import QA_PAIRS

_OTHERS = (1, 2, 3)  # steps to the negatives among a product's answers


def run(
    spark: SparkSession,
    settings: TrainAnswers,
    labelled: list[LabelledPair],
    out: str,
    *,
    label_rule: str,
) -> checkpoint.Card:
    """Train, measure on the questions or products kept apart, write the folder."""
    started = time.monotonic()
    use_threads(settings.threads)
    shares = (settings.validation_share, settings.test_share)
    parts = split(labelled, shares=shares, seed=settings.seed, by=settings.split_by)
    validation, test, rest = (pairs_of(part) for part in parts)
    held = {normalised(text) for part in (validation, test) for text in part.questions}
    words = _words(spark, settings, labelled)
    examples = Examples(
        qa=qa_pairs_of(spark, settings, held),
        qa_of_product=qa_of_product(spark, settings, held),
        qr=rest,
        validation=validation,
        words=words,
    )
    say(
        settings.section,
        f"{settings.method}: {len(rest):,} labelled pairs to train on,"
        f" {len(validation):,} to choose by, {len(test):,} kept apart;"
        f" {len(examples.qa):,} question-answer pairs and"
        f" {len(examples.qa_of_product):,} with other answers of the product;"
        f" {len(words.words):,} word vectors",
    )
    examples.check()
    trained = train(
        settings.method,
        examples,
        recipe_of(settings),
        epochs(settings.section),
    )
    decision = decision_of(trained, validation)
    card = checkpoint.save(
        out,
        name=settings.method,
        config={"sizes": dict(trained.config), **decision.config()},
        weights=trained.network.state_dict(),
        words=trained.words,
        metrics={
            **_metrics(trained, decision, validation, test, settings),
            "label_rule": label_rule,
            "n_training_pairs": len(rest),
            "n_qa_pairs": len(examples.qa),
            "n_qa_pairs_of_product": len(examples.qa_of_product),
            "seconds": round(time.monotonic() - started, 1),
        },
    )
    say(settings.section, f"{out}: {card.name} {card.fingerprint}")
    return card


def _words(
    spark: SparkSession, settings: TrainAnswers, labelled: list[LabelledPair]
) -> WordVectors:
    """Word vectors, none for a method on a pretrained encoder."""
    if settings.method not in PAPER:
        return WordVectors((), np.zeros((0, 0), dtype=np.float32))
    words, vectors = (
        from_lake(spark, settings)
        if settings.vectors is None
        else from_file(spark, settings, settings.vectors, _labelled_texts(labelled))
    )
    return WordVectors(tuple(words), vectors)


def decision_of(trained: Trained, validation: Pairs) -> Decision:
    """Calibration and thresholds of a trained network, from the validation pairs."""
    logits = logits_of(trained.network, validation.questions, validation.texts)
    return decide(np.array(validation.labels), logits)


def measured(
    trained: Trained, decision: Decision, pairs: Pairs
) -> dict[str, float | int]:
    """Measures of a trained network on some pairs."""
    logits = logits_of(trained.network, pairs.questions, pairs.texts)
    scores = decision.scores(logits)
    return measures(np.array(pairs.labels), scores, decision.threshold)


def _labelled_texts(labelled: list[LabelledPair]) -> Iterator[str]:
    for pair in labelled:
        yield pair.question
        yield pair.sentence


def pairs_of(labelled: Sequence[LabelledPair]) -> Pairs:
    """Labelled pairs as a method takes them."""
    return Pairs(
        questions=[pair.question for pair in labelled],
        texts=[pair.sentence for pair in labelled],
        labels=[pair.label for pair in labelled],
        grades=[pair.grade for pair in labelled],
    )


def qa_pairs_of(spark: SparkSession, settings: TrainAnswers, held: set[str]) -> Pairs:
    """Question-answer pairs of the lake, of whole questions, in a fixed order.

    Args:
        spark: Reads the lake.
        settings: Where it is, and how many pairs at most.
        held: Normalised questions to choose by and to test, which take no part.
    """
    rows = (
        lake.read(spark, QA_PAIRS, settings.lake)
        .orderBy(F.sha2("question_id", 256), F.desc("label"), "pair_id")
        .limit(settings.pretrain_pairs)
        .select("question", "answer", "label")
        .toPandas()
    )
    rows = rows[~rows["question"].map(normalised).isin(held)]
    return Pairs(
        questions=rows["question"].tolist(),
        texts=rows["answer"].tolist(),
        labels=rows["label"].tolist(),
    )


def qa_of_product(spark: SparkSession, settings: TrainAnswers, held: set[str]) -> Pairs:
    """Questions with their answer, and with answers to others about their product.

    A fixed order; whole questions, those whose product's hash comes first, as many as
    `encoder_qa_pairs` holds. An answer to the same question asked again is no negative.

    Args:
        spark: Reads the lake.
        settings: Where it is, and how many pairs at most.
        held: Normalised questions to choose by and to test, which take no part.
    """
    rows = (
        lake.read(spark, QA_PAIRS, settings.lake)
        .filter(F.col("label") == 1)
        .orderBy(F.sha2("product_id", 256), F.sha2("question_id", 256))
        .limit(settings.encoder_qa_pairs)
        .select("product_id", "question", "answer")
        .toPandas()
    )
    rows = rows[~rows["question"].map(normalised).isin(held)]
    found: list[tuple[str, str, int]] = []
    for _, product in rows.groupby("product_id", sort=False):
        found += _of_product(product["question"].tolist(), product["answer"].tolist())
    starts = [place for place, (_, _, label) in enumerate(found) if label]
    ends = [*starts[1:], len(found)]
    n_kept = max((end for end in ends if end <= settings.encoder_qa_pairs), default=0)
    found = found[:n_kept]
    return Pairs(
        questions=[question for question, _, _ in found],
        texts=[answer for _, answer, _ in found],
        labels=[label for _, _, label in found],
    )


def _of_product(asked: list[str], said: list[str]) -> list[tuple[str, str, int]]:
    """Each question with its answer and the next ones' among the product's."""
    answers: dict[str, set[str]] = {}
    for question, answer in zip(asked, said, strict=True):
        answers.setdefault(normalised(question), set()).add(answer)
    found = []
    for place, question in enumerate(asked):
        own = answers[normalised(question)]
        others = [said[(place + step) % len(said)] for step in _OTHERS]
        kept = dict.fromkeys(one for one in others if one not in own)
        if kept:
            found.append((question, said[place], 1))
            found += [(question, one, 0) for one in kept]
    return found


def recipe_of(settings: TrainAnswers) -> Recipe:
    """What of the settings changes a training's result."""
    names = [field.name for field in dataclasses.fields(Recipe)]
    return Recipe(**{name: getattr(settings, name) for name in names})


def _metrics(
    trained: Trained,
    decision: Decision,
    validation: Pairs,
    test: Pairs,
    settings: TrainAnswers,
) -> dict[str, Any]:
    metrics: dict[str, Any] = {
        **trained.chosen,
        "threshold": decision.threshold,
        "validation": measured(trained, decision, validation),
        "history": trained.history,
        "settings": settings.model_dump(
            mode="json", exclude={"landing", "lake", "models", "run_date", "spark"}
        ),
    }
    if len(test):
        found = measured(trained, decision, test)
        metrics |= {f"test_{name}": value for name, value in found.items()}
        say(
            settings.section,
            f"{settings.split_by}s kept apart: "
            + ", ".join(
                f"{name} {found[name]:.4f}"
                for name in ("precision", "recall", "f1", "average_precision")
            )
            + f" ({found['n_positive']} positive of {found['n']})",
        )
    return metrics


@click.command(name="answers")
@click.option("--method", type=click.Choice([*METHODS]), help="Default: conf's.")
@click.option(
    "--labelled", multiple=True, required=True, metavar="FILE", help="May be repeated."
)
@click.option("--format", "format_name", required=True, type=click.Choice([*FORMATS]))
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=VALUE",
    help="Keep part of the labelled set, such as source=review.",
)
@click.option(
    "--positive-from",
    type=float,
    metavar="GRADE",
    help="Lowest grade, in the set's own units, that counts as a positive;"
    " default: the format's.",
)
@click.option("--lake", "lake_root", metavar="DIR", help="Same as --set lake=DIR.")
@click.option("--out", metavar="DIR", help="Model folder; default MODELS/answers.")
@CONF
@SET
@PRINT_CONFIG
def command(
    method: str | None,
    labelled: tuple[str, ...],
    format_name: str,
    where: tuple[str, ...],
    positive_from: float | None,
    lake_root: str | None,
    out: str | None,
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
    print_config: bool,
) -> None:
    """Train the answer model: pre-train on the lake's QA pairs, fine-tune on labels.

    Questions, or products, are split by a hash into train, validation and test; the
    measures on the test part and the rule of the labels stand in the folder's
    metrics.json.
    """

    def work() -> None:
        more = [f"train_answers.method={method}"] if method else []
        more += [f"lake={lake_root}"] if lake_root else []
        document = document_of(confs, [*overrides, *more], None)
        if print_config:
            click.echo(shown(document))
            return
        settings = config.settings_of(TrainAnswers, document)
        folder = out or f"{settings.models_folder}/answers"
        try:
            checkpoint.check_place(folder)  # before the files are read
        except checkpoint.ModelError as error:
            raise SettingsError(str(error)) from None
        label_rule = rule(format_name, positive_from)
        pairs = read(labelled, format_name, where=where, positive_from=positive_from)
        try:
            if settings.method not in WITHOUT_ENCODER and settings.encoder is None:
                packaged()  # before Spark starts, not after the lake is read
            spark = session.build(settings.spark)
            run(spark, settings, pairs, folder, label_rule=label_rule)
        except (NotTrainableError, EncoderError) as error:
            raise SettingsError(str(error)) from error

    sys.exit(attempt(work))


if __name__ == "__main__":
    command()
