"""The notation, and that every domain says enough."""

import pytest

from jobs.sample.content import expand, parse_aspects, words_of
from jobs.sample.domains import DOMAINS

ASPECTS = [(domain, aspect) for domain in DOMAINS for aspect in domain.aspects]
NAMES = [f"{domain.name}: {aspect.name}" for domain, aspect in ASPECTS]

NOTATION = """
@ colour | front cover | cover colour | ordered
? Which (colour|paint) is it?
?= Is the cover {want}?
* Colour: {value}
+ The cover is {value}.
- My old one had a {other} cover.
! {value}
= red | crimson
+ It glows like fire.
= blue
"""


def test_alternatives_multiply():
    assert expand("(a|b) c (d|)") == ("a c d", "a c ", "b c d", "b c ")


def test_shared_lines_take_every_wording_and_own_lines_stay_with_their_value():
    (aspect,) = parse_aspects(NOTATION)
    red, blue = aspect.values
    assert (red.wordings, blue.wordings) == (("crimson",), ())
    assert red.answers == (("The cover is red.", "The cover is crimson."),)
    assert red.paraphrases == (("It glows like fire.",),)
    assert blue.paraphrases == ()
    assert red.distractors == (("My old one had a blue cover.",),)
    assert blue.distractors == (("My old one had a red cover.",),)
    assert aspect.questions == (("Which colour is it?", "Which paint is it?"),)


def test_an_ordered_aspect_serves_who_wants_less():
    (aspect,) = parse_aspects(NOTATION)
    (unordered,) = parse_aspects(NOTATION.replace(" | ordered", ""))
    assert aspect.satisfies(1, 0)
    assert not aspect.satisfies(0, 1)
    assert not unordered.satisfies(1, 0)
    assert unordered.satisfies(0, 0)


@pytest.mark.parametrize("line", ["? Too early?", "# no such mark", "@@ x"])
def test_a_line_without_an_aspect_or_a_mark_is_refused(line):
    with pytest.raises(ValueError, match="expected a line of an aspect"):
        parse_aspects(line)


def test_every_domain_has_eight_aspects_and_titles_that_name_them():
    for domain in DOMAINS:
        names = {aspect.name for aspect in domain.aspects}
        assert len(names) == 8
        slots = {slot.split("}")[0] for t in domain.titles for slot in t.split("{")[1:]}
        assert slots - {"brand", "model"} < names


@pytest.mark.parametrize(("domain", "aspect"), ASPECTS, ids=NAMES)
def test_an_aspect_says_enough(domain, aspect):
    assert len(aspect.questions) >= 4
    assert words_of(aspect.topic) & set(aspect.nouns)
    for value in aspect.values:
        assert min(len(value.answers), len(value.paraphrases)) >= 2
        assert len(value.answers + value.paraphrases) >= 5
        assert len(value.distractors) >= 4
        assert value.replies


@pytest.mark.parametrize(("domain", "aspect"), ASPECTS, ids=NAMES)
def test_a_text_has_no_open_slot_and_sentences_end_as_punkt_expects(domain, aspect):
    for value in aspect.values:
        for group in value.answers + value.paraphrases + value.distractors:
            for text in group:
                assert not set("{}()|<>") & set(text)
                assert text.endswith(".")
                assert len(text.rstrip(".").split()[-1]) > 1


@pytest.mark.parametrize(("domain", "aspect"), ASPECTS, ids=NAMES)
def test_no_distractor_is_also_an_answer(domain, aspect):
    for value in aspect.values:
        answers = {t for group in value.answers + value.paraphrases for t in group}
        assert answers.isdisjoint(t for group in value.distractors for t in group)
