"""One training and measurement of a passage model, in a process of its own."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from jobs.config import PassageSet, TrainPassages
from jobs.paired import hashed, keep_predictions
from jobs.runs import Task, key_of_content, taken
from jobs.sources.labelled_passages import read, split
from jobs.sources.passages import AskedQuestion, matches_of, pool_of
from jobs.sources.sets import read_once
from jobs.train_passages import drawn, recipe_of
from models import checkpoint
from models.checkpoint import network_of, read_words
from models.passages import METHODS, PAIRWISE, UNTRAINED, load, train
from models.passages.cross import Cross
from models.passages.endx import train_both
from models.passages.examples import Examples, Pool, Trained
from models.passages.hybrid import beside_words
from models.passages.model import PassageModel
from models.passages.vectors import ranks_of, vectors_of
from models.ranking import Ranks

_ENDX = "endx-"
# What a hybrid puts words beside.
_BESIDE = {"endx-hybrid": "endx-bert", "tuned-hybrid": "tuned-cosine"}
_TUNED = ("tuned-cosine", "tuned-hybrid")
_LONG = ("dual-bert", "endx-bert", "endx-hybrid", "bert-qa")
_BERT_LIKE = (*_LONG, *_TUNED)
_ALIGNED = tuple(name for name in METHODS if name.startswith(_ENDX))
_DUAL = (*(name for name in METHODS if name.startswith("dual-")), *_ALIGNED)
_VAES = ("dual-vae", "cross-vae")
_HOPPED = tuple(name for name in _DUAL if name not in _VAES)
_SMALL = (
    *(name for name in _DUAL if name not in _BERT_LIKE),
    "cross-vae",
    "infersent",
)
_TRAINED = tuple(name for name in METHODS if name not in UNTRAINED)
_READING = tuple(name for name in METHODS if not name.startswith("bm25"))
# Start of a setting's name to the methods that take it; all others do for all.
_TAKEN_BY: Mapping[str, Sequence[str]] = {
    "encoder": _READING,
    "max_question_tokens": _READING,
    "max_passage_tokens": _READING,
    "precision": _READING,
    "max_questions": _TRAINED,
    "max_validation": _TRAINED,
    "is_two_tower": _HOPPED,
    "n_hops": _HOPPED,
    "hop_size": _HOPPED,
    "learning_rate": _BERT_LIKE,
    "batch_size": _BERT_LIKE,
    "max_epochs": _LONG,
    "tuned_epochs": _TUNED,
    "small_": _SMALL,
    "patience": _TRAINED,
    "dropout": _TRAINED,
    "duplicates": (*_DUAL, "cross-vae", "infersent"),
    "alpha_dual": _ALIGNED,
    "alpha_cross": _ALIGNED,
    "alpha_alignment": _ALIGNED,
    "alpha_between": _ALIGNED,
    "alpha_within": _ALIGNED,
    "terms": _ALIGNED,
    "ramp_epochs": (*_ALIGNED, *_VAES),
    "kernel": _ALIGNED,
    "width_": _ALIGNED,
    "is_diagonal_masked": _ALIGNED,
    "is_teacher_taught": _ALIGNED,
    "is_clip_shared": _ALIGNED,
    "is_cross_shared": _ALIGNED,
    "cross_gain": _ALIGNED,
    "n_heads": _ALIGNED,
    "latent_size": _VAES,
    "alpha_rebuilt": _VAES,
    "beta_divergence": _VAES,
    "gamma_match": _VAES,
    "sentence_": ("infersent",),
    "n_negatives": ("bert-qa",),
}


@dataclass(frozen=True)
class Bench:
    """What all runs of a comparison share.

    Attributes:
        data: Folder that the sets' files are in.
        sets: The labelled sets.
        settings: Of the trainings.
        min_questions: Numbers of questions that a passage must answer, a sub-set each.
        pair_questions: Questions that all are ranked among in the table with the
            interaction model.
        out: Folder of the predictions.
        n_threads: Of each process.
    """

    data: str
    sets: Mapping[str, PassageSet]
    settings: TrainPassages
    min_questions: Sequence[int]
    pair_questions: int
    out: str
    n_threads: int


def key_of(task: Task, bench: Bench) -> str:
    """What a finished run is known by: all that changes its result, not its study."""
    settings = _settings_of(task, bench).model_dump(
        mode="json", exclude={"models", "method", "threads", "max_pair_questions"}
    )
    chosen = bench.sets[task.set_name].model_dump(mode="json", exclude={"published"})
    return key_of_content(
        [
            task.method,
            chosen,
            taken(settings, task.method, _TAKEN_BY),
            list(bench.min_questions),
            bench.pair_questions,
        ]
    )


def _settings_of(task: Task, bench: Bench) -> TrainPassages:
    chosen = bench.sets[task.set_name]
    own: dict[str, Any] = {"seed": task.seed, "method": task.method}
    if chosen.max_training is not None:
        own["max_questions"] = chosen.max_training
    given = bench.settings.model_dump()
    return TrainPassages.model_validate({**given, **own, **task.changes})


@dataclass(frozen=True)
class Parts:
    """A labelled set in three, and what else of it is ranked."""

    training: list[AskedQuestion]
    validation: list[AskedQuestion]
    test: list[AskedQuestion]
    others: tuple[str, ...]

    def pools(self, bench: Bench) -> dict[str, Pool]:
        """What is ranked, by name: gold, all, pairs and a sub-set each."""
        found = {
            "gold": pool_of(self.test),
            "all": pool_of(self.test, "all", others=self.others),
            "pairs": pool_of(self.test[: bench.pair_questions]),
        }
        for n in bench.min_questions:
            if n > 1:
                found[f"{n} questions"] = pool_of(self.test, min_questions=n)
        return {name: pool for name, pool in found.items() if len(pool)}


def parts_of(
    rows: Sequence[AskedQuestion], chosen: PassageSet, settings: TrainPassages
) -> Parts:
    """The questions to train on, to choose by, and kept apart."""
    validation, test, rest = split(
        rows,
        shares=(settings.validation_share, settings.test_share),
        seed=settings.seed,
    )
    test = drawn(test, chosen.max_test or len(test), settings.seed)
    others: dict[str, None] = {}
    if chosen.is_among_all:
        # What answers the same question about another product is no wrong one.
        asked = {row.question for row in test}
        unasked = (row for row in rows if row.question not in asked)
        others = dict.fromkeys(answer for row in unasked for answer in row.answers)
    return Parts(
        drawn(rest, settings.max_questions, settings.seed),
        drawn(validation, settings.max_validation, settings.seed),
        test,
        tuple(others),
    )


def run_task(task: Task, bench: Bench) -> dict[str, Any]:
    """Train and measure; one line of the results.

    What became of each test question is kept beside it, and the vectors of questions
    that share an answer.
    """
    torch.set_num_threads(bench.n_threads)
    settings = _settings_of(task, bench)
    chosen = bench.sets[task.set_name]
    parts = parts_of(rows_of(bench.data, chosen), chosen, settings)
    n_choosing = bench.pair_questions if task.method in PAIRWISE else None
    examples = Examples(
        matches_of(parts.training),
        pool_of(parts.validation[:n_choosing], settings.pool),
    )
    started = time.monotonic()
    trained, teacher = _trained(task, bench, examples)
    seconds = time.monotonic() - started
    pools = parts.pools(bench)
    if task.method in PAIRWISE:
        pools = {"pairs": pools["pairs"]}
    key, out = key_of(task, bench), Path(bench.out)
    with TemporaryDirectory() as place:
        folder = Path(place) / "model"
        if task.method in _BESIDE.values():
            folder = _kept_folder(task, bench)
            folder.parent.mkdir(exist_ok=True)
        model = _loaded(str(folder), task.method, trained, settings.precision)
        found = {name: _ranked(model, pool) for name, pool in pools.items()}
    first = "gold" if "gold" in found else "pairs"
    _keep(out, key, found[first][0], pools[first], parts.test)
    if task.method.endswith("-bert") and len(pools["gold"]):
        _keep_shared(out, key, trained.network, teacher, pools["gold"])
    return {
        "key": key,
        **asdict(task),
        "n_training": len(examples.training),
        "n_validation": len(examples.validation),
        **found[first][1],
        "pools": {name: measures for name, (_, measures) in found.items()},
        "seconds": seconds,
        "history": list(trained.history),
    }


def _trained(
    task: Task, bench: Bench, examples: Examples
) -> tuple[Trained, Cross | None]:
    """With the teacher, where there is one.

    A hybrid takes what an earlier run of the same seed and settings kept of the network
    that it puts words beside; its seconds are then those of its weights alone.
    """
    recipe = recipe_of(_settings_of(task, bench))
    kind = task.method.removeprefix(_ENDX)
    if task.method in _ALIGNED and kind != "hybrid":
        return train_both(kind, examples, recipe, lambda _: None)
    if task.method in _BESIDE:
        kept = _kept_folder(replace(task, method=_BESIDE[task.method]), bench)
        if kept.is_dir():
            card, network = network_of(str(kept), "models.passages", METHODS)
            inner = Trained(network, card.sizes, read_words(str(kept)))
            return beside_words(inner, examples), None
    return train(task.method, examples, recipe, lambda _: None), None


def _kept_folder(task: Task, bench: Bench) -> Path:
    return Path(bench.out) / "models" / key_of(task, bench)


def _loaded(folder: str, method: str, trained: Trained, precision: str) -> PassageModel:
    """As a stage would load it."""
    checkpoint.save(
        folder,
        name=method,
        config={"sizes": dict(trained.config), "threshold": 0.0},
        weights=trained.network.state_dict(),
        words=trained.words,
        metrics={},
    )
    return load(folder, device="cpu", precision=precision)


def _ranked(model: PassageModel, pool: Pool) -> tuple[Ranks, dict[str, float]]:
    """Ranks, and their means with the time of a question.

    Milliseconds per question: of reading and ranking it, its candidates being ready.
    """
    index = model.index(pool.candidates)
    started = time.monotonic()
    found = ranks_of(index, pool)
    seconds = time.monotonic() - started
    n_right = [len(places) for places in pool.right]
    return found, {
        **found.measures(),
        "n_questions": len(pool),
        "n_candidates": len(pool.candidates),
        "right_per_question": float(np.mean(n_right)),
        "milliseconds": 1000 * seconds / len(pool),
    }


def _keep(
    place: Path, key: str, found: Ranks, pool: Pool, rows: Sequence[AskedQuestion]
) -> None:
    groups: dict[str, str] = {}
    for row in rows:
        groups.setdefault(row.question, row.group)
    keep_predictions(
        place,
        key,
        reciprocal=found.reciprocal.astype(np.float32),
        recall=found.recall.astype(np.float32),
        hit=found.hit.astype(np.float32),
        group=hashed(groups[question] for question in pool.questions),
        question=hashed(pool.questions),
    )


def _keep_shared(
    place: Path, key: str, network: Any, teacher: Cross | None, pool: Pool
) -> None:
    """Vectors of the answers with most questions and of these, as both models see them.

    The teacher sees each question with its answer.
    """
    asked: dict[int, list[str]] = {}
    for question, places in zip(pool.questions, pool.right, strict=True):
        for answer in places[:1]:
            asked.setdefault(answer, []).append(question)
    most = sorted(asked, key=lambda answer: (-len(asked[answer]), answer))[:6]
    questions = [question for answer in most for question in asked[answer]]
    owner = [number for number, answer in enumerate(most) for _ in asked[answer]]
    said = [pool.candidates[most[number]] for number in owner]
    arrays = {
        "owner": np.array(owner),
        "questions": vectors_of(network, questions, "question"),
        "answers": vectors_of(
            network, [pool.candidates[answer] for answer in most], "passage"
        ),
    }
    if teacher is not None:
        with torch.inference_mode():
            embedded = teacher(
                network.read(questions, "question"), network.read(said, "passage")
            )
        arrays["taught"] = embedded.of("q").cpu().numpy()
    keep_predictions(place, f"{key}-shared", **arrays)


def rows_of(data: str, chosen: PassageSet) -> list[AskedQuestion]:
    """The questions of a set, read once a process while its runs follow one another."""
    found: list[AskedQuestion] = [
        *read_once(read, data, chosen.files, chosen.format, chosen.where)
    ]
    return found
