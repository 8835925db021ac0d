"""Every method trained and used on a device that is not the CPU."""

import shutil

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from models import answers, attributes, passages, training
from models.attributes import masked_heads
from models.encoder import pretrained
from tests.models import pretended_gpu, toy, toy_attributes, toy_passages
from udfs.passages import nearest

# Counts, and regressions on what is computed on the CPU.
OF_THE_CPU = ("bm25", "bm25-stems", "gazetteer", "qrem")


@pytest.fixture
def there(monkeypatch):
    """A GPU, or what takes its place."""
    if torch.cuda.is_available():
        monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
        yield "cuda:0"
        return
    with pretended_gpu.trained_there(monkeypatch) as device:
        yield device


@pytest.fixture(scope="module")
def encoder(tiny, tmp_path_factory):
    return toy_passages.sentence_folder(tiny, tmp_path_factory.mktemp("sentences"))


def saved(name, trained, folder):
    places = {one.device.type for one in trained.network.parameters()}
    assert name in OF_THE_CPU or places == {training.training_device().type}
    return toy.saved(name, trained, folder, threshold=0.5).folder


def test_a_training_is_on_the_gpu_that_torch_finds(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert training.training_device() == torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert training.training_device() == torch.device("cpu")


@pytest.mark.parametrize("is_pretrained", [True, False])
def test_a_masked_lm_head_is_where_its_encoder_is(there, tiny, tmp_path, is_pretrained):
    folder = tiny
    if is_pretrained:
        folder = shutil.copytree(tiny, tmp_path / "bert")
        sizes = BertConfig.from_pretrained(tiny)
        BertForMaskedLM(sizes).save_pretrained(folder)
    given = toy_attributes.recipe(encoder=str(folder), max_epochs=1)
    found = attributes.train(
        "qa-mlm", toy_attributes.examples(96), given, lambda _: None
    )
    fitted = [one for one in found.history if one["phase"] == "train"]
    assert np.isfinite(fitted[0]["loss"])
    head = masked_heads.own_head(str(folder), pretrained(str(folder)).encoder())
    assert (head is not None) == is_pretrained


def test_words_of_both_networks_are_tied_there(there, tiny):
    found = toy.trained("nlp-soft", tiny, pretrain_epochs=(0.0,), max_seconds=0)
    assert found.chosen["pretrain_epochs"] == 0.0
    assert np.isfinite([one["loss"] for one in found.history]).all()


def test_a_phase_is_remembered_there(there, tiny, monkeypatch):
    monkeypatch.setattr(training, "_PHASES", {})
    first, second = (toy.trained("late-qar", tiny, max_seconds=0) for _ in range(2))
    phases = [{one["phase"] for one in found.history} for found in (first, second)]
    assert phases == [{"pre-train", "fine-tune"}, {"fine-tune"}]
    again = second.network.state_dict()
    for name, one in first.network.state_dict().items():
        torch.testing.assert_close(again[name].cpu(), one.cpu())


def test_the_nearest_are_found_there(there):
    rng = np.random.default_rng(0)
    asked, said = (rng.normal(size=(n, 8)).astype("float16") for n in (5, 40))
    here = nearest(asked, said, top_k=3)
    for one, other in zip(
        nearest(asked, said, top_k=3, device=there), here, strict=True
    ):
        assert np.array_equal(one, other)


def test_a_tensor_of_the_cpu_is_an_error(there):
    layer = torch.nn.Linear(3, 2).to(there)
    with pytest.raises((AssertionError, RuntimeError), match=r"CPU|cpu"):
        layer(torch.ones(1, 3))
    found = layer(torch.ones(1, 3, device=there)).detach()
    at = torch.zeros(2, dtype=torch.long)
    assert found[at[:1]].shape == (1, 2)
    with pytest.raises((AssertionError, RuntimeError), match=r"CPU|cpu"):
        torch.ones(2)[at.to(there)]
    with pytest.raises((AssertionError, RuntimeError), match=r"CPU|cpu"):
        found[0, at] = torch.ones(2)
    with pytest.raises((RuntimeError, TypeError)):
        found.numpy()
    assert found.cpu().numpy().shape == (1, 2)


@pytest.mark.parametrize("name", [*answers.METHODS, "released"])
def test_an_answer_method_is_trained_there(there, tiny, tmp_path, name):
    trained = toy.trained(name, tiny, max_seconds=0)
    method = "qar-net" if name == "released" else name
    folder = saved(method, trained, tmp_path)
    pairs = np.arange(6)
    scores = []
    for device in (there, "cpu"):
        model = answers.load(folder, device=device, precision="fp32")
        asked = model.encode_questions(toy.texts(6, 5))
        said = model.encode_sentences(toy.texts(6, 6))
        scores.append(model.score(asked, said, pairs, pairs))
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", attributes.METHODS)
def test_an_attribute_method_is_trained_there(there, tiny, tmp_path, name, precision):
    given = toy_attributes.recipe(
        encoder=tiny,
        max_epochs=1,
        tagger_epochs=1,
        precision=precision,
        mlm_heads=str(tmp_path / "heads"),
        is_forgetting_measured=True,
    )
    trained = attributes.train(name, toy_attributes.examples(96), given, lambda _: None)
    folder = saved(name, trained, tmp_path)
    part = toy_attributes.asked(8, seed=9)
    found = []
    for device in (there, "cpu"):
        model = attributes.load(folder, device=device, precision="fp32")
        found.append(model.extract(model.windows(part.contexts, part.attributes)))
    assert [one.span for one in found[0]] == [one.span for one in found[1]]
    logits = [[one.logit for one in of] for of in found]
    assert logits[0] == pytest.approx(logits[1], abs=1e-4)


@pytest.mark.parametrize("name", passages.METHODS)
def test_a_passage_method_is_trained_there(there, encoder, tmp_path, name):
    given = toy_passages.recipe(
        encoder=encoder, max_epochs=1, small_epochs=1, tuned_epochs=1
    )
    trained = passages.train(name, toy_passages.examples(16), given, lambda _: None)
    folder = saved(name, trained, tmp_path)
    of = toy_passages.pool()
    scores = [
        passages.load(folder, device=device, precision="fp32")
        .index(of.candidates)
        .scores(of.questions)
        for device in (there, "cpu")
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)
