"""Sampling of epochs, early stopping, and the recipe of QAR-net."""

import numpy as np
import pytest
import torch
from torch import nn

from models.answers import train
from models.answers.examples import Pairs
from models.training import fit, under_sampled
from tests.models import toy


def test_an_epoch_has_as_many_negatives_as_positives_and_another_draw_each_time():
    labels = np.array([1] * 10 + [0] * 200)
    rng = np.random.default_rng(0)
    epochs = [under_sampled(labels, rng) for _ in range(3)]
    drawn = []
    for places in epochs:
        assert sorted(places[labels[places] == 1]) == list(range(10))
        negatives = places[labels[places] == 0]
        assert len(negatives) == len(set(negatives)) == 10
        drawn.append(frozenset(negatives.tolist()))
    assert len(set(drawn)) == 3


def test_over_many_epochs_every_negative_is_seen():
    labels = np.array([1] * 10 + [0] * 50)
    rng = np.random.default_rng(0)
    seen = {int(place) for _ in range(100) for place in under_sampled(labels, rng)}
    assert seen == set(range(60))


def linear(metrics, *, patience=2, max_epochs=10.0):
    model = nn.Linear(1, 1)
    labels = np.array([0, 1] * 8)
    given = iter(metrics)
    seen = []

    def evaluate():
        seen.append(model.weight.item())
        return next(given)

    result = fit(
        model,
        lambda places: model(torch.ones(len(places), 1)).square().mean(),
        labels,
        phase="test",
        learning_rate=0.1,
        batch_size=4,
        max_epochs=max_epochs,
        rng=np.random.default_rng(0),
        evaluate=evaluate,
        patience=patience,
    )
    return model, result, seen


def test_training_stops_when_nothing_gets_better_and_keeps_the_best_weights():
    model, result, seen = linear([0.1, 0.5, 0.4, 0.5, 0.9])
    assert (result.stopped_by, result.best_epoch, result.best_metric) == (
        "patience",
        2.0,
        0.5,
    )
    assert len(result.history) == 4
    assert model.weight.item() == seen[1]


def test_half_an_epoch_is_half_its_batches():
    _, result, _ = linear([0.1, 0.2], max_epochs=0.5)
    assert [progress.epoch for progress in result.history] == [0.5]


def trained(**changes):
    reports = []
    model = train("qar-net", toy.examples(), toy.recipe(**changes), reports.append)
    return model, reports


def test_both_phases_run_and_the_amount_of_pretraining_is_chosen():
    model, reports = trained()
    assert {report.phase for report in reports} == {
        "pre-train",
        "fine-tune after 0",
        "fine-tune after 1",
    }
    assert model.chosen["pretrain_epochs"] in (0.0, 1.0)


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    def weights(seed):
        model, _ = trained(seed=seed, max_epochs=1, pretrain_epochs=(0.5,))
        return torch.cat([one.flatten() for one in model.network.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_one_class_alone_is_refused():
    one = toy.examples(validation=Pairs(["w1"], ["w2"], [0]))
    with pytest.raises(ValueError, match=r"1 validation pairs hold labels \[0\]"):
        train("qar-net", one, toy.recipe(), lambda _: None)
