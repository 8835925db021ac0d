"""Text out of the HTML that shops leave in their texts, in linear time.

A scanner of our own: `html.parser` takes quadratic time on hostile input, and takes
for a tag what is none ("I <3 it", "a < b").
"""

import html
import re
from collections.abc import Iterator

# Attributes end at the next angle bracket: no text is scanned twice.
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*(?::[A-Za-z]+)?)(?=[\s/>])[^<>]*>")
_DECLARATION = re.compile(r"<[!?][A-Za-z\[][^<>]*>")
# Named ones only with their semicolon: "AT&T" and "?a=1&copy=2" are text.
_ENTITY = re.compile(
    r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "dd", "div", "dl", "dt", "footer", "form"}
    | {"h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre"}
    | {"section", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
_HIDDEN = {
    "script": re.compile(r"</script\s*>", re.IGNORECASE),
    "style": re.compile(r"</style\s*>", re.IGNORECASE),
    "!--": re.compile("-->"),
}


def cleaned(text: str) -> str:
    r"""A text without tags and entities, stripped of outer white space.

    `<br>` becomes a line break and a block tag an empty line, so that sentences end
    there. Entities are read after the tags are gone, once: an escaped tag stays as
    text. A text without tags and entities is only stripped.

    >>> cleaned("Fits a 15&#34; bag.<br />Nice &amp; light, I <3 it ")
    'Fits a 15" bag.\nNice & light, I <3 it'
    >>> cleaned("<p>use &lt;b&gt;</p><p>if a < b</p>")
    'use <b>\n\nif a < b'
    """
    if "<" in text:
        text = "".join(_without_tags(text))
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text.strip()


def _without_tags(text: str) -> Iterator[str]:
    n_breaks = 2  # line breaks at the end of what was given so far
    for name, content in tokens(text):
        if content:
            n_breaks = len(content[-2:]) - len(content[-2:].rstrip("\n"))
            yield content
        elif name == "br":
            n_breaks += 1
            yield "\n"
        elif name.lstrip("/") in _BLOCKS:
            yield "\n" * (2 - n_breaks)
            n_breaks = max(n_breaks, 2)
        elif name in _CELLS:
            yield " "


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """The tags of a text and what stands between them, in order.

    Gives ("", text), (name, "") for an opening and ("/name", "") for a closing tag,
    names in lower case. Comments, declarations, script and style are left out; one
    without an end is not taken for one.
    """
    begin = at = 0
    endless: set[str] = set()
    while (at := text.find("<", at)) >= 0:
        name, end = _markup(text, at, endless)
        if end < 0:
            at += 1
            continue
        if at > begin:
            yield "", text[begin:at]
        if name:
            yield name, ""
        begin = at = end
    if begin < len(text):
        yield "", text[begin:]


def _markup(text: str, at: int, endless: set[str]) -> tuple[str, int]:
    """Name and end of the markup at a "<"; end -1 if there is none."""
    if text.startswith("<!--", at):
        return "", _behind(text, "!--", at + 4, endless)
    tag = _TAG.match(text, at)
    if tag is None:
        declaration = _DECLARATION.match(text, at)
        return "", -1 if declaration is None else declaration.end()
    name = tag[2].lower()
    if name in _HIDDEN and not tag[1]:
        end = _behind(text, name, tag.end(), endless)
        return "", tag.end() if end < 0 else end
    return tag[1] + name, tag.end()


def _behind(text: str, name: str, begin: int, endless: set[str]) -> int:
    """Place behind the end of something hidden, -1 if it has none.

    `endless` remembers what has no end ahead, so that none is looked for twice.
    """
    if name in endless:
        return -1
    found = _HIDDEN[name].search(text, begin)
    if found is None:
        endless.add(name)
        return -1
    return found.end()


def table_rows(table: str) -> dict[str, str]:
    """Names and values of an HTML specification table, cut at its start or not.

    >>> table_rows("class='x'><tr><th>Brand</th><td> Acme &amp; Co </td></tr>")
    {'Brand': 'Acme & Co'}
    """
    rows: dict[str, str] = {}
    cells: list[list[str]] = []
    is_inside = False
    for name, content in tokens(table):
        if name in _CELLS:
            cells.append([])
            is_inside = True
        elif is_inside and name in ("/td", "/th"):
            is_inside = False
        elif is_inside and name not in ("tr", "/tr", "/table"):
            cells[-1].append(content or " ")
        if name in ("tr", "/tr", "/table"):
            rows = _row(cells) | rows
            cells, is_inside = [], False
    return _row(cells) | rows


def _row(cells: list[list[str]]) -> dict[str, str]:
    """A row of a name and a value; others say nothing."""
    texts = [" ".join(cleaned("".join(cell)).split()) for cell in cells]
    return {texts[0]: texts[1]} if len(texts) == 2 and all(texts) else {}
