"""What two texts share, by hand; and the weights of a hybrid."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.passages.hybrid import softmax_weights
from models.passages.lexicon import Lexicon

WORDS = st.lists(st.sampled_from(["red", "hat", "shoe", "box", "tie"]), max_size=6)


def fitted(*passages, weights=(1.0, 0.0)):
    made = Lexicon.fit(passages)
    return Lexicon(made.idf, made.average, np.array(weights))


def test_both_terms_by_hand():
    lexicon = fitted("red shoe", "Red red hat box")
    # Two of two have red, one has hat; the mean length is 3. None has tie.
    red, hat, tie = (math.log(1 + (2.5 - df) / (df + 0.5)) for df in (2, 1, 0))

    def gain(tf, length):
        return tf / (tf + 1.2 * (0.25 + 0.75 * length / 3))

    said = lexicon.read(["a red shoe", "hat tie"])
    plain, share = lexicon.features(["red hats? Red!", "the"], said)
    assert plain[0] == pytest.approx([red * gain(1, 2), hat * gain(1, 2)], abs=1e-6)
    assert share[0] == pytest.approx(plain[0] / (red + hat), abs=1e-6)
    assert plain[1].tolist() == share[1].tolist() == [0, 0]  # a stop word alone
    (found,) = lexicon.scores(["tie"], lexicon.read(["a tie"]))
    assert found == pytest.approx([tie * gain(1, 1)], abs=1e-6)
    weighed = fitted("red shoe", "Red red hat box", weights=(2.0, -1.0))
    (both,) = weighed.scores(["red hat"], said)
    assert both == pytest.approx(2 * plain[0] - share[0])


@given(asked=WORDS, said=st.lists(WORDS, min_size=1, max_size=5))
def test_no_pair_hangs_on_the_others(asked, said):
    lexicon = fitted("red hat", "shoe box tie", weights=(0.7, 0.3))
    texts = [" ".join(words) for words in said]
    together = lexicon.scores([" ".join(asked), "red"], lexicon.read(texts))
    for place, text in enumerate(texts):
        alone = lexicon.scores([" ".join(asked)], lexicon.read([text]))
        assert alone[0, 0] == together[0, place]


def test_the_weights_are_those_of_the_feature_that_tells():
    rng = np.random.default_rng(0)
    right = [[int(rng.integers(9))] for _ in range(60)]
    told, noise = rng.normal(size=(2, 60, 9))
    for row, places in zip(told, right, strict=True):
        row[places] += 3
    # However the features are scaled, and whatever is the same for all candidates.
    found = softmax_weights(np.stack([100 * noise, told / 50 + 7]), right)
    assert abs(found[0]) * 100 < 0.2 * found[1] / 50
    again = softmax_weights(np.stack([noise, told]), right)
    assert found * [100, 1 / 50] == pytest.approx(again, rel=0.05, abs=0.05)


def test_a_feature_that_tells_nothing_has_no_weight():
    rng = np.random.default_rng(0)
    told = rng.normal(size=(5, 4))
    right = [[place] for place in told.argmax(axis=1)]
    found = softmax_weights(
        np.stack([told, np.zeros((5, 4)), np.full((5, 4), 7)]), right
    )
    assert found[0] > 1
    assert found[1:].tolist() == [0, 0]
    alone = softmax_weights(rng.normal(size=(3, 5, 1)), [[0]] * 5)
    assert alone.tolist() == [1, 0, 0]
