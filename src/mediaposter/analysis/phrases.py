"""What the local copywriter adds itself: call to action, alt text, hashtags. Facts only, in fixed forms."""

# ruff: noqa: RUF001 - typographic quotes and dashes are the subject of this file

import colorsys
from collections.abc import Sequence

import regex

from mediaposter.analysis.brief import CopyBrief
from mediaposter.analysis.stopwords import stopwords
from mediaposter.analysis.stopwords import words as words_in
from mediaposter.publishing.rules import LinkPolicy

# {cta} is the offer's own text, {name} the offer's name. One form per account, in turn.
_WITH_LINK = ("{cta}:", "{name}: {cta_low} here:", "Want more? {cta}:", "{cta} here:")
_LINK_APART = (
    "{cta} at the link below.",
    "{name}: {cta_low} at the link below.",
    "Want more? {cta} below.",
    "{cta} below.",
)
_LINK_IN_BIO = (
    "{cta}: link in bio.",
    "{name}: {cta_low}, link in bio.",
    "Want more? {cta}, link in bio.",
    "{cta} through the link in bio.",
)
_TAG = regex.compile(r"[^\p{L}\p{N}]+")
_TAG_MAX = 24  # characters; longer ones are not searched for


def call_to_action(brief: CopyBrief, links: LinkPolicy) -> str:
    """Return the sentence that leads to the offer under this link policy; empty without an offer or a way to it.

    Where links are refused, the way is the account's bio page, whether or not the brief has a link.
    """
    offered = bool(brief.offer_cta or brief.offer_name)
    if not (brief.link or (offered and links is LinkPolicy.REFUSED)):
        return ""
    cta = brief.offer_cta.strip().rstrip(".:! ") or (f"See {brief.offer_name}" if brief.offer_name else "See more")
    forms = {LinkPolicy.ALLOWED: _WITH_LINK, LinkPolicy.SEPARATE: _LINK_APART, LinkPolicy.REFUSED: _LINK_IN_BIO}[links]
    form = forms[brief.position % len(forms)]
    name = brief.offer_name.strip()
    if "{name}" in form and (not name or name.lower() in cta.lower()):
        form = forms[-1]
    return form.format(cta=cta, cta_low=_lower_first(cta), name=name)


def hashtags(topics: Sequence[str], *, most: int, language: str, turn: int) -> tuple[str, ...]:
    """Return up to `most` hashtags made of topics, without `#`: no stop words, no pale nouns, two words at most."""
    stops = stopwords(language)
    pale = words_in("pale.en")  # nouns so common that a hashtag of them says nothing
    adjectives = words_in("adjectives.en")
    tags: list[str] = []
    for topic in topics:
        words = [word for word in _TAG.sub(" ", topic).split() if word]
        if not words or len(words) > 2 or "'" in topic or "’" in topic:
            continue
        plain = [word.lower() for word in words]
        if len(words) == 1 and (plain[0] in pale or len(plain[0]) < 4):
            continue
        if plain[-1] in adjectives:  # "end deep": what it describes came before, or not at all
            continue
        if any(word in stops for word in plain) or all(word in pale for word in plain):
            continue
        tag = (
            plain[0]
            if len(words) == 1 and words[0].islower()
            else "".join(word[:1].upper() + word[1:] for word in words)
        )
        known = {other.lower() for other in tags}
        if len(tag) <= _TAG_MAX and not tag.isdigit() and tag.lower() not in known:
            tags.append(tag)
    turn = turn % len(tags) if tags else 0
    return tuple((tags[turn:] + tags[:turn])[:most])


def alt_text(brief: CopyBrief, subject: str) -> str:
    """Return what a person who cannot see the video is told: its shape, length and colours, and what it is about."""
    parts = [f"{brief.orientation.capitalize()} video" if brief.orientation else "Video"]
    if brief.duration >= 1:
        parts.append(_length(brief.duration))
    if brief.scenes > 1:
        parts.append(f"{brief.scenes} scenes")
    colours = list(dict.fromkeys(colour_name(colour) for colour in brief.colours[:3]))
    if colours:
        parts.append(f"mostly {' and '.join(colours[:2])}")
    described = ", ".join(parts)
    return f"{described}: “{subject}”" if subject else f"{described}."


def colour_name(hex_colour: str) -> str:
    """Return the everyday name of a #rrggbb colour."""
    red, green, blue = (int(hex_colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    if light < 0.08:
        return "black"
    if light > 0.92:
        return "white"
    shade = "dark " if light < 0.3 else "light " if light > 0.75 else ""
    if saturation < 0.12:
        return f"{shade}grey"
    names = ((15, "red"), (45, "orange"), (70, "yellow"), (165, "green"), (195, "turquoise"), (255, "blue"))
    name = next((name for limit, name in (*names, (290, "purple"), (345, "pink")) if hue * 360 < limit), "red")
    if name == "orange" and light < 0.35:
        return "brown"
    return f"{shade}{name}"


def _length(seconds: float) -> str:
    if seconds < 90:
        return f"{round(seconds)} seconds"
    return f"{round(seconds / 60)} minutes"


def _lower_first(text: str) -> str:
    first, _, rest = text.partition(" ")
    return text if any(character.isupper() for character in first[1:]) else f"{first.lower()} {rest}".strip()
