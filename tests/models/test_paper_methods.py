"""The compared methods of the paper against their formulas (models.md 2.8, 2.10)."""

import copy
import math

import numpy as np
import pytest
import torch

from models import training
from models.answers import nlp_soft, qar_net_released, train
from models.answers.examples import Pairs
from models.answers.factored import logits_of
from models.answers.qar_net_released import ReleasedOutput, half_batches, loss_qr
from models.training import NotTrainableError
from tests.models import toy

VECTOR = dict(zip(toy.WORDS, toy.vectors(), strict=True))


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def softmax(values):
    return np.exp(values) / np.exp(values).sum()


def rows(text):
    """Word vectors of a text; an unknown word is zero."""
    return np.stack([VECTOR.get(word, np.zeros(6)) for word in text.split()])


def weights(network):
    return {name: one.detach().numpy() for name, one in network.state_dict().items()}


ASKED, SAID = "w1 w2 unknown w7", "w3 w1 w9 w4 w5"


def logit_of(network):
    """The scorer's logit of one pair, among others that are longer."""
    return logits_of(network, [ASKED, "w5 " * 9], [SAID, "w6 " * 11])[0]


def test_qrem_is_the_cosine_of_maximum_minimum_and_mean(trained):
    network = trained("qrem").network
    asked, said = (
        np.concatenate([found.max(axis=0), found.min(axis=0), found.mean(axis=0)])
        for found in (rows(ASKED), rows(SAID))
    )
    cosine = asked @ said / np.linalg.norm(asked) / np.linalg.norm(said)
    w = weights(network)
    expected = w["slope"] * cosine + w["offset"]
    np.testing.assert_allclose(logit_of(network), expected, rtol=1e-4)


def test_qrem_weighs_both_classes_the_same(trained):
    """At the fit the balanced residuals and their product with the cosine vanish."""
    network, pairs = trained("qrem").network, toy.examples().qr
    logits = logits_of(network, pairs.questions, pairs.texts).astype(float)
    labels = np.array(pairs.labels)
    share = np.where(labels == 1, 1 / labels.sum(), 1 / (1 - labels).sum())
    residual = share * (labels - sigmoid(logits))
    assert abs(residual.sum()) < 1e-3
    assert abs((residual * logits).sum()) < 1e-3


@torch.inference_mode()
@pytest.mark.parametrize("task", ["qa", "qr"])
def test_qa_net_is_equations_3_to_11_with_the_output_of_the_task(trained, task):
    network = trained("qa-net-mtl").network.eval()
    asked, said = network.read([ASKED]), network.read([SAID])
    h_q = network.question(network.inputs(asked), asked.mask)[0].numpy()
    h_a = network.answer(network.inputs(said), said.mask)[0].numpy()
    w = weights(network)
    g = np.tanh(h_a @ w["affinity.weight"] @ h_q.T)  # (3)
    r_a = softmax(g.sum(axis=1)) @ h_a  # (4, 6)
    r_q = softmax(g.sum(axis=0)) @ h_q  # (5, 7)
    u = np.tanh(w["fuse_answer.weight"] @ r_a + w["fuse_question.weight"] @ r_q)  # (10)
    y = w[f"heads.{task}.weight"][0] @ u + w[f"heads.{task}.bias"][0]  # (11)
    found = network(asked, said, task=task)[0].item()
    np.testing.assert_allclose(found, y, rtol=1e-4)
    if task == "qr":  # the one that pairs are scored with
        np.testing.assert_allclose(logit_of(network), y, rtol=1e-4)


@pytest.mark.parametrize("method", ["qa-net-mtl", "cqa-hard"])
def test_the_qa_task_trains_what_both_tasks_share_and_no_weight_of_qr(trained, method):
    network = copy.deepcopy(trained(method).network)
    network.zero_grad()
    network(network.read([ASKED]), network.read([SAID]), task="qa").sum().backward()
    reached = {
        name
        for name, one in network.named_parameters()
        if one.grad is not None and one.grad.abs().sum() > 0
    }
    shared = {"fuse_question.weight", "fuse_answer.weight", "affinity.weight"}
    if method == "cqa-hard":
        shared = {"fuse_question.weight", "fuse_text.weight", "fuse_text.bias"}
    assert shared | {"heads.qa.weight"} <= reached
    assert not {name for name in reached if "qr" in name}


def states_of(text, w, encoder):
    """A CNN's features in loops: zeros beyond the ends, the maximum over places."""
    kernel, bias = w[f"{encoder}.convolve.weight"], w[f"{encoder}.convolve.bias"]
    words = rows(text)
    width = kernel.shape[2]
    found = []
    for middle in range(len(words)):
        total = bias.copy()
        for place in range(width):
            where = middle + place - width // 2
            if 0 <= where < len(words):
                total += kernel[:, :, place] @ words[where]
        found.append(total)
    return np.tanh(np.max(found, axis=0))


@torch.inference_mode()
@pytest.mark.parametrize("task", ["qa", "qr"])
def test_cqa_hard_is_two_cnns_one_shared_layer_and_an_output_a_task(trained, task):
    network = trained("cqa-hard").network.eval()
    w = weights(network)
    asked = states_of(ASKED, w, f"encoders.{task}_question")
    said = states_of(SAID, w, f"encoders.{task}_text")
    fused = w["fuse_question.weight"] @ asked + w["fuse_text.weight"] @ said
    hidden = np.tanh(fused + w["fuse_text.bias"])
    y = w[f"heads.{task}.weight"][0] @ hidden + w[f"heads.{task}.bias"][0]
    found = network(network.read([ASKED]), network.read([SAID]), task=task)[0]
    np.testing.assert_allclose(found.item(), y, rtol=1e-4)
    if task == "qr":
        np.testing.assert_allclose(logit_of(network), y, rtol=1e-4)


def test_nlp_soft_is_a_cube_of_the_mean_vectors(trained):
    network = trained("nlp-soft").network
    w = weights(network)
    q, s = rows(ASKED).mean(axis=0), rows(SAID).mean(axis=0)
    total = w["hidden_question.weight"] @ q + w["hidden_text.weight"] @ s
    hidden = (total + w["hidden_text.bias"]) ** 3
    y = w["head.weight"][0] @ hidden + w["head.bias"][0]
    np.testing.assert_allclose(logit_of(network), y, rtol=1e-4)


def test_the_tie_of_nlp_soft_is_over_the_hidden_layer_and_moves_one_net_alone():
    config = nlp_soft.NlpSoftConfig(6, 3, 0.0, 80)
    ours, theirs = (nlp_soft.NlpSoft(config, toy.WORDS) for _ in range(2))
    expected = sum(
        float(((weights(ours)[name] - weights(theirs)[name]) ** 2).sum())
        for name in ("hidden_question.weight", "hidden_text.weight", "hidden_text.bias")
    )
    found = nlp_soft.tie(ours, theirs)
    assert found.item() == pytest.approx(expected, rel=1e-5)
    assert nlp_soft.tie(ours, copy.deepcopy(ours)) == 0
    found.backward()
    assert ours.hidden_text.weight.grad.abs().sum() > 0
    assert all(one.grad is None for one in theirs.parameters())


def test_a_strong_tie_keeps_nlp_soft_at_its_qa_net(monkeypatch):
    nets = []
    plain = nlp_soft.tie
    monkeypatch.setattr(
        nlp_soft, "tie", lambda net, qa: nets.append(qa) or plain(net, qa)
    )

    def distance(weight):
        found = train(
            "nlp-soft",
            toy.examples(),
            toy.recipe(soft_weights=(weight,), dropout=0.0, pretrain_epochs=(3.0,)),
            lambda _: None,
        )
        assert found.chosen["soft_weight"] == weight
        return float(plain(found.network, nets[-1]).detach())

    assert distance(10.0) < 0.5 * distance(0.0)


def network_trained(method, **changes):
    recipe = toy.recipe(max_epochs=1, pretrain_epochs=(0.5,))
    found = train(method, toy.examples(**changes), recipe, lambda _: None)
    return found, torch.cat([one.flatten() for one in found.network.parameters()])


def turned(name):
    """The toy examples with every label of one task turned round."""
    pairs = getattr(toy.examples(), name)
    labels = [1 - label for label in pairs.labels]
    return {name: Pairs(pairs.questions, pairs.texts, labels)}


@pytest.mark.parametrize(
    ("method", "uses_qa", "uses_qr"),
    [
        ("qa-net-qa", True, False),
        ("qa-net-qr", False, True),
        ("qa-net-mtl", True, True),
        ("cqa-hard", True, True),
        ("qar-net-qr", False, True),
        ("qar-net", True, True),
    ],
)
def test_a_method_learns_from_the_tasks_of_its_name_alone(method, uses_qa, uses_qr):
    found, plain = network_trained(method)
    phases = {row["phase"].split(" after")[0] for row in found.history}
    names = {"pre-train": uses_qa, "fine-tune": uses_qr}
    assert phases == {name for name, is_used in names.items() if is_used}
    assert found.chosen["pretrain_epochs"] == (0.5 if uses_qa else 0.0)
    assert torch.equal(network_trained(method, **turned("qa"))[1], plain) != uses_qa
    assert torch.equal(network_trained(method, **turned("qr"))[1], plain) != uses_qr


def test_qa_net_qa_without_answers_is_refused():
    with pytest.raises(NotTrainableError, match="0 QA pairs, expected some"):
        network_trained("qa-net-qa", qa=Pairs([], [], []))


@pytest.mark.parametrize("method", ["qa-net-mtl", "cqa-hard", "qar-net"])
def test_two_tasks_without_answers_learn_from_sentences_alone(method):
    found, _ = network_trained(method, qa=Pairs([], [], []))
    assert {row["phase"] for row in found.history} == {"fine-tune after 0"}
    assert found.chosen["pretrain_epochs"] == 0


@torch.inference_mode()
def test_qar_net_qr_scores_with_the_network_of_qar_net(trained):
    network = trained("qar-net-qr").network.eval()
    assert type(network) is type(trained("qar-net").network)
    found = network(network.read([ASKED]), network.read([SAID])).logit[0].item()
    np.testing.assert_allclose(logit_of(network), found, rtol=1e-4)


# What the released code does.


@torch.inference_mode()
def test_the_released_network_is_items_4_to_7(trained):
    network = trained("released").network.eval()
    asked, said = network.read([ASKED, "w2"]), network.read([SAID, "w3"])
    vectors = network.vectors
    h_q, h_a, h_r = (
        encoder(vectors(ids))[0][1].numpy()
        for encoder, ids in (
            (network.question, asked),
            (network.answer, said),
            (network.review, said),
        )
    )
    w = weights(network)
    g = h_q @ w["affinity.weight"].T @ h_a.T  # [80, 80]
    a_q, a_a = softmax(g.max(axis=1)), softmax(g.max(axis=0))
    a_r = softmax(np.tanh(h_r @ w["project.weight"].T) @ w["attention.weight"][0])
    r_q, r_a, r_r = a_q @ h_q, a_a @ h_a, a_r @ h_r
    w_q, w_a = w["fuse_question.weight"], w["fuse_text.weight"]
    qa = w["head_qa.weight"][0] @ np.tanh(w_q @ r_q + w_a @ r_a)
    qr = w["head_qr.weight"][0] @ np.tanh(w_q @ r_q + w_a @ r_r)
    output = network(asked, said)
    close = {"rtol": 1e-4, "atol": 1e-6}
    # The second of the batch has the second bias, but is scored with their mean.
    np.testing.assert_allclose(output.logit[1], qr + w["bias_qr"][1], **close)
    found = network.forward_qa(asked, said)[1]
    np.testing.assert_allclose(found, qa + w["bias_qa"][1], **close)
    scored = logits_of(network, [ASKED, "w2"], [SAID, "w3"])[1]
    np.testing.assert_allclose(scored, qr + w["bias_qr"].mean(), **close)
    assert abs(w["bias_qr"][1] - w["bias_qr"].mean()) > 1e-3
    np.testing.assert_allclose(output.to_question[1], a_q, **close)
    np.testing.assert_allclose(output.to_sentence[1], a_a, **close)
    np.testing.assert_allclose(output.to_review[1], a_r, **close)
    np.testing.assert_allclose(output.question[1], r_q, **close)
    np.testing.assert_allclose(output.review[1], r_r, **close)


def test_the_released_network_reads_80_tokens_and_keeps_the_end(trained):
    network = trained("released").network
    words = [f"w{place % 40}" for place in range(100)]
    ids = network.read([" ".join(words), "w3 strange"])
    known = network.vocabulary
    assert ids[0].tolist() == [known.id_of(word) for word in words[-80:]]
    # An unknown word is a pad.
    assert ids[1].tolist() == [known.id_of("w3")] + [0] * 79
    assert network.vectors.weight[0].abs().sum() == 0
    assert network.lengths(["w1", " ".join(words)]).tolist() == [80, 80]


@torch.inference_mode()
def test_the_released_network_reads_its_pads(trained):
    network = trained("released").network.eval()
    plain = toy.logits(network, [ASKED], [SAID])
    longer = toy.logits(network, [ASKED], [SAID], n_pads=50)
    assert (plain - longer).abs() > 1e-5
    output = network(network.read([ASKED]), network.read([SAID]))
    assert output.to_review[0, 5:].sum() > 0.5  # 75 of the 80 are pads


@pytest.mark.parametrize(("flaws", "n_biases"), [((), 1), (("slot_bias",), 128)])
def test_the_slot_bias_is_a_flaw_that_can_be_switched(flaws, n_biases):
    found = toy.trained("released", None, released_flaws=flaws)
    assert found.network.bias_qr.shape == (n_biases,)
    assert found.config["has_slot_bias"] == bool(flaws)
    assert {row["phase"] for row in found.history} == {"pre-train", "fine-tune"}


def released_output():
    torch.manual_seed(0)
    attention = torch.softmax(torch.randn(3, 4, 5), dim=-1)
    return ReleasedOutput(torch.randn(4), *attention, *torch.randn(2, 4, 3))


@pytest.mark.parametrize(
    "flaws", [(), ("batch_r1",), ("batch_r2",), ("batch_r1", "batch_r2")]
)
def test_the_released_loss_is_a_sum_with_or_without_its_flaws(flaws):
    output, label = released_output(), [1.0, 0.0, 1.0, 0.0]
    entropy = sum(
        -math.log(sigmoid(logit if y else -logit))
        for logit, y in zip(output.logit.tolist(), label, strict=True)
    )
    away = output.question - output.review
    if "batch_r1" in flaws:  # of all pairs of the batch, the question's attention
        dots = [q @ r for q in output.to_question for r in output.to_review]
        r1 = math.sqrt(sum(float(dot) ** 2 for dot in dots))
    else:  # (16)
        both = zip(output.to_sentence, output.to_review, strict=True)
        r1 = sum(float(a @ r) for a, r in both)
    if "batch_r2" in flaws:  # negatives too
        r2 = math.sqrt(sum(float(row @ row) for row in away))
    else:  # (17)
        r2 = float(away[0].norm() + away[2].norm())
    found = loss_qr(output, torch.tensor(label), mu=0.3, eta=0.7, flaws=flaws)
    assert found.item() == pytest.approx(entropy + 0.3 * r1 + 0.7 * r2, rel=1e-5)


def test_half_of_each_released_batch_is_positive_and_the_last_is_filled_up():
    labels = np.array([1] * 100 + [0] * 500)
    batches = list(half_batches(labels, np.random.default_rng(0), 128))
    assert len(batches) == 2  # ceil(100 / 64)
    for places in batches:
        assert labels[places].tolist() == [1] * 64 + [0] * 64
        assert len(set(places)) == 128
    first, last = (set(places[:64].tolist()) for places in batches)
    assert first | last == set(range(100))
    assert len(first & last) == 28
    assert not set(batches[0][64:].tolist()) & set(batches[1][64:].tolist())


@pytest.mark.parametrize(("n_positive", "n_negative"), [(10, 500), (100, 10)])
def test_a_class_of_fewer_than_64_is_repeated(n_positive, n_negative):
    labels = np.array([1] * n_positive + [0] * n_negative)
    batches = list(half_batches(labels, np.random.default_rng(0), 128))
    assert len(batches) == math.ceil(n_positive / 64)
    for places in batches:
        assert labels[places].tolist() == [1] * 64 + [0] * 64
    seen = set(np.concatenate(batches).tolist())
    assert set(range(min(n_positive, n_negative))) <= {
        place if n_positive < n_negative else place - n_positive for place in seen
    }


def test_the_released_recipe_runs_one_epoch_of_qa_and_fifty_of_qr(monkeypatch):
    seen = []
    monkeypatch.setattr(qar_net_released, "fit", lambda *_, **given: seen.append(given))
    train("qar-net", toy.examples(), toy.recipe(preset="released_code"), print)
    settings = [
        (one["phase"], one["max_epochs"], one["batch_size"], one["learning_rate"])
        for one in seen
    ]
    assert settings == [("pre-train", 1, 128, 1e-3), ("fine-tune", 50, 128, 1e-3)]
    assert all("evaluate" not in one for one in seen)


@pytest.mark.parametrize("method", ["qa-net-mtl", "cqa-hard", "nlp-soft", "qar-net"])
def test_a_remembered_pre_training_changes_nothing(method, monkeypatch):
    examples = toy.examples()
    recipe = toy.recipe(pretrain_epochs=(0.5, 1.0), max_epochs=2)
    plain = train(method, examples, recipe, lambda _: None)
    monkeypatch.setattr(training, "_PHASES", None)
    training.remember_phases()
    first, second = (train(method, examples, recipe, lambda _: None) for _ in range(2))
    phases = {one["phase"] for one in second.history}
    assert "pre-train" in {one["phase"] for one in first.history}
    assert "pre-train" not in phases
    for key, expected in plain.network.state_dict().items():
        torch.testing.assert_close(second.network.state_dict()[key], expected)
