"""The taggers against their equations: BiLSTM, BiLSTM-CRF, OpenTag, SUOpenTag, CRF."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from models.attributes import train
from models.attributes.bilstm import BiLstmTagger
from models.attributes.bilstm_crf import BiLstmCrfTagger
from models.attributes.encoder_crf import EncoderCrf
from models.attributes.examples import Asked, Examples
from models.attributes.lstm import BiLstm
from models.attributes.opentag import OpenTagger
from models.attributes.suopentag import SuOpenTag
from models.attributes.tags import tags_of, taught
from models.encoder import pretrained
from models.training import NotTrainableError
from tests.models.toy_attributes import asked, calm_folder, extracted, recipe

CONFIG = {"vector_size": 4, "hidden_size": 3, "dropout": 0.0, "attention_size": 5}
TAGGERS = (BiLstmTagger, BiLstmCrfTagger, OpenTagger)


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def vectors(n_pads=0):
    """Vectors of three texts, their mask and tags."""
    torch.manual_seed(1)
    found = torch.randn(3, 4, CONFIG["vector_size"])
    pads = torch.full((3, n_pads, CONFIG["vector_size"]), 5.0)
    mask = torch.arange(4 + n_pads) < torch.tensor([4, 1, 3]).unsqueeze(1)
    tags = tags_of(np.array([[2, 3], [1, 1], [0, 0]]), 4 + n_pads)
    return torch.cat([found, pads], dim=1), mask, tags


def built(kind):
    torch.manual_seed(0)
    return kind(CONFIG).eval()


@pytest.mark.parametrize("kind", TAGGERS)
def test_a_taggers_emissions_do_not_see_pads_nor_other_texts(kind):
    tagger = built(kind)
    given, mask, tags = vectors()
    emissions = tagger(given, mask)
    with_pads, longer, longer_tags = vectors(n_pads=50)
    padded = tagger(with_pads, longer)
    torch.testing.assert_close(padded[longer], emissions[mask])
    torch.testing.assert_close(
        tagger.loss(padded, longer, longer_tags), tagger.loss(emissions, mask, tags)
    )
    for row in range(3):
        alone = tagger(given[row : row + 1], mask[row : row + 1])[mask[row : row + 1]]
        torch.testing.assert_close(alone, emissions[row][mask[row]])


@pytest.mark.parametrize("kind", TAGGERS)
def test_a_tagger_over_fits_one_batch_with_all_its_parameters(kind):
    tagger = built(kind).train()
    given, mask, tags = vectors()
    first = tagger.loss(tagger(given, mask), mask, tags)
    first.backward()
    without = {
        name for name, one in tagger.named_parameters() if not one.grad.abs().sum() > 0
    }
    assert without == set()
    optimiser = torch.optim.Adam(tagger.parameters(), lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        loss = tagger.loss(tagger(given, mask), mask, tags)
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.02 < first.item()


@torch.inference_mode()
def test_the_lstm_reads_both_ways_and_gives_the_last_states():
    torch.manual_seed(0)
    layer = BiLstm(input_size=4, hidden_size=3, dropout=0.5).eval()
    given, mask, _ = vectors()
    states, last = layer(given, mask)
    w = {name: one.numpy() for name, one in layer.lstm.named_parameters()}
    for row, length in enumerate(mask.sum(1).tolist()):
        for way, side in (("", slice(0, 3)), ("_reverse", slice(3, 6))):
            steps = range(length) if not way else range(length - 1, -1, -1)
            hidden, cell = np.zeros(3), np.zeros(3)
            for step in steps:
                gates = (
                    w[f"weight_ih_l0{way}"] @ given[row, step].numpy()
                    + w[f"bias_ih_l0{way}"]
                    + w[f"weight_hh_l0{way}"] @ hidden
                    + w[f"bias_hh_l0{way}"]
                )
                enter, keep, new, leave = np.split(gates, 4)
                cell = sigmoid(keep) * cell + sigmoid(enter) * np.tanh(new)
                hidden = sigmoid(leave) * np.tanh(cell)
                assert states[row, step, side].numpy() == pytest.approx(
                    hidden, abs=1e-5
                )
            assert last[row, side].numpy() == pytest.approx(hidden, abs=1e-5)
    assert not states[~mask].any()


@torch.inference_mode()
def test_bilstm_is_a_softmax_of_each_piece():
    tagger = built(BiLstmTagger)
    given, mask, tags = vectors()
    emissions = tagger(given, mask)
    states, _ = tagger.lstm(given, mask)
    logits = (
        states.numpy() @ tagger.linear.weight.numpy().T + tagger.linear.bias.numpy()
    )
    chances = np.exp(logits) / np.exp(logits).sum(2, keepdims=True)
    assert emissions.exp().numpy() == pytest.approx(chances, abs=1e-5)
    own = np.take_along_axis(chances, tags.numpy()[..., None], 2)[..., 0]
    expected = -np.log(own[mask.numpy()]).mean()
    assert tagger.loss(emissions, mask, tags).item() == pytest.approx(expected)


@torch.inference_mode()
def test_opentags_attention_by_its_equation():
    tagger = built(OpenTagger)
    given, mask, _ = vectors()
    states, _ = tagger.lstm(given, mask)
    found = tagger.attended(states, mask)
    w = {name: one.numpy() for name, one in tagger.named_parameters()}
    for row, length in enumerate(mask.sum(1).tolist()):
        h = states[row].numpy()
        for t in range(length):
            expected = np.zeros(6)
            for other in range(length):
                g = np.tanh(
                    w["query.weight"] @ h[t]
                    + w["key.weight"] @ h[other]
                    + w["query.bias"]
                )
                alpha = sigmoid(w["weight.weight"][0] @ g + w["weight.bias"][0])
                expected += alpha * h[other]
            assert found[row, t].numpy() == pytest.approx(expected, abs=1e-5)


def su_open_tag(tiny):
    source = pretrained(tiny)
    torch.manual_seed(0)
    config = {
        "is_lower_case": True,
        "max_tokens": 24,
        "stride": 4,
        "hidden_size": 3,
        "dropout": 0.0,
    }
    return SuOpenTag(source.encoder(dropout=0.0), source.words, config).eval()


@torch.inference_mode()
def test_suopentags_attribute_weighs_the_title_by_a_cosine(tiny):
    network = su_open_tag(tiny)
    torch.manual_seed(2)
    titles, names = torch.randn(2, 4, 6), torch.randn(2, 6)
    found = network.pairs(titles, names).numpy()
    weight, bias = (one.numpy() for one in network.linear.parameters())
    for row in range(2):
        h_a = names[row].numpy()
        for place in range(4):
            h = titles[row, place].numpy()
            alpha = h @ h_a / (np.linalg.norm(h) * np.linalg.norm(h_a))
            expected = weight @ np.concatenate([h, alpha * h]) + bias
            assert found[row, place] == pytest.approx(expected, abs=1e-5)


@torch.inference_mode()
def test_suopentag_reads_each_text_and_each_attribute_once(tiny, monkeypatch):
    network = su_open_tag(tiny)
    n_read, frozen = [], network.encoder.frozen

    def counted(tokens, end):
        n_read.append(len(tokens.ids))
        return frozen(tokens, end)

    monkeypatch.setattr(network.encoder, "frozen", counted)
    contexts = ["w1 w2", "w3", "w1 w2", "w3", "w1 w2", ""]
    attributes = ["w20", "w20", "w21", "w21 w22", "w23", "w20"]
    together = extracted(network, contexts, attributes)
    assert n_read == [2, 4]
    for context, name, one in zip(contexts, attributes, together, strict=True):
        (alone,) = extracted(network, [context], [name])
        assert (alone.span is None) == (context == "")
        assert alone.span == one.span
        assert alone.logit == pytest.approx(one.logit, abs=1e-4)


def encoder_crf(tiny):
    source = pretrained(tiny)
    torch.manual_seed(0)
    config = {"is_lower_case": True, "max_tokens": 24, "stride": 4}
    return EncoderCrf(source.encoder(dropout=0.0), source.words, config).eval()


@torch.inference_mode()
def test_the_encoders_tagger_reads_the_text_beside_the_attribute(tiny):
    network = encoder_crf(tiny)
    windows = network.windows(["w1 w2 w3", "w4"], ["w20", "w21 w22"])
    emissions, mask = network.emissions(windows)
    assert mask.sum(1).tolist() == [3, 1]
    tokens = network.reader.padded(windows[:1]).tokens
    words = [pretrained(tiny).words[one] for one in tokens.ids[0]]
    assert words == ["[CLS]", "w1", "w2", "w3", "[SEP]", "w20", "[SEP]"]
    states = network.encoder(tokens)[0, 1:4].numpy()
    weight, bias = (one.numpy() for one in network.linear.parameters())
    assert emissions[0, :3].numpy() == pytest.approx(states @ weight.T + bias, abs=1e-4)


@pytest.mark.parametrize("build", [su_open_tag, encoder_crf])
def test_a_network_over_fits_one_batch_with_all_that_is_trained(build, tiny, tmp_path):
    network = build(calm_folder(tiny, tmp_path)).train()
    part = asked(8)
    windows, places = taught(
        network.windows(part.contexts, part.attributes), part.spans
    )

    def loss():
        emissions, mask = network.emissions(windows)
        return network.crf.loss(emissions, mask, tags_of(places, mask.shape[1]))

    first = loss()
    first.backward()
    trained = {
        name: one for name, one in network.named_parameters() if one.requires_grad
    }
    assert {name for name, one in trained.items() if not one.grad.abs().sum() > 0} == (
        set()
    )
    assert any(name.startswith("encoder") for name in trained) == (build is encoder_crf)
    optimiser = torch.optim.Adam(trained.values(), lr=0.02)
    for _ in range(120):
        optimiser.zero_grad()
        last = loss()
        last.backward()
        optimiser.step()
    assert last.item() < 0.1 < first.item()


def test_an_attribute_with_few_values_gets_no_tagger(tiny):
    part = asked(64)
    rare = Asked(["w1 w2", "w2 w1"], ["w30", "w30"], [(0, 2), (3, 5)])
    both = Asked(
        *(
            [*one, *two]
            for one, two in zip(
                (part.contexts, part.attributes, part.spans),
                (rare.contexts, rare.attributes, rare.spans),
                strict=True,
            )
        )
    )
    given = recipe(encoder=tiny, min_values=5, tagger_epochs=1)
    found = train("bilstm", Examples(both, part), given, lambda _: None)
    assert sorted(found.config["attributes"]) == ["w20", "w21"]
    one, known, other = extracted(
        found.network, ["w1 w2"] * 3, ["w30", " W20", "unheard of"]
    )
    assert (one.span, one.logit) == (other.span, other.logit) == (None, -math.inf)
    assert known.span is not None
    with pytest.raises(NotTrainableError, match="'w30' has most: 2"):
        train("bilstm", Examples(rare, part), given, lambda _: None)


def test_what_was_pretrained_stands_still(tiny):
    source = pretrained(tiny)
    given = recipe(encoder=tiny, tagger_epochs=1, lstm_dropout=0.5)
    part = dataclasses.replace(asked(64), products=())
    for name in ("bilstm", "suopentag"):
        network = train(name, Examples(part, part), given, lambda _: None).network
        if name == "bilstm":
            vectors = source.weights["bert.embeddings.word_embeddings.weight"]
            torch.testing.assert_close(network.vectors * vectors.std(), vectors)
            assert network.vectors.std().item() == pytest.approx(1)
            continue
        assert network.encoder.memory is None
        for key, one in network.encoder.state_dict().items():
            assert torch.equal(one, source.weights[key])
