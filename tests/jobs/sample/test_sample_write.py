"""Writing through Spark: all or nothing, and the same whatever the number of files."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from jobs.sample.formats import CSV_HEADER, product_lines
from jobs.sample.generate import generate_product
from jobs.sample.truth import labelled_lines, truth_lines
from jobs.sample.write import suitable_files, write_sample

pytestmark = pytest.mark.spark

N_PRODUCTS, N_LABELLED, SEED = 20, 4, 7


@pytest.fixture(scope="module", params=[1, 4])
def written(request, spark, tmp_path_factory):
    out = tmp_path_factory.mktemp("sample") / "out"
    counts = _write(spark, out, n_files=request.param)
    return out, counts, request.param


def _write(spark, out, *, n_files):
    return write_sample(
        spark,
        str(out),
        n_products=N_PRODUCTS,
        n_labelled_products=N_LABELLED,
        seed=SEED,
        n_files=n_files,
    )


def _lines(out: Path, pattern: str) -> Counter[str]:
    lines: Counter[str] = Counter()
    for path in out.glob(pattern):
        if not path.name.startswith("."):
            lines.update(gzip.decompress(path.read_bytes()).decode().splitlines())
    return lines


def _expected() -> dict[str, Counter[str]]:
    lines: dict[str, Counter[str]] = {}
    for index in range(N_PRODUCTS):
        product = generate_product(index, SEED)
        for kind, line in [*product_lines(product, SEED), *truth_lines(product)]:
            lines.setdefault(kind, Counter())[line] += 1
    return lines


def test_files_hold_what_the_generator_gives(written):
    out, counts, n_files = written
    expected = _expected()
    patterns = {
        "products": "landing/products/part-*.jsonl.gz",
        "reviews": "landing/reviews/part-*.jsonl.gz",
        "reviews_csv": "landing/reviews/part-*.csv.gz",
        "questions": "landing/questions/qa_part-*.json.gz",
        "questions_nested": "landing/questions/QA_multiple_part-*.json.gz",
        "purchases": "landing/purchases/part-*.jsonl.gz",
        "answers": "truth/answers/part-*.jsonl.gz",
        "attributes": "truth/attributes/part-*.jsonl.gz",
    }
    for kind, pattern in patterns.items():
        lines = _lines(out, pattern)
        headers = lines.pop(CSV_HEADER, 0)
        assert headers == (n_files if kind == "reviews_csv" else 0)
        assert lines == expected[kind]
        assert counts[kind] == lines.total()


def test_a_csv_file_begins_with_its_header(written):
    out, _, n_files = written
    files = list(out.glob("landing/reviews/*.csv.gz"))
    first = [gzip.decompress(path.read_bytes()).splitlines()[0] for path in files]
    assert first == [CSV_HEADER.encode()] * n_files


def test_training_rows_come_from_the_products_after(written):
    out, counts, _ = written
    rows = (out / "labelled/answers.jsonl").read_text(encoding="utf-8").splitlines()
    indices = range(N_PRODUCTS, N_PRODUCTS + N_LABELLED)
    expected = [
        line
        for index in indices
        for _, line in labelled_lines(generate_product(index, SEED))
    ]
    assert rows == expected
    assert counts["labelled"] == len(rows)


def test_nothing_else_is_left(written):
    out, _, _ = written
    assert {path.name for path in out.iterdir()} == {"landing", "truth", "labelled"}


def test_a_folder_that_is_not_empty_is_refused_and_untouched(spark, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(ValueError, match="not empty, expected an empty folder"):
        _write(spark, tmp_path, n_files=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused(spark, tmp_path):
    place = tmp_path / "out"
    place.write_text("keep me")
    with pytest.raises(ValueError, match="a file, expected an empty folder"):
        _write(spark, place, n_files=1)
    assert place.read_text() == "keep me"


def test_what_an_unfinished_run_left_is_no_obstacle(spark, tmp_path):
    (tmp_path / "_tmp" / "files" / "landing").mkdir(parents=True)
    (tmp_path / "_tmp" / "files" / "landing" / "half.jsonl.gz").write_text("half")
    _write(spark, tmp_path, n_files=2)
    assert not list(tmp_path.rglob("half*"))
    assert _lines(tmp_path, "landing/products/*.gz") == _expected()["products"]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"n_products": 0}, "products: 0, expected at least 1"),
        ({"n_labelled_products": -1}, "labelled_products: -1, expected at least 0"),
        ({"n_files": 30}, "files: 30, expected 1 to 20"),
    ],
)
def test_numbers_out_of_range_are_refused(spark, tmp_path, numbers, message):
    usual = {
        "n_products": N_PRODUCTS,
        "n_labelled_products": 0,
        "seed": SEED,
        "n_files": 1,
    }
    with pytest.raises(ValueError, match=message):
        write_sample(spark, str(tmp_path / "out"), **(usual | numbers))
    assert not (tmp_path / "out").exists()


def test_the_number_of_files_grows_with_the_products():
    sizes = [suitable_files(n) for n in (1, 400, 16_000, 1_000_000)]
    assert sizes == [1, 8, 64, 200]
