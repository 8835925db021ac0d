"""AVEQA's parts against their equations."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.attributes.aveqa import Aveqa, Losses
from models.attributes.extractor import Extracted, best_of
from models.attributes.masked_lm import MaskedHead, Teacher, distillation, masked
from models.attributes.spans import SpanHead, best_spans
from models.attributes.windows import Reader
from models.encoder import WordPieces, pretrained
from tests.models.toy_attributes import asked, extracted, recipe


@pytest.fixture
def network(tiny):
    source = pretrained(tiny)
    torch.manual_seed(0)
    config = {
        "is_lower_case": True,
        "max_tokens": 24,
        "stride": 4,
        "is_literal_head": False,
        "has_classifier": True,
    }
    return Aveqa(source.encoder(), source.words, config).eval()


def softmax(values):
    values = np.exp(np.array(values))
    return values / values.sum()


@torch.inference_mode()
def test_the_end_is_conditioned_on_the_begin_as_xlnet_does():
    torch.manual_seed(3)
    head = SpanHead(3, is_literal=False)
    states = torch.randn(1, 5, 3)
    legal = torch.tensor([[True, True, True, True, False]])
    begin = 2
    h, w = states[0].numpy(), {k: v.numpy() for k, v in head.state_dict().items()}
    logits = []
    for i in (2, 3):
        mixed = np.tanh(
            w["of_end.weight"] @ h[i]
            + w["of_begin.weight"] @ h[begin]
            + w["of_begin.bias"]
        )
        normed = (mixed - mixed.mean()) / np.sqrt(mixed.var() + 1e-5)
        normed = normed * w["norm.weight"] + w["norm.bias"]
        logits.append(float(w["end.weight"][0] @ normed))
    found = head.ends(states, legal, torch.tensor([[begin]]))[0, 0].exp().numpy()
    assert found[[0, 1, 4]].tolist() == [0, 0, 0]
    assert found[2:4] == pytest.approx(softmax(logits), abs=1e-6)
    begins = head.begins(states, legal)[0].exp().numpy()
    assert begins[:4] == pytest.approx(softmax(h[:4] @ w["begin.weight"][0]), abs=1e-6)
    assert begins[4] == 0


@torch.inference_mode()
def test_the_linear_end_does_not_see_the_begin_but_for_the_mask():
    torch.manual_seed(4)
    states, legal = torch.randn(1, 6, 4), torch.ones(1, 6, dtype=torch.bool)
    places = torch.tensor([[1, 2]])
    literal, own = (
        SpanHead(4, is_literal=flag).ends(states, legal, places)[0]
        for flag in (True, False)
    )
    # Given that the end is at 2 or later, the first begin says what the second does.
    from_two = literal[0, 2:].log_softmax(0)
    torch.testing.assert_close(from_two, literal[1, 2:])
    assert not torch.allclose(own[0, 2:].log_softmax(0), own[1, 2:])


@torch.inference_mode()
def test_no_value_ends_where_it_begins_and_no_span_leaves_the_text():
    torch.manual_seed(5)
    head = SpanHead(4, is_literal=False)
    states = torch.randn(2, 6, 4)
    legal = torch.tensor([[True] * 4 + [False] * 2, [True] + [False] * 5])
    ends = head.ends(states, legal, torch.tensor([[0, 1], [0, 0]])).exp()
    assert ends[0, 0].tolist() == [1, 0, 0, 0, 0, 0]
    assert ends[0, 1, 0] == 0
    best = best_spans(head, states, legal)
    assert 1 <= best.begin[0] <= best.end[0] <= 3
    assert best.log_probability[1] == -torch.inf  # an empty text
    begins = head.begins(states, legal)[0]

    def of_end(begin):
        return head.ends(states[:1], legal[:1], torch.tensor([[begin]]))[0, 0]

    everything = [
        (begins[b] + of_end(b)[e]).item() for b in range(1, 4) for e in range(b, 4)
    ]
    assert best.log_probability[0].item() == pytest.approx(max(everything))
    spans = torch.tensor([[[b, e] for b in range(1, 4) for e in range(b, 4)]])
    scores = head.score(states[:1], legal[:1], spans)[0].tolist()
    assert scores == pytest.approx(everything, abs=1e-5)
    outside = torch.tensor([[[2, 1], [1, 4]]])
    assert head.score(states[:1], legal[:1], outside)[0].tolist() == [-torch.inf] * 2


def test_the_printed_direction_rewards_the_one_hot_student():
    teacher = torch.tensor([[0.7, 0.2, 0.1]]).log()
    one_hot = torch.tensor([[0.0, -100.0, -100.0]])

    def loss(student, *, is_literal):
        return distillation(
            student, teacher, temperature=1.0, is_literal=is_literal
        ).item()

    assert loss(teacher, is_literal=True) == pytest.approx(0.802, abs=5e-4)
    assert loss(one_hot, is_literal=True) == pytest.approx(0.357, abs=5e-4)
    assert loss(teacher, is_literal=False) == pytest.approx(0, abs=1e-6)
    assert loss(one_hot, is_literal=False) > 10


def test_the_temperature_softens_both():
    student = torch.tensor([[1.0, 0.0]])
    teacher = torch.tensor([[0.0, 3.0]])
    p, q = softmax([0, 1.5]), softmax([0.5, 0])
    expected = float((p * np.log(p / q)).sum())
    found = distillation(student, teacher, temperature=2.0, is_literal=False)
    assert found.item() == pytest.approx(expected, abs=1e-6)
    nothing = torch.zeros(0, 2)
    assert distillation(nothing, nothing, temperature=2.0, is_literal=False) == 0


def test_marks_and_values_are_never_masked(tiny):
    source = pretrained(tiny)
    pieces = WordPieces(source.words)
    reader = Reader(pieces, max_tokens=24, stride=4)
    batch = reader.padded(
        reader.windows(["w1 w2 w3 w4", "w5"], ["w20 w22", "w21 w20 w23"])
    )
    kept = torch.zeros_like(batch.legal)
    kept[0, 2] = True
    _, hidden = masked(batch, pieces, 1.0, torch.Generator().manual_seed(0), kept)
    tokens, _ = masked(batch, pieces, 1.0, torch.Generator().manual_seed(0), kept)
    words = [source.words[one] for one in tokens.ids[0]]
    mask, word = "[MASK]", "w2"
    assert words[:9] == ["[CLS]", mask, word, mask, mask, "[SEP]", mask, mask, "[SEP]"]
    assert int(hidden.sum()) == 3 + 2 + 1 + 3
    drawn = [
        masked(batch, pieces, 0.3, torch.Generator().manual_seed(s), kept)[1]
        for s in range(200)
    ]
    share = torch.stack(drawn)[:, batch.maskable & ~kept].float().mean()
    assert share == pytest.approx(0.3, abs=0.03)


def test_gradients_of_the_distillation_reach_the_student_and_not_the_teacher(tiny):
    source = pretrained(tiny)
    teacher, student = (source.encoder().eval() for _ in range(2))
    teacher.requires_grad_(False)
    with torch.no_grad():
        for one in student.parameters():
            one.add_(0.05 * torch.randn(one.shape))
    head = MaskedHead(teacher).requires_grad_(False)
    config = {
        "is_lower_case": True,
        "max_tokens": 24,
        "stride": 4,
        "is_literal_head": False,
        "has_classifier": False,
    }
    network = Aveqa(student, source.words, config)
    part = asked(8)
    windows = network.windows(part.contexts, part.attributes)
    given = recipe(alpha=1.0, beta=0.0, mask_share=0.5)
    both = Losses(network, windows, part.spans, given, Teacher(teacher, head))
    alone = Losses(network, windows, part.spans, given, None)
    places = np.arange(8)
    gain = both(places) - alone(places)
    assert gain > 0
    gain.backward()
    assert all(one.grad is None for one in [*teacher.parameters(), *head.parameters()])
    layers = student.bert.encoder.parameters()
    assert all(one.grad is not None and one.grad.abs().sum() > 0 for one in layers)


@settings(max_examples=60, deadline=None)
@given(
    n_words=st.integers(0, 60),
    n_asked=st.integers(1, 30),
    stride=st.integers(0, 6),
    data=st.data(),
)
def test_every_span_is_whole_in_a_window_and_found_again(
    piece_words, n_words, n_asked, stride, data
):
    reader = Reader(WordPieces(piece_words), max_tokens=24, stride=stride)
    words = [f"w{i % 30}" for i in range(n_words)]
    context = "  ".join(words)
    windows = reader.windows([context], [" ".join(["w1"] * n_asked)])
    assert all(3 <= len(window) <= 24 for window in windows)
    covered = {place for one in windows for place in range(one.first, one.end)}
    assert covered == set(range(n_words))
    if not n_words:
        return
    length = data.draw(st.integers(1, max(1, min(stride, n_words))))
    first = data.draw(st.integers(0, n_words - length))
    starts = np.cumsum([0, *(len(word) + 2 for word in words)])
    span = (
        int(starts[first]),
        int(starts[first + length - 1] + len(words[first + length - 1])),
    )
    found = [(one, one.places(span)) for one in windows]
    whole = [(one, places) for one, places in found if places != (0, 0)]
    assert whole
    for one, (begin, end) in whole:
        assert one.characters(begin, end) == span


@pytest.fixture(scope="module")
def piece_words(tiny):
    return pretrained(tiny).words


def test_every_window_that_says_the_value_is_taught_it(tiny):
    reader = Reader(WordPieces(pretrained(tiny).words), max_tokens=8, stride=1)
    context = "w1 w2 w3 w4 w5 w6 w1 w2 w7 w8"  # four pieces a window
    windows = reader.windows([context], ["w20"])
    assert [(one.first, one.end) for one in windows] == [(0, 4), (3, 7), (6, 10)]
    span = (0, 5)
    assert [one.places(span) for one in windows] == [(1, 2), (0, 0), (0, 0)]
    # The second one holds the value's first piece alone.
    assert [one.target(span) for one in windows] == [(1, 2), (0, 0), (1, 2)]
    assert {one.target(None) for one in windows} == {(0, 0)}


def test_a_value_inside_a_piece_takes_the_piece(tiny):
    reader = Reader(WordPieces(pretrained(tiny).words), max_tokens=24, stride=4)
    (window,) = reader.windows(["w10 w11"], ["w20"])
    assert window.places((1, 3)) == (1, 1)
    assert window.characters(1, 1) == (0, 3)
    assert window.places(None) == (0, 0)


def test_the_surest_window_of_a_text_is_its_answer():
    found = [
        Extracted(1, (3, 4), -0.5),
        Extracted(1, (0, 2), 1.5),
        Extracted(1, (1, 2), 1.5),
        Extracted(0, None, -math.inf),
    ]
    first, second = best_of(found, 2)
    assert (first.span, second.span) == (None, (0, 2))
    assert second.value("abcd") == "ab"


@torch.inference_mode()
def test_padding_and_batch_change_nothing(network):
    part = asked(12, seed=4)
    contexts = [*part.contexts, " ".join(["w3"] * 50), "w1", "?"]
    attributes = [*part.attributes, "w20", "w21 w22 w23", "w20"]
    together = extracted(network, contexts, attributes)
    for place, one in enumerate(together):
        (alone,) = extracted(network, [contexts[place]], [attributes[place]])
        assert alone.span == one.span
        assert alone.logit == pytest.approx(one.logit, abs=1e-4)


@torch.inference_mode()
def test_the_rule_is_that_both_must_be_for_the_value(network):
    part = asked(6, seed=5)
    windows = network.windows(part.contexts, part.attributes)
    batch = network.reader.padded(windows)
    states = network.encoder(batch.tokens)
    best = best_spans(network.span, states, batch.legal)
    verdict = network.has_value(states[:, 0])
    of_span = (best.log_probability - best.none).tolist()
    of_class = (verdict[:, 1] - verdict[:, 0]).tolist()
    found = [one.logit for one in network.extract(windows)]
    assert found == pytest.approx(np.minimum(of_span, of_class).tolist(), abs=1e-5)


@given(
    words=st.lists(st.sampled_from(["w1", "W2", "  ", "ä", "w39-w2", "?"]), max_size=30)
)
@settings(max_examples=30, deadline=None)
def test_any_value_is_a_part_of_the_text(random_network, words):
    context = " ".join(words)
    with torch.inference_mode():
        (one,) = extracted(random_network, [context], ["w20"])
    if one.span is None:
        assert not context.strip()
    else:
        begin, end = one.span
        assert 0 <= begin < end <= len(context)
        assert one.value(context) == context[begin:end]


@pytest.fixture(scope="module")
def random_network(tiny):
    source = pretrained(tiny)
    config = {
        "is_lower_case": True,
        "max_tokens": 16,
        "stride": 3,
        "is_literal_head": False,
        "has_classifier": True,
    }
    return Aveqa(source.encoder(), source.words, config).eval()


@pytest.mark.parametrize("is_single_pass", [False, True])
def test_gradients_reach_every_parameter(network, tiny, is_single_pass):
    source = pretrained(tiny)
    encoder = source.encoder().requires_grad_(False).eval()
    teacher = Teacher(encoder, MaskedHead(encoder).requires_grad_(False))
    part = asked(16)
    windows = network.windows(part.contexts, part.attributes)
    given = recipe(is_single_pass=is_single_pass)
    Losses(network, windows, part.spans, given, teacher)(np.arange(16)).backward()
    without = {
        name
        for name, one in network.named_parameters()
        if one.grad is None or not one.grad.abs().sum() > 0
    }
    assert without == set()


def test_it_over_fits_one_batch(network):
    part = asked(8, seed=2)
    windows = network.windows(part.contexts, part.attributes)
    losses = Losses(network, windows, part.spans, recipe(), None)
    optimiser = torch.optim.Adam(network.parameters(), lr=0.01)
    first = losses(np.arange(8)).item()
    for _ in range(100):
        optimiser.zero_grad()
        loss = losses(np.arange(8))
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05 < first
    found = extracted(network, part.contexts, part.attributes)
    values = [
        (one.value(context),) if one.logit > 0 else ()
        for one, context in zip(found, part.contexts, strict=True)
    ]
    assert values == part.values()


def test_the_loss_is_the_weighted_sum_of_the_three(network, tiny):
    source = pretrained(tiny)
    encoder = source.encoder().requires_grad_(False).eval()
    teacher = Teacher(encoder, MaskedHead(encoder).requires_grad_(False))
    part = asked(6, seed=2)
    windows = network.windows(part.contexts, part.attributes)

    def loss(**changes):
        given = recipe(**changes)
        distilled = teacher if given.alpha else None
        losses = Losses(network, windows, part.spans, given, distilled)
        with torch.no_grad():
            return losses(np.arange(6)).item()

    alone = loss(alpha=0, beta=0)
    of_class = loss(alpha=0, beta=1) - alone
    whole = loss(alpha=1, beta=0)
    assert loss(alpha=0, beta=3) == pytest.approx(alone + 3 * of_class, abs=1e-4)
    # The student is the teacher: nothing to distil, whatever the mask.
    assert whole == pytest.approx(alone, abs=1e-4)
