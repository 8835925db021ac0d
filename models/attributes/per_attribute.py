"""One tagger for each attribute, over word vectors that stand still (5.10).

The vectors are those of a pretrained encoder's word pieces, below its first layer,
divided by their standard deviation: as small as they are, an LSTM learns nothing of
the few hundred texts of an attribute (F1 0.00 in place of 0.55 on AE-110k). An
attribute with too few training values gets no tagger, and one that was not asked for
in training has none either: nothing is ever found for them.

A tagger is built from the sizes of config.json; it takes vectors and mask, gives
emissions [B, L, T], and has a `chain` and a `loss` of them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.attributes.examples import Asked, Examples, Recipe, Report, Trained
from models.attributes.extractor import Extracted
from models.attributes.tags import extracted, nothing, tags_of, taught
from models.attributes.validation import f1_of
from models.attributes.windows import Reader, Window
from models.encoder import WordPieces, pretrained
from models.extraction import normalised
from models.training import (
    Log,
    NotTrainableError,
    fit,
    shuffled,
    training_device,
)

Build = Callable[[Mapping[str, Any]], nn.Module]


class Taggers(nn.Module):
    """The word vectors and the taggers."""

    vectors: Tensor

    def __init__(
        self, build: Build, words: Sequence[str], config: Mapping[str, Any]
    ) -> None:
        super().__init__()
        pieces = WordPieces(words, is_lower_case=config["is_lower_case"])
        self.reader = Reader(
            pieces,
            max_tokens=config["max_tokens"],
            stride=config["stride"],
            is_apart=True,
        )
        size = config["vector_size"]
        self.register_buffer("vectors", torch.zeros(len(words), size))
        self.taggers = nn.ModuleList(build(config) for _ in config["attributes"])
        self._places = {name: place for place, name in enumerate(config["attributes"])}

    def windows(
        self, contexts: Sequence[str], attributes: Sequence[str]
    ) -> list[Window]:
        """What the network reads of some examples."""
        return self.reader.windows(contexts, attributes)

    def extract(self, windows: Sequence[Window]) -> list[Extracted]:
        """The best value of each window, by the tagger of its attribute."""
        found = [nothing(window) for window in windows]
        rows: dict[int, list[int]] = {}
        for row, window in enumerate(windows):
            place = self._places.get(normalised(window.name))
            if place is not None:
                rows.setdefault(place, []).append(row)
        for place, of_place in rows.items():
            chosen = [windows[row] for row in of_place]
            tagger: Any = self.taggers[place]
            values = extracted(chosen, tagger.chain, partial(self.emissions, tagger))
            for row, value in zip(of_place, values, strict=True):
                found[row] = value
        return found

    def emissions(
        self, tagger: Any, windows: Sequence[Window]
    ) -> tuple[Tensor, Tensor]:
        """A tagger's emissions for some windows, and the mask of their pieces."""
        batch = self.reader.padded(windows).to(self.vectors.device)
        mask = batch.legal[:, 1:]
        return tagger(self.vectors[batch.tokens.ids[:, 1:]], mask), mask


def train_each(
    build: Build, examples: Examples, recipe: Recipe, report: Report
) -> Trained:
    """Train a tagger for each attribute with enough values, the most frequent first.

    Each is chosen on the validation examples of its attribute; without a value there,
    it is the one after the last epoch. The time of the recipe is shared by their
    examples.

    Raises:
        NotTrainableError: No attribute has enough values.
    """
    examples.check()
    torch.manual_seed(recipe.seed)
    source = pretrained(recipe.encoder)
    training, validation = of_each(examples.training), of_each(examples.validation)
    kept = _frequent(training, recipe.min_values)
    vectors = source.weights["bert.embeddings.word_embeddings.weight"]
    config = {
        "attributes": kept,
        "is_lower_case": source.is_lower_case,
        "max_tokens": recipe.max_tokens,
        "stride": recipe.stride,
        "vector_size": vectors.shape[1],
        "hidden_size": recipe.hidden_size,
        "dropout": recipe.lstm_dropout,
        "attention_size": recipe.attention_size,
    }
    network = Taggers(build, source.words, config)
    network.vectors.copy_(vectors / vectors.std())
    network.to(training_device())  # of which `fit` sees a tagger alone
    log, started = Log(report), time.monotonic()
    n_left = sum(len(training[name]) for name in kept)
    for name, tagger in zip(kept, network.taggers, strict=True):
        left = recipe.max_seconds - (time.monotonic() - started)
        of_name = validation.get(name, Asked([], [], []))
        _train(
            network,
            tagger,
            training[name],
            of_name,
            recipe,
            phase=name,
            max_seconds=left * len(training[name]) / n_left,
            report=log,
        )
        n_left -= len(training[name])
    return Trained(network.eval(), config, source.words, history=log.history)


def of_each(asked: Asked) -> dict[str, Asked]:
    """The examples of each attribute, by its normalised name."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(asked.attributes):
        places.setdefault(normalised(name), []).append(place)
    return {name: asked.at(rows) for name, rows in places.items()}


def _frequent(training: Mapping[str, Asked], min_values: int) -> list[str]:
    counts = {
        name: sum(span is not None for span in part.spans)
        for name, part in training.items()
    }
    kept = [name for name, n in counts.items() if n >= min_values]
    if not kept:
        best = max(counts, key=lambda name: counts[name])
        raise NotTrainableError(
            f"no attribute has {min_values} training values, {best!r} has most:"
            f" {counts[best]}; give more labelled products or lower min_values"
        )
    return sorted(kept, key=lambda name: (-counts[name], name))


def _train(
    network: Taggers,
    tagger: Any,
    training: Asked,
    validation: Asked,
    recipe: Recipe,
    *,
    phase: str,
    max_seconds: float,
    report: Report,
) -> None:
    read = network.windows(training.contexts, training.attributes)
    windows, targets = taught(read, training.spans)

    def loss(places: np.ndarray) -> Tensor:
        chosen = [windows[place] for place in places]
        emissions, mask = network.emissions(tagger, chosen)
        tags = tags_of(targets[places], mask.shape[1]).to(mask.device)
        value: Tensor = tagger.loss(emissions, mask, tags)
        return value

    has_values = any(span is not None for span in validation.spans)
    result = fit(
        tagger,
        loss,
        np.zeros(len(windows)),
        phase=phase,
        learning_rate=recipe.tagger_learning_rate,
        clip=1.0,
        batch_size=recipe.tagger_batch_size,
        max_epochs=recipe.tagger_epochs,
        rng=np.random.default_rng(recipe.seed),
        batches=shuffled,
        evaluate=(lambda: f1_of(network, validation)) if has_values else None,
        patience=recipe.tagger_patience,
        max_seconds=max_seconds,
    )
    report(result.history[-1])
