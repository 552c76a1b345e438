"""The installed channels, found by entry points; ours enter by the same door as a stranger's."""

from functools import lru_cache
from importlib.metadata import entry_points

from mediaposter.core.db import JsonObject
from mediaposter.publishing.channel import Channel, RulesByTarget
from mediaposter.publishing.errors import UnknownChannelError
from mediaposter.publishing.rules import ChannelRules

GROUP = "mediaposter.channels"


@lru_cache(maxsize=1)
def load_channels() -> dict[str, Channel]:
    """Return every installed channel by its name."""
    return {point.name: point.load()() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)}


def register(channel: Channel) -> None:
    """Add a channel that has no entry point, in this process: for programs that embed MediaPoster, and for tests."""
    load_channels()[channel.name] = channel


def load_channel(name: str) -> Channel:
    """Return the channel called `name`. Raises UnknownChannelError."""
    channels = load_channels()
    if name not in channels:
        raise UnknownChannelError(
            f"There is no channel {name!r}.", fix=f"Choose one of: {', '.join(channels) or 'none is installed'}."
        )
    return channels[name]


def rules_of(channel: Channel, target: JsonObject) -> ChannelRules:
    """Return what a channel demands of a post with this target: the account's settings and those of the post, merged.

    Whoever needs the rules of a post asks here. Only a channel with `rules_for` tells targets apart.
    """
    return channel.rules_for(target) if isinstance(channel, RulesByTarget) else channel.rules
