"""What every attribute method must do, and the gazetteer."""

import dataclasses
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.attributes import METHODS, WITHOUT_ENCODER, aveqa, load, train
from models.attributes import encoder_crf as tagger
from models.attributes.examples import Asked, Examples
from models.attributes.gazetteer import Gazetteer
from models.attributes.validation import counts_of
from models.training import NotTrainableError
from tests.models import toy
from tests.models.toy_attributes import asked, calm_folder, examples, extracted, recipe

VARIANTS = ("qa", "qa-mlm", "qa-cls", "aveqa")


@pytest.fixture(scope="module")
def calm(tiny, tmp_path_factory):
    return calm_folder(tiny, tmp_path_factory.mktemp("calm"))


@pytest.fixture(scope="module", params=METHODS)
def trained(request, calm):
    given = recipe(encoder=calm)
    with torch.inference_mode(mode=False):  # whatever the test runs in
        return request.param, train(request.param, examples(), given, lambda _: None)


def test_a_method_learns_its_toy(trained):
    name, found = trained
    part = asked(64, seed=7)
    best = extracted(found.network, part.contexts, part.attributes)
    right = [
        ((one.value(context),) if one.logit > 0 else ()) == gold
        for one, context, gold in zip(best, part.contexts, part.values(), strict=True)
    ]
    # The values and the attributes are those of training: every method can. Half of
    # the texts have no value.
    assert np.mean(right) > 0.85, name


def test_padding_and_batch_change_nothing(trained):
    _, found = trained
    part = asked(12, seed=4)
    contexts = [*part.contexts, " ".join(["w3"] * 50), "w1", "?", " ", "w1 w5"]
    attributes = [*part.attributes, "w20", "w20", "w20", "w20", "w22"]
    together = extracted(found.network, contexts, attributes)
    for place, one in enumerate(together):
        (alone,) = extracted(found.network, [contexts[place]], [attributes[place]])
        assert alone.span == one.span
        assert alone.logit == pytest.approx(one.logit, abs=1e-3)
    assert together[-2].span is None


def test_fifty_pads_change_no_logit(trained, monkeypatch):
    name, found = trained
    if name == "gazetteer":
        pytest.skip("reads no tokens")
    part = asked(8, seed=4)
    before = extracted(found.network, part.contexts, part.attributes)
    network = found.network.aveqa if name == "combined" else found.network
    padded = network.reader.padded
    n_read = []

    def longer(windows):
        batch = padded(windows)
        n_read.append(len(windows))
        return toy.padded(batch, 50)

    monkeypatch.setattr(network.reader, "padded", longer)
    after = extracted(found.network, part.contexts, part.attributes)
    assert sum(n_read) > 0
    assert [one.span for one in after] == [one.span for one in before]
    logits = [one.logit for one in before]
    assert [one.logit for one in after] == pytest.approx(logits, abs=1e-3)


@given(
    words=st.lists(st.sampled_from(["w1", "W2", "  ", "ä", "w39-w2", "?"]), max_size=30)
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.differing_executors],
)
def test_any_value_is_a_part_of_the_text(trained, words):
    name, found = trained
    context = " ".join(words)
    (one,) = extracted(found.network, [context], ["w20"])
    if one.span is None:
        assert one.logit == -math.inf
        assert not context.strip() or name == "gazetteer"
    else:
        begin, end = one.span
        assert 0 <= begin < end <= len(context)
        assert one.value(context) == context[begin:end]
        assert context[begin:end].strip() == context[begin:end]


def test_a_model_is_the_same_after_saving(trained, tmp_path):
    name, found = trained
    card = toy.saved(name, found, tmp_path, threshold=0.4, calibration=[2, 1])
    model = load(card.folder, device="cpu", precision="fp32")
    part = asked(8, seed=9)
    windows = model.windows(part.contexts, part.attributes)
    with torch.inference_mode():
        expected = found.network.extract(windows)
    assert model.extract(windows) == expected
    assert model.score(0.5) == pytest.approx(1 / (1 + math.exp(-2)))
    assert (model.name, model.threshold) == (name, 0.4)


@pytest.mark.parametrize("name", METHODS)
def test_examples_without_a_value_are_refused(name, tiny):
    part = asked(8)
    empty = dataclasses.replace(part, spans=[None] * 8)
    for one in (Examples(empty, part), Examples(part, empty)):
        with pytest.raises(NotTrainableError, match=r"8 .* examples hold no value"):
            train(name, one, recipe(encoder=tiny), lambda _: None)


@pytest.mark.parametrize(
    ("n", "min_steps", "lasts"),
    [
        (100, 0, (3, 2)),
        (100, 30, (3, 2)),  # ten batches an epoch
        (100, 31, (4, 3)),
        (100, 100, (10, 7)),
        (5, 100, (100, 67)),
        (0, 4, (4, 3)),
    ],
)
def test_few_examples_are_seen_in_more_epochs(n, min_steps, lasts):
    wanted = {"batch_size": 10, "max_epochs": 3, "patience": 2}
    assert recipe(min_steps=min_steps, **wanted).epochs_and_patience(n) == lasts


@pytest.mark.parametrize(("name", "module"), [("qa", aveqa), ("encoder-crf", tagger)])
def test_a_fine_tuning_lasts_as_long_as_the_recipe_says(
    name, module, tiny, monkeypatch
):
    told = []
    monkeypatch.setattr(module, "fit", lambda *_, **given: told.append(given))
    short = {"encoder": tiny, "max_epochs": 1, "patience": 2, "batch_size": 24}
    few = examples(48)  # two batches
    train(name, few, recipe(min_steps=6, **short), lambda _: None)
    assert [(one["max_epochs"], one["patience"]) for one in told] == [(3, 6)]


def test_the_variants_leave_their_tasks_out(monkeypatch):
    given = []
    monkeypatch.setattr(
        aveqa, "train", lambda examples, recipe, report: given.append(recipe)
    )
    for name in VARIANTS:
        train(name, examples(8), recipe(), lambda _: None)
    weights = [(one.alpha, one.beta) for one in given]
    assert weights == [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.5, 0.5)]
    assert not set(VARIANTS) & set(WITHOUT_ENCODER)


def test_the_longest_known_value_of_the_attribute_is_taken_at_words_borders():
    lines = ("color\tred", "color\tred wine", "size\tred wine glass", "color\t2.4-ghz")
    found = Gazetteer(lines)
    context = "Redder, RED   Wine glass red 2.4-GHz"
    (one,) = extracted(found, [context], ["Color"])
    assert one.value(context) == "RED   Wine"
    (other,) = extracted(found, [context], ["material"])
    assert (other.span, other.logit) == (None, -math.inf)
    known = [context[slice(*match.span)] for match in found.matches(context, "color")]
    assert known == ["RED   Wine", "2.4-GHz", "RED", "red"]
    assert (found.knows("COLOR"), found.knows("material")) == (True, False)


def test_every_right_value_of_an_example_is_known_and_right():
    part = Asked(["red or blue", "x"], ["color"] * 2, [(0, 3), None])
    both = replace(part, accepted=[("Red", "blue"), ()])
    found = train("gazetteer", Examples(both, both), recipe(), lambda _: None).network
    (one,) = extracted(found, ["a blue x"], ["color"])
    assert one.span == (2, 6)
    assert both.at([0, 1]) == both
    assert counts_of(extracted(found, part.contexts, part.attributes), both).right == 1
    alone = train("gazetteer", Examples(part, part), recipe(), lambda _: None).network
    (one,) = extracted(alone, ["a blue x"], ["color"])
    assert one.span is None


def test_a_word_that_is_rarely_meant_is_not_taken():
    contexts = ["new shirt", "new coat", "new hat", "red shoe"]
    spans = [(0, 3), None, None, (0, 3)]
    part = Asked(contexts, ["color"] * 4, spans)
    found = train("gazetteer", Examples(part, part), recipe(), lambda _: None).network
    new, red = extracted(found, ["new x", "red x"], ["color"] * 2)
    assert new.logit == pytest.approx(math.log(2 / 3))  # (1 + 1) / (3 + 2)
    assert red.logit == pytest.approx(math.log(2))  # (1 + 1) / (1 + 2)
