"""The nightly run: every stage in order, in one Spark session."""

import sys
from collections.abc import Sequence

import click

from jobs import config
from jobs.config import SettingsError
from jobs.launch import (
    CONF,
    PRINT_CONFIG,
    RUN_DATE,
    SET,
    attempt,
    check_landing,
    document_of,
    run_stages,
    shown,
)
from jobs.model_folders import model_of
from jobs.stages import NAMES, Stage, in_order


def chosen(only: Sequence[str], until: str | None, rule: str) -> list[Stage]:
    """The stages of a run, in order.

    Args:
        only: Names of stages; empty means all.
        until: Name of the last stage; None means to the end.
        rule: `pair_reviews.rule`, see `jobs.stages.in_order`.

    Raises:
        SettingsError: Both together leave nothing.
    """
    stages = [*in_order(rule)]
    if until is not None:
        stages = stages[: [stage.name for stage in stages].index(until) + 1]
    stages = [stage for stage in stages if not only or stage.name in only]
    if not stages:
        raise SettingsError(
            "--only and --until: no stage is left, expected at least one"
        )
    return stages


@click.command(name="nightly")
@CONF
@SET
@RUN_DATE
@PRINT_CONFIG
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(NAMES),
    metavar="STAGE",
    help="Run this stage alone; may be repeated.",
)
@click.option(
    "--until", type=click.Choice(NAMES), metavar="STAGE", help="Stop after this stage."
)
def nightly(
    confs: tuple[str, ...],
    overrides: tuple[str, ...],
    run_date: str | None,
    print_config: bool,
    only: tuple[str, ...],
    until: str | None,
) -> None:
    """Read what is new and keep every table true.

    \b
    Needs landing, lake and models:
      enrich nightly --set landing=DIR --set lake=DIR --set models=DIR

    A lake without models yet: --until pair_reviews, then `enrich train answers`,
    `enrich train passages` and `enrich train attributes`.
    Running it again changes nothing; after a crash it goes on where it stopped.
    Stages in order: land_products, land_reviews, land_questions,
    land_community_answers, land_purchases, label_attributes,
    build_category_attributes, split_sentences, tag_nouns, build_aspect_nouns,
    build_word_counts, pair_answers, pair_reviews, score_answers, rank_answers,
    encode_passages, retrieve_passages, extract_attributes, choose_attributes,
    enrich_products. With pair_reviews.rule=passages the two of passages come before
    pair_reviews.
    """  # noqa: D301 - click's mark is the sign itself

    def work() -> None:
        document = document_of(confs, overrides, run_date)
        if print_config:
            click.echo(shown(document))
            return
        stages = chosen(only, until, document["pair_reviews"]["rule"])
        settings = [config.settings_of(stage.settings, document) for stage in stages]
        if any(isinstance(one, config.LandJob) for one in settings):
            check_landing(settings[0].landing_folder)
        for one in settings:
            if one.model is not None:
                model_of(one)  # before hours of landing, not after
        run_stages(
            [
                (stage.run(), one, stage.table)
                for stage, one in zip(stages, settings, strict=True)
            ],
            title=True,
        )

    sys.exit(attempt(work))


if __name__ == "__main__":
    nightly()
