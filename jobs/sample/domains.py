"""The domains of the sample; a new one is a file like these and a line here."""

from jobs.sample import backpacks, board_games, headphones, kettles
from jobs.sample.content import Domain

DOMAINS: tuple[Domain, ...] = (
    headphones.DOMAIN,
    kettles.DOMAIN,
    backpacks.DOMAIN,
    board_games.DOMAIN,
)
