"""Measure an answer model on labelled pairs it has not seen."""

import sys
from collections.abc import Sequence
from typing import Any

import click
import numpy as np

from jobs.config import SettingsError
from jobs.launch import JSON, MODEL, attempt, keep
from jobs.model_folders import threshold_of
from jobs.sources.labelled_answers import FORMATS, LabelledPair, read, rule
from models.answers import PRECISIONS, load
from models.checkpoint import read_card
from models.metrics import measures
from udfs.answers import score_block
from udfs.batching import computed_in, device_name


def measure(
    folder: str,
    pairs: Sequence[LabelledPair],
    *,
    threshold: float | None,
    at_precision: float | None = None,
    token_budget: int,
    precision: str = "fp32",
) -> dict[str, Any]:
    """Precision, recall, F1, average precision and counts of a model on pairs.

    Args:
        folder: Model folder.
        pairs: Labelled pairs.
        threshold: Lowest score that counts as yes; None takes the model's.
        at_precision: Takes the model's threshold for that precision.
        token_budget: Padded tokens of one batch.
        precision: fp32, bf16 or fp16, as `models.answers.load` takes it.

    Raises:
        SettingsError: A pair could not be scored.
    """
    model = load(folder, device=device_name(), precision=precision)
    questions = {text: i for i, text in enumerate({p.question: 0 for p in pairs})}
    sentences = {text: i for i, text in enumerate({p.sentence: 0 for p in pairs})}
    scores, failures = score_block(
        model,
        list(questions),
        list(sentences),
        np.array([questions[pair.question] for pair in pairs]),
        np.array([sentences[pair.sentence] for pair in pairs]),
        token_budget=token_budget,
    )
    if failures:
        place, failure = next(iter(failures.items()))
        raise SettingsError(
            f"{len(failures)} pairs can't be scored; pair {place + 1}:"
            f" {failure.error_class}: {failure.message}"
        )
    labels = np.array([pair.label for pair in pairs])
    at = threshold_of(read_card(folder), threshold=threshold, precision=at_precision)
    return {
        **measures(labels, scores, at),
        "n_questions": len(questions),
        "model_name": model.name,
        "model_fp": model.fingerprint,
        "computed_in": computed_in(precision),
    }


@click.command(name="answers")
@MODEL
@click.option(
    "--labelled", multiple=True, required=True, metavar="FILE", help="May be repeated."
)
@click.option("--format", "format_name", required=True, type=click.Choice([*FORMATS]))
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Keep a part.")
@click.option(
    "--positive-from",
    type=float,
    metavar="GRADE",
    help="Lowest grade, in the set's own units, that counts as a positive;"
    " default: the format's.",
)
@click.option("--threshold", type=click.FloatRange(0, 1), help="Default: the model's.")
@click.option(
    "--at-precision",
    type=click.FloatRange(0, 1),
    help="Take the threshold that reached this precision on validation: 0.5 to 0.95.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of the numbers: bf16 for a GPU or a CPU with AMX or AVX-512 BF16, fp16 for"
    " a GPU, else fp32.",
)
@click.option("--token-budget", default=16384, show_default=True, type=int)
@JSON
def evaluate(
    folder: str,
    labelled: tuple[str, ...],
    format_name: str,
    where: tuple[str, ...],
    positive_from: float | None,
    threshold: float | None,
    at_precision: float | None,
    precision: str,
    token_budget: int,
    out: str | None,
) -> None:
    """Precision, recall, F1 and average precision of a model on labelled pairs."""

    def work() -> None:
        pairs = read(labelled, format_name, where=where, positive_from=positive_from)
        found = {
            **measure(
                folder,
                pairs,
                threshold=threshold,
                at_precision=at_precision,
                token_budget=token_budget,
                precision=precision,
            ),
            "label_rule": rule(format_name, positive_from),
        }
        for name, value in found.items():
            text = f"{value:.4f}" if isinstance(value, float) else str(value)
            click.echo(f"{name:<28} {text}")
        keep(out, found)

    sys.exit(attempt(work))


if __name__ == "__main__":
    evaluate()
