"""Measure an attribute model on labelled values it has not seen."""

import sys
from typing import Any

import click

from jobs.attribute_measures import Measured, measured
from jobs.launch import JSON, MODEL, attempt, keep
from jobs.report import table
from jobs.sources.labelled_attributes import FORMATS, read
from models.attributes import PRECISIONS

_SHOWN = ("n", "n_values", "n_none", "n_found", "n_right", "precision", "recall", "f1")


@click.command(name="attributes")
@MODEL
@click.option(
    "--labelled", multiple=True, required=True, metavar="FILE", help="May be repeated."
)
@click.option("--format", "format_name", required=True, type=click.Choice([*FORMATS]))
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Keep a part.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), help="Default: the model's own."
)
@click.option(
    "--at-precision",
    type=click.FloatRange(0, 1),
    help="Take the thresholds that reached this precision on validation: 0.5 to 0.95.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of the numbers: bf16 for a GPU or a CPU with AMX or AVX-512 BF16, fp16 for"
    " a GPU, else fp32; int8 for a CPU.",
)
@click.option("--token-budget", default=8192, show_default=True, type=int)
@JSON
def evaluate(
    folder: str,
    labelled: tuple[str, ...],
    format_name: str,
    where: tuple[str, ...],
    threshold: float | None,
    at_precision: float | None,
    precision: str,
    token_budget: int,
    out: str | None,
) -> None:
    """Precision, recall and F1 of the values that a model finds, "none" no hit.

    In all, for values seen and unseen in training, and per attribute; also without
    punctuation and articles, as SQuAD compares.
    """

    def work() -> None:
        found = measured(
            folder,
            read(labelled, format_name, where=where),
            threshold=threshold,
            at_precision=at_precision,
            token_budget=token_budget,
            precision=precision,
        )
        click.echo("\n".join(lines(found)))
        keep(out, found)

    sys.exit(attempt(work))


def lines(found: Measured) -> list[str]:
    """The measures as a table, the most frequent attributes first."""
    attributes = sorted(
        found["attributes"].items(), key=lambda item: -item[1]["n_values"]
    )
    parts = [
        ("all", found),
        ("values seen in training", found["seen"]),
        ("values not seen", found["unseen"]),
        ("any of several values right", found["any_span"]),
        *attributes,
    ]
    told = ("model_name", "model_fp", "expected_calibration_error", "threshold")
    n_own = len(found["attribute_thresholds"])
    return [
        ", ".join(f"{name} {_shown(found[name])}" for name in told)
        + (f"; {n_own} attributes have one of their own" if n_own else ""),
        "",
        *table(
            ["examples", *_SHOWN, "f1 of squad"],
            [
                [
                    name,
                    *(_shown(part[key]) for key in _SHOWN),
                    _shown(part["squad"]["f1"]),
                ]
                for name, part in parts
            ],
        ),
    ]


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    evaluate()
