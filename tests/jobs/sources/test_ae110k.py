"""Triples of AE-110k."""

import pytest

from jobs.config import SettingsError
from jobs.sources.labelled_attributes import read
from jobs.sources.values import LabelledValue


def triples(tmp_path, *lines):
    path = tmp_path / "opentag.txt"
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())
    return str(path)


def test_null_is_no_value_and_a_value_has_its_place(tmp_path):
    path = triples(
        tmp_path,
        "Red  Wool Cap\x01Color\x01Red",
        "",
        "Red  Wool Cap\x01Gender\x01NULL\r",
    )
    cap = "Red  Wool Cap"
    assert read([path], "ae110k") == [
        LabelledValue("red wool cap", cap, "Color", ("Red",), ((0, 3),)),
        LabelledValue("red wool cap", cap, "Gender", (), ()),
    ]


def test_the_first_place_counts_whatever_its_case_and_entities_stay(tmp_path):
    path = triples(tmp_path, "Men&#39;s RED cap, red brim\x01Color\x01red")
    [row] = read([path], "ae110k")
    assert row.context == "Men&#39;s RED cap, red brim"
    assert [row.context[begin:end] for begin, end in row.spans] == ["RED"]
    assert row.values == ("red",)


def test_a_value_that_is_not_in_the_title_stays_without_a_place(tmp_path):
    [row] = read([triples(tmp_path, "Wool Cap\x01Color\x01Red")], "ae110k")
    assert (row.values, row.spans) == (("Red",), ())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Cap\x01Color", "2 fields, 0 of them blank, expected title, attribute"),
        ("Cap\x01Color\x01Red\x01x", "4 fields, 0 of them blank, expected title"),
        ("Cap\x01Color\x01 ", "3 fields, 1 of them blank, expected title"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, told):
    path = triples(tmp_path, "Cap\x01Color\x01Red", "", line)
    with pytest.raises(SettingsError) as error:
        read([path], "ae110k")
    assert str(error.value).startswith(f"{path}:3: {told}")


def test_the_real_set_reads_and_every_value_is_in_its_title(real_data):
    folder = real_data / "attr-ae110k"
    rows = [
        row
        for name in ("opentag-dev.txt.gz", "opentag-test.txt.gz")
        for row in read([str(folder / name)], "ae110k")
    ]
    # Its README counts 7,472 and 8,286 lines; 7 and 3 stand twice in their file.
    assert len(rows) == 7465 + 8283
    assert all(row.spans for row in rows if row.values)
