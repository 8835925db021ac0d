"""Thresholds of single attributes, and what a stage takes of them."""

import math

import numpy as np
import pytest

from jobs.attribute_decisions import (
    Outcomes,
    attribute_thresholds,
    decision_on,
    outcomes_of,
)
from jobs.model_folders import attribute_thresholds_of
from jobs.sources.values import LabelledValue, with_places
from models.attributes.examples import Asked, Examples, Trained
from models.attributes.gazetteer import Gazetteer, train
from models.calibration import Decision
from models.checkpoint import Card
from models.training import NotTrainableError


def row(attribute, values=("red",), context="red blue"):
    return LabelledValue(
        product_id="p",
        context=context,
        attribute=attribute,
        values=values,
        spans=with_places(context, values),
    )


def outcomes(**attributes):
    """Of attribute=[(logit, is right, has a value), ...]."""
    flat = [(name, *one) for name, of_name in attributes.items() for one in of_name]
    return Outcomes(
        rows=[row(name, ("red",) if has else ()) for name, _, _, has in flat],
        logits=np.array([logit for _, logit, _, _ in flat]),
        labels=np.array([is_right for _, _, is_right, _ in flat]),
    )


def score(logit):
    return 1 / (1 + math.exp(-logit))


def test_an_attribute_has_the_thresholds_of_its_own_rows():
    found = outcomes(
        # Of color the first three are right, of size one below a wrong one.
        color=[(3, True, True), (2, True, True), (1, True, True), (0, False, False)],
        size=[(3, False, True), (2, True, True), (-1, False, True)],
    )
    both = attribute_thresholds(found, Decision(0.5), min_values=3)
    assert list(both) == ["color", "size"]
    # Half way between the last right one and the first wrong one.
    middle = (score(1) + score(0)) / 2
    assert both["color"]["threshold"] == pytest.approx(middle, abs=1e-6)
    assert both["color"]["at_precision"]["0.95"] == pytest.approx(middle, abs=1e-6)
    between = (score(2) + score(-1)) / 2
    assert both["size"]["threshold"] == pytest.approx(between, abs=1e-6)
    assert both["size"]["at_precision"] == {"0.5": pytest.approx(between, abs=1e-6)}


def test_the_scores_that_are_cut_are_the_calibrated_ones():
    found = outcomes(color=[(1, True, True), (-1, False, True)])
    given = Decision(0.5, slope=2.0, offset=-1.0)
    thresholds = attribute_thresholds(found, given, min_values=1)
    middle = (score(2 * 1 - 1) + score(2 * -1 - 1)) / 2
    assert thresholds["color"]["threshold"] == pytest.approx(middle, abs=1e-6)


def test_too_few_values_give_no_threshold_and_rows_without_a_value_do_not_count():
    found = outcomes(
        color=[(2, True, True), (1, False, False), (0, False, False)],
        size=[(2, True, True), (1, True, True), (-math.inf, False, True)],
    )
    thresholds = attribute_thresholds(found, Decision(0.5), min_values=3)
    assert list(thresholds) == ["size"]


def test_an_attribute_of_which_nothing_right_is_found_has_one_that_none_reaches():
    found = outcomes(color=[(2, False, True), (-math.inf, False, True)])
    thresholds = attribute_thresholds(found, Decision(0.5), min_values=2)
    assert thresholds == {"color": {"threshold": None, "at_precision": {}}}
    card = Card("f", "m", "fp", 0.5, {"attribute_thresholds": thresholds})
    for precision in (None, 0.5):
        assert attribute_thresholds_of(card, precision=precision) == {"color": math.inf}


def test_an_attribute_has_its_threshold_however_it_is_written():
    found = outcomes(COLOR=[(2, True, True)], Color=[(1, True, True)])
    assert list(attribute_thresholds(found, Decision(0.5), min_values=2)) == ["color"]


def test_missed_values_count_for_the_best_f1():
    rows = [(4, True, True), (3, False, True), (2, False, False), (1, True, True)]
    missed = [(-math.inf, False, True)] * 9
    alone = attribute_thresholds(outcomes(a=rows), Decision(0.5), min_values=1)
    # F1 of the first one alone is 2/4 of three values, of all four 4/7: the latter.
    assert alone["a"]["threshold"] == pytest.approx(score(1), abs=1e-6)
    strict = [(4, True, True), (3, False, False), (2, False, False), (1, True, True)]
    # Of two values 2/3 and 4/6, the higher of equals; of eleven 2/12 and 4/15.
    alone = attribute_thresholds(outcomes(a=strict), Decision(0.5), min_values=1)
    assert alone["a"]["threshold"] == pytest.approx((score(4) + score(3)) / 2, abs=1e-6)
    more = attribute_thresholds(
        outcomes(a=strict + missed), Decision(0.5), min_values=1
    )
    assert more["a"]["threshold"] == pytest.approx(score(1), abs=1e-6)


def test_what_a_network_finds_is_held_to_the_labels():
    part = Asked(["red x", "x blue", "x"], ["color"] * 3, [(0, 3), (2, 6), None])
    trained = train(Examples(part, part), None, lambda _: None)
    assert isinstance(trained.network, Gazetteer)
    rows = [
        row("color", ("RED",), "a red one"),
        row("color", ("blue",), "red blue"),
        row("color", (), "a blue one"),
        row("color", ("green",), "green"),
    ]
    found = outcomes_of(Trained(trained.network, {}, ()), rows)
    assert found.labels.tolist() == [True, True, False, False]
    assert found.logits.tolist() == [
        *[pytest.approx(math.log(2))] * 3,
        -math.inf,
    ]


def test_one_kind_of_finding_alone_can_not_be_decided_on():
    with pytest.raises(NotTrainableError, match=r"2 validation .* are right"):
        decision_on(outcomes(color=[(2, True, True), (1, True, True)]))
    with pytest.raises(NotTrainableError, match="are wrong"):
        decision_on(outcomes(color=[(2, False, True), (-math.inf, False, True)]))


def card(**config):
    return Card(folder="m", name="aveqa", fingerprint="f", threshold=0.5, config=config)


def test_a_stage_takes_an_attributes_own_threshold():
    found = card(
        attribute_thresholds={
            "color": {"threshold": 0.4, "at_precision": {"0.8": 0.6, "0.9": 0.7}},
            "size": {"threshold": 0.3, "at_precision": {"0.8": 0.5}},
        }
    )
    assert attribute_thresholds_of(found) == {"color": 0.4, "size": 0.3}
    assert attribute_thresholds_of(found, precision=0.8) == {"color": 0.6, "size": 0.5}
    # The size never was that precise: nothing of it is sure enough.
    at_most = attribute_thresholds_of(found, precision=0.9)
    assert at_most == {"color": 0.7, "size": math.inf}
    # One that is given counts for all.
    assert attribute_thresholds_of(found, threshold=0.9) == {}
    assert attribute_thresholds_of(card()) == {}
