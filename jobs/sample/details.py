"""What the catalogue alone speaks of: colours, measures, names.

Nobody asks about these, so they leave questions and reviews as they are. Most of their
values are open: many a product has one that no other product has.
"""

import random
from dataclasses import dataclass

from jobs.sample.profiles import pick


@dataclass(frozen=True)
class Names:
    """Values of two words, one of each tuple."""

    first: tuple[str, ...]
    last: tuple[str, ...]

    def draw(self, rng: random.Random) -> str:
        """One of them."""
        return f"{pick(rng, self.first)} {pick(rng, self.last)}"


@dataclass(frozen=True)
class Measures:
    """Numbers with a unit, `n_steps` of them from `low` upwards."""

    low: float
    step: float
    n_steps: int
    unit: str

    def draw(self, rng: random.Random) -> str:
        """One of them; whole numbers have no decimals."""
        number = self.low + self.step * int(rng.random() * self.n_steps)
        return f"{round(number, 2):g} {self.unit}"


@dataclass(frozen=True)
class Detail:
    """An attribute and how the catalogue puts it.

    Attributes:
        name: Of the attribute.
        values: What to draw from.
        titles: Endings of a title, with `{value}`.
        bullets: With `{value}`.
        descriptions: Sentences with `{value}`.
        traps: Bullets with `{other}`, a value that this product does not have.
    """

    name: str
    values: Names | Measures
    titles: tuple[str, ...]
    bullets: tuple[str, ...]
    descriptions: tuple[str, ...]
    traps: tuple[str, ...]


_COLOR = Detail(
    name="color",
    values=Names(
        ("midnight", "forest", "smoke", "pearl", "dusty", "pale", "deep", "matte",
         "arctic", "coral", "desert", "antique"),
        ("blue", "green", "gray", "white", "rose", "black", "red", "purple", "orange",
         "brown"),
    ),
    titles=(", {value}", " - {value}", " in {value}"),
    bullets=("Color: {value}", "Finished in {value}", "Painted {value} all over"),
    descriptions=("It comes in {value}.", "Our designers chose {value} this year."),
    traps=("Matches our lamp in {other}", "{other} is sold on a page of its own"),
)  # fmt: skip
_WEIGHT = Detail(
    name="item weight",
    values=Measures(0.9, 0.05, 120, "pounds"),
    titles=(", {value}",),
    bullets=("Weighs {value}", "Item weight {value}", "Only {value} to carry home"),
    descriptions=("It brings {value} to the scale.", "With {value} it stays put."),
    traps=("Ships in a crate of {other}", "The deluxe edition weighs {other}"),
)

DETAILS: dict[str, tuple[Detail, ...]] = {
    "Headphones": (
        _COLOR,
        Detail(
            name="driver size",
            values=Measures(28, 0.5, 50, "millimeters"),
            titles=(", Drivers of {value}",),
            bullets=("Driver size: {value}", "Sound from drivers of {value}"),
            descriptions=("Two drivers of {value} give a warm sound.",),
            traps=("Better than last year's drivers of {other}",),
        ),
        Detail(
            name="wireless range",
            values=Measures(20, 1, 120, "feet"),
            titles=(", {value} Range",),
            bullets=("Wireless range of {value}", "Walk up to {value} away"),
            descriptions=("The signal holds for {value} without walls.",),
            traps=("Add a repeater (not included) to reach {other}",),
        ),
    ),
    "Kettles": (
        _COLOR,
        _WEIGHT,
        Detail(
            name="power",
            values=Measures(900, 20, 100, "watts"),
            titles=(", {value}", " ({value})"),
            bullets=("Power: {value}", "A strong element of {value}"),
            descriptions=("Its element draws {value}.", "It heats with {value}."),
            traps=("Do not share a socket with devices above {other}",),
        ),
    ),
    "Backpacks": (
        _COLOR,
        Detail(
            name="height",
            values=Measures(14, 0.25, 40, "inches"),
            titles=(", {value} Tall",),
            bullets=("Height: {value}", "Stands {value} tall"),
            descriptions=("At {value} it is as tall as it looks.",),
            traps=("Fits under seats with {other} of room",),
        ),
        Detail(
            name="load limit",
            values=Measures(12, 1, 60, "pounds"),
            titles=(", up to {value}",),
            bullets=("Carries up to {value}", "Load limit {value}"),
            descriptions=("Our tests ended at a load of {value}.",),
            traps=("Our trolley (sold separately) takes {other}",),
        ),
    ),
    "Board Games": (
        _WEIGHT,
        Detail(
            name="designer",
            values=Names(
                ("Ada", "Bruno", "Carla", "Dario", "Elsa", "Femke", "Goran", "Hilda",
                 "Ivo", "Jutta", "Kasper", "Lotte"),
                ("Abendroth", "Bellini", "Corvin", "Dahlberg", "Eriksen", "Fonseca",
                 "Gruber", "Hartog", "Ivarsson", "Jansky", "Kowal", "Lindqvist"),
            ),
            titles=(" by {value}", ", a {value} Design"),
            bullets=("Designed by {value}", "{value} invented the rules"),
            descriptions=("{value} worked on it for three years.",),
            traps=("Winner of the prize that {other} won last year",),
        ),
        Detail(
            name="number of cards",
            values=Measures(40, 1, 440, "cards"),
            titles=(", {value}",),
            bullets=("{value} in the box", "Contains {value} and a rule book"),
            descriptions=("There are {value} to discover.",),
            traps=("Card sleeves (pack of {other}) sold separately",),
        ),
    ),
}  # fmt: skip
