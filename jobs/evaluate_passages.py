"""Measure a passage model on questions it has not seen."""

import json
import sys
from pathlib import Path

import click

from jobs.config import Among, PoolOf, SettingsError
from jobs.launch import attempt
from jobs.passage_measures import measured
from jobs.sources.judged_passages import rule_of
from jobs.sources.labelled_passages import FORMATS, read
from models.passages import PRECISIONS


@click.command(name="passages")
@click.option("--model", "folder", required=True, metavar="DIR", help="Model folder.")
@click.option(
    "--labelled", multiple=True, required=True, metavar="FILE", help="May be repeated."
)
@click.option("--format", "format_name", required=True, type=click.Choice([*FORMATS]))
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Keep a part.")
@click.option(
    "--pool",
    type=click.Choice(["gold", "all"]),
    default="gold",
    show_default=True,
    help="Candidates: the right passages of all questions, or every passage of the"
    " texts they were asked of.",
)
@click.option(
    "--among",
    type=click.Choice(["domain", "group"]),
    default="domain",
    show_default=True,
    help="Candidates of all questions of the domain, or of those of one paragraph,"
    " page or product alone, as the nightly run ranks them.",
)
@click.option(
    "--min-questions",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Only passages that answer so many questions.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of the numbers: bf16 for a GPU or a CPU with AMX or AVX-512 BF16, fp16 for"
    " a GPU, else fp32.",
)
@click.option("--json", "out", metavar="FILE", help="Write the measures here too.")
def evaluate(
    folder: str,
    labelled: tuple[str, ...],
    format_name: str,
    where: tuple[str, ...],
    pool: PoolOf,
    among: Among,
    min_questions: int,
    precision: str,
    out: str | None,
) -> None:
    """Mean reciprocal rank, set recall and hit rate at 1 and 5.

    Each question's right passages are ranked among the candidates of its domain or
    group; set recall divides by the right ones of a question, a hit needs one of them.
    """

    def work() -> None:
        if among == "group" and pool == "gold":
            raise SettingsError(
                "--among group: --pool is gold, expected all: the right passages of"
                " one text alone are no choice"
            )
        found = measured(
            folder,
            read(labelled, format_name, where=where),
            pool=pool,
            among=among,
            min_questions=min_questions,
            precision=precision,
        )
        rule = rule_of(format_name)
        if rule is not None:
            found = {**found, "label_rule": rule}
        for name, value in found.items():
            text = f"{value:.4f}" if isinstance(value, float) else str(value)
            click.echo(f"{name:<28} {text}")
        if out is not None:
            Path(out).write_text(json.dumps(found, indent=2) + "\n")

    sys.exit(attempt(work))


if __name__ == "__main__":
    evaluate()
