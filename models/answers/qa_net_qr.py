"""QA-net-QR: QA-net trained on labelled sentences alone.

Chen et al. 2019, compared method (models.md 2.8).
"""

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.qa_net import build, train_tasks

__all__ = ["build", "train"]


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train on QR from random weights."""
    return train_tasks(examples, recipe, report, tasks=("qr",))
