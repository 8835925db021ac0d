"""Measure a passage model on questions it has not seen."""

import sys

import click

from jobs.config import Among, PoolOf, SettingsError
from jobs.launch import JSON, MODEL, attempt, keep
from jobs.passage_measures import measured
from jobs.sources.labelled_passages import FORMATS, labels_of, reading
from jobs.train_passages import drawn
from models.checkpoint import read_card
from models.passages import PAIRWISE, PRECISIONS

PAIR_QUESTIONS = 60
_SEED = 1


@click.command(name="passages")
@MODEL
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
    "--max-questions",
    type=click.IntRange(min=1),
    help="At most so many questions, drawn by a hash. Default: all, but"
    f" {PAIR_QUESTIONS} for a model that reads every question with every passage;"
    " compare others with it at the same number.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="fp32",
    show_default=True,
    help="Of the numbers: bf16 for a GPU or a CPU with AMX or AVX-512 BF16, fp16 for"
    " a GPU, else fp32.",
)
@JSON
def evaluate(
    folder: str,
    labelled: tuple[str, ...],
    format_name: str,
    where: tuple[str, ...],
    pool: PoolOf,
    among: Among,
    min_questions: int,
    max_questions: int | None,
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
        card = read_card(folder)
        if max_questions is not None and min_questions > 1:
            raise SettingsError(
                f"--min-questions {min_questions}: expected 1 with --max-questions,"
                " which would draw few questions of one passage"
            )
        is_few = card.name in PAIRWISE and min_questions == 1
        n_most = max_questions or (PAIR_QUESTIONS if is_few else None)
        asked = reading(labelled, format_name, where=where)
        rows = asked.rows if n_most is None else drawn(asked.rows, n_most, _SEED)
        if len(rows) < len(asked.rows):
            click.echo(
                f"{len(rows):,} of {len(asked.rows):,} questions drawn", err=True
            )
        found = measured(
            folder,
            rows,
            pool=pool,
            among=among,
            min_questions=min_questions,
            precision=precision,
        )
        found = {
            **found,
            **asked.counts(),
            "max_questions": n_most,
            "model": folder,
            "seed": _SEED,
            **labels_of(labelled, format_name, where),
        }
        for name, value in found.items():
            text = f"{value:.4f}" if isinstance(value, float) else str(value)
            click.echo(f"{name:<28} {text}")
        keep(out, found)

    sys.exit(attempt(work))


if __name__ == "__main__":
    evaluate()
