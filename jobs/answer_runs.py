"""One training and measurement of a comparison, in a process of its own."""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from jobs.config import AnswerSet, TrainAnswers
from jobs.paired import hashed, keep_predictions
from jobs.runs import Task, key_of_content, taken
from jobs.sources.labelled_answers import LabelledPair, read, rule, split
from jobs.sources.sets import normalised
from jobs.train_answers import decision_of, pairs_of, recipe_of
from models import checkpoint
from models.answers import train
from models.answers.examples import Examples, Pairs, Trained
from models.answers.factored import logits_of
from models.calibration import Decision
from models.encoder import remember_states
from models.metrics import measures
from models.training import remember_phases
from models.word_inputs import WordVectors


@dataclass(frozen=True)
class Bench:
    """What all runs of a comparison share.

    Attributes:
        inputs: Folder of the QA pairs and word vectors, see `save_inputs`.
        data: Folder that the sets' files are in.
        sets: The labelled sets.
        settings: Of the trainings.
        out: Folder of the predictions and models.
        keep_models_of: Set whose models are kept; empty for none.
        keep_seed: Seed whose models are kept.
        n_threads: Of each process.
    """

    inputs: str
    data: str
    sets: dict[str, AnswerSet]
    settings: TrainAnswers
    out: str
    keep_models_of: str
    keep_seed: int
    n_threads: int


# Start of a setting's name to the methods that take it; all others do for all.
_TAKEN_BY = {
    "cross_": ("cross-encoder", "cross-encoder-qa"),
    "late_": ("late-qar",),
    "encoder_": ("cross-encoder", "cross-encoder-qa", "late-qar"),
    "soft_": ("nlp-soft",),
    "fused_": ("cqa-hard",),
    "filter_": ("cqa-hard",),
    "n_filters": ("cqa-hard",),
}


def key_of(task: Task, bench: Bench) -> str:
    """What a finished run is known by: all that changes its result.

    Not its study: a value of a study that is the setting's own is the same run.
    """
    settings = bench.settings.model_copy(
        update={"seed": task.seed, **task.changes}
    ).model_dump(
        mode="json",
        exclude={"landing", "lake", "models", "run_date", "spark", "method", "threads"},
    )
    content = [
        [task.method, task.part],
        bench.sets[task.set_name].model_dump(mode="json"),
        taken(settings, task.method, _TAKEN_BY),
        (Path(bench.inputs) / "fingerprint").read_text(),
    ]
    if task.method in ("cross-encoder-qa", "late-qar"):
        content.append((Path(bench.inputs) / "product").read_text())
    return key_of_content(content)


def save_inputs(folder: str, qa: Pairs, of_product: Pairs, words: WordVectors) -> None:
    """Write what trainings take from the lake, for processes without Spark."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    lines = _save_pairs(place / "qa.jsonl", qa)
    (place / "words.txt").write_text("".join(f"{word}\n" for word in words.words))
    np.save(place / "vectors.npy", words.vectors, allow_pickle=False)
    digest = hashlib.sha256(lines.encode() + words.vectors.tobytes())
    of_encoders = hashlib.sha256(
        _save_pairs(place / "product.jsonl", of_product).encode()
    )
    (place / "product").write_text(of_encoders.hexdigest())
    (place / "fingerprint").write_text(digest.hexdigest())


def _save_pairs(path: Path, pairs: Pairs) -> str:
    rows = zip(pairs.questions, pairs.texts, pairs.labels, strict=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_text(lines)
    return lines


@lru_cache(maxsize=1)
def read_inputs(folder: str) -> tuple[Pairs, Pairs, WordVectors]:
    """What `save_inputs` wrote."""
    place = Path(folder)
    words = (place / "words.txt").read_text().split("\n")[:-1]
    vectors = np.load(place / "vectors.npy", allow_pickle=False)
    return (
        _read_pairs(place / "qa.jsonl"),
        _read_pairs(place / "product.jsonl"),
        WordVectors(tuple(words), vectors),
    )


def _read_pairs(path: Path) -> Pairs:
    rows = [json.loads(line) for line in path.open()]
    return Pairs(*([row[place] for row in rows] for place in range(3)))


def run_task(task: Task, bench: Bench) -> dict[str, Any]:
    """Train, decide on validation, measure; one line of the results.

    Predictions are kept beside it: labels, scores and questions of the measured part.
    """
    torch.set_num_threads(bench.n_threads)
    remember_states()
    remember_phases()
    settings = bench.settings.model_copy(update={"seed": task.seed, **task.changes})
    parts = _parts(task, bench)
    qa, of_product, words = read_inputs(bench.inputs)
    rest, validation = pairs_of(parts["rest"]), pairs_of(parts["validation"])
    trained = train(
        task.method,
        Examples(qa, of_product, rest, validation, words),
        recipe_of(settings),
        lambda _: None,
    )
    decision = decision_of(trained, validation)
    held = parts[task.part]
    pairs = pairs_of(held)
    logits = logits_of(trained.network, pairs.questions, pairs.texts)
    scores = decision.scores(logits)
    labels = np.array(pairs.labels)
    key = key_of(task, bench)
    keep_predictions(
        Path(bench.out),
        key,
        labels=labels.astype(np.int8),
        scores=scores,
        questions=hashed(normalised(pair.question) for pair in held),
    )
    kept = ("methods", bench.keep_models_of, bench.keep_seed)
    if (task.study, task.set_name, task.seed) == kept:
        _save(Path(bench.out) / "models" / task.method, task, trained, decision)
    chosen = bench.sets[task.set_name]
    return {
        "key": key,
        **asdict(task),
        "label_rule": rule(chosen.format, chosen.positive_from),
        "n_training_pairs": len(parts["rest"]),
        "n_training_positive": sum(pair.label for pair in parts["rest"]),
        "n_questions": len({pair.question for pair in held}),
        **measures(labels, scores, decision.threshold),
        # Of the network's own probabilities at 0.5, the paper's threshold.
        "f1_at_half": measures(labels, Decision(0.5).scores(logits), 0.5)["f1"],
        "chosen": dict(trained.chosen),
    }


def _parts(task: Task, bench: Bench) -> dict[str, list[LabelledPair]]:
    settings = bench.settings
    shares = (settings.validation_share, settings.test_share)
    found = split(
        labelled_of(bench, task.set_name),
        shares=shares,
        seed=task.seed,
        by=settings.split_by,
    )
    return dict(zip(("validation", "test", "rest"), found, strict=True))


_READ: dict[str, list[LabelledPair]] = {}


def labelled_of(bench: Bench, name: str) -> list[LabelledPair]:
    """The pairs of a set, read once a process."""
    if name not in _READ:
        chosen = bench.sets[name]
        _READ[name] = read(
            [str(Path(bench.data) / file) for file in chosen.files],
            chosen.format,
            where=chosen.where,
            positive_from=chosen.positive_from,
        )
    return _READ[name]


def _save(folder: Path, task: Task, trained: Trained, decision: Decision) -> None:
    checkpoint.save(
        str(folder),
        name=task.method,
        config={"sizes": dict(trained.config), **decision.config()},
        weights=trained.network.state_dict(),
        words=trained.words,
        metrics={"set": task.set_name, "seed": task.seed, **trained.chosen},
    )
