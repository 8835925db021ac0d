"""QAR-net against its equations, and its invariances (models.md 9, items 1 to 3)."""

import numpy as np
import pytest
import torch

from models.answers.qar_net import (
    PairOutput,
    distance,
    loss_qa,
    loss_qr,
    overlap,
)
from models.word_inputs import Texts, texts_of
from tests.models import toy


def batch(n=6, seed=0):
    asked = texts_of(toy.texts(n, seed), toy.VOCABULARY, 80)
    said = texts_of(toy.texts(n, seed + 1), toy.VOCABULARY, 80)
    return asked, said


def padded(texts, n):
    zeros = torch.zeros(len(texts.words), n, dtype=torch.long)
    return Texts(
        torch.cat([texts.words, zeros], dim=1),
        torch.cat([texts.forms, zeros], dim=1),
        texts.characters,
    )


def test_the_network_has_as_many_weights_as_the_paper_says():
    network = toy.network(
        vector_size=50, hidden_size=32, attention_size=32, character_size=20
    )
    counted = sum(
        weight.numel()
        for name, weight in network.named_parameters()
        if not name.startswith("inputs")
    )
    assert counted == 82_594


@torch.inference_mode()
def test_the_logits_are_those_of_equations_3_to_13():
    network = toy.network()
    asked, said = batch(1)
    output = network(asked, said)

    def states(encoder, texts):
        return network._states(encoder, texts)[0].numpy()

    h_q, h_a = states(network.question, asked), states(network.answer, said)
    h_r = states(network.review, said)
    w = {name: weight.numpy() for name, weight in network.state_dict().items()}

    def softmax(values):
        return np.exp(values) / np.exp(values).sum()

    g = np.tanh(h_a @ w["affinity.weight"] @ h_q.T)  # (3)
    to_a, to_q = softmax(g.sum(axis=1)), softmax(g.sum(axis=0))  # (4, 5)
    r_a, r_q = to_a @ h_a, to_q @ h_q  # (6, 7)
    u = np.tanh(w["fuse_answer.weight"] @ r_a + w["fuse_question.weight"] @ r_q)  # (10)
    y_qa = w["head_qa.weight"][0] @ u + w["head_qa.bias"][0]  # (11)
    hidden = np.tanh(h_r @ w["self_attention.project.weight"].T)
    a_r = softmax(hidden @ w["self_attention.score.weight"][0])  # (8)
    r_r = a_r @ h_r  # (9)
    pair = np.tanh(w["fuse_pair.weight"] @ u + w["fuse_review.weight"] @ r_r)  # (12)
    y_qr = w["head_qr.weight"][0] @ pair + w["head_qr.bias"][0]  # (13)
    np.testing.assert_allclose(output.logit[0].item(), y_qr, rtol=1e-4)
    np.testing.assert_allclose(
        network.forward_qa(asked, said)[0].item(), y_qa, rtol=1e-4
    )
    np.testing.assert_allclose(output.to_sentence[0].numpy(), to_a, rtol=1e-4)
    np.testing.assert_allclose(output.to_question[0].numpy(), to_q, rtol=1e-4)
    np.testing.assert_allclose(output.to_review[0].numpy(), a_r, rtol=1e-4)
    np.testing.assert_allclose(output.question[0].numpy(), r_q, rtol=1e-4, atol=1e-6)


@torch.inference_mode()
def test_fifty_pads_change_no_logit():
    network = toy.network()
    asked, said = batch()
    plain = network(asked, said).logit
    longer = network(padded(asked, 50), padded(said, 50)).logit
    torch.testing.assert_close(longer, plain, atol=1e-6, rtol=0)
    torch.testing.assert_close(
        network.forward_qa(padded(asked, 50), padded(said, 50)),
        network.forward_qa(asked, said),
        atol=1e-6,
        rtol=0,
    )


@torch.inference_mode()
def test_a_batch_of_one_equals_a_batch_of_many():
    network = toy.network()
    asked, said = toy.texts(8), toy.texts(8, 1)
    many = network(
        texts_of(asked, toy.VOCABULARY, 80), texts_of(said, toy.VOCABULARY, 80)
    ).logit
    for place in range(8):
        one = network(
            texts_of(asked[place : place + 1], toy.VOCABULARY, 80),
            texts_of(said[place : place + 1], toy.VOCABULARY, 80),
        ).logit
        torch.testing.assert_close(one[0], many[place], atol=1e-6, rtol=0)


def output_of(n=4, requires=False):
    torch.manual_seed(0)
    mask = torch.ones(n, 5, dtype=torch.bool)
    attention = torch.softmax(torch.randn(2, n, 5), dim=-1)
    return (
        PairOutput(
            logit=torch.randn(n),
            to_sentence=attention[0],
            to_question=attention[0],
            to_review=attention[1],
            question=torch.randn(n, 3),
            review=torch.randn(n, 3),
        ),
        mask,
    )


def test_without_weights_the_loss_is_the_cross_entropy():
    output, mask = output_of()
    label = torch.tensor([1.0, 0.0, 0.0, 1.0])
    loss = loss_qr(output, mask, label, mu=0.0, eta=0.0)
    p = torch.sigmoid(output.logit)
    entropy = -(label * p.log() + (1 - label) * (1 - p).log()).mean()
    torch.testing.assert_close(loss, entropy)
    torch.testing.assert_close(loss_qa(output.logit, label), entropy)


def test_r1_lies_between_zero_and_one_and_is_the_scalar_product():
    output, mask = output_of()
    found = overlap(output, mask)
    expected = (output.to_sentence * output.to_review).sum(dim=1)
    torch.testing.assert_close(found, expected)
    assert ((found >= 0) & (found <= 1)).all()


def test_r2_counts_positives_alone_and_divides_by_the_batch():
    output, _ = output_of()
    label = torch.tensor([0.0, 1.0, 0.0, 0.0])
    expected = (output.question[1] - output.review[1]).norm() / 4
    torch.testing.assert_close(distance(output, label), expected)
    assert distance(output, torch.zeros(4)) == 0


def test_r2_has_a_gradient_at_distance_zero():
    output, _ = output_of()
    same = torch.zeros(4, 3, requires_grad=True)
    equal = PairOutput(
        output.logit,
        output.to_sentence,
        output.to_question,
        output.to_review,
        same,
        same,
    )
    distance(equal, torch.ones(4)).backward()
    assert torch.isfinite(same.grad).all()


def test_the_loss_adds_the_weighted_terms():
    output, mask = output_of()
    label = torch.tensor([1.0, 0.0, 1.0, 0.0])
    plain = loss_qr(output, mask, label, mu=0.0, eta=0.0)
    full = loss_qr(output, mask, label, mu=0.3, eta=0.7)
    added = 0.3 * overlap(output, mask).mean() + 0.7 * distance(output, label)
    torch.testing.assert_close(full, plain + added)


def test_a_gradient_reaches_every_weight_but_the_frozen_vectors():
    network = toy.network(dropout=0.0)
    asked, said = batch()
    label = torch.tensor([1.0, 0.0] * 3)
    qr = loss_qr(network(asked, said), said.mask, label, mu=0.1, eta=0.1)
    (qr + loss_qa(network.forward_qa(asked, said), label)).backward()
    for name, weight in network.named_parameters():
        if name == "inputs.vectors.weight":
            assert weight.grad is None
        else:
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


def test_it_learns_one_batch_by_heart():
    torch.manual_seed(0)
    network = toy.network(dropout=0.0, hidden_size=16).train()
    asked, said = batch(8)
    label = torch.tensor([1.0, 0.0] * 4)
    optimiser = torch.optim.Adam(
        [one for one in network.parameters() if one.requires_grad], lr=0.01
    )
    for _ in range(150):
        optimiser.zero_grad()
        loss = loss_qr(network(asked, said), said.mask, label, mu=0.0, eta=0.0)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


def test_without_characters_an_unknown_word_is_any_unknown_word():
    network = toy.network(character_size=0)
    with torch.inference_mode():
        scores = [
            network(
                texts_of(["w1 w2"], toy.VOCABULARY, 80),
                texts_of([said], toy.VOCABULARY, 80),
            ).logit.item()
            for said in ("strange w3", "other w3", "w4 w3")
        ]
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize("text", ["", "   ", "\x00", "😀", "שלום", "x" * 5000])
def test_any_text_has_a_token_and_a_logit(text):
    network = toy.network()
    with torch.inference_mode():
        logit = network(
            texts_of(["w1"], toy.VOCABULARY, 80), texts_of([text], toy.VOCABULARY, 80)
        ).logit
    assert torch.isfinite(logit).all()


def test_a_long_text_keeps_its_beginning():
    kept = texts_of([" ".join(f"w{i}" for i in range(9))], toy.VOCABULARY, 3)
    assert kept.words.tolist() == [[toy.VOCABULARY.id_of(f"w{i}") for i in range(3)]]
