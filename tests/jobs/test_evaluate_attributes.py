"""The command that measures an attribute model, on literal files."""

import json

import pytest
from click.testing import CliRunner

from jobs.attribute_measures import Judged, for_unseen, summary
from jobs.evaluate_attributes import evaluate
from jobs.sources.values import LabelledValue
from models import checkpoint
from models.attributes import gazetteer
from models.attributes.examples import Asked, Examples
from models.attributes.seen import seen_values
from models.calibration import Decision

# What stands with Color in training: Red, Blue.
LINES = [
    ("Red scarf", "Color", "red"),  # right, seen
    ("Green scarf", "Color", "Green"),  # missed, unseen
    ("Blue red hat", "Color", "red"),  # wrong: the longest is Blue; seen
    ("Put the Red on", "Color", "the red"),  # right for SQuAD alone; unseen
    ("Wool scarf", "Material", "wool"),  # missed, unseen
    ("Blue note", "Color", None),  # invented
    ("Plain note", "Color", None),  # silent
    ("Plain tale", "Material", None),  # silent
]


OWN = {"color": {"threshold": 0.9, "at_precision": {"0.5": 0.6}}}


@pytest.fixture
def model(tmp_path):
    """Saves the gazetteer; each value it knows has the score 2/3."""
    asked = Asked(["Red cap", "Blue cap"], ["Color"] * 2, [(0, 3), (0, 4)])
    trained = gazetteer.train(Examples(asked, asked), None, None)
    known = [("Color", "Red"), ("Color", "Blue")]

    def save(**more):
        decision = Decision(0.5, at_precision={"0.5": 0.3, "0.9": 0.5})
        checkpoint.save(
            str(tmp_path / "model"),
            name="gazetteer",
            config={"sizes": {}, **decision.config(), **more},
            weights=trained.network.state_dict(),
            words=trained.words,
            metrics={},
            extra={"seen_values.npy": seen_values(known)},
        )

    save()
    return save


@pytest.fixture
def ask(tmp_path, model):
    labelled = tmp_path / "lines.jsonl"
    labelled.write_text(
        "".join(
            json.dumps({"context": context, "attribute": attribute, "value": value})
            + "\n"
            for context, attribute, value in LINES
        )
    )
    out = tmp_path / "out.json"

    def call(*more):
        args = ["--model", str(tmp_path / "model"), "--labelled", str(labelled)]
        args += ["--format", "jsonl", "--json", str(out), *more]
        done = CliRunner().invoke(evaluate, args)
        return done, json.loads(out.read_text()) if out.exists() else {}

    return call


def counts(part):
    return tuple(part[f"n{name}"] for name in ("", "_values", "_none", "_found"))


def test_the_result_holds_every_measure(ask):
    done, found = ask()
    assert done.exit_code == 0
    assert counts(found) == (8, 5, 3, 4)
    assert (found["n_right"], found["precision"], found["recall"]) == (1, 0.25, 0.2)
    assert found["f1"] == pytest.approx(2 / 9)
    of_squad = found["squad"]
    assert counts(of_squad) == (8, 5, 3, 4)
    assert (of_squad["precision"], of_squad["recall"]) == (0.5, 0.4)
    assert counts(found["seen"]) == (5, 2, 3, 3)
    assert (found["seen"]["precision"], found["seen"]["recall"]) == (1 / 3, 0.5)
    assert found["seen"]["f1"] == pytest.approx(0.4)
    assert counts(found["unseen"]) == (6, 3, 3, 2)
    assert (found["unseen"]["f1"], found["unseen"]["squad"]["n_right"]) == (0, 1)
    assert list(found["attributes"]) == ["Color", "Material"]
    assert counts(found["attributes"]["Color"]) == (6, 4, 2, 4)
    assert found["attributes"]["Color"]["squad"]["recall"] == 0.5
    assert counts(found["attributes"]["Material"]) == (2, 1, 1, 0)
    assert (found["model_name"], found["threshold"]) == ("gazetteer", 0.5)
    assert len(found["model_fp"]) == 16


def test_the_table_shows_them(ask):
    done, _ = ask()
    assert (
        "| all | 8 | 5 | 3 | 4 | 1 | 0.2500 | 0.2000 | 0.2222 | 0.4444 |" in done.output
    )
    assert "| values seen in training | 5 | 2 | 3 | 3 | 1 |" in done.output
    assert "| values not seen | 6 | 3 | 3 | 2 | 0 |" in done.output
    assert "| Material | 2 | 1 | 1 | 0 | 0 |" in done.output


def test_who_finds_nothing_has_no_hit_although_three_of_eight_are_none(ask):
    _, found = ask("--threshold", "1")
    parts = [found, found["squad"], found["seen"], found["unseen"]]
    parts += found["attributes"].values()
    for part in parts:
        assert part["n_none"] > 0
        assert (part["precision"], part["recall"], part["f1"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("more", "n_found", "lowest"),
    [
        ((), 0, {"color": 0.9}),
        (("--threshold", "0.5"), 4, {}),
        (("--at-precision", "0.5"), 4, {"color": 0.6}),
        (("--at-precision", "0.9"), 0, {"color": None}),  # not reached
    ],
)
def test_an_attributes_own_threshold_goes_before_that_for_all(
    ask, model, more, n_found, lowest
):
    model(attribute_thresholds=OWN)
    done, found = ask(*more)
    assert (found["n_found"], found["attribute_thresholds"]) == (n_found, lowest)
    told = "; 1 attributes have one of their own"
    assert (told in done.output) == bool(lowest)


def test_where_keeps_a_part(ask):
    _, found = ask("--where", "attribute=Material")
    assert counts(found) == (2, 1, 1, 0)


def test_a_precision_that_is_not_for_the_model_is_refused(ask):
    done, found = ask("--precision", "int8")
    assert (done.exit_code, found) == (1, {})
    assert "gazetteer has no encoder to quantise" in done.stderr
    _, found = ask()
    assert found["computed_in"] == "fp32"


def test_without_the_models_seen_values_or_the_model_it_is_told(ask, tmp_path):
    (tmp_path / "model" / "seen_values.npy").unlink()
    done, found = ask()
    assert (done.exit_code, found) == (1, {})
    assert "seen_values.npy" in done.stderr
    done, _ = ask("--model", str(tmp_path / "none"))
    assert done.exit_code == 2
    assert "does not exist" in done.stderr
    done, _ = ask("--model", str(tmp_path))
    assert done.exit_code == 1
    assert "expected a model folder" in done.stderr


def judged(values, found, *, score=0.9, was_seen=False, others=()):
    row = LabelledValue("p", "text", "Color", values, ())
    return Judged(row, found, score, 0.1, was_seen, others)


def test_new_values_may_have_a_threshold_of_their_own():
    validation = [
        judged(("red",), "red", was_seen=True, score=0.9),
        judged(("blue",), "blue", score=0.2),
        judged((), "green", score=0.1),
    ]
    test = [judged(("grey",), "grey", score=0.16), judged((), "pink", score=0.14)]
    # Half way between the lowest right one and the next below.
    assert [one.found for one in for_unseen(test, validation)] == ["grey", None]
    nothing_new = for_unseen(test, validation[:1])
    assert [one.lowest for one in nothing_new] == [0.5, 0.5]


def test_of_several_values_of_a_text_the_first_counts_and_any_is_told_apart():
    found = summary(
        [
            judged(("red",), "blue", others=("green", "red")),
            judged(("red",), "red", others=("blue",)),
            judged((), "red", others=("blue",)),
            judged(("red",), "blue", score=0.05, others=("red",)),
        ]
    )
    assert (found["n_right"], found["n_found"]) == (1, 3)
    assert (found["any_span"]["n_right"], found["any_span"]["n_found"]) == (2, 3)


def test_any_accepted_value_is_right_and_calibration_is_of_what_was_found():
    found = summary(
        [
            judged(("red", "crimson"), "crimson", was_seen=True),
            judged(("red",), "blue", score=0.3),
            judged(("red",), None, score=0.0),
        ]
    )
    assert (found["precision"], found["recall"]) == (0.5, 1 / 3)
    # |0.9 - 1| and |0.3 - 0|, half of the scored each
    assert found["expected_calibration_error"] == pytest.approx(0.2)
    assert found["seen"]["f1"] == 1.0
    nothing = summary([judged((), None, score=0.0)])
    assert (nothing["f1"], nothing["expected_calibration_error"]) == (0.0, 0.0)
