"""Model folders: saved whole, refused when damaged."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from models import checkpoint
from models.answers import load
from models.checkpoint import ModelError
from tests.models import toy


def save(folder, network=None, **changes):
    network = network or toy.network()
    return checkpoint.save(
        str(folder),
        name=changes.pop("name", "qar-net"),
        config={"sizes": asdict(network.config), "threshold": 0.4, **changes},
        weights=network.state_dict(),
        words=toy.WORDS,
        metrics={"f1": 0.5, "history": [1]},
    )


def test_a_saved_model_comes_back_as_it_was(tmp_path):
    network = toy.network()
    card = save(tmp_path / "m", network)
    model = load(card.folder, device="cpu", precision="fp32")
    assert (model.name, model.threshold) == ("qar-net", 0.4)
    assert model.fingerprint == card.fingerprint
    weights = checkpoint.read_weights(card.folder)
    for name, weight in network.state_dict().items():
        assert torch.equal(weights[name], weight)
    assert checkpoint.read_words(card.folder) == toy.WORDS
    assert "| f1 | 0.5 |" in (tmp_path / "m" / "README.md").read_text()


def test_the_fingerprint_is_the_content(tmp_path):
    first, again = save(tmp_path / "a"), save(tmp_path / "b")
    assert first.fingerprint == again.fingerprint
    assert save(tmp_path / "c", threshold=0.5).fingerprint != first.fingerprint
    assert save(tmp_path / "d", toy.network(1)).fingerprint != first.fingerprint
    (tmp_path / "a" / "README.md").write_text("other words")
    assert checkpoint.read_card(first.folder).fingerprint == first.fingerprint


def test_only_a_model_is_replaced(tmp_path):
    first = save(tmp_path / "m")
    again = save(tmp_path / "m", threshold=0.5)
    assert checkpoint.read_card(first.folder).fingerprint == again.fingerprint
    (tmp_path / "empty").mkdir()
    save(tmp_path / "empty")
    (tmp_path / "others" / "answers").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("mine")
    for name, told in (
        ("others", "holds something else than a model"),
        ("notes.txt", "is a file"),
    ):
        with pytest.raises(ModelError, match=told):
            save(tmp_path / name)
    assert (tmp_path / "others" / "answers").is_dir()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"m", "empty", "others", "notes.txt"}


def test_the_old_model_comes_back_if_the_new_one_cannot_take_its_place(
    tmp_path, monkeypatch
):
    first = save(tmp_path / "m")
    rename = Path.rename

    def broken(path, target):
        if target == tmp_path / "m" and not path.name.endswith(".old"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path / "m", threshold=0.5)
    assert checkpoint.read_card(first.folder) == first
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_other_users_may_read_the_weights_and_every_reader_the_measures(tmp_path):
    card = save(tmp_path / "m")
    modes = {path.stat().st_mode for path in (tmp_path / "m").iterdir()}
    assert len(modes) == 1
    checkpoint.add_metrics(card.folder, {"history": [{"metric": float("nan")}]})
    text = (tmp_path / "m" / "metrics.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail)["history"] == [{"metric": None}]


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "vocabulary.txt"])
def test_one_changed_byte_is_refused(tmp_path, name):
    card = save(tmp_path / "m")
    path = tmp_path / "m" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ModelError, match=f"fingerprint is .*, expected {card.fingerprint}"
    ):
        load(card.folder, device="cpu", precision="fp32")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "vocabulary.txt", "fingerprint"]
)
def test_a_missing_file_is_named(tmp_path, name):
    save(tmp_path / "m")
    (tmp_path / "m" / name).unlink()
    with pytest.raises(ModelError, match=f"no {name}"):
        load(str(tmp_path / "m"), device="cpu", precision="fp32")


def test_an_unknown_method_and_sizes_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(ModelError, match="method 'other', expected one of qrem"):
        load(save(tmp_path / "a", name="other").folder, device="cpu", precision="fp32")
    sizes = asdict(toy.config(hidden_size=5))
    wrong = save(tmp_path / "b", sizes=sizes)
    with pytest.raises(ModelError, match="no qar-net"):
        load(wrong.folder, device="cpu", precision="fp32")


def test_a_new_model_takes_the_place_of_the_old_one_whole(tmp_path):
    old = save(tmp_path / "m")
    new = save(tmp_path / "m", toy.network(1))
    assert checkpoint.read_card(str(tmp_path / "m")).fingerprint == new.fingerprint
    assert new.fingerprint != old.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
