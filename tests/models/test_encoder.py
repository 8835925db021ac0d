"""The pretrained encoder against the library that it comes from."""

import json

import pytest
import torch
from transformers import AutoTokenizer, BertModel

from models import encoder
from models.encoder import EncoderError, WordPieces, packaged, pretrained
from tests.models import toy

TEXTS = ["w1 w39, Abé cB!", "", "日本 w5 w6 w7 w8 [SEP] a", "w2?", "x\x00y\nz 12"]


@pytest.fixture(scope="module", params=[True, False], ids=["lower", "cased"])
def folder(request, tmp_path_factory):
    return toy.bert_folder(
        tmp_path_factory.mktemp("bert"), is_lower_case=request.param, seed=3
    )


def pieces(folder):
    source = pretrained(folder)
    return WordPieces(source.words, is_lower_case=source.is_lower_case)


def same(found, expected):
    assert found.ids.tolist() == expected["input_ids"].tolist()
    assert found.mask.tolist() == expected["attention_mask"].bool().tolist()
    assert found.types.tolist() == expected["token_type_ids"].tolist()


def test_word_pieces_are_those_of_the_folders_own_tokenizer(folder):
    expected = AutoTokenizer.from_pretrained(folder)(
        TEXTS, padding=True, return_tensors="pt"
    )
    found = pieces(folder)
    same(found.read(TEXTS, 80), expected)
    lengths = expected["attention_mask"].sum(dim=1).tolist()
    assert found.lengths(TEXTS, 80).tolist() == lengths
    assert [len(ids) for ids in found.ids(TEXTS, 80)] == lengths


def test_capitals_count_in_a_cased_encoder_alone(folder):
    source = pretrained(folder)
    first, second = pieces(folder).ids(["A", "a"], 80)
    assert (first == second) == source.is_lower_case


@pytest.mark.parametrize("limit", [5, 8, 80])
def test_pairs_are_those_of_the_folders_own_tokenizer(folder, limit):
    questions, texts = TEXTS[:3], ["w4 w5 w6 w7 w8 w9", "w1", "b c d"]
    expected = AutoTokenizer.from_pretrained(folder)(
        questions,
        texts,
        padding=True,
        truncation="longest_first",
        max_length=limit,
        return_tensors="pt",
    )
    same(pieces(folder).read_pairs(questions, texts, limit), expected)


def test_a_long_text_keeps_its_beginning_between_cls_and_sep(tiny):
    found = pieces(tiny)
    words = pretrained(tiny).words
    ids = found.read(["w1 w2 w3 w4 w5"], 4).ids[0]
    assert [words[i] for i in ids] == ["[CLS]", "w1", "w2", "[SEP]"]
    # The limit is of each call.
    assert found.lengths(["w1 w2 w3 w4 w5"], 80).tolist() == [7]


@torch.inference_mode()
def test_the_states_are_those_of_the_library(tiny):
    source = pretrained(tiny)
    tokens = pieces(tiny).read_pairs(TEXTS, TEXTS[::-1], 40)
    expected = (
        BertModel.from_pretrained(tiny, add_pooling_layer=False)
        .eval()(
            input_ids=tokens.ids,
            attention_mask=tokens.mask.long(),
            token_type_ids=tokens.types,
        )
        .last_hidden_state
    )
    found = source.encoder().eval()(tokens)
    assert not tokens.mask.all()
    torch.testing.assert_close(
        found[tokens.mask], expected[tokens.mask], atol=1e-5, rtol=1e-4
    )


@torch.inference_mode()
def test_texts_of_any_length_have_the_states_that_they_have_alone(tiny):
    source = pretrained(tiny)
    words, encoder = pieces(tiny), source.encoder().eval()
    texts = [" ".join(["w1", "w2", "w3"] * size) for size in (9, 1, 7, 2, 1, 8, 1, 2)]
    tokens = words.read(texts, 80)
    found = encoder(tokens)
    for text, row, mask in zip(texts, found, tokens.mask, strict=True):
        alone = encoder(words.read([text], 80))[0]
        torch.testing.assert_close(row[mask], alone, atol=1e-5, rtol=1e-4)


def test_what_a_cpu_reads_together_fits_its_cache_unless_it_trains(tiny, monkeypatch):
    monkeypatch.setattr(encoder, "_TOKENS_AT_ONCE", 24)
    texts = [" ".join(["w1", "w2", "w3"] * size) for size in (1, 2, 1, 9, 1, 1, 2, 1)]
    tokens = pieces(tiny).read(texts, 80)
    network = pretrained(tiny).encoder().eval()
    shapes = []
    network.bert.encoder.layer[0].register_forward_hook(
        lambda _, inputs, __: shapes.append(tuple(inputs[0].shape[:2]))
    )
    trained = network(tokens)
    assert shapes == [(5, 5), (3, 29)]
    shapes.clear()
    with torch.inference_mode():
        found = network(tokens)
    assert shapes == [(4, 5), (1, 5), (1, 8), (1, 8), (1, 29)]
    torch.testing.assert_close(found[tokens.mask], trained[tokens.mask])


@torch.inference_mode()
def test_the_layers_in_two_steps_are_the_encoder(tiny):
    encoder = pretrained(tiny).encoder().eval()
    tokens = pieces(tiny).read(TEXTS, 40)
    assert (encoder.n_layers, encoder.size) == (2, 16)
    below = encoder.layers(encoder.embed(tokens), tokens.mask, 0, 1)
    above = encoder.layers(below, tokens.mask, 1, 2)
    torch.testing.assert_close(above, encoder(tokens))
    assert not torch.allclose(below, above)


@pytest.mark.parametrize("end", [0, 1, 2])
def test_remembered_states_are_computed_once_and_are_the_encoders(
    tmp_path, monkeypatch, end
):
    name = toy.bert_folder(tmp_path, is_lower_case=True, seed=3)
    source = pretrained(name)
    words = WordPieces(source.words)
    plain = source.encoder().eval()
    monkeypatch.setattr(encoder, "_MEMORIES", None)
    encoder.remember_states()
    first, second = (source.encoder().eval() for _ in range(2))
    with torch.no_grad():
        first.frozen(words.read(TEXTS[:2], 80), end)
        torch.nn.init.zeros_(second.bert.embeddings.word_embeddings.weight)
        tokens = words.read([TEXTS[1], TEXTS[0]], 80)
        expected = plain.frozen(tokens, end)
        found = second.frozen(tokens, end)
        unknown = second.frozen(words.read([TEXTS[3]], 80), end)
    torch.testing.assert_close(found[tokens.mask], expected[tokens.mask])
    assert (unknown != plain.frozen(words.read([TEXTS[3]], 80), end)).any()


@pytest.fixture
def with_units(monkeypatch):
    """A CPU without them computes in bf16 too, if slowly."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})


@torch.inference_mode()
def test_states_in_bf16_are_near_those_in_fp32_and_come_as_fp32(tiny, with_units):
    tokens = pieces(tiny).read(TEXTS, 40)
    source = pretrained(tiny)
    expected = source.encoder().eval()(tokens)[tokens.mask]
    multiplied, cast = source.encoder().eval(), source.encoder().eval()
    multiplied.multiply_in("bf16")
    cast.cast(torch.bfloat16)
    for found in (multiplied(tokens)[tokens.mask], cast(tokens)[tokens.mask]):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, atol=0.1, rtol=0)
        assert not torch.equal(found, expected)
    multiplied.multiply_in("fp32")
    assert torch.equal(multiplied(tokens)[tokens.mask], expected)


def test_an_encoder_that_multiplies_in_bf16_is_trained_in_fp32(tiny, with_units):
    source, tokens = pretrained(tiny), pieces(tiny).read(TEXTS, 40)
    plain, half = (source.encoder(dropout=0.0).train() for _ in range(2))
    half.multiply_in("bf16")
    for one in (plain, half):
        one(tokens)[tokens.mask][:, 0].sum().backward()
    gradients = [
        torch.cat([weight.grad.flatten() for weight in one.parameters()])
        for one in (plain, half)
    ]
    assert {weight.dtype for weight in half.parameters()} == {torch.float32}
    away = torch.linalg.vector_norm(gradients[0] - gradients[1])
    assert 0 < away <= 0.1 * torch.linalg.vector_norm(gradients[0])


def test_states_are_remembered_for_the_numbers_they_were_computed_in(tiny, with_units):
    encoder, tokens = pretrained(tiny).encoder().eval(), pieces(tiny).read(TEXTS, 40)
    encoder.memory = {}
    with torch.no_grad():
        plain = encoder.frozen(tokens, 2)
        encoder.multiply_in("bf16")
        half = encoder.frozen(tokens, 2)
    assert not torch.equal(plain, half)
    assert len(encoder.memory) == 2 * len(TEXTS)


def test_a_pretrained_encoder_starts_at_its_weights_and_drops_out_in_training(tiny):
    source = pretrained(tiny)
    for name, weight in source.encoder().state_dict().items():
        assert torch.equal(weight, source.weights[name])
    tokens = pieces(tiny).read(["w1 w2"], 40)
    lively, still = source.encoder().train(), source.encoder(dropout=0.0).train()
    assert not torch.equal(lively(tokens), lively(tokens))
    assert torch.equal(still(tokens), still(tokens))


@pytest.mark.parametrize("name", ["/no/such/folder", "no-such-owner/no-such-model"])
def test_a_missing_encoder_is_named(name, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match=f"encoder {name}: "):
        pretrained(name)


@pytest.mark.parametrize("content", [None, {}, {"model_type": "no-such-kind"}])
def test_a_folder_without_a_model_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "config.json").write_text(json.dumps(content))
    with pytest.raises(EncoderError, match=f"encoder {tmp_path}: "):
        pretrained(str(tmp_path))


def test_an_encoder_of_another_kind_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "distilbert"}')
    with pytest.raises(EncoderError, match="a distilbert, expected a bert"):
        pretrained(str(tmp_path))


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EncoderError, match=r"install the extra .*\[offline\]"):
        packaged()
