"""The weights that are shown are those that a pair is scored with."""

import importlib
from itertools import pairwise
from typing import get_args, get_type_hints

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.answers import METHODS, late_qar, qa_net
from models.answers.attention import ATTENTIVE, WeightedText, weighted
from models.answers.factored import FactoredScorer
from models.answers.qar_net_released import ReleasedConfig, ReleasedQarNet
from models.layers import attend, co_attention_weights
from models.vocabulary import token_spans, tokenise
from tests.models import toy

PIECES = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "##ing", "##s", "fit", "!", "w1"),
    *toy.WORDS[2:],
)
QUESTION, SENTENCE = "w1 w2 Strange?", "W1 w5; un-known w9."
ODD = ["", "   ", "\x00", "😀 w1", "שלום w1", "İstanbul w1", "x" * 500, "<script>"]


def plain(**changes):
    return toy.network(**changes)


def released(**changes):
    torch.manual_seed(0)
    sizes = {"vector_size": 6, "hidden_size": 4, "attention_size": 3}
    made = ReleasedQarNet(
        ReleasedConfig(**sizes, has_slot_bias=True, **changes), toy.WORDS
    )
    nn.init.normal_(made.vectors.weight)
    return made.eval()


def left_part():
    torch.manual_seed(0)
    made = qa_net.QaNet(
        qa_net.QaNetConfig(
            vector_size=6,
            hidden_size=4,
            character_size=4,
            dropout=0.5,
            max_tokens=80,
            tasks=("qa", "qr"),
        ),
        toy.WORDS,
    )
    made.inputs.set_vectors(toy.vectors())
    return made.eval()


def late(max_tokens=80):
    torch.manual_seed(0)
    encoder = {
        "vocab_size": len(PIECES),
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 8,
        "max_position_embeddings": 600,
        "type_vocab_size": 2,
        "layer_norm_eps": 1e-12,
        "hidden_act": "gelu",
    }
    config = {
        "encoder": encoder,
        "is_lower_case": True,
        "max_tokens": max_tokens,
        "size": 4,
        "dropout": 0.5,
    }
    made = late_qar.build(config, PIECES)
    made.rarity.copy_(torch.rand(len(PIECES)) + 0.5)
    # A start of zero would leave the attention out of the score.
    nn.init.normal_(made.out.weight)
    return made.eval()


NETWORKS = [plain, released, left_part, late]


def score(network, question, sentence):
    with torch.inference_mode():
        return network.score_pairs(
            network.encode_questions(network.read([question])),
            network.encode_sentences(network.read([sentence])),
        )


def shown(network, question, sentence):
    return FactoredScorer(network, name="").attention_of(question, sentence)


def rows(found):
    return [one for one in (found.question, found.sentence, found.review) if one]


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("text", [QUESTION, *ODD])
def test_the_weights_of_any_text_sum_to_one_and_their_places_are_in_order(make, text):
    network = make()
    for found in (shown(network, text, SENTENCE), shown(network, QUESTION, text)):
        for row in rows(found):
            assert sum(row.weights) + row.on_padding == pytest.approx(1, abs=1e-5)
            assert all(0 <= weight <= 1 for weight in row.weights)
            assert all(end <= start for (_, end), (start, _) in pairwise(row.spans))
            assert "".join(piece for piece, _ in row.pieces()) == row.text


def test_of_qar_net_they_are_the_pair_outputs():
    network = plain()
    found = shown(network, QUESTION, SENTENCE)
    with torch.inference_mode():
        output = network(network.read([QUESTION]), network.read([SENTENCE]))
    assert found.question.words == ("w1", "w2", "Strange", "?")
    assert found.sentence.words == ("W1", "w5", ";", "un", "-", "known", "w9", ".")
    assert found.question.weights == tuple(output.to_question[0].tolist())
    assert found.sentence.weights == tuple(output.to_sentence[0].tolist())
    assert found.review.weights == tuple(output.to_review[0].tolist())


@torch.inference_mode()
def test_of_qar_net_they_give_the_score_through_equations_6_to_13():
    network = plain()
    found = shown(network, QUESTION, SENTENCE)
    asked, said = network.read([QUESTION]), network.read([SENTENCE])
    of_asked, of_said, alone = (
        torch.tensor([row.weights])
        for row in (found.question, found.sentence, found.review)
    )
    r_q = attend(of_asked, network._states(network.question, asked))
    r_a = attend(of_said, network._states(network.answer, said))
    r_r = attend(alone, network._states(network.review, said))
    fused = torch.tanh(network.fuse_answer(r_a) + network.fuse_question(r_q))
    pair = torch.tanh(network.fuse_pair(fused) + network.fuse_review(r_r))
    torch.testing.assert_close(
        network.head_qr(pair)[0], score(network, QUESTION, SENTENCE)
    )


@torch.inference_mode()
def test_of_the_released_preset_they_and_the_padding_are_the_pair_outputs():
    network = released()
    found = shown(network, QUESTION, SENTENCE)
    output = network(network.read([QUESTION]), network.read([SENTENCE]))
    for row, weights in (
        (found.question, output.to_question),
        (found.sentence, output.to_sentence),
        (found.review, output.to_review),
    ):
        n = len(row.spans)
        assert row.weights == tuple(weights[0, :n].tolist())
        assert row.on_padding == pytest.approx(weights[0, n:].sum().item())
        assert row.on_padding > 0.1
    # The forward pass takes slot 0 of the biases, a score their mean.
    biases = network.bias_qr.mean() - network.bias_qr[0]
    torch.testing.assert_close(
        output.logit + biases, score(network, QUESTION, SENTENCE)
    )


@torch.inference_mode()
def test_of_qa_net_they_give_the_score_through_equations_6_to_11():
    network = left_part()
    found = shown(network, QUESTION, SENTENCE)
    asked, said = network.read([QUESTION]), network.read([SENTENCE])
    h_q = network.question(network.inputs(asked), asked.mask)
    h_a = network.answer(network.inputs(said), said.mask)
    to_a, to_q = co_attention_weights(
        h_a @ network.affinity(h_q).transpose(1, 2), said.mask, asked.mask
    )
    of_asked = torch.tensor([found.question.weights])
    of_said = torch.tensor([found.sentence.weights])
    torch.testing.assert_close(of_asked, to_q)
    torch.testing.assert_close(of_said, to_a)
    r_q, r_a = attend(of_asked, h_q), attend(of_said, h_a)
    fused = torch.tanh(network.fuse_answer(r_a) + network.fuse_question(r_q))
    torch.testing.assert_close(
        network.heads["qr"](fused)[0], score(network, QUESTION, SENTENCE)
    )
    assert found.review is None


@torch.inference_mode()
def test_of_late_qar_they_give_the_bi_attention_and_r():
    network = late()
    question, sentence = "w2 w3 fit", "w4 ! w3 w9"  # one piece a word
    found = shown(network, question, sentence)
    asked = network.encode_questions(network.read([question]))
    said = network.encode_sentences(network.read([sentence]))
    size = network.encoder.size
    of_asked, of_said = (one.tokens[0][:, 1:-1, size:-2] for one in (asked, said))
    x, y = network._bi_attention(asked, said, network._cosines(asked, said))
    r = said.whole[:, size:]
    for row, states, summary in (
        (found.question, of_asked, x),
        (found.sentence, of_said, y),
        (found.review, of_said, r),
    ):
        torch.testing.assert_close(
            attend(torch.tensor([row.weights]), states), summary, rtol=1e-4, atol=1e-6
        )
    assert found.question.words == ("w2", "w3", "fit")


@torch.inference_mode()
def test_the_pieces_of_a_word_are_one_word_with_their_sum():
    network = late()
    sentence = "Playing fits w3!"
    found = shown(network, "w2", sentence)
    assert found.review.words == ("Playing", "fits", "w3", "!")
    said = network.encode_sentences(network.read([sentence]))
    states, mask = said.tokens
    weights, _ = network.self_attention(states[..., network.encoder.size : -2], mask)
    play, ing, fit, s, w3, sign = weights[0, 1:-1].tolist()
    assert found.review.weights == pytest.approx((play + ing, fit + s, w3, sign))


def test_what_is_beyond_the_limit_has_no_weight():
    long = " ".join(f"w{i}" for i in range(9))
    read = shown(plain(max_tokens=3), "w1", long).sentence
    assert read.words == ("w0", "w1", "w2")
    assert list(read.pieces())[-1] == (" w3 w4 w5 w6 w7 w8", None)
    assert shown(late(max_tokens=4), "w1", "w2 playing fits").review.words == (
        "w2",
        "play",  # the limit cuts the word
    )
    end = shown(released(), "w1", " ".join(["w1"] * 20 + ["w2"] * 80)).sentence
    assert end.words == ("w2",) * 80
    assert next(end.pieces()) == ("w1 " * 20, None)


def test_overlapping_places_are_one_word():
    found = weighted(
        "abc de", [(0, 2), (0, 2), (1, 3), (4, 6)], torch.tensor([1, 2, 3, 4, 5]) / 15
    )
    assert found == WeightedText(
        "abc de",
        ((0, 3), (4, 6)),
        (pytest.approx(6 / 15), pytest.approx(4 / 15)),
        pytest.approx(5 / 15),
    )


@given(st.text())
def test_the_places_of_tokens_are_theirs(text):
    spans, tokens = token_spans(text), tokenise(text)
    assert len(spans) == len(tokens)
    if text.strip():
        for (start, end), token in zip(spans, tokens, strict=True):
            assert token in text[start:end].lower() or "ς" in token or "σ" in token


@pytest.mark.parametrize("name", METHODS)
def test_the_list_of_methods_is_that_of_the_networks_with_attention(name):
    module = importlib.import_module(f"models.answers.{name.replace('-', '_')}")
    made = get_type_hints(module.build)["return"]
    has = {hasattr(one, "attention_of") for one in get_args(made) or (made,)}
    assert has == {name in ATTENTIVE}
