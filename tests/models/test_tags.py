"""Tags of a value and back, and the best value of a chain against all tag sequences."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.attributes.tags import (
    BEGIN,
    INSIDE,
    N_TAGS,
    OUTSIDE,
    best_value,
    extracted,
    spans_in,
    tags_of,
    taught,
)
from models.attributes.windows import Reader
from models.crf import Chain, best_path, path_score
from models.encoder import WordPieces, pretrained


def legal_paths(length):
    """All sequences in which I follows B or I."""
    for tags in itertools.product(range(N_TAGS), repeat=length):
        before = (OUTSIDE, *tags)
        if all(
            two != INSIDE or one != OUTSIDE for one, two in itertools.pairwise(before)
        ):
            yield tags


def random_chain(seed):
    torch.manual_seed(seed)
    sizes = (N_TAGS,), (N_TAGS, N_TAGS), (N_TAGS,)
    return Chain(*(torch.randn(*size) for size in sizes))


@settings(deadline=None)
@given(st.integers(1, 9), st.data())
def test_a_span_and_its_tags_are_the_same(length, data):
    begin = data.draw(st.integers(1, length))
    end = data.draw(st.integers(begin, length))
    tags = tags_of(np.array([[begin, end]]), length)[0].tolist()
    assert len(tags) == length
    assert spans_in(tags) == [(begin - 1, end - 1)]
    assert tags.count(BEGIN) + tags.count(INSIDE) == end - begin + 1


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ([], []),
        ([OUTSIDE, OUTSIDE], []),
        ([BEGIN], [(0, 0)]),
        ([OUTSIDE, BEGIN, INSIDE, BEGIN, OUTSIDE, BEGIN], [(1, 2), (3, 3), (5, 5)]),
        ([BEGIN, BEGIN, INSIDE], [(0, 0), (1, 2)]),
    ],
)
def test_all_spans_are_read(tags, spans):
    assert spans_in(tags) == spans


@pytest.mark.parametrize("seed", range(6))
def test_the_best_legal_path_with_a_value_is_found_with_its_log_odds(seed):
    chain, lengths = random_chain(seed), (5, 1, 4)
    emissions = 2 * torch.randn(len(lengths), 5, N_TAGS)
    mask = torch.arange(5) < torch.tensor(lengths).unsqueeze(1)
    paths, logits = best_value(chain, emissions, mask)
    for row, length in enumerate(lengths):
        own, inside = emissions[row : row + 1, :length], mask[row : row + 1, :length]

        def score(tags, own=own, inside=inside):
            return path_score(chain, own, inside, torch.tensor([tags])).item()

        scores = {tags: score(tags) for tags in legal_paths(length)}
        without = scores.pop((OUTSIDE,) * length)
        best = max(scores, key=lambda tags, scores=scores: scores[tags])
        assert tuple(paths[row, :length].tolist()) == best
        assert logits[row].item() == pytest.approx(scores[best] - without, abs=1e-4)


def test_the_logit_is_above_zero_where_viterbi_holds_a_value():
    chain = random_chain(4)
    # I behind O or at the beginning is worth nothing: Viterbi's best is legal.
    chain.transitions[OUTSIDE, INSIDE] = chain.starts[INSIDE] = -torch.inf
    emissions, mask = 3 * torch.randn(60, 4, N_TAGS), torch.ones(60, 4) > 0
    emissions[..., OUTSIDE] += 4
    tags, _ = best_path(chain, emissions, mask)
    paths, logits = best_value(chain, emissions, mask)
    holds = [bool(spans_in(one)) for one in tags.tolist()]
    assert (logits > 0).tolist() == holds
    assert 5 < sum(holds) < 55
    assert paths[logits > 0].tolist() == tags[logits > 0].tolist()


def test_independent_tags_give_the_sum_of_log_odds():
    chances = torch.tensor([[[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.1, 0.6]]])
    none = torch.zeros(N_TAGS)
    chain = Chain(none, none.expand(N_TAGS, N_TAGS), none)
    paths, logits = best_value(chain, chances.log(), torch.ones(1, 3) > 0)
    assert paths.tolist() == [[OUTSIDE, BEGIN, INSIDE]]
    expected = math.log(0.7 / 0.2) + math.log(0.6 / 0.3)
    assert logits.item() == pytest.approx(expected, abs=1e-5)


def test_values_are_characters_of_the_text_and_an_empty_text_has_none(tiny):
    reader = Reader(WordPieces(pretrained(tiny).words), max_tokens=8, stride=2)
    contexts = ["w1  w2 w3", " ", "w4 w5 w6 w7 w8"]
    windows = reader.windows(contexts, ["w20"] * 3)
    spans = [(4, 9), None, (12, 14)]
    kept, places = taught(windows, spans)
    # Windows of four pieces that share two: the last value is whole in one alone.
    assert [(one.example, one.first) for one in kept] == [(0, 0), (2, 0), (2, 2)]
    assert places.tolist() == [[2, 3], [0, 0], [3, 3]]

    def emit(chosen):
        length = max(len(window) for window in chosen)
        _, places = taught(chosen, spans)
        tags = tags_of(places, length)
        mask = torch.arange(length) < torch.tensor(
            [len(window.ids) for window in chosen]
        ).unsqueeze(1)
        return 9.0 * torch.nn.functional.one_hot(tags, N_TAGS), mask

    none = torch.zeros(N_TAGS)
    chain = Chain(none, none.expand(N_TAGS, N_TAGS), none)
    found = extracted(windows, chain, emit)
    sure = {
        (one.example, contexts[one.example][slice(*one.span)])
        for one in found
        if one.logit > 0
    }
    assert sure == {(0, "w2 w3"), (2, "w8")}
    assert [one.span for one in found if one.example == 1] == [None]
