"""Spellings that mean the same: units, number words, American and British words.

Every unit belongs to one kind of measure, and each kind has one unit that its values
are told in. The table is closed, since a parser of units takes "3 pin" for three
pico-inches and "6 pair" for pico-airs.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unit:
    """A unit of measure.

    Attributes:
        name: As pint knows it; of a kind with one unit, what it is told in.
        told_in: Spelling of the unit that its kind of measure is told in.
    """

    name: str
    told_in: str


# Of one kind: the spelling that is told, and lines of pint's name and all spellings.
_KINDS = {
    "cm": """
        millimeter: mm millimeter millimetre
        centimeter: cm centimeter centimetre
        meter: m meter metre mtr
        kilometer: km kilometer kilometre
        inch: in inch inches " ″ ” ''
        foot: ft foot feet ' ′ ’
        yard: yd yard
        mile: mi mile""",
    "cm2": """
        centimeter**2: cm2 sq_cm square_centimeter square_centimetre
        meter**2: m2 sq_m square_meter square_metre
        inch**2: sq_in square_inch square_inches
        foot**2: ft2 sq_ft square_foot square_feet""",
    "g": """
        milligram: mg milligram milligramme
        gram: g gm gram gramme
        kilogram: kg kilo kilogram kilogramme
        ounce: oz ounce
        pound: lb pound""",
    "l": """
        milliliter: ml milliliter millilitre cc
        centiliter: cl centiliter centilitre
        liter: l ltr liter litre
        meter**3: m3 cubic_meter cubic_metre
        fluid_ounce: fl_oz floz fluid_oz fluid_ounce
        cup: cup
        pint: pint
        quart: qt quart
        gallon: gal gallon
        inch**3: cu_in cubic_inch cubic_inches
        foot**3: cu_ft cubic_ft cubic_foot cubic_feet""",
    "h": """
        millisecond: ms millisecond
        second: sec second
        minute: min minute
        hour: h hr hour
        day: day
        week: wk week
        month: mo mth month
        year: yr year""",
    "hz": """
        hertz: hz hertz
        kilohertz: khz kilohertz
        megahertz: mhz megahertz
        gigahertz: ghz gigahertz""",
    "v": """
        millivolt: mv millivolt
        volt: v volt vac vdc
        kilovolt: kv kilovolt""",
    "w": """
        milliwatt: mw milliwatt
        watt: w watt
        kilowatt: kw kilowatt
        horsepower: hp horsepower""",
    "a": """
        milliampere: ma milliamp milliampere
        ampere: a amp ampere""",
    "mah": """
        milliampere_hour: mah milliamp_hour milliampere_hour
        ampere_hour: ah amp_hour ampere_hour""",
    "wh": """
        watt_hour: wh watt_hour
        kilowatt_hour: kwh kilowatt_hour
        british_thermal_unit: btu
        kilocalorie: kcal calorie
        kilojoule: kj kilojoule""",
    "°c": """
        degC: °c degree_c degrees_c degree_celsius degrees_celsius celsius
        degF: °f degree_f degrees_f degree_fahrenheit degrees_fahrenheit fahrenheit""",
    "k": "kelvin: k kelvin",
    "°": "degree: ° degree",
    "kpa": """
        kilopascal: kpa kilopascal
        bar: bar
        psi: psi""",
    "km/h": """
        kilometer/hour: km/h kph kmh
        mile/hour: mph""",
    "gb": """
        kilobyte: kb kilobyte
        megabyte: mb megabyte
        gigabyte: gb gigabyte gig
        terabyte: tb terabyte""",
    "mbps": """
        megabit/second: mbps mbit/s
        gigabit/second: gbps gbit/s""",
    "db": "decibel: db decibel",
    "lm": "lumen: lm lumen",
    "rpm": "rpm: rpm",
    "dpi": "dpi: dpi",
    "mp": "mp: mp megapixel",
    "%": "%: % percent pct",
    "pack": "pack: pack pk",
    "piece": "piece: piece pc pcs",
    "count": "count: count ct",
}
# Not English endings of the letter itself: "ms" is a millisecond, "mins" are minutes.
_NO_PLURAL = frozenset({"m", "g", "l", "h", "v", "w", "a", "k", "in", "mg", "ml"})

_BELOW_TWENTY = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
_TENS = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
NUMBER_WORDS = {
    **{word: str(number) for number, word in enumerate(_BELOW_TWENTY, start=1)},
    **{word: str(10 * number) for number, word in enumerate(_TENS, start=2)},
}
# Of a word that Americans and the British spell in two ways, and of "&".
SAME_WORDS = {
    "grey": "gray",
    "colour": "color",
    "coloured": "colored",
    "colours": "colors",
    "multicoloured": "multicolored",
    "multicolour": "multicolor",
    "aluminium": "aluminum",
    "fibre": "fiber",
    "jewellery": "jewelry",
    "&": "and",
}
# Words that begin a unit of two words.
UNIT_PREFIXES = {
    "fl": "fluid",
    "fluid": "fluid",
    "sq": "square",
    "square": "square",
    "cu": "cubic",
    "cubic": "cubic",
}


def _units() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for told_in, lines in _KINDS.items():
        for line in lines.strip().splitlines():
            name, _, spellings = line.strip().partition(": ")
            for spelling in spellings.split():
                unit = Unit(name, told_in)
                spaced = spelling.replace("_", " ")
                found[spaced] = unit
                if spaced[-1].isalpha() and spaced not in _NO_PLURAL:
                    found.setdefault(f"{spaced}s", unit)
    return found


UNITS = _units()


def singular(word: str) -> str:
    """A word without its plural ending, to compare words by.

    >>> [singular(word) for word in ("batteries", "boxes", "shoes", "glass", "bus")]
    ['battery', 'box', 'shoe', 'glass', 'bus']
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]
