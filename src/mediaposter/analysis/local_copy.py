"""The local copywriter: titles, descriptions and hashtags composed by rules from what was said, prompted and offered.

It runs only where a run says `copywriter=local`. It is extractive: every sentence of its own is a fixed form around a
fact, every other is the maker's. The copy's provenance says which sentence stands where.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import regex

from mediaposter.analysis.brief import CopyBrief
from mediaposter.analysis.errors import rejected
from mediaposter.analysis.extract import Sentence, headline, pool, rank_titles
from mediaposter.analysis.phrases import alt_text, call_to_action, hashtags
from mediaposter.analysis.sentences import cut_at_word
from mediaposter.analysis.topics import find_topics
from mediaposter.publishing.copy import Copy, length
from mediaposter.publishing.rules import LinkPolicy, TextRules, caption, check_copy

NAME = "local"
_BODY_MAX = 3  # sentences after the first: what is read before "more"
_TAGS = 5  # where the channel sets no limit of its own
_CLOSE = 0.4  # a title may come from any sentence at least this near the best, so that accounts differ


@dataclass(frozen=True)
class _Draft:
    """The parts of a caption, before they are made to fit. The most needed come last to go."""

    title: str
    sentences: tuple[Sentence, ...]
    cta: str
    link: str | None
    tags: tuple[str, ...]

    def copy(self, lead: str | None = None) -> Copy:
        texts = [sentence.text for sentence in self.sentences]
        if lead is not None:
            texts[:1] = [lead] if lead else []
        description = "\n\n".join(part for part in (" ".join(texts), self.cta) if part)
        return Copy(title=self.title, description=description, hashtags=self.tags, link=self.link)


def compose(brief: CopyBrief, rules: TextRules) -> Copy:
    """Return copy for one account within `rules`, the same for the same brief; `position` makes accounts differ.

    Takes about 10 ms a sentence: call it in a thread. Raises CopyRejectedError when the rules leave no room at all,
    such as a caption shorter than the link that must be in it.
    """
    found = pool(brief.prompts, brief.transcript, brief.language)
    sentences = [cleaned for sentence in found if (cleaned := _clean_sentence(sentence, rules)) is not None]
    chosen, turn = _choose(sentences, brief.position)
    title = _title(chosen, brief, rules)
    body = _body(sentences, chosen, titled=rules.title_max != 0, turn=turn)
    link = brief.link if rules.links is not LinkPolicy.REFUSED else None
    draft = _Draft(
        title=title,
        sentences=body,
        cta=_clean(call_to_action(brief, rules.links), rules),
        link=link,
        tags=_tags(brief, sentences, rules),
    )
    copy, draft = _fit(draft, rules)
    subject = headline(chosen.text) if chosen else ""
    copy = copy.model_copy(
        update={
            "alt_text": _alt_text(brief, subject, rules),
            "thumbnail_at": _thumbnail(brief),
            "provenance": _provenance(brief, draft, chosen, title),
        }
    )
    broken = check_copy(copy, rules)
    if broken:
        raise rejected(brief.channel, "the local copywriter", broken)
    return copy


def _choose(sentences: Sequence[Sentence], position: int) -> tuple[Sentence | None, int]:
    """Return the sentence that leads, and how often all that may lead have had their turn before."""
    ranked = rank_titles(sentences)
    if not ranked:
        return None, 0
    close = [s for s in ranked if s.centrality >= _CLOSE * ranked[0].centrality] or ranked[:1]
    return close[position % len(close)], position // len(close)


def _title(chosen: Sentence | None, brief: CopyBrief, rules: TextRules) -> str:
    if rules.title_max == 0:
        return ""
    text = _cut(headline(chosen.text), rules.title_max, rules) if chosen else ""
    if text or not rules.title_required:
        return text
    # Nothing was said that fits: the account's own name is the only other fact.
    by = brief.brand_name or brief.account_handle
    return _cut(_clean(f"Video by {by}" if by else "New video", rules), rules.title_max, rules)


def _cut(text: str, limit: int | None, rules: TextRules) -> str:
    return text if limit is None else cut_at_word(text, lambda part: length(part, rules.counting) <= limit)


def _body(sentences: Sequence[Sentence], chosen: Sentence | None, *, titled: bool, turn: int) -> tuple[Sentence, ...]:
    """Return the sentences of the description: what follows the leading one in the video, in its order.

    A sentence that leans on another stays only right behind it. Where nothing follows, a title leads to the beginning.
    """
    if chosen is None:
        return ()
    telling = [s for s in sentences if not s.calls and s is not chosen]
    after = [s for s in telling if s.order > chosen.order]
    picked = after or (telling if titled else [])
    # When all that may lead have led once, the next accounts tell less of what follows.
    most = _BODY_MAX - turn % _BODY_MAX
    kept: list[Sentence] = []
    for sentence in picked:
        previous = kept[-1] if kept else chosen
        if len(kept) < most and (not sentence.leans or sentence.order == previous.order + 1):
            kept.append(sentence)
    return tuple(kept) if titled and kept else (chosen, *kept)


def _tags(brief: CopyBrief, sentences: Sequence[Sentence], rules: TextRules) -> tuple[str, ...]:
    most = _TAGS if rules.hashtags_max is None else min(_TAGS, rules.hashtags_max)
    if most == 0:
        return ()
    topics = brief.topics or find_topics(" ".join(s.text for s in sentences if not s.calls), language=brief.language)
    return hashtags(topics, most=most, language=brief.language, turn=brief.position)


def _fit(draft: _Draft, rules: TextRules) -> tuple[Copy, _Draft]:
    """Take away what is needed least until the caption fits: later sentences, hashtags, words of the first sentence."""
    while not _fits(draft.copy(), rules):
        if len(draft.sentences) > 1:
            draft = replace(draft, sentences=draft.sentences[:-1])
        elif len(draft.tags) > 2:
            draft = replace(draft, tags=draft.tags[:-1])
        elif draft.sentences:
            lead = _lead(draft, rules)
            if lead:
                return draft.copy(lead), draft
            # Fewer than a few words of a sentence are worse than none.
            draft = replace(draft, tags=draft.tags[:-1]) if draft.tags else replace(draft, sentences=())
        elif draft.tags:
            draft = replace(draft, tags=draft.tags[:-1])
        elif draft.cta:
            draft = replace(draft, cta="")
        else:
            break
    return draft.copy(), draft


def _lead(draft: _Draft, rules: TextRules) -> str:
    text = draft.sentences[0].text
    lead = cut_at_word(text, lambda part: _fits(draft.copy(part), rules))
    return lead if len(lead) >= min(20, len(text)) else ""


def _fits(copy: Copy, rules: TextRules) -> bool:
    return rules.description_max is None or length(caption(copy, rules), rules.counting) <= rules.description_max


def _alt_text(brief: CopyBrief, subject: str, rules: TextRules) -> str | None:
    return None if rules.alt_text_max == 0 else _cut(alt_text(brief, subject), rules.alt_text_max, rules)


def _thumbnail(brief: CopyBrief) -> float | None:
    if brief.position == 0 or not brief.key_frames:
        return brief.best_frame
    others = [frame for frame in brief.key_frames if frame != brief.best_frame]
    return others[(brief.position - 1) % len(others)] if others else brief.best_frame


def _clean_sentence(sentence: Sentence, rules: TextRules) -> Sentence | None:
    text = _clean(sentence.text, rules)
    return replace(sentence, text=text) if text.strip(" .,!?…") else None


def _clean(text: str, rules: TextRules) -> str:
    """Take out what the channel forbids, and links: the only one that may lead anywhere is the offer's."""
    text = regex.sub(r"\S*://\S*", " ", text)
    for mark in rules.forbidden:
        text = text.replace(mark, " ")
    return " ".join(text.split())


def _provenance(brief: CopyBrief, draft: _Draft, chosen: Sentence | None, title: str) -> dict[str, str]:
    said = {"copywriter": NAME}
    if title:
        said["title"] = chosen.origin if chosen else "name of the account"
    if draft.sentences:
        said["description"] = ", ".join(sentence.origin for sentence in draft.sentences)
    if draft.cta:
        said["call_to_action"] = "the offer"
    if draft.tags:
        said["hashtags"] = "topics of the transcript" if brief.transcript else "topics of the prompts"
    if brief.key_frames:
        said["thumbnail_at"] = "the clearest key frame" if brief.position == 0 else "a clear key frame of another scene"
    said["alt_text"] = "facts of the master"
    return said
