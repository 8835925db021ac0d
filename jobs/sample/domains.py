"""The domains of the sample; a new one is a file like these and a line here."""

from jobs.sample import headphones
from jobs.sample.content import Domain

DOMAINS: tuple[Domain, ...] = (headphones.DOMAIN,)
