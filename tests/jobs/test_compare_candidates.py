"""The study of candidates: pools, AN-words of the lake, and the report."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from deltalake import write_deltalake

from jobs import compare_candidates, config
from jobs.compare_candidates import aspects_of, pools_of
from jobs.config import SettingsError
from jobs.sources.labelled_answers import LabelledPair

DAY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
# Of each question the second sentence answers it and alone shares its noun.
NOUNS = ("battery", "cable", "filter", "lid", "drawer", "bottle")


def vectors(texts):
    """A stand-in encoder: one place a noun, of length one."""
    found = np.array([[float(noun in text) for noun in NOUNS] for text in texts])
    found = np.concatenate([found, np.full((len(texts), 1), 0.1)], axis=1)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture
def place(tmp_path):
    return built(tmp_path)


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    place = built(tmp_path_factory.mktemp("studied"))
    return place, run(place, "compare_candidates.shares=[0.34]")


def built(tmp_path):
    rows = []
    for noun in NOUNS:
        for number in range(4):
            asked = f"is the {noun} of number {number} good?"
            texts = (f"came late {number}", f"the {noun} works {number}", "we like it")
            rows += [
                {
                    "product_id": f"p{number % 2}",
                    "question": asked,
                    "sentence": text,
                    "label": int("works" in text),
                }
                for text in texts
            ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "rows.jsonl").write_text(lines)
    aspects(tmp_path, "v1", DAY, [("Kitchen", "battery"), ("Toys", "doll")])
    aspects(
        tmp_path,
        "v2",
        DAY + dt.timedelta(days=1),
        [("Kitchen", "cable"), ("Kitchen", "bottle"), ("Toys", "lid")],
    )
    return tmp_path


def aspects(place, version, built_at, rows):
    frame = pd.DataFrame(rows, columns=["domain", "noun"])
    frame = frame.assign(version=version, built_at=built_at)
    write_deltalake(str(place / "lake" / "aspect_nouns"), frame, mode="append")


def run(place, *more, domains=("compare_candidates.domains.mine=Kitchen",)):
    document = config.read(
        (),
        [
            f"lake={place}/lake",
            "compare_answers.sets.mine={format: jsonl, files: [rows.jsonl]}",
            f"compare_answers.data={place}",
            "compare_answers.n_resamples=20",
            "tag_nouns.tagger=textblob",
            *domains,
            *more,
        ],
    )
    compare_candidates.run(document, str(place / "out"), lambda _: vectors)
    return json.loads((place / "out" / "candidates.json").read_text())


def pair(product, question, sentence, label):
    return LabelledPair(product, question, sentence, label, float(label))


def test_the_second_pool_holds_all_sentences_of_the_product():
    pools = pools_of(
        [
            pair("p", "q1", "a", 1),
            pair("p", "q1", "b", 0),
            pair("p", "q2", "c", 1),
            pair("other", "q1", "d", 0),
        ]
    )
    own, wide = pools.values()
    asked = [(one.product_id, one.question, one.sentences) for one in own.asked]
    assert asked == [
        ("p", "q1", ("a", "b")),
        ("p", "q2", ("c",)),
        ("other", "q1", ("d",)),
    ]
    assert [sorted(one.sentences) for one in wide.asked] == [
        ["a", "b", "c"],
        ["a", "b", "c"],
        ["d"],
    ]
    # A sentence that only another question is answered by does not answer this one.
    of_q2 = dict(zip(wide.asked[1].sentences, wide.asked[1].labels, strict=True))
    assert of_q2 == {"a": 0, "b": 0, "c": 1}


def test_a_pair_that_stands_twice_is_one_and_positive_if_it_once_is():
    (own,) = pools_of([pair("p", "q", "a", 1), pair("p", "q", "a", 0)]).values()
    assert own.labels.tolist() == [1]


def test_without_products_questions_keep_to_their_own_sentences():
    pools = pools_of([pair("", "q1", "a", 1), pair("", "q2", "b", 1)])
    assert [one.sentences for one in pools["own candidates"].asked] == [("a",), ("b",)]
    assert len(pools) == 1


def test_only_the_newest_an_words_are_taken(place):
    assert aspects_of(f"{place}/lake") == {
        "Kitchen": {"cable", "bottle"},
        "Toys": {"lid"},
    }


def test_the_filter_keeps_what_shares_an_an_word_of_the_domain(studied):
    own, wide = studied[1]
    assert (own["n_pairs"], own["n_positive"], own["n_questions"]) == (72, 24, 24)
    assert own["n_an_words"] == 2
    by_rule = {row["rule"]: row for row in own["filters"]}
    # cable and bottle, of six nouns: four questions each, one sentence of three.
    assert by_rule["AN-words"]["n_kept"] == 8
    assert by_rule["AN-words"]["recall"] == pytest.approx(8 / 24)
    assert by_rule["AN-words"]["pruned"] == pytest.approx(64 / 72)
    # lid too.
    assert by_rule["AN-words of all domains"]["recall"] == pytest.approx(12 / 24)
    assert by_rule["AN-words or top 1 of vectors"]["recall"] == 1
    assert by_rule["AN-words or top 1 of vectors"]["n_kept"] == 24
    assert by_rule["AN-words or top 1 of vectors"]["vectors"] == 1
    assert wide["n_pairs"] > own["n_pairs"]
    assert wide["n_positive"] == 24


def test_rules_at_equal_budgets_keep_as_many_pairs(studied):
    own, wide = studied[1]
    for result in (own, wide):
        kept = result["filters"][0]["n_kept"]
        assert {row["n_kept"] for row in result["equal"]} == {kept}
    equal = {row["rule"]: row for row in own["equal"]}
    # One of nine pairs, of three a question: a positive of every third question.
    assert equal["vectors"]["recall"] == pytest.approx(8 / 24)
    assert equal["BM25"]["recall"] == pytest.approx(8 / 24)
    assert equal["vectors"]["difference"] == pytest.approx(0)
    assert equal["random"]["recall"] < 8 / 24


def test_at_a_fixed_share_a_filter_is_filled_up_by_chance(studied):
    by_rule = {row["rule"]: row for row in studied[1][0]["fixed"]}
    assert {row["n_kept"] for row in by_rule.values()} == {24}
    assert by_rule["vectors"]["recall"] == 1
    assert 8 / 24 <= by_rule["AN-words"]["recall"] < 1


def test_a_set_outside_of_the_lake_gets_the_an_words_of_all_domains(place):
    own, _ = run(place, domains=())
    assert own["n_an_words"] == 3
    assert own["filters"][0]["recall"] == pytest.approx(12 / 24)


def test_the_report_has_a_table_a_pool_and_a_plot_a_set(studied):
    out = studied[0] / "out"
    report = (out / "report.md").read_text()
    assert "### mine, own candidates" in report
    assert "### mine, all candidates of the product" in report
    assert "| AN-words | 8 | 88.9 | 33.3 | 33.3 |" in report
    assert "jsonl: grade >= 0.5" in report
    assert (out / "candidates-mine.png").exists()
    assert (out / "candidates-mine.svg").exists()


def test_the_same_study_gives_the_same_files(studied, place):
    run(place, "compare_candidates.shares=[0.34]")
    for name in ("report.md", "candidates.json", "candidates-mine.svg"):
        first = (studied[0] / "out" / name).read_bytes()
        assert (place / "out" / name).read_bytes() == first


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("compare_candidates.domains.mine=Garden", "expected one of"),
        ("compare_answers.data=/nowhere", "expected the folder"),
        ("lake=/nowhere", "aspect_nouns"),
    ],
)
def test_wrong_settings_are_told(place, setting, told):
    with pytest.raises(SettingsError, match=told):
        run(place, setting)


def test_a_wrong_call_is_one_line_and_exit_status_2(tmp_path):
    found = CliRunner().invoke(
        compare_candidates.compare,
        ["--out", str(tmp_path), "--set", "lake=/nowhere"],
    )
    assert found.exit_code == 2
    assert found.output.splitlines() == [
        "error: compare_answers.data: None, expected the folder that the sets' files"
        " are in (--set compare_answers.data=DIR)"
    ]
