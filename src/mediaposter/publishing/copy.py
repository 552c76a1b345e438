"""The words that go with a post on one account, and how platforms count them."""

from enum import StrEnum
from typing import Any

import regex
from pydantic import BaseModel, ConfigDict, Field

# X and Mastodon count every link as 23 characters: docs.x.com, "Counting characters"; docs.joinmastodon.org,
# "Posting to your profile". Mastodon makes links of addresses with http:// alone.
_URL_LENGTH = 23
_HTTP_URL = regex.compile(r"https?://\S*[\w/#&=+-]", regex.IGNORECASE)
# X makes links of names without http:// as well, where they end as sites do; other scripts end a link. Of the many
# endings those that people write: what is taken for a link wrongly counts too much, never too little.
_X_URL = regex.compile(
    r"(?:https?://|(?<![a-z0-9_\p{Latin}@./$#-])(?=(?:[a-z0-9][a-z0-9-]*\.)+(?:com|net|org|info|biz|edu|gov|app|dev|blog|shop|store|"
    r"site|online|club|xyz|io|ai|co|me|tv|eu|uk|de|fr|es|it|pt|nl|be|at|ch|us|ca|au|in|br|pl|se|no|dk|fi)(?![\w@-])))"
    r"[a-z0-9_.~:/?#\[\]@!$&'()*+,;=%\p{Latin}\p{Cyrillic}-]*[a-z0-9_/#&=+\p{Latin}\p{Cyrillic}-]",
    regex.IGNORECASE,
)

_EMOJI = regex.compile(r"[\p{Emoji_Presentation}\p{Extended_Pictographic}\u20e3]")


class Counting(StrEnum):
    """How a platform counts the length of a text."""

    GRAPHEMES = "graphemes"
    CODEPOINTS = "codepoints"
    UTF16 = "utf16"
    UTF8 = "utf8"
    EMOJI_AS_UTF8 = "emoji_as_utf8"  # an emoji as the bytes of its UTF-8, all else by code points
    X_WEIGHTED = "x_weighted"
    LINKS_AS_23 = "links_as_23"


class Copy(BaseModel):
    """Title, description and the rest for one account. Hashtags come without `#`; times are seconds in the master.

    `thread` are the further posts of a thread, in order; `target` overrides the account's where and how.
    """

    model_config = ConfigDict(frozen=True)

    title: str = ""
    description: str = ""
    hashtags: tuple[str, ...] = ()
    first_comment: str | None = None
    alt_text: str | None = None
    thumbnail_at: float | None = Field(default=None, ge=0)
    link: str | None = None
    thread: tuple[str, ...] = Field(default=(), max_length=100)
    target: dict[str, Any] = Field(default_factory=dict)
    provenance: dict[str, str] = Field(default_factory=dict)

    def text(self) -> str:
        """Return description, link and hashtags as one caption, the way most platforms show it."""
        tags = " ".join(f"#{tag}" for tag in self.hashtags)
        return "\n\n".join(part for part in (self.description, self.link or "", tags) if part)


def length(text: str, counting: Counting) -> int:  # noqa: PLR0911 - one for each way
    """Return the length of `text` as a platform that counts by `counting` sees it."""
    match counting:
        case Counting.GRAPHEMES:
            return len(regex.findall(r"\X", text))
        case Counting.CODEPOINTS:
            return len(text)
        case Counting.UTF16:
            return len(text.encode("utf-16-le")) // 2
        case Counting.UTF8:
            return len(text.encode())
        case Counting.EMOJI_AS_UTF8:
            return sum(len(one.encode()) if _EMOJI.search(one) else len(one) for one in regex.findall(r"\X", text))
        case Counting.X_WEIGHTED:
            return _x_length(text)
        case Counting.LINKS_AS_23:
            return length(_HTTP_URL.sub("x" * _URL_LENGTH, text), Counting.GRAPHEMES)


def has_link(text: str) -> bool:
    """Say whether platforms find a link in a text, even one without http://."""
    return _X_URL.search(text) is not None


def _x_length(text: str) -> int:
    # twitter-text v3: code points in these ranges weigh 1, all others 2, an emoji sequence 2, a link 23.
    without_links, links = _X_URL.subn("", text)
    total = links * _URL_LENGTH
    for grapheme in regex.findall(r"\X", without_links):
        if regex.search(r"\p{Extended_Pictographic}", grapheme):
            total += 2
        else:
            total += sum(1 if _is_light(ord(character)) else 2 for character in grapheme)
    return total


def _is_light(point: int) -> bool:
    return point <= 4351 or 8192 <= point <= 8205 or 8208 <= point <= 8223 or 8242 <= point <= 8247
