"""The attributes that products of a category are asked for.

They are learnt from the shop's own specifications. A category is a level of the
category path together with the wider ones, such as "Kitchen > Kettles"; conf may add
attributes to a category, or to `EVERY` product.
"""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

EVERY = "*"
SEPARATOR = " > "
_PAIRS = "array<struct<attribute: string, other: string>>"


def _no_names() -> Column:
    # No column can be made before there is a session.
    return F.array().cast("array<string>")


def category_path(domain: Column, category: Column) -> Column:
    """A product's domain and its category path as one text, widest first.

    Args:
        domain: Of the product.
        category: Array, widest first; its first level may be the domain.
    """
    named = F.filter(
        F.concat(F.array(domain), F.coalesce(category, _no_names())),
        lambda name: F.trim(name) != "",
    )
    first, second = (F.try_element_at(named, F.lit(place)) for place in (1, 2))
    inner = F.slice(named, F.lit(2), F.size(named))
    return F.array_join(F.when(first == second, inner).otherwise(named), SEPARATOR)


def levels(path: Column) -> Column:
    """Array of the categories that a `category_path` lies in, widest first."""
    names = F.split(path, SEPARATOR)
    return F.transform(
        F.sequence(F.lit(1), F.size(names)),
        lambda depth: F.array_join(F.slice(names, F.lit(1), depth), SEPARATOR),
    )


def root_category(path: Column) -> Column:
    """The widest category of a `category_path`: the domain."""
    return F.element_at(F.split(path, SEPARATOR), 1)


def learnt_attributes(
    labels: DataFrame,
    *,
    min_products: int,
    min_attribute_products: int,
    min_share: float,
    min_found: int,
    min_shared: float,
    max_attributes: int,
    normal_values: Callable[[str], Column],
) -> DataFrame:
    """The attributes that enough products of a category specify.

    Grain: one row per (category, attribute). Of a category's attributes those that
    most products specify are kept; ties go to the one that more texts hold, then to
    the smaller name.

    Args:
        labels: Columns of `tables.ATTRIBUTE_LABELS`.
        min_products: Products with labels that make a category known.
        min_attribute_products: Products of the category that specify the attribute.
        min_share: The same as a share of its products with labels, in [0, 1].
        min_found: Of these, products with the value in a text.
        min_shared: Of the products that specify two attributes, the share to which the
            shop gives one value for both, from which they share values, in [0, 1];
            `min_attribute_products` of them at least.
        max_attributes: Of a category.
        normal_values: Takes the name of a text column, gives its canonical form.

    Returns:
        category, attribute, n_products, n_found, shares_with: array of other rows'
        attributes, sorted, null where there is none.
    """
    specified = (
        labels.groupBy("product_id", "category", "attribute")
        .agg(
            F.max(F.col("value").isNotNull().cast("int")).alias("is_found"),
            F.min("specified").alias("specified"),
        )
        .withColumn("specified", normal_values("specified"))
    )
    # One row per attribute of a product becomes one per level of its category.
    listed = specified.select(
        "product_id",
        F.explode(levels(F.col("category"))).alias("category"),
        "attribute",
        "is_found",
        "specified",
    )
    sizes = listed.groupBy("category").agg(F.count_distinct("product_id").alias("n"))
    counts = listed.groupBy("category", "attribute").agg(
        F.count(F.lit(1)).alias("n_products"), F.sum("is_found").alias("n_found")
    )
    known = counts.join(
        sizes.filter(F.col("n") >= min_products), on="category", how="inner"
    ).filter(
        (F.col("n_products") >= min_attribute_products)
        & (F.col("n_products") >= min_share * F.col("n"))
        & (F.col("n_found") >= min_found)
    )
    most_listed_first = Window.partitionBy("category").orderBy(
        F.desc("n_products"), F.desc("n_found"), F.asc("attribute")
    )
    ranked = known.withColumn("rank", F.row_number().over(most_listed_first))
    kept = ranked.filter(F.col("rank") <= max_attributes)
    sharing = _sharing(
        listed.join(
            F.broadcast(kept.select("category", "attribute")),
            on=["category", "attribute"],
            how="left_semi",
        ),
        min_products=min_attribute_products,
        min_shared=min_shared,
    )
    return kept.join(sharing, on=["category", "attribute"], how="left").select(
        "category", "attribute", "n_products", "n_found", "shares_with"
    )


def _sharing(listed: DataFrame, *, min_products: int, min_shared: float) -> DataFrame:
    """category, attribute, shares_with: those to which the shop gives the same value.

    A brand is often the manufacturer, a colour never the load limit.
    """
    others = listed.select(
        "category",
        "product_id",
        F.col("attribute").alias("other"),
        F.col("specified").alias("of_other"),
    )
    pairs = (
        listed.join(others, on=["category", "product_id"], how="inner")
        .filter(F.col("attribute") != F.col("other"))
        .groupBy("category", "attribute", "other")
        .agg(
            F.count(F.lit(1)).alias("n_both"),
            F.count_if(F.col("specified") == F.col("of_other")).alias("n_shared"),
        )
    )
    shared = pairs.filter(
        (F.col("n_shared") >= min_products)
        & (F.col("n_shared") >= min_shared * F.col("n_both"))
    )
    return shared.groupBy("category", "attribute").agg(
        F.array_sort(F.collect_set("other")).alias("shares_with")
    )


def category_attributes(
    learnt: DataFrame, added: DataFrame, *, built_at: Column
) -> DataFrame:
    """What was learnt and what conf adds to it.

    Grain: one row per (category, attribute).

    Args:
        learnt: As `learnt_attributes` gives them.
        added: category, attribute: those that conf asks for.
        built_at: When it was counted.

    Returns:
        Columns of `tables.CATEGORY_ATTRIBUTES`; the counts are 0 where conf alone asks.
    """
    # Conf may name an attribute twice, in other spellings.
    by_conf = added.select("category", "attribute", F.lit(True).alias("is_added"))
    rows = learnt.join(by_conf.distinct(), on=["category", "attribute"], how="full")
    none = F.lit(0)
    return rows.select(
        "category",
        "attribute",
        F.coalesce("n_products", none).cast("bigint").alias("n_products"),
        F.coalesce("n_found", none).cast("bigint").alias("n_found"),
        F.coalesce("is_added", F.lit(False)).alias("is_added"),
        F.coalesce("shares_with", _no_names()).alias("shares_with"),
        built_at.alias("built_at"),
    )


def asked_attributes(products: DataFrame, category_attributes: DataFrame) -> DataFrame:
    """What each product is asked for.

    The attributes of its deepest category that has learnt ones, and those that conf
    adds to any of its categories or to every product.

    Grain: one row per product_id that is asked for something.

    Args:
        products: Columns of `tables.PRODUCTS`.
        category_attributes: Columns of `tables.CATEGORY_ATTRIBUTES`.

    Returns:
        product_id, attributes (array, sorted, each once), sharing (array of structs of
        attribute and other: those of them that may have one value).
    """
    attribute = F.col("attribute")
    pairs = F.transform(
        F.coalesce("shares_with", _no_names()),
        lambda other: F.struct(attribute, other.alias("other")),
    )
    of_category = category_attributes.groupBy("category").agg(
        F.collect_set(F.when(F.col("n_products") > 0, attribute)).alias("learnt"),
        F.collect_set(F.when(F.col("is_added"), attribute)).alias("added"),
        F.flatten(F.collect_list(pairs)).alias("sharing"),
    )
    path = levels(category_path(F.col("domain"), F.col("category")))
    # One row per product becomes one per level; the first, of every product, is 0.
    placed = products.select(
        "product_id",
        F.posexplode(F.concat(F.array(F.lit(EVERY)), path)).alias("depth", "category"),
    )
    met = placed.join(F.broadcast(of_category), on="category", how="inner")
    depth = F.when(F.size("learnt") > 0, F.col("depth"))
    asked = met.groupBy("product_id").agg(
        F.max_by("learnt", depth).alias("learnt"),
        F.flatten(F.collect_list("added")).alias("added"),
        F.max_by("sharing", depth).alias("sharing"),
    )
    learnt = F.coalesce("learnt", _no_names())
    rows = asked.select(
        "product_id",
        F.array_sort(F.array_union(learnt, "added")).alias("attributes"),
        F.coalesce("sharing", F.array().cast(_PAIRS)).alias("sharing"),
    )
    return rows.filter(F.size("attributes") > 0)
