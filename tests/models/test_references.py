"""What the paper's methods are compared with, against their formulas."""

import copy
from math import log

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from transformers import AutoTokenizer, BertModel

from models.answers import train
from models.answers.cross_encoder import joined
from models.answers.examples import Pairs
from models.answers.factored import (
    Cache,
    FactoredScorer,
    logits_of,
    of_pairs,
    probabilities,
)
from models.answers.late_regression import inner, piece_rarity
from models.answers.regression import fit_linear
from models.encoder import WordPieces, pretrained
from models.lexical import Terms, terms
from tests.models import toy

ASKED, SAID = "w1 w2 zz w7", "w3 w1 w9 w4 w5 w1"
LINEAR = ("bm25", "minilm-cosine", "similarity-regression", "late-regression")


def logit_of(network):
    """The scorer's logit of one pair, among others that are longer."""
    return logits_of(network, [ASKED, "w5 " * 9], [SAID, "w6 " * 11])[0]


def features_of(network):
    """Of the same pair."""
    texts = [ASKED, "w5 " * 9], [SAID, "w6 " * 11]
    return of_pairs(network, *texts, network.features)[0]


@torch.inference_mode()
def states_of(folder, text):
    """States of [CLS], the pieces and [SEP] by the library alone."""
    tokens = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")
    bert = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    ids = tokens["input_ids"][0].tolist()
    return bert(**tokens).last_hidden_state[0].numpy().astype(float), ids


def cosine(first, second):
    return first @ second / np.linalg.norm(first) / np.linalg.norm(second)


@pytest.mark.parametrize("method", LINEAR)
def test_the_logit_is_linear_in_the_features(trained, method):
    network = trained(method).network
    weight = network.linear.weight.detach().numpy()[0]
    expected = features_of(network) @ weight + network.linear.bias.item()
    np.testing.assert_allclose(logit_of(network), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", LINEAR)
def test_the_weights_are_those_of_the_balanced_regression(trained, method):
    network, qr = trained(method).network, toy.examples().qr
    found = of_pairs(network, qr.questions, qr.texts, network.features)
    regression = LogisticRegression(class_weight="balanced", max_iter=1000)
    fitted = make_pipeline(StandardScaler(), regression).fit(found, qr.labels)
    held = toy.examples().validation
    given = of_pairs(network, held.questions, held.texts, network.features)
    np.testing.assert_allclose(
        logits_of(network, held.questions, held.texts),
        fitted.decision_function(given),
        atol=1e-3,
    )


class OneFeature(nn.Module):
    """A network whose second feature is the same for all training pairs."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def read(self, texts):
        return torch.tensor([[float(text)] for text in texts])

    def lengths(self, texts):
        return np.ones(len(texts))

    def encode_questions(self, texts):
        return Cache(vector=texts)

    def encode_sentences(self, texts):
        return Cache(vector=texts)

    def features(self, questions, sentences):
        return torch.cat([questions.whole, sentences.whole], dim=1)


def test_a_feature_that_never_changes_has_no_weight():
    network = OneFeature()
    pairs = Pairs(["1", "2", "3", "4"], ["7.3"] * 4, [0, 0, 1, 1])
    fit_linear(network, pairs)
    rising, constant = network.linear.weight[0].tolist()
    assert rising > 0.1
    assert abs(constant) < 1e-6
    # Both classes are as near: the border is in their middle.
    assert 2.5 * rising + network.linear.bias.item() == pytest.approx(0, abs=1e-2)


def test_bm25_counts_the_training_sentences(trained):
    network, qr = trained("bm25").network, toy.examples().qr
    again = Terms.fit(qr.texts)
    assert torch.equal(network.terms.idf, again.idf)
    sentences = [terms(text) for text in set(qr.texts)]
    average = np.mean([len(one) for one in sentences])

    def idf(word):
        n = sum(word in one for one in sentences)
        return log(1 + (len(sentences) - n + 0.5) / (n + 0.5))

    asked, said = terms(ASKED), terms(SAID)
    norm = 1.2 * (1 - 0.75 + 0.75 * len(said) / average)
    expected = sum(
        idf(word) * said.count(word) * 2.2 / (said.count(word) + norm) for word in asked
    )
    assert expected > 0
    np.testing.assert_allclose(features_of(network), [expected], rtol=1e-4)


def test_the_similarity_is_the_cosine_of_mean_states(trained, tiny):
    means = [states_of(tiny, text)[0].mean(axis=0) for text in (ASKED, SAID)]
    network = trained("minilm-cosine").network
    np.testing.assert_allclose(features_of(network), [cosine(*means)], rtol=1e-4)


def test_the_similarity_regression_joins_bm25_overlaps_and_cosine(trained):
    alone = features_of(trained("bm25").network)
    near = features_of(trained("minilm-cosine").network)
    found = features_of(trained("similarity-regression").network)
    rarity = trained("bm25").network.terms
    idf = {
        word: float(rarity.rarity(rarity.read([word], 9))[0, 0])
        for word in terms(ASKED)
    }
    shared = set(terms(ASKED)) & set(terms(SAID))
    overlaps = [
        len(shared) / len(idf),
        sum(idf[word] for word in shared) / sum(idf.values()),
    ]
    assert 0 < overlaps[1] < 1
    np.testing.assert_allclose(found, [*alone, *overlaps, *near], rtol=1e-4)


def test_late_features_are_best_and_mean_matches_both_ways(trained, tiny):
    network, qr = trained("late-regression").network, toy.examples().qr
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    counted = [set(tokenizer(text)["input_ids"]) for text in {*qr.questions, *qr.texts}]

    def idf(piece):
        n = sum(piece in one for one in counted)
        return log(1 + (len(counted) - n + 0.5) / (n + 0.5))

    sides = []
    for text in (ASKED, SAID):
        states, ids = states_of(tiny, text)
        sides.append((states[1:-1], [idf(piece) for piece in ids[1:-1]]))
    expected = []
    for (here, rarity), (there, _) in (sides, sides[::-1]):
        matches = [[cosine(x, y) for y in there] for x in here]
        for match in (np.max(matches, axis=1), np.mean(matches, axis=1)):
            expected.append(match.mean())
            expected.append(np.average(match, weights=rarity))
    np.testing.assert_allclose(features_of(network), expected, rtol=1e-4)


def test_cls_and_sep_take_no_part_but_of_a_text_without_pieces():
    mask = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]).bool()
    assert inner(mask).int().tolist() == [
        [0, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [1, 0, 0, 0, 0],
    ]


def test_the_rarity_of_a_piece_counts_distinct_texts(tiny):
    words = pretrained(tiny).words
    found = piece_rarity(WordPieces(words), len(words), ["w1 w1", "w1 w2", "w1 w2"])

    def idf(n):
        return log(1 + (2 - n + 0.5) / (n + 0.5))

    expected = {"w1": idf(2), "w2": idf(1), "w3": idf(0), "[CLS]": idf(2)}
    for word, rarity in expected.items():
        assert found[words.index(word)].item() == pytest.approx(rarity)


def test_a_pair_is_joined_as_the_tokenizer_joins_it(tiny):
    pieces = WordPieces(pretrained(tiny).words)
    asked, said = toy.texts(6, 5), toy.texts(6, 6)
    found = joined(pieces.read(asked, 40), pieces.read(said, 40))
    expected = pieces.read_pairs(asked, said, 120)
    assert not expected.mask.all()
    for name in ("ids", "mask", "types"):
        assert torch.equal(getattr(found, name), getattr(expected, name))


@torch.inference_mode()
def test_the_cross_encoder_reads_both_texts_at_once(trained):
    network = trained("cross-encoder").network.eval()
    tokens = network.pieces.read_pairs([ASKED], [SAID], 120)
    states = network.encoder.bert(
        input_ids=tokens.ids, token_type_ids=tokens.types
    ).last_hidden_state[0, 0]
    weight = network.head.weight[0]
    expected = (weight @ states + network.head.bias[0]).item()
    np.testing.assert_allclose(logit_of(network), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("method", "phases"),
    [
        ("cross-encoder", {"fine-tune"}),
        ("cross-encoder-qa", {"pre-train", "fine-tune"}),
    ],
)
def test_only_the_name_that_says_so_reads_the_qa_pairs(trained, method, phases, tiny):
    found = trained(method)
    assert {row["phase"] for row in found.history} == phases
    without = train(
        method,
        toy.examples(qa_of_product=Pairs([], [], [])),
        toy.recipe(encoder=tiny, encoder_epochs=1),
        lambda _: None,
    )
    is_same = torch.equal(without.network.head.weight, found.network.head.weight)
    assert is_same == (method == "cross-encoder")


def test_a_cross_encoder_tunes_all_weights_and_a_regression_none(trained, tiny):
    start = pretrained(tiny).weights
    key = "bert.encoder.layer.0.output.dense.weight"
    tuned = trained("cross-encoder").network.encoder.state_dict()[key]
    assert not torch.equal(tuned, start[key])
    for method in ("minilm-cosine", "similarity-regression", "late-regression"):
        kept = trained(method).network.encoder.state_dict()
        assert all(torch.equal(kept[name], one) for name, one in start.items())


@pytest.mark.parametrize("method", ["minilm-cosine", "cross-encoder"])
def test_a_cpu_with_units_scores_an_encoder_in_bf16(trained, method, monkeypatch):
    network = trained(method).network
    expected = probabilities(network, [ASKED], [SAID])
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    halved = copy.deepcopy(network)
    scorer = FactoredScorer(halved, name=method, precision="bf16")
    caches = scorer.encode_questions([ASKED]), scorer.encode_sentences([SAID])
    found = scorer.score(*caches, np.array([0]), np.array([0]))
    assert found == pytest.approx(expected, abs=0.02)
    assert halved.encoder.numbers == torch.bfloat16
    assert network.encoder.numbers == torch.float32


def test_a_cross_encoder_may_train_its_upper_layers_alone(tiny):
    examples = toy.examples()
    recipe = toy.recipe(encoder=tiny, encoder_epochs=1, cross_trained_layers=1)
    network = train("cross-encoder-qa", examples, recipe, lambda _: None).network
    start, found = pretrained(tiny).weights, network.encoder.state_dict()
    moved = {name for name, one in start.items() if not torch.equal(found[name], one)}
    assert {name.split(".")[3] for name in moved} == {"1"}
    # The states below are the encoder's, remembered or not, without dropout.
    network.train()
    assert not network.encoder.bert.encoder.layer[0].training
    assert network.encoder.bert.encoder.layer[1].training
    network.eval()
    known = logit_of(network)
    network.encoder.memory = {}
    assert logit_of(network) == pytest.approx(known, abs=1e-6)
    network.n_still, network.encoder.memory = 0, None
    assert logit_of(network) == pytest.approx(known, abs=1e-6)
