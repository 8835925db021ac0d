"""QA-net-MTL: QA-net on both tasks, all but the output layer shared.

Chen et al. 2019, compared method (models.md 2.8, 2.11): hard sharing of encoders,
bi-attention and fusion; w and b are each task's own.
"""

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.qa_net import build, train_tasks

__all__ = ["build", "train"]


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Pre-train on QA, fine-tune on QR."""
    return train_tasks(examples, recipe, report, tasks=("qa", "qr"))
