"""QAR-net-QR: the whole of QAR-net, trained on labelled sentences alone.

Chen et al. 2019, compared method (models.md 2.8): the network, Eq. 18 and the
early stopping are QAR-net's; there is no pre-training on community answers.
"""

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.qar_net import build, train_tasks

__all__ = ["build", "train"]


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fine-tune from random weights."""
    return train_tasks(examples, recipe, report, has_qa=False)
