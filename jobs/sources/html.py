"""Text out of the HTML that shops leave in their texts."""

import html
import re

_HIDDEN = re.compile(r"<(script|style)\b[^>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)\b[^<>]{0,2000}>|<!--[^<>]{0,2000}-->")
_PARAGRAPHS = frozenset({"p", "div", "li", "ul", "ol", "table", "tr"})
_PARAGRAPHS_H = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_HAS_MARKUP = re.compile(r"[<&]")


def cleaned(text: str) -> str:
    r"""A text without tags and entities, stripped of outer white space.

    `<br>` becomes a line break and a block tag an empty line, so that sentences end
    there. Entities are read after the tags are gone: an escaped tag stays as text.

    >>> cleaned("Fits a 15&#34; bag.<br />Nice &amp; light, I <3 it ")
    'Fits a 15" bag.\nNice & light, I <3 it'
    """
    if _HAS_MARKUP.search(text):
        if "</" in text:
            text = _HIDDEN.sub(" ", text)
        text = html.unescape(_TAG.sub(_space, text))
    return text.strip()


def _space(tag: re.Match[str]) -> str:
    name = (tag.group(1) or "").lower()
    if name == "br":
        return "\n"
    return "\n\n" if name in _PARAGRAPHS or name in _PARAGRAPHS_H else ""
