"""The alignment of ENDX, its teacher and its weights (models.md 9.5)."""

import math

import numpy as np
import pytest
import torch

from models.encoder import pretrained
from models.passages.cross import Cross, CrossAttention
from models.passages.dual import hops_of, in_batch_loss, untrained
from models.passages.endx import Endx, Losses, train_both
from models.passages.geometry import (
    TERMS,
    Embedded,
    alignment,
    kernel_of,
    log_neighbours,
    ramp,
    weighed,
)
from models.passages.text_encoders import started
from tests.models.toy_passages import examples, matches, recipe


def embedded(seed=0, n=5, size=3):
    generator = torch.Generator().manual_seed(seed)
    return Embedded(*(torch.randn(n, size, generator=generator) for _ in range(2)))


def endx(tiny, **changes):
    torch.manual_seed(0)
    given = recipe(encoder=tiny, **changes)
    source = pretrained(tiny)
    dual = untrained("bert", source, given)
    cross = Cross(
        started("bert", source, dropout=0.0),
        hops_of({"encoder": source.sizes, "n_hops": 2, "hop_size": None}),
        size=16,
        n_heads=2,
        is_shared=given.is_cross_shared,
    )
    return Losses(Endx(dual, cross), matches(32), given, n_ramp_steps=10)


def test_the_in_batch_loss_by_hand():
    asked = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    said = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    # Scores [[2, 1], [0, 2]].
    expected = (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-2))) / 2
    assert in_batch_loss(asked, said).item() == pytest.approx(expected)
    same = torch.ones(2, 2, dtype=torch.bool)
    assert in_batch_loss(asked, said, same).item() == 0.0


def test_neighbours_by_hand():
    found = embedded(n=2)
    scores = found.questions @ found.passages.T
    (log_p,) = [log_neighbours(found, "a|q")]
    assert torch.allclose(log_p.exp(), torch.softmax(scores, dim=1))
    # q|a asks the other way round: its rows are the passages.
    other = log_neighbours(found, "q|a").exp()
    assert torch.allclose(other, torch.softmax(scores.T, dim=1))


@pytest.mark.parametrize("kernel", ["inner", "gauss"])
@pytest.mark.parametrize("is_masked", [False, True])
@pytest.mark.parametrize("term", TERMS)
def test_rows_sum_to_one(term, kernel, is_masked):
    found = log_neighbours(
        embedded(), term, kernel=kernel, width=0.7, is_diagonal_masked=is_masked
    ).exp()
    assert torch.allclose(found.sum(dim=1), torch.ones(5))
    has_own = bool((found.diagonal() > 0).all())
    assert has_own == (not is_masked or term in ("a|q", "q|a"))


def test_the_gaussian_kernel_divides_by_twice_the_squared_width():
    first, second = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    found = kernel_of(first, second, "gauss", 5.0)
    assert found.item() == pytest.approx(math.exp(-25 / 50))


@pytest.mark.parametrize("kernel", ["inner", "gauss"])
@pytest.mark.parametrize("is_masked", [False, True])
def test_the_alignment_is_zero_where_both_agree_and_positive_else(kernel, is_masked):
    given = {"kernel": kernel, "is_diagonal_masked": is_masked}
    same = alignment(embedded(), embedded(), **given)
    assert {term: value.item() for term, value in same.items()} == pytest.approx(
        dict.fromkeys(TERMS, 0.0), abs=1e-6
    )
    other = alignment(embedded(), embedded(1), **given)
    assert all(value.item() > 1e-4 for value in other.values())


def test_a_term_by_hand():
    teacher, student = embedded(0), embedded(1)
    target, own = (
        torch.softmax(one.questions @ one.questions.T, dim=1).numpy()
        for one in (teacher, student)
    )
    expected = np.mean(np.sum(target * np.log(target / own), axis=1))
    found = alignment(teacher, student, ["q|q"])
    assert found["q|q"].item() == pytest.approx(expected, rel=1e-4)
    assert set(found) == {"q|q"}


def test_the_whole_loss_by_hand(tiny):
    losses = endx(
        tiny,
        alpha_dual=0.3,
        alpha_cross=0.2,
        alpha_alignment=0.7,
        alpha_between=0.4,
        alpha_within=3.0,
        kernel="gauss",
        width_cross=2.0,
        width_dual=3.0,
        is_diagonal_masked=True,
        terms=("q|a", "q|q"),
        duplicates="literal",
    )
    losses.network.eval()
    losses.step = 5  # of 10 in which the weights rise
    places = np.arange(6)
    asked = [losses.matches.questions[place] for place in places]
    said = [losses.matches.passages[place] for place in places]
    dual, cross = losses.network.dual, losses.network.cross
    with torch.no_grad():
        tokens = dual.read(asked, "question"), dual.read(said, "passage")
        student = [
            dual.vectors(one, side).double().numpy()
            for one, side in zip(tokens, ("question", "passage"), strict=True)
        ]
        both = cross(*tokens)
        teacher = [both.questions.double().numpy(), both.passages.double().numpy()]
        found = losses(places).item()

    def softmax(scores):
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def neighbours(given, target, width):
        squares = ((given[:, None] - target[None]) ** 2).sum(axis=2)
        return np.exp(-squares / (2 * width**2))

    def divergence(place, other, is_masked):
        target, own = (
            softmax(
                neighbours(one[place], one[other], width)
                - (1e9 * np.eye(6) if is_masked else 0)
            )
            for one, width in ((teacher, 2.0), (student, 3.0))
        )
        return np.mean(np.sum(target * np.log((target + 1e-300) / (own + 1e-300)), 1))

    def matched(one):
        return -np.mean(np.log(np.diag(softmax(one[0] @ one[1].T))))

    aligned = 0.5 * (0.4 * divergence(1, 0, False) + 3.0 * divergence(0, 0, True))
    expected = 0.3 * matched(student) + 0.2 * matched(teacher) + 0.7 * aligned
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("is_shared", [False, True])
def test_pads_change_nothing_that_the_teacher_sees(tiny, is_shared):
    network = endx(tiny, is_cross_shared=is_shared).network.eval()
    dual, cross = network.dual, network.cross
    assert (cross.for_question is cross.for_passage) == is_shared
    asked, said = ["w1 w2", "w3 w4 w5 w6 w7 w8 w9"], ["w4 w5 w6", " ".join(["w7"] * 20)]
    with torch.no_grad():
        alone = cross(dual.read(asked[:1], "question"), dual.read(said[:1], "passage"))
        both = cross(dual.read(asked, "question"), dual.read(said, "passage"))
    assert torch.allclose(alone.questions[0], both.questions[0], atol=1e-5)
    assert torch.allclose(alone.passages[0], both.passages[0], atol=1e-5)


def test_a_training_takes_the_ramp_and_the_switches_of_its_recipe(tiny, monkeypatch):
    steps = []

    def told(step, n_steps):
        steps.append((step, n_steps))
        return ramp(step, n_steps)

    monkeypatch.setattr("models.passages.endx.ramp", told)
    given = recipe(
        encoder=tiny,
        max_epochs=3,
        ramp_epochs=1.5,
        n_heads=2,
        is_cross_shared=True,
        cross_gain=0.2,
    )
    trained, cross = train_both("bert", examples(16), given, lambda _: None)
    assert cross.for_question is cross.for_passage
    assert 0.1 < cross.for_question.norm.weight.mean().item() < 0.3
    n_batches = len(examples(16).training) // given.batch_size
    assert n_batches > 1
    expected = [(step, round(1.5 * n_batches)) for step in range(3 * n_batches)]
    assert steps == expected
    phases = [one["phase"] for one in trained.history]
    assert phases.count("loss q|q") == 3


@pytest.mark.parametrize("is_shared", [False, True])
def test_the_teachers_gradient_is_clipped_with_the_students_or_alone(
    tiny, monkeypatch, is_shared
):
    clipped = []

    def clip(self, parameters, most):
        parameters = list(parameters)
        clipped.append(len(parameters))
        return torch.nn.utils.clip_grad_norm_(parameters, most)

    monkeypatch.setattr("accelerate.Accelerator.clip_grad_norm_", clip)
    given = recipe(encoder=tiny, max_epochs=1, n_heads=2, is_clip_shared=is_shared)
    trained, cross = train_both("bert", examples(8), given, lambda _: None)
    n_dual, n_cross = (len(list(one.parameters())) for one in (trained.network, cross))
    assert set(clipped) == ({n_dual + n_cross} if is_shared else {n_dual, n_cross})


def test_weights_are_of_the_kind_of_term_and_rise_from_zero():
    losses = {term: torch.ones(()) for term in TERMS}
    found = weighed(losses, between=0.5, within=1e4)
    assert {term: value.item() for term, value in found.items()} == {
        "a|q": 0.5,
        "q|a": 0.5,
        "q|q": 1e4,
        "a|a": 1e4,
    }
    assert [ramp(step, 10) for step in (0, 5, 10, 99)] == [0.0, 0.5, 1.0, 1.0]
    assert ramp(0, 0) == 1.0


def test_the_sides_of_the_teacher_have_each_others_lengths(tiny):
    losses = endx(tiny)
    dual, cross = losses.network.dual, losses.network.cross
    questions = dual.read(["w1 w2", "w3"], "question")
    passages = dual.read(["w4 w5 w6 w7 w8", "w9"], "passage")
    of_question, of_passage = cross.states(questions, passages)
    assert of_question.shape == (2, 7, 16)
    assert of_passage.shape == (2, 4, 16)
    found = cross(questions, passages)
    assert found.questions.shape == found.passages.shape == (2, 2 * 16)


def test_the_cross_attention_by_hand():
    torch.manual_seed(0)
    layer = CrossAttention(size=4, n_heads=2).eval()
    queries, keys = torch.randn(1, 3, 4), torch.randn(1, 2, 4)
    heads = []
    for place in (slice(0, 2), slice(2, 4)):
        q, k, v = (
            part.weight[place] @ of.transpose(1, 2)[0]
            for part, of in (
                (layer.query, queries),
                (layer.key, keys),
                (layer.value, keys),
            )
        )
        weights = torch.softmax(q.T @ k / math.sqrt(2), dim=1)
        heads.append(weights @ v.T)
    mixed = torch.cat(heads, dim=1) @ layer.out.weight.T
    expected = layer.norm(mixed + layer.feed_forward(mixed))
    found = layer(queries, keys, torch.ones(1, 2, dtype=torch.bool))
    assert torch.allclose(found[0], expected, atol=1e-6)
    # A padded key counts not.
    longer = torch.cat([keys, torch.full((1, 1, 4), 9.0)], dim=1)
    padded = layer(queries, longer, torch.tensor([[True, True, False]]))
    assert torch.allclose(padded, found, atol=1e-6)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="n_heads: 3, expected a divisor"):
        CrossAttention(size=16, n_heads=3)


@pytest.mark.parametrize("is_taught", [False, True])
def test_the_alignment_teaches_the_teacher_where_it_is_told_to(tiny, is_taught):
    losses = endx(
        tiny,
        is_teacher_taught=is_taught,
        alpha_cross=0.0,
        alpha_dual=0.0,
        alpha_within=1.0,
    )
    losses.step = 99
    losses(np.arange(8)).backward()
    moved = [
        one.grad is not None and bool(one.grad.abs().sum() > 0)
        for one in losses.network.cross.parameters()
    ]
    assert any(moved) == is_taught
    own = [one.grad for one in losses.network.dual.encoders.parameters()]
    assert any(one is not None and one.abs().sum() > 0 for one in own)


def test_gradients_reach_every_parameter_of_both_models(tiny):
    losses = endx(tiny)
    losses.step = 5
    losses(np.arange(8)).backward()
    left = [
        name
        for name, one in losses.network.named_parameters()
        if one.grad is None or not one.grad.abs().sum() > 0
    ]
    # Softmax takes no notice of what all keys have in common.
    assert [name for name in left if "self.key.bias" not in name] == []


def test_the_parts_of_the_loss_are_told_once_an_epoch(tiny):
    losses = endx(tiny)
    losses.network.train()
    losses(np.arange(8))
    told = {one.phase: one.loss for one in losses.told()}
    assert set(told) == {"loss dual", "loss cross", *(f"loss {term}" for term in TERMS)}
    assert [told[f"loss {term}"] for term in TERMS] == [0.0] * 4  # the first step
    assert losses.told() == []
    losses(np.arange(8))
    assert all(one.loss > 0 and one.epoch == 2 for one in losses.told())
