"""Sampling of epochs, early stopping, and the recipe of QAR-net."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from models.answers.qar_net_training import Pairs, Recipe, probabilities, train
from models.training import fit, under_sampled
from tests.models import toy

RECIPE = Recipe(
    pretrain_epochs=(0.0, 1.0),
    learning_rate=0.01,
    fine_tune_learning_rate=0.01,
    batch_size=16,
    max_epochs=4,
    patience=3,
    mu=0.1,
    eta=0.1,
    seed=1,
    max_seconds=60,
)


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


def pairs(n, seed):
    """Pairs whose label says whether the texts share their first word."""
    rng = np.random.default_rng(seed)
    asked = [f"w{rng.integers(5)} w30 w31" for _ in range(n)]
    said = [f"w{rng.integers(5)} w20 w21" for _ in range(n)]
    labels = [
        int(a.split()[0] == s.split()[0]) for a, s in zip(asked, said, strict=True)
    ]
    return Pairs(asked, said, labels)


def trained(**changes):
    vectors = (
        np.random.default_rng(0).normal(size=(len(toy.WORDS), 6)).astype("float32")
    )
    reports = []
    model = train(
        pairs(200, 1),
        pairs(300, 2),
        pairs(100, 3),
        config=toy.config(dropout=0.1, hidden_size=8),
        recipe=dataclasses.replace(RECIPE, **changes),
        vocabulary=toy.VOCABULARY,
        vectors=vectors,
        report=reports.append,
    )
    return model, reports


def test_both_phases_run_and_the_threshold_is_the_best_of_validation():
    model, reports = trained()
    assert {report.phase for report in reports} == {
        "pre-train",
        "fine-tune after 0",
        "fine-tune after 1",
    }
    assert model.pretrain_epochs in (0.0, 1.0)
    validation = pairs(100, 3)
    scores = probabilities(model.network, validation, toy.VOCABULARY)
    labels = np.array(validation.labels)

    def f1(threshold):
        right = np.sum((scores >= threshold) & (labels == 1))
        total = np.sum(scores >= threshold) + labels.sum()
        return 2 * right / total if total else 0.0

    assert model.validation["f1"] == pytest.approx(f1(model.threshold))
    assert f1(model.threshold) == pytest.approx(max(f1(score) for score in scores))


def test_the_same_seed_gives_the_same_network_and_another_seed_another():
    def weights(seed):
        model, _ = trained(seed=seed, max_epochs=1, pretrain_epochs=(0.5,))
        return torch.cat([one.flatten() for one in model.network.parameters()])

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


def test_one_class_alone_is_refused():
    one = Pairs(["w1"], ["w2"], [0])
    with pytest.raises(ValueError, match=r"1 validation pairs hold labels \[0\]"):
        train(
            pairs(10, 1),
            pairs(50, 2),
            one,
            config=toy.config(),
            recipe=RECIPE,
            vocabulary=toy.VOCABULARY,
            vectors=np.zeros((len(toy.WORDS), 6), dtype="float32"),
            report=lambda _: None,
        )
