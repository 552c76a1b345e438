"""How a run would stand, account by account, before anything is made: nothing is started, asked of anybody or spent."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.analysis import local_copy
from mediaposter.analysis import service as analysis
from mediaposter.analysis.errors import CopyRejectedError
from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError, NotFoundError
from mediaposter.media.fitting import plan_fit
from mediaposter.pipeline import preflight, slots
from mediaposter.pipeline.check_schemas import (
    AccountChecked,
    AccountProblem,
    Counted,
    PlatformPreview,
    PreviewMedia,
    RunChecked,
    RunProblem,
)
from mediaposter.pipeline.expecting import Expected, expect
from mediaposter.pipeline.preflight import LOCAL
from mediaposter.pipeline.schemas import PipelineConfig, PublishMode
from mediaposter.pipeline.stages.write import brief_of
from mediaposter.publishing import guards
from mediaposter.publishing import service as publishing
from mediaposter.publishing.checking import limits_of
from mediaposter.publishing.copy import Copy, length
from mediaposter.publishing.hurdles import Hurdle, hurdles_of, shown_before, unaffordable
from mediaposter.publishing.materials import fitting_of
from mediaposter.publishing.models import Account
from mediaposter.publishing.preview import Adapted, BrokenRule, check_account
from mediaposter.publishing.registry import load_channel, rules_of
from mediaposter.publishing.rules import ChannelRules, LinkPolicy, caption

_OF_THE_FILE = ("MEDIA_", "DURATION_")  # begin the codes of what is wrong with a file, and of what is mended
_OF_THE_NUMBER = ("MEDIA_REQUIRED", "MEDIA_MIXED")
_OF_RATIO_AND_LENGTH = ("MEDIA_RATIO", "MEDIA_DURATION", "DURATION_TOO_SHORT")


async def check_run(ctx: Context, session: AsyncSession, config: PipelineConfig) -> RunChecked:
    """Return how a run of `config` would stand. Reads only: files on this machine, and our own rows."""
    found = await preflight.obstacles(session, config, settings=ctx.settings)
    expected = await expect(ctx, session, config, found)
    checked = await _Check(ctx, session, config, expected).accounts(await _accounts(session, config))
    return RunChecked(
        ok=not found and all(one.ok for one in checked),
        problems=[
            RunProblem(field=problem.field, code=one.error.code, rule=problem.rule, fix=problem.fix)
            for one in found
            for problem in one.problems()
        ],
        prices=_prices(config),
        accounts=checked,
    )


async def _accounts(session: AsyncSession, config: PipelineConfig) -> Sequence[Account]:
    """Return the accounts that are named; a name that names nothing is told as a problem of the run."""
    named: dict[str, Account] = {}
    for word in config.accounts:
        try:
            named |= {one.id: one for one in await publishing.list_accounts(session, word)}
        except NotFoundError:
            continue
    return sorted(named.values(), key=lambda one: one.id)


def _prices(config: PipelineConfig) -> list[preflight.ProviderPrice]:
    try:
        return preflight.prices(config)
    except MediaPosterError:  # the parts cannot be asked for: that is among the problems
        return []


@dataclass(frozen=True)
class _Words:
    """What the local copywriter made of it for one account, or why it could not."""

    copy: Copy
    refused: MediaPosterError | None = None


class _Check:
    """The check of one run on its accounts."""

    def __init__(self, ctx: Context, session: AsyncSession, config: PipelineConfig, expected: Expected) -> None:
        self._ctx = ctx
        self._session = session
        self._config = config
        self._expected = expected
        self._now = ctx.clock()

    async def accounts(self, accounts: Sequence[Account]) -> list[AccountChecked]:
        """Return how it stands on each."""
        words = await self._words(accounts)
        wanted = {one.id: await self._wanted(one) for one in accounts}
        moments = await guards.first_moments(self._session, [(one, wanted[one.id]) for one in accounts])
        stopped = await publishing.publishing_stopped(self._session)
        asset_ids = [self._expected.asset_id] if self._expected.asset_id else []
        repeated = await shown_before(self._session, accounts, asset_ids)
        told: list[AccountChecked] = []
        for one in accounts:
            hurdles = hurdles_of(self._ctx, one, at=moments[one.id])
            if stopped is not None:
                detail = f"Publishing is stopped for every account: {stopped.reason}."
                hurdles.append(Hurdle("PUBLISHING_STOPPED", "account", detail, "mediaposter publishing resume"))
            if one.id in repeated:
                hurdles.append(repeated[one.id])
            dear = await unaffordable(self._session, one, words[one.id].copy, now=self._now)
            told.append(self._one(one, words[one.id], [*hurdles, *([dear] if dear else [])], wanted[one.id], moments))
        return told

    async def _words(self, accounts: Sequence[Account]) -> dict[str, _Words]:
        seen: Counter[str] = Counter()
        told = self._expected.asset_id and await analysis.find(self._session, self._expected.asset_id)
        briefs: list[tuple[str, local_copy.CopyBrief, ChannelRules]] = []
        for one in accounts:
            rules = _rules(one)
            account = {"channel": one.channel, "handle": one.handle, "position": seen[one.channel]}
            linked = rules.text.links is not LinkPolicy.REFUSED
            brief = brief_of(self._config, account, linked=linked, base_url=self._ctx.settings.site_url)
            briefs.append((one.id, brief.told(told) if told else brief, rules))
            seen[one.channel] += 1
        return await asyncio.to_thread(lambda: {name: _compose(brief, rules) for name, brief, rules in briefs})

    async def _wanted(self, account: Account) -> datetime:
        publish = self._config.publish
        at = self._now
        if isinstance(publish, datetime):
            at = max(publish, self._now)
        elif publish is PublishMode.NEXT_SLOT:
            at = await slots.next_free(self._session, account.id, settings=self._ctx.settings, now=self._now)
        return max(at, account.held_until or at)

    def _one(
        self, account: Account, words: _Words, hurdles: Sequence[Hurdle], wanted: datetime, moments: dict[str, datetime]
    ) -> AccountChecked:
        rules, copy, expected = _rules(account), words.copy, self._expected
        facts = expected.within(rules.media.duration_min, rules.media.duration_max)
        found = check_account(account, copy, [facts])
        broken = [one for one in found.broken if _is_known(one.code, expected)]
        adapts = [one for one in found.adapts if _is_known(one.code, expected)]
        problems = [*(_hurdle(one) for one in hurdles), *_refused(words), *(_broken(one, account) for one in broken)]
        notes = [*self._notes(account, rules), *(_adapted(one) for one in adapts)]
        moment = moments[account.id]
        if moment > wanted:
            notes.append(f"Its limits have a moment for it at {moment:%Y-%m-%d %H:%M} UTC.")
        return AccountChecked(
            account_id=account.id,
            channel=account.channel,
            handle=account.handle,
            name=account.name,
            ok=not problems,
            problems=problems,
            notes=notes,
            when=None if self._config.publish is PublishMode.DRAFT else moment,
            copy_=copy,
            copy_by=LOCAL,
            counted=_counted(copy, rules),
            preview=self._preview(copy, rules),
        )

    def _notes(self, account: Account, rules: ChannelRules) -> list[str]:
        config, notes = self._config, list(self._expected.notes)
        if config.copywriter != LOCAL:
            model = config.copywriter or self._ctx.settings.language_model or "the language model"
            notes.append(f"In the run {model} writes these words anew.")
        elif config.clips:
            notes.append("What is said in the clips is not known yet; the words of the run follow it.")
        if config.offer is not None:
            if rules.text.links is LinkPolicy.REFUSED:
                notes.append("Links are refused here: the bio page has the offer's.")
            else:
                notes.append("The end of the link is made with the post.")
        if account.held_until is not None and account.held_until > self._now:
            notes.append(f"The platform asked to wait until {account.held_until:%Y-%m-%d %H:%M} UTC.")
        if config.publish is PublishMode.DRAFT:
            notes.append("It waits for an approval before it goes out.")
        if rules.price is not None:
            most = rules.price.with_link_micros if config.offer else rules.price.micros
            notes.append(f"The platform takes {guards.money(most, rules.price.currency)} for it.")
        if rules.discloses_ai and config.prompts:
            notes.append("It is marked as made by AI.")
        return notes

    def _preview(self, copy: Copy, rules: ChannelRules) -> PlatformPreview:
        offer = self._config.offer
        return PlatformPreview(
            title=copy.title,
            text=caption(copy, rules.text),
            link=copy.link if rules.text.links is LinkPolicy.SEPARATE else None,
            link_label=offer.cta if offer and copy.link else None,
            first_comment=copy.first_comment if rules.text.first_comment else None,
            thread=list(copy.thread) if rules.text.thread_max else [],
            media=self._media(rules),
        )

    def _media(self, rules: ChannelRules) -> PreviewMedia:
        """Return what is known of the video as it goes out: after it was made to fit."""
        expected = self._expected
        if not expected.shape or expected.facts.video is None:
            return PreviewMedia(width=None, height=None, seconds=expected.seconds, size_bytes=None)
        facts = expected.within(rules.media.duration_min, rules.media.duration_max)
        fit = plan_fit(facts, limits_of(rules.media, facts), **fitting_of(self._ctx.settings))
        size = fit.drawing.canvas if fit.drawing else expected.facts.video
        return PreviewMedia(
            width=size.width if expected.sides else None,
            height=size.height if expected.sides else None,
            seconds=None if expected.seconds is None else fit.seconds or expected.seconds,
            size_bytes=expected.facts.size_bytes if expected.exact and fit.fits else None,
        )


def _compose(brief: local_copy.CopyBrief, rules: ChannelRules) -> _Words:
    try:
        return _Words(local_copy.compose(brief, rules.text.beside(media=True)))
    except CopyRejectedError as error:
        return _Words(Copy(), error)


def _is_known(code: str, expected: Expected) -> bool:
    """Say whether what a check found rests on something that is known of the master."""
    if not code.startswith(_OF_THE_FILE) or code in _OF_THE_NUMBER:
        return True
    return expected.shape and (expected.sides or code in _OF_RATIO_AND_LENGTH)


def _rules(account: Account) -> ChannelRules:
    return rules_of(load_channel(account.channel), account.target)


def _counted(copy: Copy, rules: ChannelRules) -> Counted:
    text = caption(copy, rules.text)
    limit = rules.text.beside(media=True).description_max
    return Counted(text=length(text, rules.text.counting), limit=limit, unit=rules.text.counting)


def _hurdle(one: Hurdle) -> AccountProblem:
    return AccountProblem(code=one.code, field=one.field, rule=one.detail, fix=one.fix)


def _broken(one: BrokenRule, account: Account) -> AccountProblem:
    fix = one.fix.replace("ACCOUNT", account.id)
    rule = f"{one.rule} (found {one.found})"
    return AccountProblem(code=one.code, field=one.field.rstrip("."), rule=rule, fix=fix)


def _refused(words: _Words) -> list[AccountProblem]:
    if words.refused is None:
        return []
    code = words.refused.code
    return [AccountProblem(code=code, field=one.field, rule=one.rule, fix=one.fix) for one in words.refused.errors]


def _adapted(one: Adapted) -> str:
    return f"{one.field}: {one.becomes} ({one.rule}; it is {one.found})."
