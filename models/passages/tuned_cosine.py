"""A sentence encoder's cosine, fine-tuned with in-batch negatives.

    f(q, a) = cos(pool(E(q)), pool(E(a)))
    L = -1/B sum_i log softmax_j(20 f(q_i, a_j))_i

It is what a practitioner would train, the MultipleNegativesRankingLoss of
sentence-transformers with its scale; another match of a batch with the same passage is
no negative. Unlike the dual encoders of ENDX's paper it starts from a space in which
the cosine already tells what is alike, and changes it in few steps. E and pool are
those of the recipe's sentence-transformers folder (None: the packaged MiniLM), of
another encoder the mean.

The start counts as an epoch, the 0th: a training that makes it no better keeps it.
Epochs are chosen by the mean reciprocal rank on validation: the recall at 1 of some
hundred questions, which chooses ENDX's, is too coarse for what two epochs do.

| symbol | name in code | shape |
|---|---|---|
| E | `encoder` | [B, L, H] |
| f | inner product of `vectors` of length 1 | |
"""

from dataclasses import replace
from pathlib import Path

import torch

from models.encoder import packaged
from models.hub_encoder import text_encoder_named
from models.passages import use_qa
from models.passages.dual import Loss, fit_kind, matched_loss
from models.passages.examples import Examples, Matches, Recipe, Report, Trained
from models.passages.use_qa import SentenceEncoder
from models.training import Log

_SCALE = 20.0


def tuning_loss(network: SentenceEncoder, matches: Matches, recipe: Recipe) -> Loss:
    """L of a batch, given as places among the matches."""
    masked = replace(recipe, duplicates="masked")
    return matched_loss(network, matches, masked, scale=_SCALE)


def train(examples: Examples, recipe: Recipe, report: Report) -> Trained:
    """Fine-tune for `tuned_epochs`."""
    examples.check()
    torch.manual_seed(recipe.seed)
    source = text_encoder_named(recipe.encoder)
    pool = _pool(recipe.encoder)
    config = use_qa.config_of(source, recipe, pool, is_unit_length=True)
    encoder = source.encoder(dropout=recipe.dropout)
    encoder.multiply_in(recipe.precision)
    network = SentenceEncoder(encoder, source.words, config)
    log = Log(report)
    fit_kind(
        network,
        tuning_loss(network, examples.training, recipe),
        examples,
        replace(recipe, max_epochs=recipe.tuned_epochs),
        log,
        kind="bert",
        evaluated=network,
        chosen_by="mrr",
    )
    return Trained(network.eval(), config, source.words, history=log.history)


def _pool(folder: str | None) -> str:
    place = folder or packaged()
    is_of_sentences = (Path(place) / "modules.json").is_file()
    return use_qa.pooling_of(place)[0] if is_of_sentences else "mean"


build = use_qa.build
