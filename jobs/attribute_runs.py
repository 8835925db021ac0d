"""One training and measurement of an attribute model, in a process of its own."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from jobs.attribute_decisions import (
    attribute_thresholds,
    decision_on,
    outcomes_of,
)
from jobs.attribute_measures import Judged, for_unseen, judged, summary
from jobs.config import AttributeSet, TrainAttributes
from jobs.paired import hashed, keep_predictions
from jobs.runs import Task, key_of_content, taken
from jobs.sources.labelled_attributes import read, split
from jobs.sources.sets import in_parts, normalised, read_once
from jobs.sources.values import LabelledValue
from jobs.train_attributes import asked_of, recipe_of
from models import checkpoint
from models.attributes import train
from models.attributes.examples import Examples, Trained
from models.attributes.seen import seen_values
from models.calibration import Decision
from models.extraction import outcome
from models.training import NotTrainableError

_TOKEN_BUDGET = 8192
_ZERO = np.zeros(1)


@dataclass(frozen=True)
class Bench:
    """What all runs of a comparison share.

    Attributes:
        data: Folder that the sets' files are in.
        sets: The labelled sets.
        settings: Of the trainings.
        named: Attributes of each set whose measures are kept one by one.
        out: Folder of the predictions.
        n_threads: Of each process.
    """

    data: str
    sets: Mapping[str, AttributeSet]
    settings: TrainAttributes
    named: Mapping[str, Sequence[str]]
    out: str
    n_threads: int


# Start of a setting's name to the methods that take it; all others do for all.
_DISTILLED = ("aveqa", "combined", "qa-mlm")
_BY_QUESTION = (*_DISTILLED, "qa", "qa-cls")
_FINE_TUNED = (*_BY_QUESTION, "encoder-crf")
_OF_ONE_ATTRIBUTE = ("bilstm", "bilstm-crf", "opentag")
_TAGGERS = (*_OF_ONE_ATTRIBUTE, "suopentag", "combined")
_TAKEN_BY: Mapping[str, Sequence[str]] = {
    "encoder": (*_FINE_TUNED, *_TAGGERS),
    "learning_rate": _FINE_TUNED,
    "dropout": _FINE_TUNED,
    "precision": _FINE_TUNED,
    "warm_up": _FINE_TUNED,
    "max_epochs": _FINE_TUNED,
    "min_steps": _FINE_TUNED,
    "patience": _FINE_TUNED,
    "alpha": _DISTILLED,
    "is_literal_direction": _DISTILLED,
    "is_single_pass": _DISTILLED,
    # Also by those that do not distil, where their forgetting is measured.
    "temperature": _BY_QUESTION,
    "mask_share": _BY_QUESTION,
    "mlm_epochs": _BY_QUESTION,
    "is_forgetting_measured": _BY_QUESTION,
    "beta": ("aveqa", "combined", "qa-cls"),
    "is_literal_head": _BY_QUESTION,
    "hidden_size": _TAGGERS,
    "lstm_dropout": _TAGGERS,
    "tagger_": _TAGGERS,
    "attention_size": ("opentag",),
    "min_values": _OF_ONE_ATTRIBUTE,
}


def key_of(task: Task, bench: Bench) -> str:
    """What a finished run is known by: all that changes its result.

    Not its study, nor the part that a study looks at: each run measures both.
    """
    settings = _settings_of(task, bench).model_dump(
        mode="json",
        exclude={"models", "method", "threads", "mlm_heads", "max_lake_labels"},
    )
    chosen = bench.sets[task.set_name].model_dump(mode="json", exclude={"published"})
    return key_of_content(
        [
            task.method,
            chosen,
            taken(settings, task.method, _TAKEN_BY),
            list(bench.named[task.set_name]),
        ]
    )


def _settings_of(task: Task, bench: Bench) -> TrainAttributes:
    chosen = bench.sets[task.set_name]
    own = {"seed": task.seed, "split_by": chosen.split_by, "method": task.method}
    return bench.settings.model_copy(update={**own, **task.changes})


def run_task(task: Task, bench: Bench) -> dict[str, Any]:
    """Train, decide on validation, measure; one line of the results.

    Predictions on the test part are kept beside it: what became of each labelled
    value, its product, and whether it was seen in training.
    """
    torch.set_num_threads(bench.n_threads)
    settings = _settings_of(task, bench)
    parts = parts_of(
        labelled_of(bench.data, bench.sets[task.set_name]),
        bench.sets[task.set_name],
        settings,
    )
    started = time.monotonic()
    trained = train(
        task.method,
        Examples(asked_of(parts.training), asked_of(parts.validation)),
        recipe_of(settings),
        lambda _: None,
    )
    seconds = time.monotonic() - started
    decision, decided = _decided(trained, parts.validation, settings)
    with TemporaryDirectory() as place:
        folder = f"{place}/model"
        _save(folder, task, trained, decided, parts.training)
        test, validation = (
            judged(folder, rows, token_budget=_TOKEN_BUDGET)
            for rows in (parts.test, parts.validation)
        )
    of_unseen = for_unseen(test, validation)
    key = key_of(task, bench)
    _keep(Path(bench.out), key, test, of_unseen)
    return {
        "key": key,
        **asdict(task),
        "n_training": len(parts.training),
        "n_training_none": sum(not row.values for row in parts.training),
        "n_training_products": len({row.product_id for row in parts.training}),
        "n_test_products": len({row.product_id for row in parts.test}),
        **_kept_measures(test, bench.named[task.set_name]),
        "unseen_by_own_threshold": summary(of_unseen)["unseen"],
        # By the rule of 5.6, a logit above 0: the thresholds were chosen on these rows.
        "validation": _kept_measures(
            [
                replace(one, lowest=float(decision.scores(_ZERO)[0]))
                for one in validation
            ],
            (),
        ),
        "threshold": decided["threshold"],
        "seconds": seconds,
        "history": list(trained.history),
    }


def _decided(
    trained: Trained, validation: Sequence[LabelledValue], settings: TrainAttributes
) -> tuple[Decision, dict[str, Any]]:
    """Calibration and thresholds; the logits as they are where nothing tells better.

    As of a gazetteer, which finds nothing of an attribute that it was not trained on.

    Returns:
        The decision for all attributes; and with it the thresholds of single ones, for
        config.json.
    """
    outcomes = outcomes_of(trained, validation)
    try:
        decision = decision_on(outcomes)
    except NotTrainableError:
        return Decision(0.5), Decision(0.5).config()
    thresholds = attribute_thresholds(
        outcomes, decision, min_values=settings.min_threshold_values
    )
    return decision, {**decision.config(), "attribute_thresholds": thresholds}


@dataclass(frozen=True)
class Parts:
    """A labelled set in three; values that no text holds are not trained on."""

    training: list[LabelledValue]
    validation: list[LabelledValue]
    test: list[LabelledValue]


def parts_of(
    rows: Sequence[LabelledValue], chosen: AttributeSet, settings: TrainAttributes
) -> Parts:
    """The rows to train on, to choose by, and kept apart."""
    if chosen.held_out:
        names = {normalised(name) for name in chosen.held_out}
        test = [row for row in rows if normalised(row.attribute) in names]
        validation, rest = in_parts(
            (row for row in rows if normalised(row.attribute) not in names),
            lambda row: normalised(row.attribute),
            shares=(settings.validation_share,),
            seed=settings.seed,
        )
    else:
        validation, test, rest = split(
            rows,
            shares=(settings.validation_share, settings.test_share),
            seed=settings.seed,
            by=settings.split_by,
        )
    usable = [row for row in rest if row.spans or not row.values]
    return Parts(
        drawn(usable, chosen.max_training, settings.seed),
        drawn(validation, chosen.max_validation, settings.seed),
        test,
    )


def drawn(
    rows: Sequence[LabelledValue], n_most: int | None, seed: int
) -> list[LabelledValue]:
    """At most so many rows, whole products in the order of a hash."""
    sizes = Counter(row.product_id for row in rows)
    order = sorted(
        sizes, key=lambda product: sha256(f"{seed}\x1f{product}".encode()).digest()
    )
    ends = accumulate(sizes[product] for product in order)
    kept = {
        product
        for product, end in zip(order, ends, strict=True)
        if n_most is None or end <= n_most
    }
    return [row for row in rows if row.product_id in kept]


def labelled_of(data: str, chosen: AttributeSet) -> list[LabelledValue]:
    """The rows of a set, read once a process while its runs follow one another."""
    found: list[LabelledValue] = [
        *read_once(read, data, chosen.files, chosen.format, chosen.where)
    ]
    return found


def _save(
    folder: str,
    task: Task,
    trained: Trained,
    decided: Mapping[str, Any],
    training: Sequence[LabelledValue],
) -> None:
    known = [(row.attribute, value) for row in training for value in row.values]
    checkpoint.save(
        folder,
        name=task.method,
        config={"sizes": dict(trained.config), **decided},
        weights=trained.network.state_dict(),
        words=trained.words,
        metrics={},
        extra={"seen_values.npy": seen_values(known)},
    )


def _keep(
    place: Path, key: str, found: Sequence[Judged], of_unseen: Sequence[Judged]
) -> None:
    keep_predictions(
        place,
        key,
        outcome=_outcomes(found),
        outcome_of_unseen=_outcomes(of_unseen),
        was_seen=np.array([one.was_seen for one in found], dtype=bool),
        score=np.array([one.score for one in found], dtype=np.float32),
        product=hashed(one.row.product_id for one in found),
    )


def _outcomes(found: Sequence[Judged]) -> np.ndarray:
    """Place among the counts: right, wrong, invented, missed, silent; [n]."""
    counts = [astuple(outcome(one.row.values, one.found)) for one in found]
    places: np.ndarray = np.array(counts).argmax(axis=1).astype(np.int8)
    return places


def _kept_measures(found: Sequence[Judged], named: Sequence[str]) -> dict[str, Any]:
    """All measures, of the attributes only those named."""
    measures = summary(found)
    attributes = measures.pop("attributes")
    return {
        **measures,
        "attributes": {name: attributes[name] for name in named if name in attributes},
    }
