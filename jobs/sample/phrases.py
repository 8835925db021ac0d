"""What people write about anything: brands, fillers, summaries, small talk.

`{topic}` is something with an aspect's noun, `{thing}` how a reviewer calls the
product, `{other}` a value that it does not have. No text here answers a question.
"""

from jobs.sample.content import expand

BRANDS = (
    "Norvale", "Tessaro", "Brimwick", "Quellon", "Arvista", "Pombray", "Stelmora",
    "Kintable", "Lodefir", "Vantrice", "Ombrelo", "Haskelby", "Duskano", "Yelverre",
)  # fmt: skip

_OPENERS = """
After (two|three|five|eight|ten) (days|weeks|months) of use,
So far,
In my (experience|case|house|opinion),
For the record,
Since people keep asking,
As a (student|teacher|nurse|retiree|commuter|mechanic|librarian),
To be (honest|fair|clear|precise),
Just (so you know|for information|to add a fact),
(Last|This) (week|month|summer|winter) I (noticed|saw|learned) that
My (wife|husband|sister|uncle|roommate|boss) (says|insists|found out) that
I can (confirm|report|tell you) that
Before I forget,
Short version:
Edit after a (week|month|year):
"""
_TAILS = """
, (at least|if only) in my case
, (in case|if) that (helps|matters to) (anyone|you|somebody)
, as far as I can (tell|see|judge)
, for what it is worth
, and my (wife|husband|sister|uncle|roommate|boss) (agrees|says the same|thinks so too)
, and I (checked|looked) (twice|again|again today)
, (which|and that) (surprised|did not surprise) me
 (so far|as of today|in daily use|most of the time)
 (since the first day|ever since I got it|these days)
, no more and no less
"""
_POSITIVE = """
Great product.
Works as (expected|advertised|described).
Love it.
Five stars from me.
I would buy {thing} again (in a heartbeat|any day|without thinking twice).
Very happy with {thing} and with the (seller|service|speed of delivery).
(Friends|Relatives|Guests) keep asking me where I got {thing}.
You get a lot for your money here.
I am (impressed|delighted|pleased) and I rarely say that.
(Excellent|Wonderful|Superb) quality for the price.
"""
_NEUTRAL = """
It is okay.
Does the job.
Nothing special, nothing terrible.
I have mixed feelings about {thing}.
You (probably|certainly) can find better and worse for the money.
I bought {thing} (on sale|for a trip|as a present|for my nephew|on a whim).
The (parcel|box|delivery) arrived (on time|a day late|two days early).
Time will tell how {thing} will (age|do|hold up).
I read (many|a few|dozens of) reviews before I picked {thing}.
We have had {thing} for (a month|half a year|a while) now.
"""
_NEGATIVE = """
Very disappointed.
Not worth the money.
I am sending {thing} back (today|tomorrow|next week).
Save your money and look elsewhere.
It broke within (a week|a month|days).
I expected (much|far|a lot) more at this price.
The seller (never answered|ignored my mail|was rude), so (two stars|one star) from me.
I regret that I bought {thing}.
(Cheap|Poor|Shoddy) quality all around.
My second one failed in the same way, so I gave up.
"""
_DISTRACTORS = """
The {topic} looks (nicer|duller|bigger|smaller) than in the (pictures|photos).
I have a question about the {topic} myself and hope that somebody will answer.
The seller wrote me a friendly note about the {topic}.
(Thanks|Kudos) to the other reviewer who explained the {topic} so well.
My (brother|mother|cousin|daughter) has the same model and complained about the {topic}.
I did not pay attention to the {topic} when I ordered.
The {topic} was the reason why I (hesitated|waited|picked this model) at first.
There was a scratch next to the {topic} when it came out of the box.
The page says (little|too much|hardly anything) about the {topic}.
With other brands the {topic} was always (a weak spot|the first thing to fail).
The {topic} is (fine|good|great|mediocre|awful), what more can I say.
I would pay (extra|five dollars more) for a better {topic}.
The support team sent me a (new|second) {topic} within a week.
For a gift, the {topic} does not matter anyway.
"""
_SUMMARIES = {
    1: "One Star|Very disappointed|Do not buy|Broke quickly",
    2: "Two Stars|Not great|Expected more|Could be better",
    3: "Three Stars|It is okay|Does the job|Mixed feelings",
    4: "Four Stars|Good value|Nice, with small flaws|Pretty good",
    5: "Five Stars|Love it|Great product|Excellent|Perfect for me",
}
_EVASIONS = """
not sure, sorry
I gave mine away before I could check
good question, I never paid attention to it
please ask the seller
I do not know, but I like it anyway
sorry, I bought it for somebody else
"""
_BULLETS = """
Backed by a two year warranty and friendly support
Thoughtful gift for family and friends
Comes in recyclable packaging with a printed guide
Designed with care and tested before it ships
Questions welcome: our team answers within one working day
"""
_TRAPS = """
Also sold as a version with {other}
Not to be confused with the model with {other}
The plus edition with {other} follows next year
Upgrade from our {other} series
"""
_DESCRIPTIONS = """
Designed by a small team that uses its own products every day.
Every unit is checked by hand before it leaves the factory.
A sensible choice for beginners and demanding owners alike.
Good things should last, so spare parts stay available for years.
Unpack it, spend five minutes with the guide, and you are ready.
"""


def _texts(block: str) -> tuple[tuple[str, ...], ...]:
    return tuple(expand(line) for line in block.splitlines() if line)


OPENERS = _texts(_OPENERS)
TAILS = _texts(_TAILS)
DISTRACTORS = _texts(_DISTRACTORS)
EVASIONS = _texts(_EVASIONS)
BULLETS = tuple(filter(None, _BULLETS.splitlines()))
TRAPS = tuple(filter(None, _TRAPS.splitlines()))
DESCRIPTIONS = tuple(filter(None, _DESCRIPTIONS.splitlines()))
SUMMARIES = {stars: tuple(texts.split("|")) for stars, texts in _SUMMARIES.items()}

POSITIVE = _texts(_POSITIVE)
NEUTRAL = _texts(_NEUTRAL)
NEGATIVE = _texts(_NEGATIVE)
