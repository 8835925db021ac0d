"""Normal names of attributes: one name for what shops call by several."""

import re
import unicodedata

_MAX_WORDS = 6
_MAX_CHARACTERS = 50
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
# "Language(s)", "Weight (approx.)": what stands in brackets names nothing.
_BRACKETS = re.compile(r"\([^()]*\)")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_APOSTROPHES = re.compile(r"['’]")

# A name with one of these words is no question to a text: it names an identifier of
# the shop's or of a registry, a rank, a date, an offer or a place on the web. (A
# maker's model number is none of them: it stands in titles.)
_NOT_ASKED_WORDS = frozenset(
    {"asin", "barcode", "ean", "gtin", "id", "isbn", "sku", "upc", "uuid"}
    | {"rank", "ranking", "ratings", "reviews"}
    | {"date", "updated"}
    | {"availability", "delivery", "price", "seller", "shipping", "sold"}
    | {"url", "urls", "website"}
    | {"cpsia", "disclaimer", "feedback", "weee"}
)
# Only as what is named: "image resolution" is asked for.
_NOT_ASKED_LAST = frozenset({"image", "images", "link", "links", "video", "videos"})
_NOT_ASKED = frozenset(
    {"california residents", "date first available", "national stock number"}
    | {"discontinued by manufacturer", "is discontinued by manufacturer"}
    | {"first available", "identity package type", "package type name"}
    | {"rating", "average rating", "customer rating", "star rating", "user rating"}
)
_SAME_NAMES = {
    "brand": "brand name",
    "capacity name": "capacity",
    "color map": "color",
    "color name": "color",
    "colors": "color",
    "dimensions": "product dimensions",
    "is assembly required": "assembly required",
    "item dimensions": "product dimensions",
    "item package dimensions": "package dimensions",
    "item color": "color",
    "item part number": "part number",
    "manufacturer part number": "part number",
    "manufacturer reference": "part number",
    "material type": "material",
    "materials": "material",
    "mfr part number": "part number",
    "model": "item model number",
    "model info": "item model number",
    "model no": "item model number",
    "model number": "item model number",
    "platforms": "platform",
    "power source type": "power source",
    "product weight": "item weight",
    "size map": "size",
    "size name": "size",
    "special features": "special feature",
    "style name": "style",
    "total item weight": "item weight",
}


def attribute_name(raw: str) -> str:
    """The normal name of an attribute: lower-case words, "" if none worth asking.

    Of several names for one thing it is the one that shops use most.

    >>> attribute_name("Material Type(s):"), attribute_name("item_dimensions")
    ('material', 'product dimensions')
    >>> attribute_name("ASIN"), attribute_name("Best Sellers Rank")
    ('', '')
    """
    name = folded_name(raw)
    words = name.split()
    if not 0 < len(words) <= _MAX_WORDS or len(name) > _MAX_CHARACTERS:
        return ""
    if name in _NOT_ASKED or not _NOT_ASKED_WORDS.isdisjoint(words):
        return ""
    if words[-1] in _NOT_ASKED_LAST:
        return ""
    if not any(character.isalpha() for character in name):
        return ""
    return _SAME_NAMES.get(name, name)


def folded_name(raw: str) -> str:
    """The words of a name in lower case, before any is taken for another.

    >>> folded_name("Batteries Required?"), folded_name("itemWeight")
    ('batteries required', 'item weight')
    """
    plain = unicodedata.normalize("NFKC", raw)
    if not any(one.isspace() or one == "_" for one in plain.strip()):
        plain = _CAMEL_CASE.sub(" ", plain)
    plain = _APOSTROPHES.sub("", _BRACKETS.sub(" ", plain.lower()))
    return " ".join(
        "color" if word == "colour" else word for word in _WORD.findall(plain)
    )
