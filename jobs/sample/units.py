"""How a measured value is spelt: one number, many forms of its unit."""

import re

_MEASURED = re.compile(r"(\d+(?:\.\d+)?) ([a-z]+)")
_ENDINGS = {
    "liters": ("L", " L", " liter", " litres"),
    "inches": ('"', " inch"),
    "grams": ("g", " g", " gram"),
    "minutes": (" min", " mins"),
    "hours": (" hrs", "h"),
    "meters": ("m", " m", " metres"),
    "centimeters": ("cm", " cm", " centimetres"),
    "millimeters": ("mm", " mm"),
    "years": (" yrs", "yrs"),
    "pounds": (" lbs", " lb", "lbs"),
    "feet": (" ft", "ft"),
    "watts": ("W", " W", " watt"),
}


def spellings(value: str) -> tuple[str, ...]:
    """The other forms of a number with its unit, the shop's own one first.

    None where the value is no such thing.

    >>> spellings("1.7 liters")
    ('1.7L', '1.7 L', '1.7 liter', '1.7 litres')
    >>> spellings("2 to 4 players"), spellings("stainless steel")
    ((), ())
    """
    measured = _MEASURED.fullmatch(value)
    if measured is None:
        return ()
    number, unit = measured.groups()
    return tuple(number + ending for ending in _ENDINGS.get(unit, ()))
