"""What holds for every answer method: padding, batches, gradients, save and load."""

import copy
import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from models import checkpoint
from models.answers import METHODS, load, nlp_soft, qar_net_released, train
from models.answers.examples import Pairs
from models.answers.factored import Cache, FactoredScorer, logits_of, probabilities
from models.training import NotTrainableError
from tests.models import toy

NETWORKS = (*METHODS, "released")
FITTED = ("qrem", "bm25", "minilm-cosine", "similarity-regression", "late-regression")
LEARNED = tuple(name for name in NETWORKS if name not in FITTED)
WHOLE = ("qrem", "cqa-hard", "nlp-soft", "minilm-cosine")  # keep a vector a text


def texts(n=6):
    return toy.texts(n, 5), toy.texts(n, 6)


@pytest.fixture(params=NETWORKS)
def method(request):
    return request.param


@pytest.fixture
def network(trained, method):
    return trained(method).network.eval()


@torch.inference_mode()
def test_the_scores_of_pairs_differ(network):
    found = toy.logits(network, *texts(12))
    assert found.shape == (12,)
    assert found.std() > 1e-3


@pytest.mark.parametrize("method", METHODS)  # `released` reads pads by design
@torch.inference_mode()
def test_pads_behind_the_texts_change_no_logit(network):
    plain = toy.logits(network, *texts())
    longer = toy.logits(network, *texts(), n_pads=50)
    torch.testing.assert_close(longer, plain, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("method", [name for name in METHODS if name not in WHOLE])
@torch.inference_mode()
def test_what_stands_at_the_pads_of_a_cache_changes_no_logit(network):
    asked, said = toy.caches(network, *texts())

    def longer(cache):
        states, mask = cache.tokens
        # As `Ragged.padded`: rows of other texts.
        others = states.flip(0)[:, :1].expand(-1, 7, -1)
        return Cache(
            torch.cat([states, others], dim=1), F.pad(mask, (0, 7)), cache.vector
        )

    plain = network.score_pairs(asked, said)
    found = network.score_pairs(longer(asked), longer(said))
    torch.testing.assert_close(found, plain, atol=1e-5, rtol=1e-5)


@torch.inference_mode()
def test_a_batch_of_one_equals_a_batch_of_many(network):
    asked, said = texts()
    many = toy.logits(network, asked, said)
    for place in range(len(asked)):
        one = toy.logits(network, [asked[place]], [said[place]])
        torch.testing.assert_close(one[0], many[place], atol=1e-5, rtol=1e-5)


def test_the_order_of_the_pairs_is_kept(network):
    asked, said = texts()
    there = logits_of(network, asked, said)
    back = logits_of(network, asked[::-1], said[::-1])
    np.testing.assert_allclose(back[::-1], there, atol=1e-5, rtol=1e-5)
    with torch.inference_mode():
        direct = toy.logits(network, asked, said)
    np.testing.assert_allclose(there, direct, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("text", ["", "the of", "\x00", "😀", "x" * 3000])
@torch.inference_mode()
def test_any_text_has_a_length_and_a_logit(network, text):
    assert (network.lengths([text, "w1"]) >= 1).all()
    for asked, said in ((text, "w1 w2"), ("w1 w2", text)):
        assert torch.isfinite(toy.logits(network, [asked], [said])).all()


def test_a_saved_model_scores_as_before(trained, method, network, tmp_path):
    model = trained(method)
    name = "qar-net" if method == "released" else method
    config = {"sizes": model.config, "threshold": 0.3, "calibration": [0.5, -1.0]}
    card = checkpoint.save(
        str(tmp_path / "m"),
        name=name,
        config=config,
        weights=network.state_dict(),
        words=model.words,
        metrics={},
    )
    scorer = load(card.folder, device="cpu", precision="fp32")
    assert (scorer.name, scorer.threshold) == (name, 0.3)
    assert scorer.fingerprint == card.fingerprint
    asked, said = texts()
    # Of several calls, and not in the order of the pairs.
    questions = scorer.concat(
        [scorer.encode_questions(asked[4:]), scorer.encode_questions(asked[:4])],
        np.array([4, 5, 0, 1, 2, 3]),
    )
    sentences = scorer.encode_sentences(said)
    places = np.array([5, 0, 3, 3])
    found = scorer.score(questions, sentences, places, places[::-1].copy())
    logit = logits_of(
        network, [asked[i] for i in places], [said[i] for i in places[::-1]]
    )
    expected = 1 / (1 + np.exp(-(0.5 * logit.astype(float) - 1)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_scores_of_a_pair_do_not_hang_on_the_pairs_beside_it(network):
    scorer = FactoredScorer(network, name="")
    asked, said = texts()
    questions, sentences = scorer.encode_questions(asked), scorer.encode_sentences(said)
    all_of_them = np.arange(6)
    many = scorer.score(questions, sentences, all_of_them, all_of_them)
    one = scorer.score(questions, sentences, all_of_them[4:5], all_of_them[4:5])
    np.testing.assert_allclose(one, many[4:5], atol=1e-5)


def again(trained, method):
    """Another network of the method, with the weights of its training."""
    model = copy.deepcopy(trained(method).network)
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    if method == "late-qar":
        torch.nn.init.normal_(model.out.weight, std=0.1)  # starts at zero
    return model.train()


def loss_of(method, network, asked, said, label):
    """The method's own loss: of QR, and of QA where the network learns it too."""
    entropy = F.binary_cross_entropy_with_logits
    questions, others = network.read(asked), network.read(said)
    if method in ("qa-net-mtl", "cqa-hard"):
        return sum(
            entropy(network(questions, others, task=task), label)
            for task in ("qa", "qr")
        )
    if method in ("qar-net", "qar-net-qr"):
        qr = entropy(network(questions, others).logit, label)
        return qr + entropy(network.forward_qa(questions, others), label)
    if method == "released":
        qr = qar_net_released.loss_qr(
            network(questions, others), label, mu=0.0, eta=0.0, flaws=()
        )
        return qr + entropy(network.forward_qa(questions, others), label)
    if method == "nlp-soft":
        return nlp_soft.loss(network, asked, said, label)
    return entropy(toy.logits(network, asked, said), label)


def test_a_gradient_reaches_every_trained_weight_and_no_other(trained, method):
    network = again(trained, method)
    asked, said = texts(128 if method == "released" else 8)  # a bias for each of 128
    label = torch.tensor([1.0, 0.0] * (len(asked) // 2))
    loss_of(method, network, asked, said, label).backward()
    reached = {
        name
        for name, weight in network.named_parameters()
        if weight.grad is not None and weight.grad.abs().sum() > 1e-7
    }
    learned = {
        name
        for name, weight in network.named_parameters()
        if weight.requires_grad
        # A constant added to every key shifts all scores of a softmax alike.
        and not name.endswith("self.key.bias")
    }
    assert {name for name in reached if not name.endswith("self.key.bias")} == learned
    frozen = {name for name, one in network.named_parameters() if not one.requires_grad}
    if "vectors.weight" in {name.removeprefix("inputs.") for name in frozen}:
        assert len(frozen) == 1
    elif method == "late-qar":  # both layers are trained
        assert {name.split(".")[2] for name in frozen} == {"embeddings"}
    else:
        assert {name.split(".")[0] for name in frozen} <= {"encoder"}
        assert bool(frozen) == (method in FITTED and method != "bm25")


@pytest.mark.parametrize("method", LEARNED)
def test_it_learns_one_batch_by_heart(trained, method, monkeypatch):
    monkeypatch.setattr(qar_net_released, "_LENGTH", 12)
    torch.manual_seed(0)
    network = again(trained, method)
    asked, said = texts(8)
    label = torch.tensor([1.0, 0.0] * 4)
    learned = [one for one in network.parameters() if one.requires_grad]
    optimiser = torch.optim.Adam(learned, lr=0.01)
    for _ in range(250):
        optimiser.zero_grad()
        loss = loss_of(method, network, asked, said, label)
        loss.backward()
        optimiser.step()
        if loss.item() < 0.05:
            break
    assert loss.item() < 0.05


@pytest.mark.parametrize("method", FITTED)
def test_a_regression_tells_equal_texts_from_others(method, tiny):
    asked = [f"w{i} w{i + 10}" for i in range(10)]
    said = [*asked, *(f"w{i + 20} w{i + 30}" for i in range(10))]
    equal = Pairs([*asked, *asked], said, [1] * 10 + [0] * 10)
    found = train(
        method,
        toy.examples(qr=equal, validation=equal),
        toy.recipe(encoder=tiny),
        lambda _: None,
    )
    scores = probabilities(found.network, equal.questions, equal.texts)
    assert scores[:10].min() > scores[10:].max()
    assert scores[:10].mean() > 0.5 > scores[10:].mean()


@pytest.mark.parametrize("part", ["qr", "validation"])
@pytest.mark.parametrize("method", METHODS)
def test_one_class_alone_is_refused(method, part, tiny):
    one = toy.examples(**{part: Pairs(["w1"], ["w2"], [1])})
    with pytest.raises(NotTrainableError, match=r"hold labels \[1\]"):
        train(method, one, toy.recipe(encoder=tiny), lambda _: None)


def test_a_trained_method_reports_every_epoch(trained, method):
    history = trained(method).history
    assert bool(history) == (method not in FITTED)
    for row in history:
        assert row.keys() == {"phase", "epoch", "loss", "metric", "seconds"}
        assert np.isfinite(row["loss"])


def test_the_sizes_of_a_method_are_json(trained, method):
    config = trained(method).config
    back = json.loads(json.dumps(config))
    assert back == {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in config.items()
    }
