"""A model on disk: weights, sizes, words, what it scored, and a fingerprint.

A folder holds `model.safetensors`, `config.json`, `vocabulary.txt`, `fingerprint`,
`metrics.json` and a README written from those. The fingerprint is a hash of the first
three: what changes a score changes it, what does not (the README) does not. There is
no pickle.
"""

import hashlib
import importlib
import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from models.strict_json import as_json

_CONTENT = ("config.json", "model.safetensors", "vocabulary.txt")
_LENGTH = 16


class ModelError(ValueError):
    """A model folder is missing, incomplete or not what its fingerprint says."""


@dataclass(frozen=True)
class Card:
    """What can be known of a model without loading its weights.

    Attributes:
        folder: Where it is.
        name: Method, as the papers call it in lower case with hyphens.
        fingerprint: Hash of its content.
        threshold: Lowest score that counts as yes, in [0, 1].
        config: Content of config.json.
        calibration: Slope and offset from the network's logit to its score.
    """

    folder: str
    name: str
    fingerprint: str
    threshold: float
    config: Mapping[str, Any]
    calibration: tuple[float, float] = (1.0, 0.0)

    @property
    def sizes(self) -> Mapping[str, Any]:
        """Sizes and switches of the network."""
        found: Mapping[str, Any] = self.config["sizes"]
        return found

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated: sigmoid(slope logit + offset), fp64, the shape of `logits`."""
        slope, offset = self.calibration
        scaled = slope * logits.astype(np.float64) + offset
        # Farther out a double is 0 or 1 all the same, and exp would overflow.
        found: np.ndarray = 1 / (1 + np.exp(-scaled.clip(-700, 700)))
        return found

    def threshold_at(self, precision: float) -> float:
        """The lowest threshold with that precision on validation.

        Raises:
            ModelError: None was found in training, or not for that precision.
        """
        found: Mapping[str, float] = self.config.get("at_precision", {})
        if f"{precision:g}" not in found:
            known = ", ".join(found) or "none"
            raise ModelError(
                f"{self.folder}: no threshold for precision {precision:g},"
                f" expected one that was reached on validation: {known}"
            )
        return found[f"{precision:g}"]


def check_place(folder: str) -> None:
    """Refuse a place where something else than a model folder would be replaced.

    Raises:
        ModelError: It holds something else, or is a file.
    """
    place = Path(folder)
    if not place.exists():
        return
    if not place.is_dir():
        raise ModelError(f"{folder}: is a file, expected a model folder or a new one")
    if any(place.iterdir()) and not (place / "fingerprint").is_file():
        raise ModelError(
            f"{folder}: holds something else than a model, expected a model folder, an"
            " empty or a new one"
        )


def save(
    folder: str,
    *,
    name: str,
    config: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    words: Sequence[str],
    metrics: Mapping[str, Any],
    extra: Mapping[str, np.ndarray] | None = None,
) -> Card:
    """Write a model folder whole, or not at all; one that is there is replaced.

    Args:
        folder: Where to.
        name: Method.
        config: JSON with `sizes`, what builds the network anew, and `threshold`;
            `calibration` and `at_precision` may join.
        weights: Named tensors.
        words: The vocabulary, one word a line, or the lines of a tokenizer's JSON.
        metrics: What it scored, on what, with which seed and settings.
        extra: Arrays beside them, by file name, that no score depends on.

    Raises:
        ModelError: Something else than a model stands there.
    """
    from safetensors.torch import save_file

    check_place(folder)
    target = Path(folder).resolve()
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
    part.mkdir(parents=True)
    try:
        save_file(
            {key: value.cpu().contiguous() for key, value in weights.items()},
            part / "model.safetensors",
        )
        content = {"architecture": name, **config}
        (part / "config.json").write_text(_json(content), encoding="utf-8")
        # safetensors keeps a file to its owner; workers may be another user.
        shutil.copymode(part / "config.json", part / "model.safetensors")
        (part / "vocabulary.txt").write_text(_lines(words), encoding="utf-8")
        (part / "fingerprint").write_text(fingerprint_of(part) + "\n")
        (part / "metrics.json").write_text(as_json(metrics), encoding="utf-8")
        (part / "README.md").write_text(_readme(part, name, metrics), encoding="utf-8")
        for file, array in (extra or {}).items():
            np.save(part / file, array, allow_pickle=False)
        _swap(part, target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return read_card(folder)


def _swap(part: Path, target: Path) -> None:
    """Put a folder in the place of another, which comes back if that fails."""
    old = part.with_name(f"{part.name}.old")
    if target.exists():
        target.rename(old)
    try:
        part.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def fingerprint_of(folder: Path) -> str:
    """First 16 hex digits of a SHA-256 over the names and bytes of the content."""
    digest = hashlib.sha256()
    for name in _CONTENT:
        digest.update(f"{name}\n{(folder / name).stat().st_size}\n".encode())
        with (folder / name).open("rb") as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()[:_LENGTH]


def read_card(folder: str) -> Card:
    """The card of a model whose bytes match its fingerprint.

    Raises:
        ModelError: The folder lacks a file, or its content is not what was saved.
    """
    place = Path(folder)
    try:
        expected = (place / "fingerprint").read_text().strip()
        found = fingerprint_of(place)
    except OSError as error:
        raise ModelError(
            f"{folder}: no {Path(error.filename).name}, expected a model folder"
        ) from None
    if found != expected:
        raise ModelError(
            f"{folder}: fingerprint is {found}, expected {expected}; its files were"
            " changed or damaged: train it again or restore it"
        )
    try:
        config = json.loads((place / "config.json").read_text(encoding="utf-8"))
        slope, offset = config.get("calibration", (1.0, 0.0))
        return Card(
            folder=folder,
            name=str(config["architecture"]),
            fingerprint=found,
            threshold=float(config["threshold"]),
            config=config,
            calibration=(float(slope), float(offset)),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}/config.json: {error!r}") from None


def read_weights(folder: str) -> dict[str, Tensor]:
    """The tensors of a model folder, on the CPU.

    Raises:
        ModelError: The file can't be read.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(Path(folder) / "model.safetensors"))
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{folder}/model.safetensors: {error}") from None


def read_words(folder: str) -> tuple[str, ...]:
    """The vocabulary of a model folder."""
    return tuple((Path(folder) / "vocabulary.txt").read_text("utf-8").split("\n")[:-1])


def method_of(package: str, name: str) -> Any:
    """The module of a method, such as `models.answers` and `qar-net`."""
    return importlib.import_module(f"{package}.{name.replace('-', '_')}")


def network_of(folder: str, package: str, methods: Sequence[str]) -> tuple[Card, Any]:
    """The card and the network of a folder, with its weights, on the CPU.

    Args:
        folder: A model folder; it says which method it is.
        package: Of the methods' modules.
        methods: Those that are known.

    Raises:
        ModelError: The folder is not what its fingerprint says, of no known method,
            or its weights do not fit the sizes of config.json.
    """
    card = read_card(folder)
    if card.name not in methods:
        known = ", ".join(methods)
        raise ModelError(f"{folder}: method {card.name!r}, expected one of {known}")
    try:
        network = method_of(package, card.name).build(card.sizes, read_words(folder))
        network.load_state_dict(read_weights(folder))
    except (TypeError, KeyError, ValueError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(f"{folder}: no {card.name}: {first}") from None
    return card, network


def read_array(folder: str, name: str) -> np.ndarray:
    """An array that was saved as `extra`.

    Raises:
        ModelError: It is not there.
    """
    try:
        found: np.ndarray = np.load(Path(folder) / name, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}/{name}: {error}") from None
    return found


def add_metrics(folder: str, more: Mapping[str, Any]) -> None:
    """Put further measures into metrics.json; the fingerprint stays."""
    path = Path(folder) / "metrics.json"
    known = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(as_json({**known, **more}), encoding="utf-8")


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _lines(words: Sequence[str]) -> str:
    return "".join(f"{word}\n" for word in words)


def _readme(folder: Path, name: str, metrics: Mapping[str, Any]) -> str:
    rows = [
        f"| {key} | {value} |"
        for key, value in sorted(metrics.items())
        if not isinstance(value, list | dict)
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            f"Fingerprint `{fingerprint_of(folder)}`. Sizes: `config.json`. Everything",
            "measured, with the settings of the training: `metrics.json`.",
            "",
            "| measure | value |",
            "|---|---|",
            *rows,
            "",
        ]
    )
