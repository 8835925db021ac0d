"""Encoders of any architecture against the library that they come from."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    ByT5Tokenizer,
)

from models import checkpoint, encoder
from models.encoder import EncoderError, Pretrained, cast_encoders, pretrained
from models.hub_encoder import HubEncoder, encoder_of, pieces_of, text_encoder_named
from models.passages import load, train
from models.passages.dual import trainable
from models.passages.model import PassageModel
from models.passages.text_encoders import started
from models.passages.use_qa import pooling_of
from tests.models import toy
from tests.models.toy_encoders import KINDS, configuration, hub_folder, tokenizer
from tests.models.toy_passages import examples, pool, recipe, sentence_folder

TEXTS = ["w1 w2", "", "w3 " * 20, "A b, w39 être w4!", "w5"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folder of each kind, made once."""
    made = {}

    def of(kind):
        if kind not in made:
            made[kind] = hub_folder(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return of


def read(source, texts, limit=40):
    return pieces_of(source.words, source.reading).read(texts, limit)


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_states_are_those_of_the_library_whatever_is_read_beside(folders, kind):
    source = text_encoder_named(folders(kind))
    found_encoder = source.encoder().eval()
    tokens = read(source, TEXTS)
    states = found_encoder(tokens)
    reads = AutoTokenizer.from_pretrained(folders(kind))
    model = AutoModel.from_pretrained(folders(kind)).eval()
    for text, row, mask in zip(TEXTS, states, tokens.mask, strict=True):
        given = reads([text], truncation=True, max_length=40, return_tensors="pt")
        expected = model(**given).last_hidden_state[0]
        torch.testing.assert_close(row[mask], expected, atol=1e-5, rtol=1e-4)
    assert states[tokens.mask].std() > 0.1
    assert found_encoder.size == 16


@pytest.mark.parametrize("kind", KINDS)
@torch.inference_mode()
def test_pairs_are_read_as_by_the_library(folders, kind):
    source = text_encoder_named(folders(kind))
    questions, texts = ["w1 w2", "w3 " * 20], ["w4 w5 w6", "w7"]
    found = pieces_of(source.words, source.reading).read_pairs(questions, texts, 16)
    given = AutoTokenizer.from_pretrained(folders(kind))(
        questions,
        texts,
        padding=True,
        truncation="longest_first",
        max_length=16,
        return_tensors="pt",
    )
    assert found.ids.tolist() == given["input_ids"].tolist()
    assert found.mask.tolist() == given["attention_mask"].bool().tolist()
    model = AutoModel.from_pretrained(folders(kind)).eval()
    expected = model(**given).last_hidden_state
    states = source.encoder().eval()(found)
    torch.testing.assert_close(
        states[found.mask], expected[found.mask], atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_reach_every_weight(folders, kind):
    source = text_encoder_named(folders(kind))
    network = source.encoder(dropout=0.0).train()
    tokens = read(source, TEXTS)
    (network(tokens)[tokens.mask] ** 3).sum().backward()
    missing = {name for name, one in network.named_parameters() if one.grad is None}
    assert missing == set()


def test_it_drops_out_in_training_as_told(folders):
    for kind in KINDS:
        source = text_encoder_named(folders(kind))
        tokens = read(source, TEXTS[:1])
        lively, still = (source.encoder(dropout=one).train() for one in (0.5, 0.0))
        assert not torch.equal(lively(tokens), lively(tokens)), kind
        assert torch.equal(still(tokens), still(tokens)), kind


def test_what_a_cpu_reads_together_is_of_like_length(folders, monkeypatch):
    monkeypatch.setattr(encoder, "_TOKENS_AT_ONCE", 24)
    source = text_encoder_named(folders("mpnet"))
    texts = [" ".join(["w1", "w2", "w3"] * size) for size in (1, 2, 1, 9, 1, 1, 2, 1)]
    tokens = read(source, texts)
    network, shapes = source.encoder().eval(), []
    network.model.register_forward_pre_hook(
        lambda _, __, given: shapes.append(tuple(given["input_ids"].shape)),
        with_kwargs=True,
    )
    with torch.inference_mode():
        network(tokens)
    assert shapes == [(4, 5), (1, 5), (1, 8), (1, 8), (1, 29)]


@pytest.fixture
def with_units(monkeypatch):
    """A CPU without them computes in bf16 too, if slowly."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})


@pytest.mark.parametrize("kind", ["roberta", "mpnet", "modernbert"])
@torch.inference_mode()
def test_states_in_bf16_are_near_those_in_fp32(folders, kind, with_units):
    source = text_encoder_named(folders(kind))
    tokens = read(source, TEXTS)
    expected = source.encoder().eval()(tokens)[tokens.mask]
    multiplied, cast = (source.encoder().eval() for _ in range(2))
    trainable(multiplied, recipe(precision="bf16"))
    cast_encoders([torch.nn.Linear(2, 2), cast], torch.bfloat16)
    for found in (multiplied(tokens)[tokens.mask], cast(tokens)[tokens.mask]):
        assert found.dtype == torch.float32
        away = (found - expected).abs()
        assert 0 < away.mean() <= 0.05 * expected.abs().mean()
    assert next(multiplied.parameters()).dtype == torch.float32
    assert next(cast.parameters()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    "name", ["dual-bert", "endx-bert", "tuned-cosine", "use-qa", "bert-qa"]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_needs_nothing_but_its_folder(folders, tmp_path, kind, name):
    folder = sentence_folder(folders(kind), tmp_path / "source")
    again, expected = saved_and_loaded(name, folder, tmp_path)
    assert np.array_equal(again, expected)
    assert np.isfinite(again).all()
    assert again.std() > 0


# A width of the embeddings that is not that of the states, and one that is.
@pytest.mark.parametrize("kind", ["albert", "roberta"])
@pytest.mark.parametrize(
    "name",
    [
        *("dual-gru", "endx-lstm", "dual-transformer", "endx-transformer"),
        *("cross-vae", "infersent", "endx-hybrid", "tuned-hybrid"),
    ],
)
def test_every_method_takes_it(folders, tmp_path, kind, name):
    folder = sentence_folder(folders(kind), tmp_path / "source")
    again, expected = saved_and_loaded(name, folder, tmp_path)
    assert np.array_equal(again, expected)
    assert np.isfinite(again).all()
    assert again.std() > 0


def saved_and_loaded(name, folder, tmp_path):
    """Train an epoch: scores of what the folder alone gives, and those of before."""
    few = {"max_epochs": 1, "tuned_epochs": 1, "small_epochs": 1}
    found = train(name, examples(16), recipe(encoder=folder, **few), lambda _: None)
    card = toy.saved(name, found, tmp_path, threshold=0.0)
    shutil.rmtree(folder)
    model = load(card.folder, device="cpu", precision="fp32")
    of = pool()
    expected = PassageModel.untrained(name, found.network).index(of.candidates)
    again = model.index(of.candidates).scores(of.questions)
    return again, expected.scores(of.questions)


def test_scores_in_bf16_are_near_those_in_fp32(folders, tmp_path, with_units):
    folder = sentence_folder(folders("xlm-roberta"), tmp_path / "sentences")
    found = train("use-qa", examples(8), recipe(encoder=folder), lambda _: None)
    card = toy.saved("use-qa", found, tmp_path, threshold=0.0)
    plain, half = (
        load(card.folder, device="cpu", precision=precision).vectors(TEXTS, "passage")
        for precision in ("fp32", "bf16")
    )
    assert (plain * half).sum(axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-2)
    assert not np.array_equal(plain, half)


@pytest.mark.parametrize("kind", KINDS)
def test_two_random_layers_take_over_everything_else(folders, kind):
    source = text_encoder_named(folders(kind))
    found = started("transformer", source, dropout=0.0)
    weights = found.state_dict()
    taken = {one for one in weights if torch.equal(weights[one], source.weights[one])}
    words = next(
        name
        for name, one in found.named_parameters()
        if one is found.model.get_input_embeddings().weight
    )
    assert words in taken
    matrices = {name for name, one in found.named_parameters() if one.dim() == 2}
    layers = {name for name in matrices if ".layer" in name or "albert_layer" in name}
    assert layers
    assert layers.isdisjoint(taken)
    assert matrices - layers <= taken


def test_three_layers_become_two(tmp_path):
    source = text_encoder_named(hub_folder(tmp_path, "modernbert", num_hidden_layers=3))
    found = started("transformer", source, dropout=0.0)
    assert len(found.model.layers) == 2
    assert len(source.encoder().model.layers) == 3


@pytest.mark.parametrize("kind", ["gpt2", "t5", "bart", "fnet"])
def test_what_is_no_encoder_of_texts_is_refused(tmp_path, kind):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    with pytest.raises(EncoderError, match=f"{tmp_path}: a {kind}, expected an encod"):
        text_encoder_named(str(tmp_path))


def test_a_decoder_of_an_encoders_kind_is_refused(tmp_path):
    hub_folder(tmp_path, "roberta", is_decoder=True)
    with pytest.raises(EncoderError, match="a roberta, expected an encoder of texts"):
        text_encoder_named(str(tmp_path))


def test_an_encoder_that_pads_change_is_refused(tmp_path):
    cuts, (marks, has_types), _ = KINDS["electra"]
    reads = tokenizer(cuts, marks, has_types)
    sizes = configuration("convbert", len(reads), embedding_size=8)
    AutoModel.from_config(sizes).save_pretrained(tmp_path)
    reads.save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="pads change what a convbert makes of a t"):
        text_encoder_named(str(tmp_path))


def test_a_slow_tokenizer_is_refused(tmp_path):
    AutoModel.from_config(configuration("roberta", 400)).save_pretrained(tmp_path)
    ByT5Tokenizer().save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="ByT5Tokenizer is no fast tokenizer, exp"):
        text_encoder_named(str(tmp_path))


def test_a_tokenizer_without_marks_is_refused(folders, tmp_path):
    shutil.copytree(folders("distilbert"), tmp_path, dirs_exist_ok=True)
    said = json.loads((tmp_path / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").write_text(
        json.dumps({**said, "post_processor": None})
    )
    with pytest.raises(EncoderError, match="puts no marks around a text, expected so"):
        text_encoder_named(str(tmp_path))


def test_a_bert_whose_word_pieces_are_none_is_for_passages_alone(folders):
    with pytest.raises(EncoderError, match=r"has no \[PAD\], expected BERT's word pi"):
        pretrained(folders("bert"))
    assert isinstance(text_encoder_named(folders("bert")).encoder(), HubEncoder)


def test_a_bert_with_word_pieces_stays_as_it_is(tiny):
    source = text_encoder_named(tiny)
    assert isinstance(source, Pretrained)
    assert source.reading == {"is_lower_case": True}
    assert "config" not in source.sizes


def test_a_missing_encoder_is_named(tmp_path):
    with pytest.raises(EncoderError, match="encoder /no/such/folder: "):
        text_encoder_named("/no/such/folder")
    with pytest.raises(EncoderError, match=f"encoder {tmp_path}: "):
        text_encoder_named(str(tmp_path))


def test_an_odd_width_is_refused_by_recurrent_encoders(tmp_path):
    folder = hub_folder(tmp_path, "roberta", hidden_size=15, num_attention_heads=3)
    with pytest.raises(EncoderError, match=r"a gru takes half .* is 15, expected an"):
        train("dual-gru", examples(8), recipe(encoder=folder), lambda _: None)


def test_layers_that_cannot_be_so_many_are_told(folders):
    sizes = text_encoder_named(folders("roberta")).sizes
    fields = AutoConfig.for_model("longformer", attention_window=[8, 8, 8]).to_dict()
    with pytest.raises(EncoderError, match="a longformer can't have 2 layers, expect"):
        encoder_of({**sizes, "config": {**fields, "num_hidden_layers": 3}})


@pytest.mark.parametrize("mode", ["mean", ["cls"], "max"])
def test_the_newer_way_to_say_how_a_folder_pools(folders, tmp_path, mode):
    folder = sentence_folder(folders("mpnet"), tmp_path / "sentences")
    said = tmp_path / "sentences" / "1_Pooling" / "config.json"
    said.write_text(json.dumps({"pooling_mode": mode, "embedding_dimension": 16}))
    assert pooling_of(folder) == (mode if isinstance(mode, str) else mode[0], True)


def test_a_folder_holds_no_pickle_and_a_tokenizer_of_one_line(folders, tmp_path):
    folder = sentence_folder(folders("roberta"), tmp_path / "sentences")
    found = train("use-qa", examples(8), recipe(encoder=folder), lambda _: None)
    card = toy.saved("use-qa", found, tmp_path, threshold=0.0)
    (line,) = checkpoint.read_words(card.folder)
    assert json.loads(line)["truncation"] is None
    assert card.sizes["tokenizer"] == "json"
    weights = load_file(f"{card.folder}/model.safetensors")
    assert {name.split(".")[1] for name in weights} == {"model"}
