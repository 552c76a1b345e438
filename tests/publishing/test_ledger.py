"""The ledger: what may follow what, what waits for whom, and what a person is asked."""

import json
from collections import deque
from datetime import timedelta

import pytest

from mediaposter.core import events, timeline
from mediaposter.core.clock import utc_now
from mediaposter.core.context import Context
from mediaposter.core.errors import ConflictError, InvalidInputError, NotFoundError
from mediaposter.core.timeline import TimelineState
from mediaposter.publishing import sending, service
from mediaposter.publishing.channel import Absent, Found, Handle, Outgoing, Prepared, Unreadable
from mediaposter.publishing.copy import Copy
from mediaposter.publishing.errors import PublicationStateError, UnknownChannelError
from mediaposter.publishing.ledger import DUE
from mediaposter.publishing.models import Account
from mediaposter.publishing.outcomes import TRANSITIONS, Outcome, check_transition
from mediaposter.publishing.registry import load_channel, register
from mediaposter.publishing.schemas import PublicationDetail
from mediaposter.publishing.turns import Move
from tests.publishing.conftest import add_account
from tests.publishing.contract_channel import ContractChannel
from tests.publishing.driving import Killed, Mortal, drive, plan, read
from tests.servers.channel_server import TOKEN, ChannelServer

pytestmark = pytest.mark.feature("ADAPT-013", "ARCH-001")


async def looks(ctx: Context, publication_id: str) -> list[timeline.TimelineEntry]:
    async with ctx.database.session() as session:
        found = await timeline.list_entries(session, kind=DUE, subject=publication_id, state=TimelineState.WAITING)
    return list(found)


@pytest.mark.parametrize("current", list(Outcome))
@pytest.mark.parametrize("to", list(Outcome))
def test_only_the_transitions_of_the_table_are_possible(current: Outcome, to: Outcome) -> None:
    if to in TRANSITIONS[current]:
        check_transition(current, to)
    else:
        with pytest.raises(PublicationStateError, match=current):
            check_transition(current, to)


def test_what_may_be_public_is_never_planned_again() -> None:
    before_planned = {outcome for outcome, follow in TRANSITIONS.items() if Outcome.PLANNED in follow}
    assert before_planned == {Outcome.ARMED, Outcome.REJECTED, Outcome.CANCELLED}


async def test_a_post_is_planned_on_an_account_once(ctx: Context, account: Account, asset_id: str) -> None:
    async with ctx.database.session() as session:
        post = await service.create_post(session, asset_ids=[asset_id])
        made = [
            (await service.plan_publication(session, post_id=post.id, account_id=account.id, copy=Copy(title=title))).id
            for title in ("one", "two")
        ]
        kept = await service.get_publication(session, made[0])
    assert (len(set(made)), kept.copy["title"]) == (1, "two")


async def test_the_words_of_what_went_out_cannot_change(ctx: Context, account: Account, asset_id: str) -> None:
    publication_id = await plan(ctx, account, asset_id)
    await drive(ctx, publication_id)
    row = await read(ctx, publication_id)
    async with ctx.database.session() as session:
        again = await service.plan_publication(
            session, post_id=row.post_id, account_id=account.id, copy=Copy(title="other")
        )
    assert (again.outcome, again.copy["title"]) == (Outcome.CONFIRMED, "A small thing")


async def test_a_cancelled_one_is_planned_again_when_asked(ctx: Context, account: Account, asset_id: str) -> None:
    publication_id = await plan(ctx, account, asset_id)
    async with ctx.database.session() as session:
        row = await service.cancel_publication(session, publication_id)
        await service.plan_publication(session, post_id=row.post_id, account_id=account.id, copy=Copy(description="x"))
    assert await drive(ctx, publication_id) is Outcome.CONFIRMED


async def test_what_is_out_cannot_be_cancelled(ctx: Context, account: Account, asset_id: str) -> None:
    publication_id = await plan(ctx, account, asset_id)
    await drive(ctx, publication_id)
    async with ctx.database.session() as session:
        with pytest.raises(PublicationStateError, match="confirmed"):
            await service.cancel_publication(session, publication_id)


async def test_a_cancelled_run_takes_back_what_was_not_sent(ctx: Context, account: Account, asset_id: str) -> None:
    other = await plan(ctx, account, asset_id)
    outcomes = {Outcome.PLANNED: "", Outcome.ARMED: "", Outcome.CONFIRMED: ""}
    for outcome in outcomes:
        outcomes[outcome] = await plan(ctx, account, asset_id, run_id="run_1")
    await drive(ctx, outcomes[Outcome.CONFIRMED])
    register(Mortal(ContractChannel(), "after"))
    with pytest.raises(Killed):
        await drive(ctx, outcomes[Outcome.ARMED])

    async with ctx.database.session() as session:
        taken = await service.cancel_planned(session, run_id="run_1")

    now = {row.id: row.outcome for row in [await read(ctx, one) for one in (other, *outcomes.values())]}
    assert ([row.id for row in taken], list(now.values())) == (
        [outcomes[Outcome.PLANNED]],
        [Outcome.PLANNED, Outcome.CANCELLED, Outcome.ARMED, Outcome.CONFIRMED],
    )


@pytest.mark.parametrize("moment", ["planned", "armed", "confirmed"])
async def test_only_a_refused_one_can_be_retried(
    ctx: Context, account: Account, asset_id: str, moment: str, platform: ChannelServer
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    if moment == "confirmed":
        await drive(ctx, publication_id)
    if moment == "armed":
        register(Mortal(ContractChannel(), "after"))
        with pytest.raises(Killed):
            await drive(ctx, publication_id)
    async with ctx.database.session() as session:
        with pytest.raises(PublicationStateError, match=moment):
            await service.retry_publication(session, publication_id, start=False)
    assert len(platform.posts["ann"]) == (moment != "planned")


async def test_a_paused_account_sends_nothing_and_says_so(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    async with ctx.database.session() as session:
        await service.pause_account(session, account.id, reason="complaints")
    assert await drive(ctx, publication_id) is Outcome.PLANNED
    verdict = PublicationDetail.of(await read(ctx, publication_id))
    assert "complaints" in verdict.verdict
    assert "resume" in verdict.next
    assert not platform.posts["ann"]


async def test_a_pause_between_preparing_and_sending_holds(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    ready = await sending.prepare(ctx, publication_id, await sending.begin(ctx, publication_id, owner="w"))
    async with ctx.database.session() as session:
        await service.pause_account(session, account.id, reason="stop")
    turn = await sending.commit(ctx, publication_id, ready, owner="w")
    assert (turn.move, turn.outcome, platform.posts["ann"]) == (Move.STOP, Outcome.PLANNED, [])


async def test_one_accounts_limit_does_not_hold_another(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    other = await add_account(ctx, "contract", "bob", platform)
    platform.faults["ann"] = deque(["limited_long"])
    first, second = await plan(ctx, account, asset_id), await plan(ctx, other, asset_id)
    assert await drive(ctx, first) is Outcome.PLANNED
    assert await drive(ctx, second) is Outcome.CONFIRMED


async def test_a_long_wait_is_a_row_in_the_timeline(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["limited_long"])
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.PLANNED
    latest = max(entry.due_at for entry in await looks(ctx, publication_id))
    assert timedelta(minutes=55) < latest - utc_now() <= timedelta(hours=1)


async def test_a_limit_without_a_time_waits_longer_each_time(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["limited_without_time"] * 2)
    publication_id = await plan(ctx, account, asset_id)
    waits: list[float] = []
    for _ in range(2):
        async with ctx.database.session() as session:
            (await service.get_account(session, account.id)).held_until = None
        await drive(ctx, publication_id)
        held = (await read(ctx, publication_id)).account.held_until
        assert held is not None
        waits.append((held - utc_now()).total_seconds())
    assert 20 < waits[0] <= 30
    assert 50 < waits[1] <= 60


async def test_put_off_too_often_it_is_refused_with_the_reason(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["limited"] * 20)
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.REJECTED
    assert "8 times" in ((await read(ctx, publication_id)).problem or {})["detail"]
    assert platform.calls["ann"].count("create") == 8


async def test_a_platform_that_never_says_is_read_at_the_deadline(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["never_says"])
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.CONFIRMED
    notes = " ".join(line["note"] for line in (await read(ctx, publication_id)).attempts[0].trail)
    assert "did not say within" in notes


async def test_what_is_still_processed_is_not_absent(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    class Hidden(ContractChannel):
        """Lists a post only once it is processed, as most platforms do."""

        async def find(self, outgoing: Outgoing) -> object:
            platform.posts["ann"], hidden = [], platform.posts["ann"]
            try:
                return await super().find(outgoing)
            finally:
                platform.posts["ann"] = hidden

    register(Hidden())  # type: ignore[arg-type]
    platform.faults["ann"] = deque(["never_says"])
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.UNKNOWN
    assert await looks(ctx, publication_id)


class HalfDone(ContractChannel):
    """Tells of what it finds only that the platform has it."""

    async def find(self, outgoing: Outgoing) -> Found | Absent | Unreadable:
        found = await super().find(outgoing)
        return found.model_copy(update={"working": True}) if isinstance(found, Found) else found


@pytest.mark.parametrize(
    ("fault", "ends"), [("processing_fails", Outcome.REJECTED), ("slow_processing", Outcome.CONFIRMED)]
)
async def test_what_is_found_half_done_is_watched_until_the_platform_says_how_it_ended(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer, fault: str, ends: Outcome
) -> None:
    platform.faults["ann"] = deque([fault])
    publication_id = await plan(ctx, account, asset_id)
    register(Mortal(HalfDone(), "after"))
    with pytest.raises(Killed):
        await drive(ctx, publication_id)
    register(HalfDone())
    assert await drive(ctx, publication_id) is ends
    assert len(platform.posts["ann"]) == 1


async def test_what_is_found_half_done_after_its_deadline_is_read_again_and_no_more_watched(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    register(HalfDone())
    platform.faults["ann"] = deque(["never_says"])
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.UNKNOWN
    assert await looks(ctx, publication_id)


async def test_a_platform_that_cannot_be_read_now_is_read_later(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["error_after_creating"])
    platform.faults["ann:find"] = deque(["down"])
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.UNKNOWN
    assert await looks(ctx, publication_id)
    assert await drive(ctx, publication_id) is Outcome.CONFIRMED
    assert len(platform.posts["ann"]) == 1


async def unanswered(ctx: Context, platform: ChannelServer, asset_id: str) -> str:
    """A publication that may be out, on a platform whose posts nobody can list."""
    account = await add_account(ctx, "unreadable", "eve", platform)
    platform.faults["eve"] = deque(["error_after_creating"])
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.UNKNOWN
    return publication_id


async def test_where_nothing_can_be_read_a_person_is_asked_with_the_evidence(
    ctx: Context, platform: ChannelServer, asset_id: str
) -> None:
    publication_id = await unanswered(ctx, platform, asset_id)
    told = PublicationDetail.of(await read(ctx, publication_id))
    assert "lists no posts" in told.verdict
    assert f"publications answer {publication_id}" in told.next
    await drive(ctx, publication_id)
    assert len(platform.posts["eve"]) == 1


@pytest.mark.parametrize(("public", "outcome"), [(True, Outcome.CONFIRMED), (False, Outcome.REJECTED)])
async def test_a_persons_answer_settles_it(
    ctx: Context, platform: ChannelServer, asset_id: str, public: bool, outcome: Outcome
) -> None:
    publication_id = await unanswered(ctx, platform, asset_id)
    async with ctx.database.session() as session:
        await service.answer_publication(session, publication_id, public=public)
    assert (await read(ctx, publication_id)).outcome is outcome


async def test_a_settled_publication_leaves_nothing_on_the_timeline(
    ctx: Context, account: Account, asset_id: str
) -> None:
    publication_id = await plan(ctx, account, asset_id)
    await drive(ctx, publication_id)
    assert await looks(ctx, publication_id) == []


async def test_an_armed_one_has_a_row_that_looks_again(ctx: Context, account: Account, asset_id: str) -> None:
    register(Mortal(ContractChannel(), "before"))
    publication_id = await plan(ctx, account, asset_id)
    with pytest.raises(Killed):
        await drive(ctx, publication_id)
    assert len(await looks(ctx, publication_id)) == 1


async def test_an_answer_that_comes_late_is_kept_and_believed(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    class Overtaken(ContractChannel):
        """Answers after another process has taken the call for dead."""

        async def commit(self, outgoing: Outgoing, prepared: Prepared) -> Handle:
            handle = await super().commit(outgoing, prepared)
            turn = await sending.begin(ctx, outgoing.id, owner="w1")
            assert turn.outcome is Outcome.UNKNOWN
            return handle

    register(Overtaken())
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.CONFIRMED
    row = await read(ctx, publication_id)
    assert (row.external_id, len(platform.posts["ann"])) == ("ann-1", 1)


async def test_every_attempt_keeps_what_was_asked_and_answered_without_secrets(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    platform.faults["ann"] = deque(["refused"])
    publication_id = await plan(ctx, account, asset_id)
    await drive(ctx, publication_id)
    attempt = PublicationDetail.of(await read(ctx, publication_id)).attempts[0]
    assert attempt.request is not None
    assert attempt.answer is not None
    assert attempt.request["copy"]["title"] == "A small thing"
    assert attempt.answer["error"] == "the text is a duplicate"
    assert TOKEN not in json.dumps(attempt.model_dump(mode="json"))


async def test_each_change_is_an_event(ctx: Context, account: Account, asset_id: str) -> None:
    publication_id = await plan(ctx, account, asset_id)
    await drive(ctx, publication_id)
    found = await events.read(ctx.database, after=0, topic="publication.*", subject=publication_id)
    assert [event.topic for event in found] == [
        "publication.planned",
        "publication.armed",
        "publication.sent",
        "publication.confirmed",
    ]


async def test_a_fault_in_a_channel_is_a_rejection_and_not_a_crash(
    ctx: Context, account: Account, asset_id: str
) -> None:
    class Broken(ContractChannel):
        async def prepare(self, outgoing: Outgoing) -> Prepared:
            raise KeyError("upload")

    register(Broken())
    publication_id = await plan(ctx, account, asset_id)
    assert await drive(ctx, publication_id) is Outcome.REJECTED
    assert "KeyError" in ((await read(ctx, publication_id)).problem or {})["detail"]


async def test_a_post_that_is_due_later_is_not_sent_before(
    ctx: Context, account: Account, asset_id: str, platform: ChannelServer
) -> None:
    due_at = utc_now() + timedelta(hours=2)
    publication_id = await plan(ctx, account, asset_id, due_at=due_at)
    assert [entry.due_at for entry in await looks(ctx, publication_id)] == [due_at]
    assert await drive(ctx, publication_id) is Outcome.PLANNED
    assert not platform.calls["ann"]


async def test_credentials_are_encrypted_at_rest(ctx: Context, account: Account) -> None:
    assert account.sealed_credentials is not None
    assert TOKEN not in account.sealed_credentials
    assert TOKEN in ctx.secrets.open(account.sealed_credentials)


async def test_an_account_exists_once_on_a_channel(ctx: Context, account: Account) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(ConflictError, match="is on contract already"):
            await service.create_account(session, channel="contract", handle="@Ann")


@pytest.mark.parametrize("handle", ["", "-dash", "dot.", "a b", "ä", "x" * 31, "a/b"])
async def test_a_handle_that_the_channel_does_not_allow_is_refused(ctx: Context, handle: str) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(InvalidInputError, match="handle"):
            await service.create_account(session, channel="site", handle=handle)


async def test_an_unknown_channel_names_those_that_there_are(ctx: Context) -> None:
    with pytest.raises(UnknownChannelError) as caught:
        load_channel("myspace")
    assert "site" in caught.value.fix


async def test_accounts_are_chosen_by_all_group_id_or_handle(ctx: Context, platform: ChannelServer) -> None:
    async with ctx.database.session() as session:
        made = [
            await service.create_account(session, channel=channel, handle=handle, groups=groups)
            for channel, handle, groups in (
                ("site", "one", ["garden"]),
                ("site", "two", []),
                ("contract", "one", ["garden"]),
            )
        ]
        one, two, other = (account.id for account in made)
        chosen = {
            selector: [account.id for account in await service.list_accounts(session, selector)]
            for selector in ("all", "garden", "@one", "site:one", two)
        }
    assert chosen == {
        "all": [one, two, other],
        "garden": [one, other],
        "@one": [one, other],
        "site:one": [one],
        two: [two],
    }


async def test_a_name_that_chooses_nobody_is_an_error(ctx: Context) -> None:
    async with ctx.database.session() as session:
        with pytest.raises(NotFoundError, match="garden"):
            await service.list_accounts(session, ["all", "garden"])
