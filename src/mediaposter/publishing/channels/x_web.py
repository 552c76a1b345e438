"""X by its site, in the browser that this machine drives: for accounts without the API. Words and threads, no media.

A post is public when its own address stands on the profile, and only then. Slow, and for a few posts a day: the API
is the better way wherever it is to be had.
"""

from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from typing import ClassVar

from mediaposter.browser import opening
from mediaposter.browser.errors import (
    CaptchaError,
    LoginNeededError,
    OutcomeUnknownError,
    SiteRefusedError,
    UsageExhaustedError,
)
from mediaposter.browser.page import Page
from mediaposter.browser.sites.x import run
from mediaposter.browser.sites.x.recipe import Recipe
from mediaposter.browser.turns import Urgency
from mediaposter.core import context
from mediaposter.core.errors import MediaPosterError, NotConfiguredError
from mediaposter.publishing import errors
from mediaposter.publishing.channel import (
    Absent,
    ChannelAccount,
    Confirmation,
    ConfirmState,
    Found,
    Handle,
    Metrics,
    Outgoing,
    Prepared,
    Timing,
    Unreadable,
)
from mediaposter.publishing.copy import Counting
from mediaposter.publishing.models import Kind
from mediaposter.publishing.rules import ChannelRules, Limit, MediaRules, TextRules, caption

_SOURCE = "https://help.x.com/en/rules-and-policies/x-limits"
_EARLIER = timedelta(minutes=2)  # how far X's clock may be behind ours
_RECIPE = Recipe()


class XWebChannel:
    """One post in the browser, and those of a thread as replies to the one before."""

    name: ClassVar[str] = "x-web"
    title: ClassVar[str] = "X, in the browser"
    rules: ClassVar[ChannelRules] = ChannelRules(
        text=TextRules(counting=Counting.X_WEIGHTED, description_max=280, thread_max=24),
        media=MediaRules(videos_max=0, images_max=0),
        limits=(Limit(10, 3600, source="our own: one every six minutes at most, as a person may"),),
        source=_SOURCE,
        read_on=date(2026, 11, 23),
    )
    timing: ClassVar[Timing] = Timing(commit=180, settle=300)

    async def prepare(self, outgoing: Outgoing) -> Prepared:
        """See that there is a browser. Raises NotConfiguredError."""
        lacking = opening.missing(context.current().settings)
        if lacking is not None:
            raise lacking
        return Prepared(data={"text": caption(outgoing.copy, self.rules.text), "handle": outgoing.account.handle})

    async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
        """Post, and take the address that the post then has."""
        handle, text = str(prepared.data["handle"]), str(prepared.data["text"])
        above = outgoing.under.external_id if outgoing.under else None
        try:
            async with _page(Urgency.POST) as page:
                posted = await run.post(page, _RECIPE, handle, text, reply_to=above)
        except OutcomeUnknownError as error:
            raise errors.OutcomeUnknownError(error.detail, fix=error.fix) from error
        except SiteRefusedError as error:
            raise errors.RejectedError(error.detail, fix=error.fix) from error
        except UsageExhaustedError as error:
            raise errors.RetryLaterError(error.detail, after=timedelta(hours=3)) from error
        except LoginNeededError as error:
            raise errors.ReconnectNeededError(error.detail, fix=error.fix) from error
        except CaptchaError as error:
            raise errors.RetryLaterError(error.detail, after=timedelta(minutes=30), fix=error.fix) from error
        except NotConfiguredError:
            raise
        except MediaPosterError as error:  # before the one click: nothing was posted
            raise errors.RejectedError(error.detail, fix=error.fix) from error
        return Handle(external_id=posted.id, url=_address(handle, posted.id))

    async def confirm(self, outgoing: Outgoing, handle: Handle) -> Confirmation:  # noqa: ARG002
        """Say that it is public: `commit` saw its address."""
        return Confirmation(state=ConfirmState.PUBLISHED, external_id=handle.external_id, url=handle.url)

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        """Read the profile and look for the text since the arming."""
        handle, text = outgoing.account.handle, caption(outgoing.copy, self.rules.text)
        since = (outgoing.armed_at - _EARLIER) if outgoing.armed_at else None
        try:
            async with _page(Urgency.POST) as page:
                posts = await run.recent(page, _RECIPE, handle, replies=outgoing.kind is not Kind.POST)
        except MediaPosterError as error:
            return Unreadable(evidence=f"The profile cannot be read: {error.detail}", again=True)
        for one in posts:
            late_enough = since is None or one.at is None or one.at >= since
            if late_enough and one.id not in outgoing.taken and run.same(one.text, text):
                evidence = f"The profile of @{handle} shows it."
                return Found(external_id=one.id, url=_address(handle, one.id), evidence=evidence)
        oldest = min((one.at for one in posts if one.at), default=None)
        if posts and (oldest is None or since is None or oldest > since):
            return Unreadable(evidence=f"The profile was read back to {oldest} only.")
        return Absent(evidence=f"The profile of @{handle} shows {len(posts)} posts, and it is not among them.")

    async def measure(self, account: ChannelAccount, external_id: str) -> Metrics | None:
        """Read the counts under a post."""
        async with _page(Urgency.METRICS) as page:
            posted = await run.status(page, _RECIPE, account.handle, external_id)
        if posted is None:
            return None
        counts = run.counts_of(posted.counts)
        return Metrics(
            impressions=counts.get("view"),
            likes=counts.get("like"),
            comments=counts.get("repl"),
            shares=counts.get("repost"),
            saves=counts.get("bookmark"),
            raw={"label": posted.counts},
        )


def _page(urgency: Urgency) -> AbstractAsyncContextManager[Page]:
    ctx = context.current()
    return opening.page_on(ctx, site="x", origin=_origin(), path="/home", urgency=urgency)


def _origin() -> str:
    return context.current().settings.x_site_url.rstrip("/")


def _address(handle: str, id_: str) -> str:
    return f"{_origin()}/{handle}/status/{id_}"
