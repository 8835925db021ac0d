"""QA-net-QA: QA-net trained on community answers, applied to sentences as it is.

Chen et al. 2019, compared method (models.md 2.8). The labelled pairs are not trained
on; the amount of training and the threshold are chosen on the validation pairs.
"""

from models.answers.examples import Examples, Recipe, Report, Trained
from models.answers.qa_net import build, train_tasks
from models.training import NotTrainableError

__all__ = ["build", "train"]


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Train on QA; of the candidate amounts the best on QR validation is kept.

    Raises:
        NotTrainableError: There are no QA pairs of both classes.
    """
    if len(set(examples.qa.labels)) < 2:
        raise NotTrainableError(
            f"{len(examples.qa)} QA pairs, expected some with labels 0 and 1: the lake"
            " holds too few community answers for qa-net-qa"
        )
    return train_tasks(examples, recipe, report, tasks=("qa",))
