"""QA+MLM, a variant of AVEQA: span and distillation, beta = 0 (5.10)."""

from dataclasses import replace

from models.attributes import aveqa
from models.attributes.aveqa import build as build
from models.attributes.examples import Examples, Recipe, Report, Trained


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train without the other tasks."""
    return aveqa.train(examples, replace(recipe, beta=0.0), report)
