"""A comparison of passage models: its parts, its runs, what it reports."""

import json
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from click.testing import CliRunner

from jobs import compare_passages, config
from jobs.compare_passages import tasks_of
from jobs.config import ComparePassages, PassageSet, SettingsError, TrainPassages
from jobs.passage_report import mean_reciprocal
from jobs.passage_runs import _TAKEN_BY, Bench, key_of, parts_of, rows_of
from jobs.published_passages import MANY, WITHOUT
from jobs.published_passages import METHODS as PUBLISHED
from jobs.runs import read_runs
from jobs.sources.passages import AskedQuestion
from models.passages import METHODS
from models.passages.geometry import TERMS
from tests.models import toy

EXPERIMENT = str(Path(config.CONF) / "experiments" / "passages.yaml")


@pytest.fixture
def place(tmp_path):
    # Three questions of each passage share a word with it.
    records = [
        {
            "question": f"w{topic % 20} w{20 + topic // 20} w{30 + turn}",
            "answer": f"w{topic % 20} w{20 + topic // 20} w39",
            "candidates": [f"w{topic % 20} w38 w37"],
            "group": f"g{topic}",
        }
        for topic in range(60)
        for turn in range(3)
    ]
    lines = "".join(json.dumps(one) + "\n" for one in records)
    (tmp_path / "asked.jsonl").write_text(lines)
    toy.bert_folder(tmp_path / "encoder")
    return tmp_path


def settings(place, *more):
    document = config.read(
        (),
        [
            "compare_passages.sets.mine={format: jsonl, files: [asked.jsonl],"
            " published: squad}",
            f"compare_passages.data={place}",
            "compare_passages.methods=[bm25, dual-bert, endx-bert, hybrid,"
            " endx-hybrid, bert-qa]",
            "compare_passages.own=endx-bert",
            "compare_passages.seeds=[1, 2]",
            "compare_passages.studies=[methods, alignment, variants]",
            "compare_passages.study_set=mine",
            "compare_passages.variants={one hop: {n_hops: 1}}",
            "compare_passages.min_questions=[1, 3, 9]",
            "compare_passages.pair_questions=6",
            "compare_passages.n_resamples=20",
            "compare_passages.processes=1",
            f"train_passages.encoder={place}/encoder",
            "train_passages.test_share=0.4",
            "train_passages.max_epochs=1",
            "train_passages.n_hops=2",
            "train_passages.n_heads=2",
            "train_passages.precision=fp32",
            *more,
        ],
    )
    return (
        config.settings_of(ComparePassages, document),
        config.settings_of(TrainPassages, document),
    )


def test_every_run_is_done_once_and_the_report_has_its_tables(place):
    out = place / "out"
    out.mkdir()
    chosen, training = settings(place)
    compare_passages.run(chosen, training, str(out))
    rows = read_runs(out / "runs.jsonl")
    # Six methods, four terms left out and a variant; all terms and dual stand there.
    assert len(rows) == 2 * (6 + 4 + 1)
    of_method = {
        (row["method"], row["seed"]): row for row in rows if not row["changes"]
    }
    assert {name for name, _ in of_method} == set(chosen.methods)
    for row in rows:
        pools = row["pools"]
        assert pools["pairs"]["n_questions"] == 6
        if row["method"] == "bert-qa":
            assert set(pools) == {"pairs"}
            continue
        # No passage answers nine; all answer three.
        assert set(pools) == {"gold", "all", "pairs", "3 questions"}
        assert pools["gold"]["mrr"] == pools["3 questions"]["mrr"] == row["mrr"]
        assert pools["all"]["n_candidates"] > pools["gold"]["n_candidates"]
        assert pools["gold"]["n_questions"] == 3 * pools["gold"]["n_candidates"]
    report = (out / "report.md").read_text()
    assert "| bm25 | 2 | 1.000 ± 0.000 | " in report
    assert "| 0.530 / 0.458 / 0.613 |" in report
    assert "MRR (gold) of endx-bert less that of others" in report
    assert "| dual-bert | 2 | " in report
    assert "| at least 1 | at least 3 |" in report
    assert "6 questions among" in report
    assert "## Geometry alignment, mine" in report
    escaped = [term.replace("|", r"\|") for term in TERMS]
    assert all(f"| without {term} | 2 | " in report for term in escaped)
    assert "| without it (dual) | 2 | " in report
    assert "| one hop | 2 | " in report
    assert "| seen by | same passage | another passage |" in report
    for name in ("mrr-mine", "many-mine", "heat-mine", "tsne-mine", "alignment-losses"):
        assert (out / f"{name}.svg").exists(), name
    results = json.loads((out / "results.json").read_text())
    compared = [(row["own"], row["method"]) for row in results["differences"]]
    told = set(compared)
    assert len(told) == len(compared)
    assert ("hybrid", "bm25") in told
    assert ("endx-bert", "bm25") in told
    assert ("all terms", "without q|q") in told
    assert ("as in conf", "one hop") in told

    compare_passages.run(chosen, training, str(out), trains=False)
    assert len(read_runs(out / "runs.jsonl")) == len(rows)


def test_a_variant_of_what_is_no_setting_is_refused(place):
    chosen, training = settings(place, "compare_passages.variants={wide: {width: 3}}")
    with pytest.raises(SettingsError, match=r"variants\.wide: 'width', expected"):
        compare_passages.run(chosen, training, str(place / "out"))


def test_a_key_changes_with_what_changes_a_result(place):
    chosen, training = settings(place)
    task = replace(tasks_of(chosen)[0], method="endx-bert")

    def key(task=task, changes=None, **more):
        values = {
            "data": str(place),
            "sets": chosen.sets,
            "settings": training.model_copy(update=changes or {}),
            "min_questions": (1, 2),
            "pair_questions": 6,
            "out": str(place / "out"),
            "n_threads": 1,
        }
        return key_of(task, Bench(**{**values, **more}))

    def set_key(**changes):
        return key(sets={"mine": chosen.sets["mine"].model_copy(update=changes)})

    assert key() == key(n_threads=2, out="elsewhere")
    assert key() == key(replace(task, study="alignment"))
    assert key() == key(replace(task, changes={"n_hops": 2}))
    assert key() != key(replace(task, changes={"n_hops": 3}))
    assert key() == set_key(published=None)
    assert key() != set_key(max_test=10)
    assert key() != set_key(is_among_all=True)
    assert key() != key(pair_questions=7)
    assert key() != key(min_questions=(1,))
    assert key() != key(changes={"alpha_within": 1.0})
    assert key() == key(changes={"small_epochs": 1, "n_negatives": 1})
    dual = replace(task, method="dual-bert")
    assert key(dual) == key(dual, changes={"alpha_within": 1.0})
    words = replace(task, method="bm25")
    assert key(words) == key(words, changes={"encoder": "other", "max_questions": 1})
    assert key(words) != key(replace(words, seed=9))
    named = {name for names in _TAKEN_BY.values() for name in names}
    assert named <= set(METHODS)
    for start in _TAKEN_BY:
        assert any(name.startswith(start) for name in TrainPassages.model_fields), start


def asked(number):
    answer = f"answer {number}"
    return AskedQuestion(f"question {number}", (answer,), (answer,), f"g{number // 2}")


def test_all_answers_of_a_set_are_ranked_where_the_set_says_so(place):
    rows = [asked(number) for number in range(80)]
    _, training = settings(place)
    bench = Bench("", {}, training, (1,), 4, "", 1)
    given = PassageSet(format="jsonl", files=("x",), max_training=7, max_test=9)
    parts = parts_of(rows, given, training.model_copy(update={"max_questions": 7}))
    assert (len(parts.training), len(parts.test)) == (7, 9)
    groups = [
        {row.group for row in part}
        for part in (parts.training, parts.validation, parts.test)
    ]
    assert not groups[0] & groups[1] | groups[0] & groups[2] | groups[1] & groups[2]
    assert len(parts.pools(bench)["all"].candidates) == 9
    among = given.model_copy(update={"is_among_all": True})
    pools = parts_of(rows, among, training).pools(bench)
    assert len(pools["all"].candidates) == 80
    assert len(pools["gold"].candidates) == 9
    assert pools["pairs"].questions == pools["gold"].questions[:4]


def test_the_mean_of_weighed_questions():
    weigh = mean_reciprocal({"reciprocal": np.array([1.0, 0.5, 0.25])})
    assert weigh(np.array([1, 2, 0])) == pytest.approx(2 / 3)
    assert weigh(np.zeros(3)) is None


def test_the_experiment_reads_the_public_data(real_data):
    document = config.read([EXPERIMENT], [f"compare_passages.data={real_data}"])
    chosen = config.settings_of(ComparePassages, document)
    # HotpotQA and NewsQA are for whoever has them.
    named = get_args(get_args(PassageSet.model_fields["published"].annotation)[0])
    assert set(named) == set(PUBLISHED)
    assert {one.published for one in chosen.sets.values()} - {None} < set(PUBLISHED)
    assert set(MANY) <= set(METHODS)
    assert {f"without {term}" for term in TERMS} < set(WITHOUT)
    for one in chosen.sets.values():
        assert len(rows_of(str(real_data), one)) > 1000
    done = CliRunner().invoke(
        compare_passages.compare, ["--conf", EXPERIMENT, "--out", "x"]
    )
    assert done.exit_code != 0
    assert "compare_passages.data: None, expected the folder" in done.output
