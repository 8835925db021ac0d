"""Text out of HTML."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.sources.html import cleaned, table_rows

MARKUP = st.sampled_from(
    [
        "<b>",
        "</b>",
        "<br>",
        "<p\tclass='x'>",
        "</p>",
        "&amp;",
        "&lt;",
        "<",
        ">",
        "&",
        "<!--",
        "-->",
        "<script>",
        "</script>",
        "word",
        "é",
        "🙂",
        "&#39;",
    ]
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  plain  ", "plain"),
        ("I <3 it", "I <3 it"),
        ("a < b and c > d", "a < b and c > d"),
        ("mail <joe@example.com>", "mail <joe@example.com>"),
        ("see <http://example.com>", "see <http://example.com>"),
        ("R&D, AT&T", "R&D, AT&T"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("fish &amp; chips", "fish & chips"),
        ("15&#34; &#x27;ok&#x27;", "15\" 'ok'"),
        ("&lt;b&gt;", "<b>"),
        ("&amp;lt;", "&lt;"),
        ("one<br>two<BR />three", "one\ntwo\nthree"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo"),
        ("un<b>believ</b>able", "unbelievable"),
        ("<td>a</td><td>b</td>", "a b"),
        ("a<script>var x = '<b>';</script>b", "ab"),
        ("a<STYLE type='x'>p {}</style >b", "ab"),
        ("a<!-- note <b> -->b", "ab"),
        ("a<!DOCTYPE html>b", "ab"),
        ("<script>never closed", "never closed"),
        ("<!-- never closed", "<!-- never closed"),
        ("ends in <b", "ends in <b"),
        ("\u05e9\u05dc\u05d5\u05dd<br>\u0000", "\u05e9\u05dc\u05d5\u05dd\n\u0000"),
        ("<br><p></p>", ""),
        ("", ""),
    ],
)
def test_a_text_is_cleaned(raw, text):
    assert cleaned(raw) == text


@given(st.text(st.characters(exclude_characters="<&")))
def test_a_text_without_markup_is_only_stripped(text):
    assert cleaned(text) == text.strip()
    assert cleaned(cleaned(text)) == cleaned(text)


@given(st.lists(MARKUP).map("".join))
def test_no_whole_tag_but_an_escaped_one_is_left(raw):
    text = cleaned(raw.replace("&lt;", "").replace("<!--", ""))
    assert not any(tag in text for tag in ("<b>", "</b>", "<br>", "</p>", "&amp;"))


@given(st.text(string.ascii_letters + " .", min_size=1), st.sampled_from("bip"))
def test_the_words_inside_a_tag_stay(words, tag):
    assert cleaned(f"<{tag}>{words}</{tag}>") == words.strip()


@pytest.mark.parametrize(
    "part",
    [
        "<",
        "<a ",
        "<a '",
        "<!--",
        "<script>",
        "<script></script",
        "<style>x</",
        "</p",
        "&",
        "&#",
        "&#9",
        "&lt",
        "<br>",
        "<p>",
        "<td>",
        "\n ",
        "<!",
        "<![CDATA[",
        "<a b<",
    ],
)
def test_a_megabyte_of_anything_takes_linear_time(part):
    text = part * (1_000_000 // len(part))
    began = time.monotonic()
    cleaned(text)
    table_rows(text)
    assert time.monotonic() - began < 5  # quadratic time would be minutes


def test_a_number_of_any_length_is_no_entity():
    text = f"&#{'9' * 10_000};"
    assert cleaned(text) == text


def test_a_table_gives_its_rows_of_two_cells_and_the_first_of_a_name():
    table = (
        ' class="a-keyvalue">\n<tr class="x"> <th class="y">\n Item  Weight\n</th>'
        "<td> 2 <b>ounces</b> </td></tr>"
        "<tr><td>Material</td><td>PVC &amp; tin</td></tr>"
        "<tr><th>Empty</th><td> </td></tr><tr><td>alone</td></tr>"
        "<tr><th>Material</th><td>again</td></tr></table> tail"
    )
    assert table_rows(table) == {"Item Weight": "2 ounces", "Material": "PVC & tin"}
