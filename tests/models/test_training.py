"""Sampling of epochs, early stopping, and the recipe of QAR-net."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from models.answers import train
from models.answers.examples import Pairs
from models.ranking import ranks
from models.training import (
    Log,
    NotTrainableError,
    epoch_batches,
    fit,
    sampled,
    under_sampled,
    use_threads,
)
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


def fitted(model, loss, labels, **settings):
    """`fit` with what a test of its own does not care about."""
    given = {
        "phase": "test",
        "learning_rate": 0.1,
        "batch_size": 4,
        "rng": np.random.default_rng(0),
        **settings,
    }
    return fit(model, loss, np.array(labels), **given)


def squares(model):
    """The loss whose minimum is at a weight and an offset that sum to zero."""
    return lambda places: model(torch.ones(len(places), 1)).square().mean()


def linear(metrics, *, patience=2, max_epochs=10.0):
    model = nn.Linear(1, 1)
    given = iter(metrics)
    seen = []

    def evaluate():
        seen.append(model.weight.item())
        return next(given)

    result = fitted(
        model,
        squares(model),
        [0, 1] * 8,
        max_epochs=max_epochs,
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


def running_away(after):
    """Weights that are no numbers from a step on, the loss of that step being one."""
    model, n_steps = nn.Linear(1, 1), 0

    def loss(places):
        nonlocal n_steps
        n_steps += 1
        square = model(torch.ones(len(places), 1)).square().mean()
        return square if n_steps <= after else square + (square - square).sqrt()

    return model, loss


def test_a_training_that_runs_away_keeps_the_best_epoch():
    model, loss = running_away(after=5)  # of four steps an epoch
    given = iter([0.5, 0.9])
    with pytest.warns(UserWarning, match="no numbers in epoch 2, epoch 1 is kept"):
        result = fitted(
            model,
            loss,
            [0, 1] * 8,
            max_epochs=9,
            evaluate=lambda: next(given),
        )
    assert (result.stopped_by, result.best_epoch) == ("divergence", 1.0)
    assert math.isfinite(model.weight.item())
    # Nothing to go back to, or but the start.
    for after, more in (
        (3, {}),
        (5, {}),
        (3, {"evaluate": lambda: 0.5, "has_start": True}),
    ):
        model, loss = running_away(after=after)
        with pytest.raises(NotTrainableError, match=r"loss .* in epoch \d and weights"):
            fitted(model, loss, [0, 1] * 8, max_epochs=9, **more)


def test_an_epoch_whose_scores_are_no_numbers_is_not_kept():
    metrics = iter([0.5, np.nan])

    def evaluate():
        metric = next(metrics)
        return ranks(np.array([[metric, 0.0]]), [[0]]).measures()["mrr"]

    model = nn.Linear(1, 1)
    with pytest.warns(UserWarning, match="epoch 1 is kept"):
        result = fitted(
            model, squares(model), [0, 1] * 8, max_epochs=9, evaluate=evaluate
        )
    assert (result.stopped_by, result.best_epoch) == ("divergence", 1.0)


def test_half_an_epoch_is_half_its_batches():
    _, result, _ = linear([0.1, 0.2], max_epochs=0.5)
    assert [progress.epoch for progress in result.history] == [0.5]


LABELS = np.array([1] * 10 + [0] * 200)


def drawn(batches, labels=LABELS, seed=0, batch_size=8):
    return list(batches(labels, np.random.default_rng(seed), batch_size))


def test_batches_cut_one_under_sampled_epoch():
    batches = drawn(epoch_batches)
    assert [len(places) for places in batches] == [8, 8, 4]
    expected = under_sampled(LABELS, np.random.default_rng(0))
    assert np.concatenate(batches).tolist() == expected.tolist()


@pytest.mark.parametrize(("wanted", "n_negatives"), [(0, 0), (4, 40), (20, 200)])
def test_a_sampled_epoch_has_all_positives_and_so_many_negatives(wanted, n_negatives):
    places = np.concatenate(drawn(sampled(wanted)))
    assert sorted(places[LABELS[places] == 1]) == list(range(10))
    negatives = places[LABELS[places] == 0]
    assert len(negatives) == len(set(negatives)) == n_negatives


def test_sampled_never_asks_for_more_negatives_than_there_are():
    places = np.concatenate(drawn(sampled(4), np.array([1] * 10 + [0] * 15)))
    assert sorted(places) == list(range(25))


def test_sampled_batches_are_full_mixed_and_drawn_anew():
    first, second = drawn(sampled(4)), drawn(sampled(4), seed=1)
    assert [len(places) for places in first] == [8] * 6 + [2]
    assert sum(bool(LABELS[places].any()) for places in first) > 2
    assert set(np.concatenate(first)) != set(np.concatenate(second))
    again = drawn(sampled(4))
    assert np.concatenate(first).tolist() == np.concatenate(again).tolist()


class TwoParts(nn.Module):
    """The loss of 1000 * (encoder + head) has the gradient 1000 at each."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Parameter(torch.tensor(1.0))
        self.head = nn.Parameter(torch.tensor(1.0))
        self.frozen = nn.Parameter(torch.tensor(1.0), requires_grad=False)

    def loss(self, _):
        return 1000 * (self.encoder + self.head) + self.frozen


def one_step(**settings):
    model = TwoParts()
    seen = []
    fitted(
        model,
        lambda places: seen.append(places) or model.loss(places),
        [0, 1],
        **{"max_epochs": 1, **settings},
    )
    assert len(seen) == 1
    return model


def test_a_parameter_has_the_rate_of_the_start_of_its_name():
    model = one_step(rates={"enc": 0.001})
    # Adam's first step is as long as the rate.
    assert model.encoder.item() == pytest.approx(1 - 0.001, abs=1e-6)
    assert model.head.item() == pytest.approx(1 - 0.1, abs=1e-6)
    assert model.frozen.item() == 1


def test_weight_decay_shrinks_the_weights_beside_the_step():
    model = one_step(weight_decay=0.5)
    assert model.head.item() == pytest.approx(1 - 0.1 * 0.5 - 0.1, abs=1e-5)
    assert model.frozen.item() == 1


@pytest.mark.parametrize(
    ("clip", "norm"), [(math.inf, 1000 * 2**0.5), (1.0, 1.0), (5000.0, 1000 * 2**0.5)]
)
def test_gradients_longer_than_the_clip_are_cut_to_it(clip, norm):
    model = one_step(clip=clip)
    found = math.hypot(model.encoder.grad.item(), model.head.grad.item())
    assert found == pytest.approx(norm, rel=1e-4)


@pytest.mark.parametrize(
    ("has_start", "metrics", "kept"),
    [
        (True, [0.9, 0.1, 0.2], 0),
        (True, [0.1, 0.2, 0.9], 2),
        (True, [0.5, 0.5, 0.5], 0),
        (False, [0.1, 0.2], 2),
        (False, [0.2, 0.1], 1),
    ],
)
def test_the_weights_of_the_start_may_be_the_best(has_start, metrics, kept):
    model = nn.Linear(1, 1)
    seen = [model.weight.item()] * (not has_start)
    given = iter(metrics)
    result = fitted(
        model,
        squares(model),
        [0, 1] * 8,
        max_epochs=2,
        evaluate=lambda: seen.append(model.weight.item()) or next(given),
        has_start=has_start,
        patience=9,
    )
    assert model.weight.item() == seen[kept]
    assert len(set(seen)) == 3
    assert (result.best_epoch, len(result.history)) == (kept, 2)
    assert result.best_metric == max(metrics)


def test_patience_counts_from_the_start_where_that_is_the_best():
    def n_epochs(has_start):
        given = iter([0.9, *[0.1] * 9])
        result = fitted(
            model := nn.Linear(1, 1),
            squares(model),
            [0, 1],
            max_epochs=9,
            evaluate=lambda: next(given),
            has_start=has_start,
            patience=2,
        )
        assert result.stopped_by == "patience"
        return len(result.history)

    assert (n_epochs(True), n_epochs(False)) == (2, 3)


def test_a_training_without_an_epoch_leaves_the_weights():
    model = TwoParts()
    log = Log(lambda _: None)
    result = fitted(model, model.loss, [0, 1], max_epochs=0, report=log)
    assert model.head.item() == 1
    assert result.history == log.history == []


def test_a_log_keeps_what_it_passes_on():
    passed = []
    log = Log(passed.append)
    _, result, _ = linear([0.1, 0.2], max_epochs=1.0)
    log(result.history[0])
    assert passed == result.history
    assert log.history == [vars(result.history[0])]


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


class Casts(TorchDispatchMode):
    """Counts the weights that are cast."""

    n = 0

    def __torch_dispatch__(self, called, types, args=(), kwargs=None):
        is_weight = args and isinstance(args[0], nn.Parameter)
        self.n += is_weight and called is torch.ops.aten._to_copy.default
        return called(*args, **(kwargs or {}))


def test_weights_are_cast_once_a_step_and_once_an_evaluation():
    model, value = nn.Linear(2, 1, bias=False), torch.ones(3, 2)

    def forward():
        with torch.autocast("cpu", torch.bfloat16):
            return model(value).float().mean()

    def evaluate():
        with torch.no_grad():
            return float(forward() + forward())

    with Casts() as casts:
        fitted(
            model,
            lambda _: forward() + forward(),
            [0, 1] * 4,
            max_epochs=1,
            evaluate=evaluate,
        )
    assert casts.n == 2 + 1  # two batches and the evaluation


@pytest.mark.parametrize(("n_threads", "told"), [(3, [3]), (None, [])])
def test_threads_are_set_where_they_are_given(monkeypatch, n_threads, told):
    found = []
    monkeypatch.setattr(torch, "set_num_threads", found.append)
    use_threads(n_threads)
    assert found == told
