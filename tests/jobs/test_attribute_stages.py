"""From the shop's specifications to attribute values: four stages, again and again."""

import shutil

import pytest
from click.testing import CliRunner

from jobs import config, lake, ledger
from jobs.config import TrainAttributes
from jobs.launch import stage
from jobs.model_folders import NoModelError
from jobs.sources.attribute_labels import read_attribute_labels
from jobs.stages import STAGES
from jobs.train_attributes import asked_of, command, recipe_of
from models import checkpoint
from models.attributes import train
from models.attributes.examples import Examples
from pipelines.tables import (
    ATTRIBUTE_LABELS,
    ATTRIBUTE_SPANS,
    ATTRIBUTE_VALUES,
    CATEGORY_ATTRIBUTES,
    PRODUCTS,
    REVIEWS,
)

pytestmark = pytest.mark.spark
LEARNING = ("label_attributes", "build_category_attributes")
FINDING = ("extract_attributes", "choose_attributes")
ALL = (*LEARNING, *FINDING)
TABLES = (ATTRIBUTE_LABELS, CATEGORY_ATTRIBUTES, ATTRIBUTE_SPANS, ATTRIBUTE_VALUES)
COLORS = ("red", "blue", "green", "black")
QUICK = (
    "spark.shuffle_partitions=2",
    "build_category_attributes.min_products=3",
    "build_category_attributes.min_attribute_products=2",
)


def product(product_id, title, *bullets, path=("Kitchen", "Kettles"), **specified):
    category = list(path)
    return (
        product_id,
        category[0],
        category,
        title,
        None,
        None,
        list(bullets),
        [],
        specified,
        "f",
    )


def catalogue():
    """Kettles that teach colours and capacities, and three that hold the results."""
    taught = [
        product(
            f"k{place}",
            f"Kettle, {color.title()}",
            f"Holds {place + 1} l",
            color=color,
            capacity=f"{place + 1} l",
        )
        for place, color in enumerate(COLORS)
    ]
    return [
        *taught,
        product("adds", "A Green kettle", "2 l of tea"),
        product("agrees", "Kettle", "comes in BLACK", "black, 9 l", color="Black"),
        product("contradicts", "Red kettle", color="blue"),
        product("apart", "Red lamp", path=("Lamps",)),
    ]


class Shop:
    """A lake with its models."""

    def __init__(self, spark, root):
        self.spark = spark
        self.root = root
        self.lake = str(root / "lake")

    def settings(self, kind, *more):
        given = (f"lake={self.lake}", f"models={self.root}/models", *QUICK)
        return config.settings_of(kind, config.read([], [*given, *more]))

    def put(self, *products):
        rows = self.spark.createDataFrame(list(products), PRODUCTS.schema)
        lake.replace(self.spark, rows, PRODUCTS, self.lake, keeps_missing=True)

    def run(self, *names, more=()):
        """Entries of the ledger by stage."""
        return {
            one.name: stage(
                self.spark,
                one.run(),
                self.settings(one.settings, *more),
                one.table,
                ledger.new_run_id(self.settings(one.settings).run_date),
            )
            for one in STAGES
            if one.name in names
        }

    def learn(self, **thresholds):
        """A gazetteer of what the lake's specifications say.

        `thresholds`: of single attributes, 0.5 of all others.
        """
        rows = read_attribute_labels(self.spark, self.lake, n_rows=1000)
        asked = asked_of(rows)
        recipe = recipe_of(self.settings(TrainAttributes))
        trained = train("gazetteer", Examples(asked, asked), recipe, lambda _: None)
        return checkpoint.save(
            str(self.root / "models" / "attributes"),
            name="gazetteer",
            config={
                "sizes": {},
                "threshold": 0.5,
                "attribute_thresholds": {
                    name: {"threshold": lowest, "at_precision": {}}
                    for name, lowest in thresholds.items()
                },
            },
            weights=trained.network.state_dict(),
            words=trained.words,
            metrics={},
        )

    def rows(self, table):
        return lake.read(self.spark, table, self.lake).collect()

    def versions(self):
        return [lake.version(self.spark, table, self.lake) for table in TABLES]

    def copy(self, place):
        shutil.copytree(self.root, place / "copy")
        return Shop(self.spark, place / "copy")


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory):
    made = Shop(spark, tmp_path_factory.mktemp("shop"))
    made.put(*catalogue())
    made.first = made.run(*LEARNING)
    made.card = made.learn()
    made.first |= made.run(*FINDING)
    return made


def text_of(shop):
    """Text by source and id, of the products and reviews as they are stored."""
    texts = {("review", row.review_id): row.text for row in shop.rows(REVIEWS)}
    for row in shop.rows(PRODUCTS):
        texts["title", row.product_id] = row.title
        for place, text in enumerate(row.bullets):
            texts["bullet", f"{row.product_id}#{place}"] = text
    return texts


def test_the_shops_values_are_labelled_where_the_texts_hold_them(shop):
    labels = {
        (row.attribute, row.source_id): (row.value, row.begin, row.end)
        for row in shop.rows(ATTRIBUTE_LABELS)
        if row.product_id == "k1"
    }
    assert labels["color", "k1"] == ("Blue", 8, 12)
    assert labels["capacity", "k1#0"] == ("2 l", 6, 9)
    texts = text_of(shop)
    for row in shop.rows(ATTRIBUTE_LABELS):
        assert row.context == texts[row.source, row.source_id]
        assert row.value is None or row.context[row.begin : row.end] == row.value


def test_a_category_is_asked_what_its_products_specify(shop):
    found = {
        (row.category, row.attribute): (row.n_products, row.n_found, row.is_added)
        for row in shop.rows(CATEGORY_ATTRIBUTES)
    }
    assert found == {
        (category, attribute): counts
        for category in ("Kitchen", "Kitchen > Kettles")
        # "contradicts" is blue, and its text says red.
        for attribute, counts in {
            "color": (6, 5, False),
            "capacity": (4, 4, False),
        }.items()
    }


def test_what_the_shop_mostly_gives_one_value_shares_a_place(spark, tmp_path):
    shop = Shop(spark, tmp_path)
    names = ("Acme", "Bolt", "Cog")
    shop.put(
        *(
            product(name, f"{name} kettle", brand=name, manufacturer=name.upper())
            for name in names
        ),
        product("new", "the Bolt kettle"),
    )
    shop.run(*LEARNING)
    shop.learn()
    shop.run(*FINDING)
    shares = {row.attribute: row.shares_with for row in shop.rows(CATEGORY_ATTRIBUTES)}
    assert shares == {"brand name": ["manufacturer"], "manufacturer": ["brand name"]}
    found = [row for row in shop.rows(ATTRIBUTE_VALUES) if row.product_id == "new"]
    assert {(row.attribute, row.value, row.begin) for row in found} == {
        ("brand name", "Bolt", 4),
        ("manufacturer", "Bolt", 4),
    }


def test_every_text_is_asked_all_attributes_of_its_category_once(shop):
    spans = shop.rows(ATTRIBUTE_SPANS)
    kettles = [row for row in catalogue() if row[0] != "apart"]
    texts = {text for row in kettles for text in (row[3], *row[6])}
    assert len(spans) == 2 * len(texts) == shop.first["extract_attributes"].outcome.n_in
    assert {row.model_fp for row in spans} == {shop.card.fingerprint}
    for row in spans:
        assert (row.value is None) == (row.score == 0)


def test_values_are_chosen_with_their_place_and_held_to_the_shops_own(shop):
    values = {
        (row.product_id, row.attribute): row for row in shop.rows(ATTRIBUTE_VALUES)
    }
    told = {
        key: (row.value, row.source, row.source_id, row.verdict, row.specified)
        for key, row in values.items()
        if not key[0].startswith("k")
    }
    assert told == {
        ("adds", "color"): ("Green", "title", "adds", "adds", None),
        ("adds", "capacity"): ("2 l", "bullet", "adds#0", "adds", None),
        ("agrees", "color"): ("BLACK", "bullet", "agrees#0", "agrees", "Black"),
        ("contradicts", "color"): (
            *("Red", "title", "contradicts", "contradicts", "blue"),
        ),
    }
    assert values["agrees", "color"].n_agreeing == 1
    assert values["agrees", "color"].normalized_value == "black"
    assert {row.model_name for row in values.values()} == {"gazetteer"}


def test_every_value_stands_in_its_text_where_it_says_it_does(shop):
    texts = text_of(shop)
    values = shop.rows(ATTRIBUTE_VALUES)
    assert len(values) > len(COLORS)
    for row in values:
        assert texts[row.source, row.source_id][row.begin : row.end] == row.value


def test_a_second_run_writes_nothing(shop):
    before = shop.versions()
    entries = shop.run(*ALL)
    assert {entry.status for entry in entries.values()} == {"unchanged"}
    assert shop.versions() == before


def values_of(shop):
    return {(r.product_id, r.attribute): r for r in shop.rows(ATTRIBUTE_VALUES)}


def test_a_changed_product_is_read_again_and_no_other(shop, tmp_path):
    changed = shop.copy(tmp_path)
    changed.put(
        product("adds", "A Green kettle", "1 l of tea, in blue"),
        product("contradicts", "Kettle", color="blue"),
    )
    entries = changed.run(*ALL)
    # One new text, two attributes; the titles were read before.
    assert entries["extract_attributes"].outcome.n_in == 2
    before, after = values_of(shop), values_of(changed)
    assert set(before) - set(after) == {("contradicts", "color")}
    moved = {key for key in after if before[key].run_id != after[key].run_id}
    assert moved == {("adds", "capacity")}
    assert after["adds", "capacity"].value == "1 l"


def test_another_model_looks_everywhere_again_but_not_twice_after_a_stop(
    shop, tmp_path, monkeypatch
):
    stopped = shop.copy(tmp_path)
    stopped.put(product("new", "Kettle, golden brown", color="golden brown"))
    said = ("r1", "contradicts", None, None, None, None, "d", "f", None, "mine is 3 l")
    reviews = shop.spark.createDataFrame([said], REVIEWS.schema)
    lake.replace(shop.spark, reviews, REVIEWS, stopped.lake)
    stopped.run("label_attributes")
    card = stopped.learn(color=0.99)
    insert, done = lake.insert, []

    def once(*given):
        if done:
            raise RuntimeError("the power is gone")
        done.append(insert(*given))
        return done[0]

    monkeypatch.setattr(lake, "insert", once)
    more = (
        "extract_attributes.chunk_size=20",
        "extract_attributes.sources=[title, bullet, review]",
    )
    with pytest.raises(RuntimeError, match="the power is gone"):
        stopped.run("extract_attributes", more=more)
    monkeypatch.setattr(lake, "insert", insert)
    old = set(shop.rows(ATTRIBUTE_SPANS))
    kept = set(stopped.rows(ATTRIBUTE_SPANS)) - old
    assert 0 < len(kept) == done[0]
    entries = stopped.run(*FINDING, more=more)
    spans = set(stopped.rows(ATTRIBUTE_SPANS))
    assert kept | old < spans
    # One new title and one review, two attributes, more than the old model read.
    assert len(spans - old) == len(old) + 4
    assert entries["extract_attributes"].outcome.n_in == len(spans - old - kept)
    values = values_of(stopped)
    assert set(values) - set(values_of(shop)) == {("contradicts", "capacity")}
    assert {attribute for _, attribute in values} == {"capacity"}
    found = values["contradicts", "capacity"]
    assert (found.source, found.source_id, found.value) == ("review", "r1", "3 l")
    assert {row.model_fp for row in values.values()} == {card.fingerprint}


@pytest.mark.parametrize("name", FINDING)
def test_a_missing_model_stops_the_stage_and_says_what_makes_it(spark, tmp_path, name):
    with pytest.raises(NoModelError, match="enrich train attributes --lake"):
        Shop(spark, tmp_path).run(name)


def test_conf_asks_for_more_and_a_new_domain_leaves_the_others(shop, tmp_path):
    changed = shop.copy(tmp_path)
    more = (
        "build_category_attributes.added.Kitchen > Kettles=[Lid Type, colour]",
        "build_category_attributes.added.*=[scent]",
    )

    def built(*names):
        changed.run(*names, more=more)
        return {
            (row.category, row.attribute): (row.n_products, row.is_added)
            for row in changed.rows(CATEGORY_ATTRIBUTES)
        }

    known = built("build_category_attributes")
    assert known["Kitchen > Kettles", "lid type"] == (0, True)
    assert known["Kitchen > Kettles", "color"] == (6, True)
    assert known["*", "scent"] == (0, True)
    lamps = [
        product(f"l{n}", f"{n} W lamp", path=("Lamps",), wattage=f"{n} W")
        for n in range(3, 6)
    ]
    # One more kettle with a capacity, which is not counted before its days are over.
    changed.put(*lamps, product("k9", "Kettle", "7 l", capacity="7 l"))
    assert built(*LEARNING) == {**known, ("Lamps", "wattage"): (3, False)}


def test_what_no_text_can_be_asked_for_is_refused_in_conf(shop):
    with pytest.raises(config.SettingsError, match=r"added\.\*\.0: 'ASIN', .*expected"):
        shop.settings(
            config.BuildCategoryAttributes,
            "build_category_attributes.added.*=[ASIN]",
        )


def test_labels_of_the_lake_train_as_those_of_a_file(shop):
    rows = read_attribute_labels(shop.spark, shop.lake, n_rows=1000)
    labels = [row for row in shop.rows(ATTRIBUTE_LABELS) if row.is_example]
    assert len(rows) == len({(row.context_hash, row.attribute) for row in labels})
    (row,) = [
        row
        for row in rows
        if (row.product_id, row.attribute, bool(row.values)) == ("k0", "color", True)
    ]
    assert (row.context, row.values, row.spans) == ("Kettle, Red", ("Red",), ((8, 11),))
    assert row.category == "Kitchen > Kettles"
    none = [row for row in rows if row.product_id == "contradicts"]
    assert [(row.attribute, row.values, row.spans) for row in none] == [
        ("color", (), ())
    ]
    few = read_attribute_labels(shop.spark, shop.lake, n_rows=3)
    assert few == rows[:3]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "--labelled: no file given, expected some, or --lake DIR"),
        (["--labelled", "x"], "--format: not given, expected one of jsonl"),
    ],
)
def test_training_needs_files_with_their_format_or_a_lake(arguments, told):
    given = ["--method", "gazetteer", "--out", "x", *arguments]
    result = CliRunner().invoke(command, given)
    assert result.exit_code == 2
    assert told in result.output


def test_a_lake_without_labels_says_what_fills_it(spark, tmp_path):
    with pytest.raises(config.SettingsError, match="enrich nightly --until"):
        read_attribute_labels(spark, str(tmp_path), n_rows=9)
