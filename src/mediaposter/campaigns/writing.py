"""The words of a tweet: by a language model, or by rules from what the campaign's owner has given to say.

Either way they keep to the rules of every account they go to, and resemble nothing that these accounts have said within
thirty days; where that cannot be had, it is said so, and nothing is posted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from rapidfuzz import fuzz

from mediaposter.analysis.sentences import cut_at_word
from mediaposter.campaigns.errors import NothingToSayError
from mediaposter.campaigns.rotation import TweetKind
from mediaposter.media.facts import MediaFacts
from mediaposter.models.language import LanguageModel
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.matching import plain
from mediaposter.publishing.models import Account
from mediaposter.publishing.preview import check_account
from mediaposter.publishing.registry import load_channel, rules_of

LOCAL, PERSON = "local", "person"
_ALIKE = 88.0  # of 100, by edits; the ledger refuses from 90 on
_TRIES = 3
_SHOWN = 40  # of the latest texts, told to the model so that it does not say them again
_TITLE = 80  # characters
_LENGTH = 240  # characters: what fits everywhere, with a link of 23


@dataclass(frozen=True)
class Assignment:
    """What is to be written. `link_chars` is room to leave for a link, `said` what the accounts said lately."""

    kind: TweetKind
    number: int
    accounts: Sequence[Account]
    said: Sequence[str]
    points: Sequence[str]
    topic: str = ""
    tone: str = ""
    learned: str = ""
    offer_name: str = ""
    offer_cta: str = ""
    link: str | None = None
    video_title: str = ""
    media: Sequence[MediaFacts] = ()
    titled: bool = False
    longest: int = _LENGTH


@dataclass(frozen=True)
class Words:
    """The posts of a tweet, and who wrote them. `cost_micros` is what the model took."""

    texts: tuple[str, ...]
    writer: str
    tokens: int = 0


class _Draft(BaseModel):
    """What a model answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    posts: list[str] = Field(min_length=1, max_length=6)


_KINDS = {
    TweetKind.OFFER: "One post that says what the offer does for whom, concretely, and ends with its call to action.",
    TweetKind.VALUE: "One post with a single useful, concrete thing. Sell nothing.",
    TweetKind.ENGAGEMENT: "One post that ends in a single sharp question which a reader can answer in a few words.",
    TweetKind.VIDEO: "One post that makes people want to watch the video, true to its title.",
    TweetKind.STORY: "A thread of three posts: what happened, what went wrong, what helped. Each stands on its own.",
}
_SYSTEM = """\
You write short posts for social networks, in plain words: no hashtags, no emoji unless the tone asks for them, no
quotation marks around the text, no links (one is added where there is one). Use no figures, names, customers or claims
that you were not given. Say nothing that resembles what was said lately."""


async def write(assignment: Assignment, model: LanguageModel) -> Words:
    """Let a model write. What breaks a rule goes back to it with the reason. Raises NothingToSayError, model errors."""
    told, tokens = _prompt(assignment), 0
    reasons: list[str] = []
    for _ in range(_TRIES):
        again = f"\n\nYour last text cannot go out: {reasons[-1]} Write another." if reasons else ""
        written = await model.write(told + again, system=_SYSTEM, schema=_Draft)
        tokens += written.input_tokens + written.output_tokens
        texts = tuple(text.strip() for text in written.value.posts if text.strip())
        wrong = _wrong(assignment, texts)
        if wrong is None:
            return Words(texts, written.model, tokens)
        reasons.append(wrong)
    raise NothingToSayError(f"The model wrote nothing that may be posted: {reasons[-1]}", fix=_FIX)


_FIX = "Edit this tweet, give the campaign other points or another topic, or name a copywriter."


def compose(assignment: Assignment) -> Words:
    """Take what the owner gave to say, in turn, each at most once in thirty days. Raises NothingToSayError."""
    if assignment.kind is TweetKind.VIDEO:
        candidates = [(assignment.video_title,), (f"New: {assignment.video_title}",)]
    elif assignment.kind is TweetKind.STORY:
        points, size = assignment.points, 3
        candidates = [tuple(points[at : at + size]) for at in range(len(points) - size + 1)]
    else:
        candidates = [(_framed(assignment, point),) for point in assignment.points]
    if candidates:
        first = assignment.number % len(candidates)
        candidates = candidates[first:] + candidates[:first]
    why = "The campaign has no points to say."
    for texts in candidates:
        wrong = _wrong(assignment, texts)
        if wrong is None:
            return Words(texts, LOCAL)
        why = wrong
    raise NothingToSayError(f"None of the {len(candidates)} things to say may be said now. {why}", fix=_FIX)


def _framed(assignment: Assignment, point: str) -> str:
    if assignment.kind is TweetKind.OFFER:
        return f"{point}\n\n{assignment.offer_name}: {assignment.offer_cta}"
    if assignment.kind is TweetKind.ENGAGEMENT and not point.endswith("?"):
        return f"{point}\n\nHow do you do it?"
    return point


def _wrong(assignment: Assignment, texts: Sequence[str]) -> str | None:
    """Return why these texts may not go out, None when they may."""
    if not texts:
        return "It is empty."
    copy = copy_of(texts, assignment.link, titled=assignment.titled)
    for account in assignment.accounts:
        broken = check_account(account, copy, assignment.media).broken
        if broken:
            return f"{account.channel}:{account.handle} refuses it: {broken[0].field}: {broken[0].rule}."
    ours = [plain(text).lower() for text in texts]
    for said in assignment.said:
        other = plain(said).lower()
        if any(fuzz.ratio(one, other, score_cutoff=_ALIKE) for one in ours):
            return f"It resembles what was said within thirty days: {said[:80]!r}."
    return None


def copy_of(texts: Sequence[str], link: str | None, *, titled: bool = False) -> Copy:
    """Return the words as a post: the first text, the rest as its thread. `titled`: its beginning is its title too."""
    title = cut_at_word(texts[0].splitlines()[0], lambda text: len(text) <= _TITLE) if titled else ""
    return Copy(title=title, description=texts[0], thread=tuple(texts[1:]), link=link)


def wants_title(accounts: Sequence[Account]) -> bool:
    """Say whether one of these accounts posts nothing without a title."""
    return any(rules_of(load_channel(one.channel), one.target).text.title_required for one in accounts)


def wants_video(account: Account) -> bool:
    """Say whether an account posts nothing without a video."""
    media = rules_of(load_channel(account.channel), account.target).media
    return media.video_required or media.media_required


def _prompt(assignment: Assignment) -> str:
    parts = [_KINDS[assignment.kind], f"At most {assignment.longest} characters in a post."]
    if assignment.topic:
        parts.append(f"The subject: {assignment.topic}")
    if assignment.tone:
        parts.append(f"The tone: {assignment.tone}")
    if assignment.offer_name:
        parts.append(f"The offer: {assignment.offer_name}. Its call to action: {assignment.offer_cta}")
    if assignment.video_title:
        parts.append(f"The video's title: {assignment.video_title}")
    if assignment.points:
        at = assignment.number % len(assignment.points)
        some = [*assignment.points[at : at + 5], *assignment.points[: max(0, at + 5 - len(assignment.points))]]
        parts.append("What is known, and all that may be claimed:\n" + "\n".join(f"- {point}" for point in some))
    if assignment.learned:
        parts.append(f"What earlier posts taught:\n{assignment.learned}")
    if assignment.said:
        lately = "\n".join(f"- {text[:120]}" for text in assignment.said[:_SHOWN])
        parts.append(f"Said lately, not to be repeated:\n{lately}")
    return "\n\n".join(parts)
