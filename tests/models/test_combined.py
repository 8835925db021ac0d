"""AVEQA, SUOpenTag and the gazetteer: candidates, features, and who fits what."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from models.attributes import aveqa, combined, suopentag
from models.attributes.aveqa import Aveqa
from models.attributes.combined import (
    N_FEATURES,
    Combined,
    fit_weights,
    train,
)
from models.attributes.examples import Asked, Examples, Trained
from models.attributes.gazetteer import Gazetteer
from models.attributes.spans import best_spans
from models.attributes.suopentag import SuOpenTag
from models.encoder import pretrained
from models.training import NotTrainableError
from tests.models.toy_attributes import asked, extracted, recipe

LINES = ("w20\tw3 w4", "w20\tw3", "w20\tw1", "w21\tw5")


def of_span(tiny):
    source = pretrained(tiny)
    torch.manual_seed(0)
    config = {
        "is_lower_case": True,
        "max_tokens": 10,
        "stride": 3,
        "is_literal_head": False,
        "has_classifier": True,
        "encoder": dict(source.sizes),
    }
    network = Aveqa(source.encoder(), source.words, config).eval()
    return Trained(network, config, source.words)


def of_tags(tiny):
    source = pretrained(tiny)
    torch.manual_seed(1)
    config = {
        "is_lower_case": True,
        "max_tokens": 10,
        "stride": 3,
        "hidden_size": 8,
        "dropout": 0.0,
        "encoder": dict(source.sizes),
    }
    network = SuOpenTag(source.encoder(), source.words, config).eval()
    return Trained(network, config, source.words)


@pytest.fixture
def network(tiny):
    known = Gazetteer(LINES)
    known.n_found.copy_(torch.tensor([4, 2, 0, 1]))
    known.n_right.copy_(torch.tensor([3, 0, 0, 1]))
    return Combined(of_span(tiny).network, of_tags(tiny).network, known).eval()


@torch.inference_mode()
def test_candidates_are_of_both_networks_and_the_known_values_of_the_window(network):
    context = "w9 w3 w4 w8 w7"  # a window holds six pieces
    (looked,) = network.windows([context], ["W20"])
    assert list(looked.known.items()) == [((2, 3), 0), ((2, 2), 1)]
    assert (looked.longest, looked.is_missing) == ((2, 3), False)
    found = network.candidates([looked])
    states, legal = network.aveqa.read([looked.window])
    best = best_spans(network.aveqa.span, states, legal)
    own = best.begin.item(), best.end.item()
    (alone,) = network.suopentag.extract([replace(looked.window, attribute=None)])
    tagged = [looked.window.places(span) for span in (alone.span, *alone.others)][:2]
    assert found.spans == list(dict.fromkeys([own, *tagged, (2, 3), (2, 2)]))
    begins = network.aveqa.span.begins(states, legal)[0]
    verdict = network.aveqa.has_value(states[0, 0])
    for span, features in zip(found.spans, found.features.tolist(), strict=True):
        ends = network.aveqa.span.ends(states, legal, torch.tensor([[span[0]]]))[0, 0]
        score = (begins[span[0]] + ends[span[1]]).item()
        of_span, of_class = score - begins[0].item(), (verdict[1] - verdict[0]).item()
        behind = score - best.log_probability.item()
        expected = [min(of_span, of_class), behind]
        is_tagged = span in tagged
        of_path = [1, alone.logit, 0] if is_tagged else [0, 0, alone.logit]
        assert features[:5] == pytest.approx([*expected, *of_path], abs=1e-4)
        evidence = {
            (2, 3): [1, math.log(4 / 2), math.log(4), 1, 0, 0],
            (2, 2): [1, math.log(1 / 3), 0, 0, 0, 0],
        }
        none = [0, 0, 0, 0, 1, 0]
        assert features[5:] == pytest.approx(evidence.get(span, none))


@torch.inference_mode()
def test_an_unknown_attribute_is_not_one_whose_values_are_missing(network):
    contexts, names = ["w9 w8", "w9 w8", "w1 w9"], ["w20", "w22", "w20"]
    found = network.candidates(network.windows(contexts, names))
    of_text: list[list[list[float]]] = [[], [], []]
    for row, features in zip(found.rows, found.features[:, 5:].tolist(), strict=True):
        of_text[row].append(features)
    assert {tuple(one) for one in of_text[0]} == {(0, 0, 0, 0, 0, 1)}
    assert {tuple(one) for one in of_text[1]} == {(0, 0, 0, 0, 0, 0)}
    # A value that was never found has no evidence: log 1/1 and log 1.
    assert [1, 0, 0, 1, 0, 0] in of_text[2]


@torch.inference_mode()
def test_the_surest_candidate_is_the_value(network):
    network.weigh.weight.zero_()
    network.weigh.bias.fill_(-1.0)
    context = "w9 w3 w4 w8 w7"
    for feature, known in ((7, math.log(4)), (8, 1.0)):
        network.weigh.weight[0, feature] = 5.0
        (one,) = extracted(network, [context], ["w20"])
        assert one.value(context) == "w3 w4"
        assert one.logit == pytest.approx(5 * known - 1)
        network.weigh.weight[0, feature] = 0.0
    network.weigh.weight[0, 1] = 1.0  # AVEQA's own: it is behind no other
    own, alone = (
        extracted(one, [context], ["w20"])[0] for one in (network, network.aveqa)
    )
    assert (own.span, own.logit) == (alone.span, pytest.approx(-1.0, abs=1e-5))
    assert [one.span for one in extracted(network, [" ", "w1"], ["w20"] * 2)] == [
        None,
        (0, 2),
    ]


@torch.inference_mode()
def test_a_known_value_counts_in_the_window_that_it_is_whole_in(network):
    context = " ".join([*["w9"] * 8, "w3", "w4"])
    windows = network.windows([context], ["w20"])
    known = {one.window.characters(*span) for one in windows for span in one.known}
    assert known == {(24, 29), (24, 26)}
    elsewhere = [one for one in windows if not one.known]
    assert 0 < len(elsewhere) < len(windows)
    assert {one.longest for one in elsewhere} == {(0, 0)}
    assert {one.is_missing for one in windows} == {False}


def test_nothing_is_weighed_by_rows_that_it_was_fitted_on(tiny, monkeypatch):
    seen = {}
    given = Examples(asked(60), asked(20, seed=3))

    def trained(part, found):
        def train(examples, recipe, report):
            seen[part] = examples.training
            return found

        return train

    def fitted(network, unseen):
        seen["weights"] = unseen
        seen["known"] = int(network.gazetteer.n_right.sum())
        fit_weights(network, unseen)

    monkeypatch.setattr(aveqa, "train", trained("aveqa", of_span(tiny)))
    monkeypatch.setattr(suopentag, "train", trained("suopentag", of_tags(tiny)))
    monkeypatch.setattr(combined, "fit_weights", fitted)
    found = train(given, recipe(), lambda _: None)
    assert seen["aveqa"] is seen["suopentag"] is given.training
    assert seen["weights"] is given.validation
    # Every value of the toy is right where it is found: those of the training alone.
    n_values = sum(span is not None for span in given.training.spans)
    assert int(found.network.gazetteer.n_right.sum()) == seen["known"] == n_values
    assert found.network.weigh.weight.abs().sum() > 0


def test_the_weights_are_those_of_a_regression_on_the_features(network):
    held = asked(40, seed=8)
    fit_weights(network, held)
    windows = network.windows(held.contexts, held.attributes)
    with torch.inference_mode():
        candidates = network.candidates(windows)
        logits = network.weigh(candidates.features).squeeze(1).numpy()
    gold = held.values()
    labels = np.array(
        [
            held.contexts[windows[row].example][
                slice(*windows[row].window.characters(*span))
            ]
            in gold[windows[row].example]
            for row, span in zip(candidates.rows, candidates.spans, strict=True)
        ]
    )
    assert candidates.features.shape == (len(labels), N_FEATURES)
    # With an offset that bears no penalty, chances sum to the number that is right.
    chances = 1 / (1 + np.exp(-logits))
    assert chances.sum() == pytest.approx(labels.sum(), abs=0.1)
    assert chances[labels].mean() > chances[~labels].mean() + 0.3


def test_candidates_of_one_kind_alone_are_refused(network):
    held = Asked(["w9 w8"] * 3, ["w20"] * 3, [None] * 3)
    with pytest.raises(NotTrainableError, match="all candidates are wrong"):
        fit_weights(network, held)
