"""The command that shows where a model looks, on toy model folders."""

import json
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from jobs.cli import _enrich
from models.answers.attention import ATTENTIVE
from tests.models import toy
from tests.models.test_checkpoint import save

QUESTION, SENTENCE = "w1 w2 strange?", "W1 w5, w9 fits."


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save(tmp_path_factory.mktemp("models") / "m").folder


@pytest.fixture
def show(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)

    def run(*args, **env):
        return CliRunner().invoke(_enrich(), ["show", "answers", *args], env=env)

    return run


@pytest.fixture
def labelled(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [
        {"question": f"w{i} w2?", "sentence": f"w{i} w7.", "label": i % 2}
        for i in range(6)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return ["--labelled", str(path), "--format", "jsonl"]


class Page(HTMLParser):
    """Tags, and the coloured texts as a browser would show them."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self._open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if ("dir", "auto") in attrs:
            self._open = []

    def handle_data(self, data):
        if self._open is not None:
            self._open.append(data)

    def handle_endtag(self, tag):
        if tag == "p" and self._open is not None:
            self.texts.append("".join(self._open))
            self._open = None


def pair(model, question=QUESTION, sentence=SENTENCE):
    return ["--model", model, "--question", question, "--sentence", sentence]


def without_brackets(line):
    return re.sub(r"\[(\w+|[^\w\s]+?) \d\.\d\d\]", r"\1", line)


def test_without_colours_the_strongest_words_stand_in_brackets(show, model):
    done = show(*pair(model))
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.stdout
    focus, pattern, review, verdict = done.stdout.splitlines()
    assert focus.startswith("question focus  ")
    assert pattern.startswith("answer pattern  ")
    assert review.startswith("review focus    ")
    for line, text in ((focus, QUESTION), (pattern, SENTENCE), (review, SENTENCE)):
        assert re.search(r"\[\S+ 0\.\d\d\]", line)
        assert without_brackets(line[16:]) == text
    assert re.search(r"score 0\.\d{3} [<≥] threshold 0\.400: (no|an) answer$", verdict)


def test_with_colours_the_redder_word_has_the_greater_weight(show, model):
    done = show(*pair(model), FORCE_COLOR="1", COLORTERM="truecolor", TERM="xterm")
    assert "[w" not in done.stdout.replace("\x1b[", "")
    line = done.stdout.splitlines()[1]
    # Black on rgb(255, green, blue).
    reds = re.findall(r"\x1b\[38;2;0;0;0;48;2;255;(\d+);\1m(\S+?)\x1b", line)
    assert [word for _, word in reds] == ["W1", "w5", ",", "w9", "fits", "."]
    weights = toy.network().attention_of(QUESTION, SENTENCE).sentence.weights
    assert min(int(green) for green, _ in reds) == 96
    for (green, _), weight in zip(reds, weights, strict=True):
        assert int(green) == round(255 - 159 * weight / max(weights))


def test_no_color_is_respected(show, model):
    done = show(
        *pair(model), FORCE_COLOR="1", NO_COLOR="1", TERM="xterm", COLORTERM="truecolor"
    )
    assert "48;2" not in done.stdout
    assert "[" in done.stdout.replace("\x1b[", "")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert('w1')</script> & \"w2\"",
        "שלום w1 مرحبا",
        "w1 👩‍👩‍👧 fits 😀!",
        "İstanbul w1",
        "w1 ]]> <!-- w2",
        "[bold]w1[/bold] :smile:",
    ],
)
def test_any_text_stands_on_the_page_as_it_is(show, model, tmp_path, text):
    out = tmp_path / "page.html"
    done = show(*pair(model, text, text), "--html", str(out))
    assert done.exit_code == 0, done.stderr
    assert f"page: {out}" in done.stdout
    content = out.read_text(encoding="utf-8")
    page = Page(content)
    assert page.texts == [text] * 3
    assert "script" not in page.tags
    assert not {"img", "link", "iframe"} & set(page.tags)
    assert "<script" not in content
    assert without_brackets(done.stdout.splitlines()[0][16:]) == text


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_says_so(show, model, tmp_path, text):
    out = tmp_path / "page.html"
    done = show(*pair(model, text, text), "--html", str(out))
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[0] == "question focus  [(empty) 1.00]"
    assert Page(out.read_text()).texts == ["(empty)"] * 3


def test_a_text_cannot_steer_the_terminal(show, model):
    for env in ({}, {"FORCE_COLOR": "1", "TERM": "xterm"}):
        done = show(*pair(model, sentence="w1 \x1b]0;title\x07 \x1b[2Jw2\nw3"), **env)
        assert done.exit_code == 0
        assert "\x1b]" not in done.stdout
        assert "\x1b[2J" not in done.stdout
        assert len(done.stdout.splitlines()) == 4


def test_a_half_sign_is_shown_as_a_mark(show, model, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(r'{"question": "w1 \ud800", "sentence": "w1", "label": 1}')
    out = tmp_path / "page.html"
    many = ("--labelled", str(rows), "--format", "jsonl", "--html", str(out))
    done = show("--model", model, *many)
    assert done.exit_code == 0, done.stderr
    assert Page(out.read_text(encoding="utf-8")).texts[0] == "w1 \ufffd"


def test_labelled_pairs_are_shown_in_order_up_to_the_limit(
    show, model, labelled, tmp_path
):
    out = tmp_path / "page.html"
    many = (*labelled, "--where", "label=1", "--limit", "2", "--html", str(out))
    done = show("--model", model, *many)
    assert done.exit_code == 0, done.stderr
    page = out.read_text()
    first, second = ["w1 w2?", "w1 w7.", "w1 w7."], ["w3 w2?", "w3 w7.", "w3 w7."]
    assert Page(page).texts == first + second
    assert "2 of 3 labelled pairs; jsonl: grade &gt;= 0.5." in page
    assert page.count("labelled an answer") == 2
    assert done.stdout.count("; labelled an answer") == 2


def test_the_page_says_what_it_shows(show, model, labelled, tmp_path):
    out = tmp_path / "page.html"
    assert show("--model", model, *labelled, "--html", str(out)).exit_code == 0
    page = out.read_text()
    weights = toy.network().attention_of("w0 w2?", "w0 w7.").question.weights
    found = re.findall(r'<mark title="([\d.]+)" style="background:rgb\((.*?)\)', page)
    assert [title for title, _ in found[:3]] == [f"{one:.3f}" for one in weights]
    assert [style for _, style in found[:3]] == [
        f"255 96 96 / {one / max(weights):.3f}" for one in weights
    ]
    for word in ("question focus", "answer pattern", "review focus"):
        assert f"<dt>{word}</dt>" in page
    assert "threshold 0.400" in page


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "which pairs?"),
        (["--question", "w1"], "which pairs?"),
        (["--labelled", "rows.jsonl"], "which pairs?"),
        (
            ["--question", "a", "--sentence", "b", "--where", "label=1"],
            "one or the other",
        ),
        (["--labelled", "gone.jsonl", "--format", "jsonl"], "gone.jsonl"),
    ],
)
def test_a_wrong_call_is_one_line(show, model, args, said):
    done = show("--model", model, *args)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_method_without_attention_is_refused_with_those_that_have_it(show, tmp_path):
    folder = save(tmp_path / "m", name="bm25").folder
    done = show(*pair(folder), "--html", str(tmp_path / "page.html"))
    assert done.exit_code == 2
    assert done.stderr == (
        f"error: {folder}: bm25 has no attention to show, expected one of"
        f" {', '.join(ATTENTIVE)}\n"
    )
    assert not (tmp_path / "page.html").exists()


def test_a_missing_or_damaged_model_is_one_line(show, tmp_path):
    gone = show(*pair(str(tmp_path / "gone")))
    assert gone.exit_code == 1
    assert "no fingerprint, expected a model folder" in gone.stderr
    folder = save(tmp_path / "m").folder
    (tmp_path / "m" / "vocabulary.txt").write_text("other\n")
    damaged = show(*pair(folder))
    assert damaged.exit_code == 1
    assert "changed or damaged" in damaged.stderr
    for done in (gone, damaged):
        assert done.stderr.count("\n") == 1


def test_a_failed_pair_is_named(show, tmp_path):
    network = toy.network()
    network.head_qr.bias.data.fill_(float("nan"))
    done = show(*pair(save(tmp_path / "m", network).folder))
    assert done.exit_code == 2
    assert "1 pairs can't be scored; pair 1: NotANumberError" in done.stderr


def test_the_help_has_its_lines(show):
    done = show("--help")
    assert done.exit_code == 0
    assert "answer pattern   the sentence: the words matched" in done.stdout
    assert "\\b" not in done.stdout
