"""Write a synthetic landing zone with its ground truth."""

import sys

import click

from jobs import config, session
from jobs.launch import CONF, SET, attempt, document_of
from jobs.progress import say


@click.command(name="sample")
@click.argument("out")
@click.option(
    "--products",
    default=300,
    show_default=True,
    type=click.IntRange(1),
    help="Products in the landing zone.",
)
@click.option("--seed", default=1, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--labelled-products",
    default=150,
    show_default=True,
    type=click.IntRange(0),
    help="Further products, not in the landing zone, whose pairs are labelled.",
)
@click.option(
    "--files", type=click.IntRange(1), help="Files of a kind; default by size."
)
@CONF
@SET
def sample(
    out: str,
    products: int,
    seed: int,
    labelled_products: int,
    files: int | None,
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
) -> None:
    r"""Write a synthetic catalogue in the Amazon formats below OUT.

    \b
    OUT/landing    products, reviews, questions, purchases: raw files
    OUT/truth      which sentence answers which question; each attribute's place
    OUT/labelled   rows to train on, of products that are not in the landing zone
    """

    def work() -> None:
        from jobs.sample.write import write_sample

        document = document_of(confs, overrides, None)
        spark = session.build(config.spark_of(document))
        counts = write_sample(
            spark,
            out,
            n_products=products,
            n_labelled_products=labelled_products,
            seed=seed,
            n_files=files,
        )
        for kind, n_rows in counts.items():
            say("sample", f"{n_rows:>9,} {kind}")

    sys.exit(attempt(work))
