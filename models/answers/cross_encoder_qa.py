"""The cross-encoder, first trained on community question-answer pairs: a reference.

One epoch over the QA pairs (the top-voted answer against answers to other questions
about the same product), then the fine-tuning of `cross_encoder`.
"""

from models.answers.cross_encoder import build, train_tasks
from models.answers.examples import Examples, Recipe, Report, Trained

__all__ = ["build", "train"]


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train on QA, then on QR."""
    return train_tasks(examples, recipe, report, has_qa=True)
