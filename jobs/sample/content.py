"""What a domain can say, and the short notation in which it is written down.

A domain file is a list of aspects. An aspect is one attribute of the products with
its values, the questions shoppers ask about it and the sentences people write. One
line is one template, its first word says what it is:

| mark | template of, or |
|---|---|
| `@`  | a new aspect: `@ name | what small talk is about | nouns | ordered`, or less |
| `?`  | a question |
| `?=` | a question that names the wanted value, `{want}` |
| `*`  | a bullet, with `{value}` |
| `:`  | a sentence of the description, with `{value}` |
| `+`  | a review sentence that answers, with `{value}` or after its `=` |
| `!`  | a community answer, starts in lower case |
| `-`  | a sentence that shares the noun and answers nothing; `{other}`: a wrong value |
| `=`  | a value: `= name | another wording`; lines after it belong to it alone |

`(a|b)` stands for either text. In an ordered aspect a value also satisfies who wants
an earlier one.
"""

import itertools
import re
from dataclasses import dataclass, field
from functools import cached_property

Templates = tuple[tuple[str, ...], ...]
"""One inner tuple per template: all texts that it stands for."""

_CHOICE = re.compile(r"\(([^()]*)\)")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Value:
    """A value of an attribute and what people write about it.

    `wordings` are other names of it; `answers` have a noun of the aspect's topic,
    `paraphrases` answer without.
    """

    name: str
    wordings: tuple[str, ...]
    answers: Templates
    paraphrases: Templates
    replies: Templates
    distractors: Templates


@dataclass(frozen=True)
class Aspect:
    """An attribute and all that is said about it; `topic` has one of its nouns."""

    name: str
    topic: str
    nouns: tuple[str, ...]
    is_ordered: bool
    questions: Templates
    wishes: Templates
    bullets: tuple[str, ...]
    descriptions: tuple[str, ...]
    values: tuple[Value, ...]

    @cached_property
    def wishes_for(self) -> tuple[int, ...]:
        """Positions of the values that a shopper may want: not those that lack it."""
        return tuple(
            position
            for position, value in enumerate(self.values)
            if not value.name.startswith(("no ", "zero "))
        )

    def satisfies(self, offered: int, wanted: int) -> bool:
        """Whether the value at one position serves who wants the other one."""
        return offered >= wanted if self.is_ordered else offered == wanted


@dataclass(frozen=True)
class Domain:
    """A domain: its name is the first category of its products.

    `titles` name attributes in braces; `thing` is how a reviewer calls the product.
    """

    name: str
    categories: tuple[str, ...]
    thing: str
    titles: tuple[str, ...]
    prices: tuple[int, int]
    aspects: tuple[Aspect, ...]

    @cached_property
    def nouns(self) -> frozenset[str]:
        """The nouns of all aspects."""
        return frozenset(noun for aspect in self.aspects for noun in aspect.nouns)

    def nouns_in(self, text: str) -> frozenset[str]:
        """The domain's nouns in a text, plurals counted as singulars."""
        return self.nouns & words_of(text)


def words_of(text: str) -> set[str]:
    """The words of a text, those in the plural also in the singular.

    >>> sorted(words_of("Two lids"))
    ['lid', 'lids', 'two']
    """
    words = set(_WORD.findall(text.lower()))
    return words.union(word[:-1] for word in words if word.endswith("s"))


def expand(template: str) -> tuple[str, ...]:
    """Every text that a template stands for.

    >>> expand("a (red|blue) bag")
    ('a red bag', 'a blue bag')
    """
    parts = _CHOICE.split(template)
    choices = [part.split("|") if i % 2 else [part] for i, part in enumerate(parts)]
    return tuple("".join(texts) for texts in itertools.product(*choices))


def parse_aspects(notation: str) -> tuple[Aspect, ...]:
    """The aspects of a domain file.

    Raises:
        ValueError: A line has no known mark, or stands before its aspect.
    """
    drafts: list[_Draft] = []
    for line in filter(None, map(str.strip, notation.splitlines())):
        mark, _, text = line.partition(" ")
        if mark == "@":
            drafts.append(_Draft(text))
        elif drafts and mark in _MARKS:
            drafts[-1].add(mark, text)
        else:
            raise ValueError(f"{line!r}: expected a line of an aspect")
    return tuple(draft.finished() for draft in drafts)


_MARKS = ("?", "?=", "*", ":", "+", "!", "-", "=")


@dataclass
class _Draft:
    header: str
    shared: dict[str, list[str]] = field(default_factory=dict)
    values: list[tuple[list[str], dict[str, list[str]]]] = field(default_factory=list)

    def add(self, mark: str, text: str) -> None:
        if mark == "=":
            self.values.append(([form.strip() for form in text.split("|")], {}))
        else:
            lines = self.values[-1][1] if self.values else self.shared
            lines.setdefault(mark, []).append(text)

    def finished(self) -> Aspect:
        name, topic, nouns, *order = (p.strip() for p in self.header.split("|"))
        heads = words_of(topic).intersection(nouns.split())
        return Aspect(
            name=name,
            topic=topic,
            nouns=tuple(nouns.split()),
            is_ordered=order == ["ordered"],
            questions=self._templates("?"),
            wishes=self._templates("?="),
            bullets=tuple(self.shared.get("*", ())),
            descriptions=tuple(self.shared.get(":", ())),
            values=tuple(self._value(heads, *value) for value in self.values),
        )

    def _templates(self, mark: str) -> Templates:
        return tuple(expand(template) for template in self.shared.get(mark, ()))

    def _value(
        self, heads: set[str], wordings: list[str], own: dict[str, list[str]]
    ) -> Value:
        others = [other for (other, *_), _ in self.values if other != wordings[0]]

        def filled(mark: str, slot: str, texts: list[str]) -> Templates:
            return tuple(
                tuple(
                    dict.fromkeys(
                        text.replace(slot, filling)
                        for text in expand(template)
                        for filling in texts
                    )
                )
                for template in self.shared.get(mark, []) + own.get(mark, [])
            )

        answers = filled("+", "{value}", wordings)
        plain = tuple(texts for texts in answers if heads & words_of(texts[0]))
        return Value(
            name=wordings[0],
            wordings=tuple(wordings[1:]),
            answers=plain,
            paraphrases=tuple(texts for texts in answers if texts not in plain),
            replies=filled("!", "{value}", wordings),
            distractors=filled("-", "{other}", others),
        )
