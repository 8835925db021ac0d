"""Logistic regression on features of pairs, as a linear layer of a network."""

from typing import Protocol

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from models.answers.examples import Pairs
from models.answers.factored import Cache, Network, of_pairs


class Featured(Network, Protocol):
    """A network whose logit is linear in some features of a pair."""

    linear: nn.Linear

    def features(self, questions: Cache, sentences: Cache) -> Tensor:
        """Features of pairs, [B, F]."""


def fit_linear(network: Featured, pairs: Pairs) -> None:
    """Set `linear` to the regression on the features of some pairs.

    Features are scaled to unit variance for the L2 penalty (C = 1) and the scaling is
    folded into the weights; both classes weigh the same.
    """
    found = of_pairs(network, pairs.questions, pairs.texts, network.features)
    scaler = StandardScaler().fit(found)
    fitted = LogisticRegression(class_weight="balanced", max_iter=1000).fit(
        scaler.transform(found), np.array(pairs.labels)
    )
    weight = fitted.coef_[0] / scaler.scale_
    offset = fitted.intercept_[0] - float(weight @ scaler.mean_)
    with torch.no_grad():
        network.linear.weight[0] = torch.from_numpy(weight).float()
        network.linear.bias.fill_(float(offset))


def logit_of(network: Featured, questions: Cache, sentences: Cache) -> Tensor:
    """Logits of pairs, [B]."""
    logit: Tensor = network.linear(network.features(questions, sentences)).squeeze(-1)
    return logit
