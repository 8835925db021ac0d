"""Labelled texts of a product, from the shop's own specifications: nobody labels.

That is how AE-pub was made (Xu et al. 2019): a value of the item's specifics is looked
for in the text, and its place is the label; where it is not, the attribute has no
value there. Here as there

- a text with the value is labelled at the first place of it;
- texts without it are drawn at random, some for each that has it.

It differs in what is searched and how. Bullets and descriptions are searched as well
as titles. AE-pub compares letter by letter, `places` tolerates spellings, so that more
is found and the label is the text's own spelling. Values that stand in many a text by
chance are more careful here: a bare number or a lone letter counts only beside a word
of the attribute's name ("500 Pieces"), and where it stands without one the text is no
example at all; yes and no are never looked for, and make no examples.

Labels are noisier than AE-pub's by what shops write. A text may say the value in other
words or say another value, which makes a negative that is none; a long description
holds a word of the value in another sense ("Material: apple"), which makes a wrong
positive; and where only a wrong specification is in the text, the label repeats it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.attributes.examples import Span
from models.attributes.normal import normal_value
from models.attributes.places import places_of
from models.words import plain_words

Text = tuple[str, str, str]
# Words of an attribute's name that say nothing of what is counted.
_SAYS_NOTHING = frozenset({"count", "item", "number", "product", "total", "type"})
_WINDOW = 24


@dataclass(frozen=True)
class Label:
    """An attribute of the product, and its value in one of its texts.

    Attributes:
        source: title, bullet or description.
        source_id: Of the text.
        context: The text.
        attribute: Normal name.
        specified: The shop's own value.
        span: Characters of the value in the text; None: not there.
        is_example: Whether one may learn from it. Not where the text may hold the
            value all the same: it only tells what the shop specifies.
    """

    source: str
    source_id: str
    context: str
    attribute: str
    specified: str
    span: Span | None
    is_example: bool = True

    @property
    def value(self) -> str | None:
        """The text's own spelling."""
        return None if self.span is None else self.context[slice(*self.span)]


def labelled(
    texts: Sequence[Text], specifications: Mapping[str, str], *, n_negatives: int
) -> list[Label]:
    """The labels of one product, text by text, attributes in alphabetical order.

    Every text with a value has its label. Of the others, `n_negatives` for each of
    these are drawn by a hash of text and attribute, so that a product's labels depend
    on nothing but itself. An attribute whose value is in no text is in one label all
    the same: it tells what the shop specifies. It is the first text's that lacks it.

    Args:
        texts: Source, source_id and text of each; the title first.
        specifications: From `specifications.specified`.
        n_negatives: Texts without a value for each with one, at most; attributes with
            no value at all may make it more.

    >>> texts = [("title", "p", "Blue mug"), ("bullet", "p#0", "Mug, 12 oz")]
    >>> said = labelled(texts, {"color": "blue", "size": "12-Ounce"}, n_negatives=0)
    >>> [(one.source, one.attribute, one.value) for one in said]
    [('title', 'color', 'Blue'), ('bullet', 'size', '12 oz')]
    """
    asked = [one for one in texts if one[2].strip()]
    with_value: list[Label] = []
    without: list[Label] = []
    told: list[Label] = []
    for attribute, specified in sorted(specifications.items()):
        found, absent = _of_attribute(asked, attribute, specified)
        with_value += found
        may_hold = [
            _label(one, attribute, specified, None, is_example=False)
            for one in asked[:1]
        ]
        told += [] if found else (absent or may_hold)[:1]
        without += absent if found else absent[1:]
    n_drawn = max(0, n_negatives * len(with_value) - len(told))
    drawn = sorted(without, key=_draw)[:n_drawn]
    order = {source_id: place for place, (_, source_id, _) in enumerate(asked)}
    return sorted(
        with_value + told + drawn, key=lambda one: (order[one.source_id], one.attribute)
    )


def _of_attribute(
    texts: Sequence[Text], attribute: str, specified: str
) -> tuple[list[Label], list[Label]]:
    """Labels of the texts that hold the value and of those that surely do not."""
    found: list[Label] = []
    absent: list[Label] = []
    normal = normal_value(specified)
    is_short = len(normal) == 1 or normal.replace(".", "").isdigit()
    for text in texts if normal not in ("yes", "no") else ():
        places = places_of(text[2], specified)
        sure = [
            place
            for place in places
            if not is_short or _is_named(text[2], place, attribute)
        ]
        if sure:
            found.append(_label(text, attribute, specified, sure[0]))
        elif not places:
            absent.append(_label(text, attribute, specified, None))
    return found, absent


def _is_named(text: str, span: Span, attribute: str) -> bool:
    """Whether a word of the attribute's name stands close to the place."""
    begin, end = span
    around = f"{text[max(0, begin - _WINDOW) : begin]} {text[end : end + _WINDOW]}"
    names = set(plain_words(attribute)) - _SAYS_NOTHING
    return not names.isdisjoint(plain_words(around))


def _label(
    text: Text,
    attribute: str,
    specified: str,
    span: Span | None,
    *,
    is_example: bool = True,
) -> Label:
    return Label(*text, attribute, specified, span, is_example)


def _draw(label: Label) -> bytes:
    identity = "\x1f".join((label.source, label.source_id, label.attribute))
    return hashlib.sha256(identity.encode()).digest()
