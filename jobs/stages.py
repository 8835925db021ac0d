"""The stages of the nightly run in order: job, settings, table."""

import importlib
from dataclasses import dataclass
from typing import cast

from jobs import config
from jobs.config import JobSettings
from jobs.launch import Run
from pipelines import tables
from pipelines.tables import Table


@dataclass(frozen=True)
class Stage:
    """One job of the nightly run.

    Attributes:
        settings: Its settings; their section is the stage's name.
        table: The table that it writes.
    """

    settings: type[JobSettings]
    table: Table

    @property
    def name(self) -> str:
        """Name of the stage, of its module and of its section in conf."""
        return self.settings.section

    def run(self) -> Run:
        """The job's function; its module is imported now and not before."""
        return cast(Run, importlib.import_module(f"jobs.{self.name}").run)


STAGES: tuple[Stage, ...] = (
    Stage(config.LandProducts, tables.PRODUCTS),
    Stage(config.LandReviews, tables.REVIEWS),
    Stage(config.LandQuestions, tables.QUESTIONS),
    Stage(config.LandCommunityAnswers, tables.COMMUNITY_ANSWERS),
    Stage(config.LandPurchases, tables.PURCHASES),
    Stage(config.LabelAttributes, tables.ATTRIBUTE_LABELS),
    Stage(config.BuildCategoryAttributes, tables.CATEGORY_ATTRIBUTES),
    Stage(config.SplitSentences, tables.SENTENCES),
    Stage(config.TagNouns, tables.TEXT_NOUNS),
    Stage(config.BuildAspectNouns, tables.ASPECT_NOUNS),
    Stage(config.BuildWordCounts, tables.WORD_COUNTS),
    Stage(config.PairAnswers, tables.QA_PAIRS),
    Stage(config.PairReviews, tables.QR_PAIRS),
    Stage(config.ScoreAnswers, tables.ANSWER_SCORES),
    Stage(config.RankAnswers, tables.REVIEW_ANSWERS),
    Stage(config.EncodePassages, tables.TEXT_VECTORS),
    Stage(config.RetrievePassages, tables.QUESTION_PASSAGES),
    Stage(config.ExtractAttributes, tables.ATTRIBUTE_SPANS),
    Stage(config.ChooseAttributes, tables.ATTRIBUTE_VALUES),
    Stage(config.EnrichProducts, tables.ENRICHED_PRODUCTS),
)
NAMES = tuple(stage.name for stage in STAGES)
_PASSAGES = (config.EncodePassages.section, config.RetrievePassages.section)


def in_order(rule: str) -> tuple[Stage, ...]:
    """The stages in the order of a run: passages first where pairs are made of them.

    Args:
        rule: `pair_reviews.rule`.
    """
    if rule != "passages":
        return STAGES
    earlier = [stage for stage in STAGES if stage.name in _PASSAGES]
    others = [stage for stage in STAGES if stage.name not in _PASSAGES]
    place = next(
        place
        for place, stage in enumerate(others)
        if stage.settings is config.PairReviews
    )
    return (*others[:place], *earlier, *others[place:])
