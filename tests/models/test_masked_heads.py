"""Masked-LM heads: an encoder's own, one that is fitted, one that is kept."""

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM, BertTokenizer

from models.attributes import aveqa, masked_heads
from models.attributes.examples import Examples
from models.attributes.forgetting import Forgetting
from models.attributes.masked_heads import fitted_head, own_head
from models.attributes.masked_lm import MaskedHead, Teacher, distillation, masked
from models.attributes.windows import Reader
from models.encoder import WordPieces, pretrained
from tests.models.toy_attributes import asked, recipe


def reader_of(source):
    return Reader(WordPieces(source.words), max_tokens=24, stride=4)


def windows_of(reader, n=64, seed=0):
    part = asked(n, seed=seed)
    return reader.windows(part.contexts, part.attributes)


@pytest.fixture(scope="module")
def with_head(tmp_path_factory):
    """Folder of a tiny BERT that brings its masked-LM head."""
    folder = tmp_path_factory.mktemp("with_head")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(9))]
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    torch.manual_seed(0)
    sizes = BertConfig(
        vocab_size=len(words),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        initializer_range=0.5,
    )
    model = BertForMaskedLM(sizes)
    torch.nn.init.normal_(model.cls.predictions.bias)
    model.save_pretrained(folder)
    BertTokenizer(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return str(folder)


def test_an_encoders_own_head_gives_its_own_logits(with_head):
    source = pretrained(with_head)
    encoder = source.encoder().eval()
    head = own_head(with_head, encoder)
    pieces = WordPieces(source.words)
    tokens = pieces.read(["w1 w2 w3", "w4"], 8)
    model = BertForMaskedLM.from_pretrained(with_head).eval()
    with torch.inference_mode():
        found = head(encoder(tokens)[tokens.mask])
        expected = model(
            input_ids=tokens.ids, attention_mask=tokens.mask.long()
        ).logits[tokens.mask]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert not any(one.requires_grad for one in head.parameters())


def test_an_encoder_without_a_head_has_none_of_its_own(tiny):
    assert own_head(tiny, pretrained(tiny).encoder()) is None


def fitted(source, reader, windows, folder=None, **changes):
    settings = {"share": 0.15, "batch_size": 16, "epochs": 3.0, "seed": 1, **changes}
    encoder = source.encoder().requires_grad_(False)
    encoder.multiply_in(settings.pop("numbers", "fp32"))
    return encoder, fitted_head(encoder, reader, windows, folder=folder, **settings)


def test_a_fitted_head_tells_hidden_pieces_better_and_leaves_the_encoder(tiny):
    source = pretrained(tiny)
    reader = reader_of(source)
    windows = windows_of(reader, 256)
    encoder, head = fitted(source, reader, windows, epochs=12.0, batch_size=8)
    batch = reader.padded(windows_of(reader, 64, seed=5))
    tokens, hidden = masked(
        batch, reader.pieces, 0.15, torch.Generator().manual_seed(9)
    )
    gold = batch.tokens.ids[hidden]
    with torch.inference_mode():
        states = encoder(tokens)[hidden]
        losses = [
            torch.nn.functional.cross_entropy(one(states), gold).item()
            for one in (MaskedHead(encoder), head)
        ]
    assert losses[1] < 0.7 * losses[0]
    assert torch.equal(head.decoder, encoder.bert.embeddings.word_embeddings.weight)
    for key, value in encoder.state_dict().items():
        assert torch.equal(value, source.weights[key])


def test_a_kept_head_is_not_fitted_twice_and_is_the_same(tiny, tmp_path, monkeypatch):
    source = pretrained(tiny)
    reader = reader_of(source)
    windows = windows_of(reader)
    folder = str(tmp_path / "heads")
    torch.manual_seed(1)
    _, alone = fitted(source, reader, windows)
    torch.manual_seed(2)  # whatever was drawn before
    _, first = fitted(source, reader, windows, folder)
    monkeypatch.setattr(masked_heads, "_fit", lambda *_: pytest.fail("fitted again"))
    _, second = fitted(source, reader, windows, folder)
    for one in (first, second):
        for key, value in alone.state_dict().items():
            assert torch.equal(one.state_dict()[key], value)
    assert len(list((tmp_path / "heads").glob("*.safetensors"))) == 1


@pytest.mark.parametrize("changed", ["texts", "seed", "numbers", "encoder"])
def test_a_head_of_something_else_is_not_taken(
    tiny, with_head, tmp_path, changed, monkeypatch
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    source = pretrained(tiny)
    reader = reader_of(source)
    folder = str(tmp_path)
    fitted(source, reader, windows_of(reader, 32), folder)
    if changed == "texts":
        fitted(source, reader, windows_of(reader, 32, seed=1), folder)
    elif changed == "seed":
        fitted(source, reader, windows_of(reader, 32), folder, seed=2)
    elif changed == "numbers":
        fitted(source, reader, windows_of(reader, 32), folder, numbers="bf16")
    else:
        other = pretrained(with_head)
        reader = reader_of(other)
        fitted(other, reader, windows_of(reader, 32), folder)
    assert len(list(tmp_path.glob("*.safetensors"))) == 2


def test_nothing_is_forgotten_before_the_first_step(tiny):
    source = pretrained(tiny)
    reader = reader_of(source)
    teacher_encoder = source.encoder().requires_grad_(False).eval()
    teacher = Teacher(teacher_encoder, MaskedHead(teacher_encoder))
    student, windows = source.encoder(), windows_of(reader, 80)
    given = recipe(is_literal_direction=True)
    forgetting = Forgetting(student.eval(), teacher, reader, windows, given)
    assert forgetting.loss() == pytest.approx(0, abs=1e-6)
    with torch.no_grad():
        for one in student.parameters():
            one.add_(0.1 * torch.randn(one.shape))
    told = [forgetting.measured() for _ in range(2)]
    assert told[0].loss == told[1].loss > 0.01
    assert [one.epoch for one in told] == [1, 2]
    few = Forgetting(student, teacher, reader, windows[:64], given)
    batch = reader.padded(windows[:64])
    tokens, hidden = masked(
        batch, reader.pieces, 0.15, torch.Generator().manual_seed(given.seed)
    )
    with torch.inference_mode():
        expected = distillation(
            teacher.head(student(tokens)[hidden]),
            teacher.logits(tokens, hidden),
            temperature=2.0,
            is_literal=False,
        ).item()
    assert few.loss() == pytest.approx(expected, abs=1e-6)


def test_forgetting_is_told_also_where_nothing_is_distilled(tiny):
    given = recipe(
        encoder=tiny, is_forgetting_measured=True, max_epochs=2, alpha=0.0, seed=3
    )
    part = Examples(asked(96), asked(32, seed=1))
    found = aveqa.train(part, given, lambda _: None)
    phases = [one["phase"] for one in found.history]
    assert phases == ["forgetting", "train"] * 2
    losses = [one["loss"] for one in found.history if one["phase"] == "forgetting"]
    assert all(loss > 0.001 for loss in losses)
    plain = recipe(encoder=tiny, max_epochs=2, alpha=0.0, seed=3)
    same = aveqa.train(part, plain, lambda _: None)
    for key, value in found.network.state_dict().items():
        assert torch.equal(value, same.network.state_dict()[key])
