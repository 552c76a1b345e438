"""What the platforms take for a tweet on all accounts of its campaign."""

from collections.abc import Sequence

from mediaposter.campaigns.rotation import TweetKind
from mediaposter.campaigns.writing import copy_of
from mediaposter.publishing import guards
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.rules import Price

_LINK = "https://a.example/r/1234567"


def prices_of(accounts: Sequence[Account]) -> list[Price]:
    """Return the prices of the accounts whose platforms take money."""
    return [price for one in accounts if (price := rules_of(load_channel(one.channel), one.target).price)]


def cost_of(prices: Sequence[Price], texts: Sequence[str], *, with_link: bool) -> tuple[int, str | None]:
    """Return what the words of a tweet cost everywhere, in micros, and the currency; 0 and None where nothing is."""
    copy = copy_of(texts, _LINK if with_link else None)
    further = sum(price.micros * (len(texts) - 1) for price in prices)
    cost = sum(guards.price_of(copy, price) for price in prices) + further
    return (cost, prices[0].currency) if prices else (0, None)


def estimate(prices: Sequence[Price], kind: TweetKind, *, with_link: bool) -> tuple[int | None, str | None]:
    """Return what a tweet without words yet will cost everywhere; None for a thread, whose length is not known yet."""
    if not prices:
        return 0, None
    if kind is TweetKind.STORY:
        return None, prices[0].currency
    return sum(price.with_link_micros if with_link else price.micros for price in prices), prices[0].currency
