"""LateQAR against its formula, its start, its batches and its grades."""

from math import log1p

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models import training
from models.answers import late_qar, train
from models.answers.examples import Pairs
from models.answers.factored import logits_of, of_pairs
from models.answers.late_qar import N_FEATURES, by_question
from models.encoder import pretrained
from tests.models import toy

ASKED, SAID = "w1 w2 zz w7 w1", "w3 w1 w9 w4 w5 w1"


def late(encoder, *, start=False, **changes):
    """A training on the toy examples, or what it starts from."""
    short = {
        "encoder_epochs": 0 if start else 1,
        "encoder_qa_pairs": 0,
        "late_dropout": 0.0,
    }
    given = toy.recipe(encoder=encoder, **{**short, **changes})
    with torch.inference_mode(mode=False):
        return train("late-qar", graded(), given, lambda _: None)


def graded():
    """The toy examples with sentences of different length."""
    examples = toy.examples()
    qr = examples.qr
    texts = [text + " w8" * (place % 4) for place, text in enumerate(examples.qr.texts)]
    return toy.examples(qr=Pairs(qr.questions, texts, qr.labels))


@pytest.fixture(scope="module")
def network(tiny):
    """A trained one whose second part has something to say."""
    found = late(tiny).network
    torch.manual_seed(0)
    torch.nn.init.normal_(found.out.weight)
    return found.eval()


def softmax(values):
    return np.exp(values) / np.exp(values).sum()


def pieces_of(network, text):
    """States, rarity and ids without [CLS] and [SEP]; the mean state with them."""
    tokens = network.read([text])
    states = network.encoder(tokens)[0].numpy().astype(float)
    rarity = network.rarity[tokens.ids[0]].numpy().astype(float)
    ids = tokens.ids[0].tolist()
    return states[1:-1], rarity[1:-1], ids[1:-1], states.mean(axis=0)


def cosines_of(first, second):
    return np.array(
        [[x @ y / np.linalg.norm(x) / np.linalg.norm(y) for y in second] for x in first]
    )


def features_by_hand(network):
    h_q, rare_q, ids_q, mean_q = pieces_of(network, ASKED)
    h_s, rare_s, ids_s, mean_s = pieces_of(network, SAID)
    found = []
    for here, there, rarity in ((h_q, h_s, rare_q), (h_s, h_q, rare_s)):
        matches = cosines_of(here, there)
        for match in (matches.max(axis=1), matches.mean(axis=1)):
            found += [match.mean(), np.average(match, weights=rarity)]
    found.append(cosines_of([mean_q], [mean_s])[0, 0])
    norm = 1.2 * (1 - 0.75 + 0.75 * len(ids_s) / network.average.item())
    counts = np.array([ids_s.count(piece) for piece in ids_q])
    found.append((rare_q * counts * 2.2 / (counts + norm)).sum())
    is_shared = counts > 0
    assert 0 < is_shared.mean() < 1
    found += [is_shared.mean(), np.average(is_shared, weights=rare_q)]
    found.append(log1p(len(ids_s)))
    return np.array(found)


@torch.inference_mode()
def test_the_features_are_matches_both_ways_and_exact_ones(network):
    found = of_pairs(network, [ASKED, "w5"], [SAID, "w6 " * 9], network.features)[0]
    assert found.shape == (N_FEATURES,)
    np.testing.assert_allclose(found, features_by_hand(network), rtol=1e-4)


@torch.inference_mode()
def test_the_logit_adds_the_features_the_bi_attention_and_the_sentence(network):
    w = {name: one.numpy().astype(float) for name, one in network.state_dict().items()}
    h_q, rare_q, _, _ = pieces_of(network, ASKED)
    h_s, rare_s, _, _ = pieces_of(network, SAID)
    cosines = cosines_of(h_q, h_s)
    to_s, to_q = (
        np.average(cosines, axis=0, weights=rare_q),
        np.average(cosines, axis=1, weights=rare_s),
    )
    p_q, p_s = h_q @ w["project.weight"].T, h_s @ w["project.weight"].T
    x = softmax(w["heat"] * (to_q + rare_q) / 2) @ p_q
    y = softmax(w["heat"] * (to_s + rare_s) / 2) @ p_s
    hidden = np.tanh(p_s @ w["self_attention.project.weight"].T)
    r = softmax(hidden @ w["self_attention.score.weight"][0]) @ p_s  # (8, 9)
    pair = np.concatenate([x * y, abs(x - y), r])
    second = w["out.weight"][0] @ np.tanh(w["hidden.weight"] @ pair + w["hidden.bias"])
    scaled = (features_by_hand(network) - w["mean"]) / w["scale"]
    first = w["linear.weight"][0] @ scaled + w["linear.bias"][0]
    assert abs(second) > 0.01
    found = logits_of(network, [ASKED, "w5"], [SAID, "w6 " * 9])[0]
    np.testing.assert_allclose(found, first + second, rtol=1e-3)


def linear_part(network, pairs):
    found = of_pairs(network, pairs.questions, pairs.texts, network.features)
    scaled = (found - network.mean.numpy()) / network.scale.numpy()
    weight = network.linear.weight.detach().numpy()[0]
    return found, scaled @ weight + network.linear.bias.item()


def test_it_starts_as_the_regression_on_its_features(tiny):
    model = late(tiny, start=True)
    network, examples = model.network, graded()
    assert not model.history
    assert not network.out.weight.any()
    qr, held = examples.qr, examples.validation
    found, _ = linear_part(network, qr)
    regression = LogisticRegression(class_weight="balanced", max_iter=1000)
    fitted = make_pipeline(StandardScaler(), regression).fit(found, qr.labels)
    given, linear = linear_part(network, held)
    logits = logits_of(network, held.questions, held.texts)
    np.testing.assert_allclose(logits, linear, atol=1e-4)
    np.testing.assert_allclose(logits, fitted.decision_function(given), atol=1e-2)
    start = pretrained(tiny).weights
    for name, weight in network.encoder.state_dict().items():
        assert torch.equal(weight, start[name])


def test_a_feature_that_never_changed_in_training_does_not_explode(tiny):
    """All toy sentences are of one length; a longer one is no certain answer."""
    given = toy.recipe(encoder=tiny, encoder_epochs=0)
    network = train("late-qar", toy.examples(), given, lambda _: None).network
    assert network.scale.min() > 1e-3
    logits = logits_of(network, ["w1 w2"] * 2, ["w1 w20 w21", "w1 w20 w21 w3 w3 w3"])
    assert np.abs(logits).max() < 50


def test_an_epoch_that_makes_it_worse_is_not_kept(tiny, monkeypatch):
    given = iter([0.9, 0.1, 0.1])
    monkeypatch.setattr(late_qar, "average_precision", lambda *_: next(given))
    model = late(tiny, encoder_epochs=2)
    assert [row["metric"] for row in model.history] == [0.1, 0.1]
    assert not model.network.out.weight.any()


def test_training_moves_the_second_part(tiny, monkeypatch):
    given = iter([0.1, 0.9])
    monkeypatch.setattr(late_qar, "average_precision", lambda *_: next(given))
    assert late(tiny).network.out.weight.any()


@pytest.mark.parametrize(
    ("n_trained", "moved"), [(0, set()), (1, {1}), (2, {0, 1}), (3, {0, 1})]
)
def test_the_upper_layers_are_trained_and_the_lower_stand_still(
    tiny, monkeypatch, n_trained, moved
):
    given = iter([0.1, 0.9])
    monkeypatch.setattr(late_qar, "average_precision", lambda *_: next(given))
    network = late(tiny, late_trained_layers=n_trained).network
    start = pretrained(tiny).weights
    changed = {
        name
        for name, one in network.encoder.state_dict().items()
        if not torch.equal(one, start[name])
    }
    layers = {int(name.split(".")[3]) for name in changed}
    assert layers == moved
    assert all(name.startswith("bert.encoder.layer.") for name in changed)


@pytest.mark.parametrize("n_trained", [0, 1, 2, 3])
def test_the_states_that_are_kept_give_the_same_caches(tiny, n_trained):
    network = late(tiny, start=True).network.eval()
    texts = toy.texts(9, 1)
    lower = late_qar._Lower(network, texts, n_trained)
    chosen = [texts[place] for place in (3, 0, 3, 8)]  # one of them twice
    found = lower.caches(chosen)
    with torch.no_grad():
        expected = network.encode_sentences(network.read(chosen))
    assert torch.equal(found.tokens[1], expected.tokens[1])
    mask = expected.tokens[1]
    close = {"atol": 1e-4, "rtol": 1e-4}
    torch.testing.assert_close(
        found.tokens[0][mask].detach(), expected.tokens[0][mask], **close
    )
    torch.testing.assert_close(found.whole.detach(), expected.whole, **close)


def grouped(*, seed=0, batch_size=16, n_negatives=2):
    labels = np.tile([1, 0, 0, 0, 0, 0], 20)
    questions = [f"q{place // 6}" for place in range(120)]
    pairs = Pairs(questions, [""] * 120, labels.tolist())
    draw = by_question(pairs, n_negatives=n_negatives)
    batches = list(draw(labels, np.random.default_rng(seed), batch_size))
    return np.array(questions), labels, batches


def test_batches_hold_whole_questions_and_all_positives():
    questions, labels, batches = grouped()
    assert len(batches) > 2
    seen = [set(questions[places]) for places in batches]
    assert sum(map(len, seen)) == len(set.union(*seen)) == 20
    places = np.concatenate(batches)
    assert len(set(places.tolist())) == len(places)
    assert labels[places].sum() == 20
    assert (labels[places] == 0).sum() == 2 * 20


def test_batches_are_full_but_the_last():
    questions, _, batches = grouped()
    for places in batches[:-1]:
        last = questions[places] == questions[places[-1]]
        assert len(places) >= 16 > len(places) - last.sum()


def test_each_epoch_draws_other_negatives_in_another_order():
    first, second = (np.concatenate(grouped(seed=seed)[2]) for seed in (0, 1))
    assert set(first.tolist()) != set(second.tolist())
    again = np.concatenate(grouped()[2])
    assert first.tolist() == again.tolist()


def test_with_many_wanted_all_negatives_are_there():
    _, _, batches = grouped(n_negatives=100)
    assert sorted(np.concatenate(batches).tolist()) == list(range(120))


def test_the_grades_are_what_it_learns(tiny):
    network = late(tiny, start=True).network.eval()
    asked, said = toy.texts(4, 1), toy.texts(4, 2)
    grades = [0.9, 0.2, 0.6, 0.0]
    pairs = Pairs(asked, said, [1, 0, 1, 0], grades)
    places = np.array([2, 0, 3])
    lower = late_qar._Lower(network, [*asked, *said], 1)
    p = 1 / (1 + np.exp(-logits_of(network, asked, said).astype(float)))[places]
    for given, target in ((pairs, grades), (pairs_without(pairs), pairs.labels)):
        y = np.array(target)[places]
        expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
        found = late_qar.loss(network, lower, given, places).item()
        assert found == pytest.approx(expected, rel=1e-3)


def pairs_without(pairs):
    return Pairs(pairs.questions, pairs.texts, pairs.labels)


@pytest.mark.parametrize(("n_pairs", "phases"), [(0, {"fine-tune"}), (50, None)])
def test_qa_pairs_are_read_first_where_they_are_wanted(tiny, n_pairs, phases):
    model = late(tiny, encoder_qa_pairs=n_pairs)
    found = [row["phase"] for row in model.history]
    assert set(found) == (phases or {"pre-train", "fine-tune"})
    assert found[0] == ("pre-train" if n_pairs else "fine-tune")


def test_community_answers_change_the_encoder_and_nothing_else(tiny):
    plain = late(tiny, start=True, late_trained_layers=1).network
    network = late(
        tiny, start=True, late_trained_layers=1, encoder_qa_pairs=200
    ).network
    trained = "encoder.bert.encoder.layer.1."
    start = pretrained(tiny).weights
    for name, weight in network.encoder.state_dict().items():
        is_trained = f"encoder.{name}".startswith(trained)
        assert torch.equal(weight, start[name]) != is_trained, name
    same = {"hidden.weight", "project.weight", "out.weight", "rarity", "average"}
    for name in same:
        assert torch.equal(network.state_dict()[name], plain.state_dict()[name]), name
    held = toy.examples().validation
    _, linear = linear_part(network, held)
    logits = logits_of(network, held.questions, held.texts)
    np.testing.assert_allclose(logits, linear, atol=1e-4)


def test_a_remembered_adaptation_changes_nothing_and_fits_its_inputs_alone(
    tiny, monkeypatch
):
    def adapted(**changes):
        return late(tiny, start=True, encoder_qa_pairs=100, **changes)

    plain = adapted()
    monkeypatch.setattr(training, "_PHASES", None)
    training.remember_phases()
    first, second, other = adapted(), adapted(), adapted(max_tokens=5)
    phases = [[row["phase"] for row in one.history] for one in (first, second, other)]
    assert phases == [["pre-train"], [], ["pre-train"]]
    for key, expected in plain.network.state_dict().items():
        torch.testing.assert_close(second.network.state_dict()[key], expected)
