"""A month in the life of 22 accounts, written straight into a database: what the dashboard's pages are looked at with.

`python -m tests.dashboard.world --posts 10000` adds it to the database of MEDIAPOSTER_HOME.
"""

import argparse
import asyncio
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from ulid import ULID

from mediaposter.campaigns.models import Campaign, Tweet
from mediaposter.cli.machine import command_settings, machine
from mediaposter.core.db import Database
from mediaposter.core.models import TimelineEntry
from mediaposter.learning.models import Decision, Score
from mediaposter.media.models import Asset
from mediaposter.metrics.models import Snapshot
from mediaposter.offers.models import Offer, OfferClick, OfferConversion, OfferLink
from mediaposter.pipeline.models import Run, RunStage, Stage
from mediaposter.publishing.models import Account, Post, Publication, PublicationAttempt

AGES = {"1h": 1, "6h": 6, "24h": 24, "72h": 72, "7d": 168}
HANDLES = (
    ("site", "greenroom", "Green Room"),
    ("youtube", "UCgreenroom", "Green Room"),
    ("youtube", "UCshorts", "Green Room Shorts"),
    ("tiktok", "greenroom", "Green Room"),
    ("tiktok", "windowsill", "The Windowsill"),
    ("instagram", "greenroom", "Green Room"),
    ("instagram", "windowsill.daily", "Windowsill Daily"),
    ("facebook", "greenroomshop", "Green Room Shop"),
    ("threads", "greenroom", "Green Room"),
    ("x", "greenroom", "Green Room"),
    ("x", "wick_and_water", "Wick & Water"),
    ("linkedin", "green-room-gmbh", "Green Room GmbH"),
    ("pinterest", "greenroomboards", "Green Room Boards"),
    ("reddit", "u_greenroom", "u/greenroom"),
    ("bluesky", "greenroom.example", "Green Room"),
    ("bluesky", "wick.example", "Wick & Water"),
    ("mastodon", "greenroom@social.example", "Green Room"),
    ("telegram", "greenroomnews", "Green Room News"),
    ("discord", "plant-people", "Plant People"),
    ("webhook", "newsletter", "Newsletter"),
    ("site", "windowsill", "The Windowsill"),
    ("blotato", "greenroom-threads", "Green Room (Blotato)"),
)
TITLES = (
    "Your plants do not die because you travel",
    "Fill the jar, bury the string",
    "One wick waters a week",
    "Stop watering on Sundays",
    "The fern that outlived three roommates",
    "Yellow leaves: read them like a dial",
    "A jar, a string, ten minutes",
    "Why self-watering pots rot roots",
    "Five plants that forgive you",
    "What your tap water does to calatheas",
    "The finger test lies in winter",
    "Repot in spring, not in grief",
)
BODIES = (
    "A cotton wick draws exactly what the soil asks for, day and night, while you are away.",
    "Overwatering kills more houseplants than drought. A wick cannot overwater.",
    "Two holes, one string, a jar. That is the whole machine.",
)
HOOKS = ("question", "contrarian", "number", "story")
TEMPLATES = ("problem-3", "solution-1", "product-2", "most-aware-4")


@dataclass
class _Rows:
    """What is to be inserted, table by table, in the order in which they depend on each other."""

    tables: dict[type[Any], list[dict[str, Any]]] = field(default_factory=dict[type[Any], list[dict[str, Any]]])

    def add(self, table: type[Any], **values: Any) -> dict[str, Any]:
        self.tables.setdefault(table, []).append(values)
        return values

    async def write(self, database: Database) -> None:
        for table, rows in self.tables.items():
            names = {name for row in rows for name in row}
            whole = [{**dict.fromkeys(names), **row} for row in rows]
            for start in range(0, len(whole), 2000):
                async with database.session() as session:
                    await session.execute(insert(table), whole[start : start + 2000])


async def build(database: Database, *, posts: int = 400, now: datetime | None = None, seed: int = 7) -> None:
    """Add the month around `now`: `posts` posts over thirty days back and seven ahead, and all that hangs on them."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    random_ = random.Random(seed)
    async with database.session() as session:
        assets = (await session.execute(select(Asset.id).where(Asset.kind == "video").order_by(Asset.id))).scalars()
        videos = list(assets)
    rows = _Rows()
    accounts = _accounts(rows, now)
    offers = _offers(rows, now)
    runs = _runs(rows, random_, now, videos)
    public = _posts(rows, random_, now, accounts, offers, runs, videos, posts)
    _traffic(rows, random_, now, public)
    _campaigns(rows, random_, now, accounts, offers)
    _decisions(rows, random_, now)
    await rows.write(database)


def _id(prefix: str, moment: datetime) -> str:
    return f"{prefix}_{str(ULID.from_datetime(moment)).lower()}"


def _accounts(rows: _Rows, now: datetime) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number, (channel, handle, name) in enumerate(HANDLES):
        made.append(
            rows.add(
                Account,
                id=_id("acc", now - timedelta(days=90 - number)),
                channel=channel,
                external_id=f"world-{handle}",
                handle=f"{handle}-2" if channel == "site" else handle,
                name=name,
                groups=["plants"] if number % 3 else ["plants", "shop"],
                profile={},
                target={},
                scopes=[],
                burst={"posts": 400, "minutes": 60.0},
                budget={"micros": 20_000_000, "currency": "USD", "days": 30} if channel == "x" else None,
                sealed_credentials=None if channel == "site" else "sealed",
                connected_at=now - timedelta(days=80),
                paused_at=now - timedelta(hours=30) if handle == "u_greenroom" else None,
                paused_reason="The subreddit's rules are being read." if handle == "u_greenroom" else None,
                held_until=now + timedelta(minutes=38) if handle == "greenroomboards" else None,
                problem={
                    "code": "RECONNECT_NEEDED",
                    "detail": "LinkedIn does not accept the stored credentials any more.",
                    "fix": "Connect the account again.",
                }
                if channel == "linkedin"
                else None,
                created_at=now - timedelta(days=90 - number),
            )
        )
    return made


def _offers(rows: _Rows, now: datetime) -> list[dict[str, Any]]:
    kinds = (("The Wick Kit", 2900), ("Plant Care Calendar", 0), ("Windowsill Course", 9900))
    return [
        rows.add(
            Offer,
            id=_id("off", now - timedelta(days=60 - number)),
            name=name,
            url=f"https://shop.example.com/{number}",
            cta="Get it",
            price_minor=price,
            currency="USD",
            click_parameter="mp_click",
            created_at=now - timedelta(days=60),
        )
        for number, (name, price) in enumerate(kinds)
    ]


def _runs(rows: _Rows, random_: random.Random, now: datetime, videos: Sequence[str]) -> list[dict[str, Any]]:
    states = ["waiting", "completed", "failed", "partial", *["completed"] * 40]
    made: list[dict[str, Any]] = []
    for number, state in enumerate(states):
        began = now - timedelta(hours=2 + 11 * number, minutes=number % 7)
        title = TITLES[number % len(TITLES)]
        failed_at = Stage.GENERATE if state == "failed" else None
        error = {
            "code": "NOT_CONFIGURED",
            "detail": "The provider runway has no key.",
            "fix": "Set RUNWAYML_API_SECRET, or name another provider; then resume the run.",
        }
        run = rows.add(
            Run,
            id=_id("run", began),
            config={
                "prompts": [title, "What a wick does", "Build one tonight"],
                "copywriter": "local",
                "accounts": ["plants"],
                "provider": ["runway", "cards"] if state == "failed" else ["cards"],
                "publish": "draft" if state == "waiting" else "now",
            },
            state=state,
            attempt=1,
            approved=False,
            error=error if failed_at else None,
            created_at=began,
            started_at=began + timedelta(seconds=1),
            finished_at=None if state == "waiting" else began + timedelta(seconds=64),
        )
        made.append(run)
        moment = began + timedelta(seconds=1)
        for position, stage in enumerate(Stage):
            stopped = failed_at is not None or (state == "waiting" and position >= list(Stage).index(Stage.PUBLISH))
            how = "failed" if stage is failed_at else "pending" if stopped else "completed"
            took = timedelta(seconds=random_.choice((0.2, 1.4, 3.8, 12.0)))
            begun = how != "pending"
            rows.add(
                RunStage,
                run_id=run["id"],
                name=stage,
                position=position,
                state=how,
                round=1,
                progress=1.0 if how == "completed" else 0.0,
                message={"generate": "3 parts by cards.", "publish": "public on 6 of 6 accounts."}.get(stage, "")
                if how == "completed"
                else "",
                inputs={},
                outputs=_outputs(stage, videos) if how == "completed" else {},
                cost_minor=0,
                currency="USD",
                error=error if how == "failed" else None,
                started_at=moment if begun else None,
                finished_at=moment + took if begun else None,
            )
            moment += took
    return made


def _outputs(stage: Stage, videos: Sequence[str]) -> dict[str, Any]:
    if stage is Stage.GENERATE and videos:
        return {"asset_ids": list(videos[:3])}
    if stage is Stage.STITCH and videos:
        return {"asset_id": videos[-1], "seconds": 22.0}
    return {}


def _posts(
    rows: _Rows,
    random_: random.Random,
    now: datetime,
    accounts: Sequence[dict[str, Any]],
    offers: Sequence[dict[str, Any]],
    runs: Sequence[dict[str, Any]],
    videos: Sequence[str],
    number: int,
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    begin, end = now - timedelta(days=30), now + timedelta(days=7)
    public: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for index in range(number):
        at = (begin + (end - begin) * (index + 0.5) / number).replace(second=0)
        made_at = min(at, now) - timedelta(minutes=random_.randrange(30, 300))
        title = f"{TITLES[index % len(TITLES)]}" + (f" ({index})" if number > 1000 else "")
        run = runs[index % len(runs)]
        post = rows.add(
            Post,
            id=_id("post", made_at),
            asset_ids=[videos[index % len(videos)]] if videos else [],
            generated=True,
            recipe={"hook": HOOKS[index % 4], "template": TEMPLATES[index % 3], "provider": "cards"},
            prompts=[title],
            clip_ids=[],
            run_id=run["id"],
            title=title,
            created_at=made_at,
        )
        run.setdefault("post_id", post["id"])
        for account in random_.sample(accounts, k=1 + index % 4):
            pair = _publication(rows, random_, now, post, account, offers[index % 3], at)
            if pair[0]["outcome"] == "confirmed":
                public.append(pair)
    return public


def _publication(
    rows: _Rows,
    random_: random.Random,
    now: datetime,
    post: dict[str, Any],
    account: dict[str, Any],
    offer: dict[str, Any],
    at: datetime,
) -> tuple[dict[str, Any], dict[str, Any]]:
    sent = at < now
    outcome = random_.choices(("confirmed", "rejected", "unknown"), (94, 5, 0.6))[0] if sent else "planned"
    publication_id = _id("pub", post["created_at"] + timedelta(seconds=1))
    link = rows.add(
        OfferLink,
        id=_id("lnk", post["created_at"]),
        offer_id=offer["id"],
        slug=f"w{len(rows.tables.get(OfferLink, ())):06d}",
        target=f"{offer['url']}?utm_source={account['channel']}",
        channel=account["channel"],
        account_id=account["id"],
        publication_id=publication_id,
        placement="description",
        campaign="spring",
        content=publication_id,
        run_id=post["run_id"],
        created_at=post["created_at"],
    )
    problem = {
        "rejected": {
            "code": "REJECTED",
            "detail": "The platform refused the video: it is shorter than 3 seconds.",
            "fix": "Make the video longer, then retry.",
        },
        "unknown": {
            "code": "OUTCOME_UNKNOWN",
            "detail": "The connection broke after the post was sent, and the account cannot be read.",
            "fix": "Look at the account and answer whether the post is there.",
        },
    }.get(outcome)
    settled = at + timedelta(seconds=6)
    publication = rows.add(
        Publication,
        id=publication_id,
        post_id=post["id"],
        account_id=account["id"],
        part=0,
        kind="post",
        run_id=post["run_id"],
        link_id=link["id"],
        copy={
            "title": post["title"],
            "description": f"{random_.choice(BODIES)} https://go.example.com/r/{link['slug']}",
            "hashtags": ["houseplants", "selfwatering"],
        },
        outcome=outcome,
        attempt=1,
        tries_left=8,
        starts=1 if sent else 0,
        due_at=at,
        armed_at=at + timedelta(seconds=2) if sent else None,
        sent_at=at + timedelta(seconds=4) if sent and outcome != "rejected" else None,
        settled_at=settled if outcome in ("confirmed", "rejected") else None,
        external_id=publication_id[-11:] if outcome == "confirmed" else None,
        url=f"https://{account['channel']}.example.com/{publication_id[-11:]}" if outcome == "confirmed" else None,
        problem=problem,
        cost_micros=15_000 if account["channel"] == "x" and outcome == "confirmed" else None,
        currency="USD" if account["channel"] == "x" and outcome == "confirmed" else None,
        allow_repeat=False,
        created_at=post["created_at"],
    )
    trail = [{"at": post["created_at"].isoformat(), "outcome": "planned", "note": "Planned."}]
    if sent:
        trail.append({"at": (at + timedelta(seconds=2)).isoformat(), "outcome": "armed", "note": "About to be sent."})
        trail.append({"at": settled.isoformat(), "outcome": outcome, "note": (problem or {}).get("detail", "Public.")})
    rows.add(
        PublicationAttempt,
        id=_id("att", post["created_at"]),
        publication_id=publication_id,
        account_id=account["id"],
        number=1,
        armed_at=publication["armed_at"],
        outcome=outcome,
        request={"method": "POST", "url": f"https://api.{account['channel']}.example.com/posts"} if sent else None,
        answer={"status": 200, "body": {"id": publication["external_id"]}} if outcome == "confirmed" else None,
        problem=problem,
        trail=trail,
        created_at=post["created_at"],
        ended_at=publication["settled_at"],
    )
    if not sent:
        rows.add(
            TimelineEntry,
            id=_id("due", post["created_at"]),
            kind="publishing.due",
            subject=publication_id,
            due_at=at,
            state="waiting",
            missed="run_once",
            key=f"{publication_id}:due:1:{at.isoformat()}",
            data={},
            created_at=now,
            updated_at=now,
        )
    return publication, {"account": account, "link": link, "offer": offer, "post": post, "at": at}


def _traffic(
    rows: _Rows, random_: random.Random, now: datetime, public: Sequence[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    sales = 0
    for publication, about in public:
        size = math.exp(random_.gauss(6.2, 1.1)) * (1.5 if about["post"]["recipe"]["hook"] == "contrarian" else 1)
        for age, hours in AGES.items():
            taken = about["at"] + timedelta(hours=hours)
            if taken > now:
                continue
            views = int(size * (1 - math.exp(-hours / 30)))
            snapshot = _id("snap", taken)
            rows.add(
                Snapshot,
                id=snapshot,
                publication_id=publication["id"],
                account_id=publication["account_id"],
                channel=about["account"]["channel"],
                age=age,
                state="taken",
                due_at=taken,
                taken_at=taken,
                late=False,
                impressions=int(views * 1.7) if about["account"]["channel"] in ("x", "instagram", "linkedin") else None,
                views=views,
                likes=int(views * random_.uniform(0.02, 0.08)),
                comments=int(views * random_.uniform(0.001, 0.01)),
                shares=int(views * random_.uniform(0.001, 0.01)),
                saves=None,
                link_clicks=views // 90,
                raw={},
                created_at=taken,
            )
            z = max(-2.5, min(3.0, math.log(size) - 6.2))
            rows.add(
                Score,
                id=_id("sco", taken),
                publication_id=publication["id"],
                post_id=publication["post_id"],
                account_id=publication["account_id"],
                channel=about["account"]["channel"],
                age=age,
                taken_at=taken,
                late=False,
                shown=views,
                recipe=about["post"]["recipe"],
                rates={"like": 0.05},
                z={"like": z},
                baselines={},
                reward=z / 3,
                score=max(0.0, min(100.0, 50 + 16 * z)),
                labels=[],
                created_at=taken,
            )
        for _ in range(min(12, int(size / 220))):
            clicked = about["at"] + timedelta(minutes=random_.expovariate(1 / 600))
            if clicked > now:
                continue
            click = rows.add(
                OfferClick,
                id=_id("clk", clicked),
                link_id=about["link"]["id"],
                visitor=f"v{random_.randrange(10**9)}",
                first=random_.random() < 0.8,
                robot=random_.random() < 0.1,
                device=random_.choice(("phone", "phone", "desktop")),
                referrer=f"{about['account']['channel']}.example.com",
                country=random_.choice(("DE", "US", "FR", "GB")),
                created_at=clicked,
            )
            if random_.random() < 0.05:
                sales += 1
                rows.add(
                    OfferConversion,
                    id=_id("cnv", clicked),
                    offer_id=about["offer"]["id"],
                    kind="sale" if about["offer"]["price_minor"] else "lead",
                    source="stripe",
                    external_id=f"world-{sales}",
                    value_minor=about["offer"]["price_minor"],
                    currency="USD" if about["offer"]["price_minor"] else None,
                    link_id=about["link"]["id"],
                    first_link_id=about["link"]["id"],
                    click_id=click["id"],
                    first_click_id=click["id"],
                    matched_by="click",
                    data={},
                    occurred_at=clicked,
                    created_at=clicked,
                )


def _campaigns(
    rows: _Rows,
    random_: random.Random,
    now: datetime,
    accounts: Sequence[dict[str, Any]],
    offers: Sequence[dict[str, Any]],
) -> None:
    for number, (name, state) in enumerate((("Every two hours", "running"), ("Launch week", "paused"))):
        began = now - timedelta(days=9 + number)
        account = [one for one in accounts if one["channel"] == "x"][number]
        campaign = rows.add(
            Campaign,
            id=_id("cmp", began),
            name=name,
            state=state,
            plan={
                "accounts": [account["id"]],
                "interval_minutes": 120,
                "time_zone": "Europe/Berlin",
                "quiet_hours": {"start": "23:00", "end": "07:00"},
                "offers": [one["id"] for one in offers],
                "copywriter": "local",
                "topic": "houseplants that water themselves",
                "points": list(BODIES),
                "count": 500,
            },
            number=20,
            note="Paused by a person: the launch moved." if state == "paused" else None,
            begins_at=began,
            created_at=began,
        )
        for turn in range(20):
            slot = now - timedelta(hours=2 * (20 - turn))
            skipped = turn % 9 == 8
            rows.add(
                Tweet,
                id=_id("twt", slot),
                campaign_id=campaign["id"],
                number=turn + 1,
                slot_at=slot,
                local=slot.strftime("%Y-%m-%d %H:%M"),
                kind=("value", "engagement", "offer", "video", "story")[turn % 5],
                state="skipped" if skipped else "handed_over",
                offer_id=offers[turn % 3]["id"],
                with_link=turn % 4 == 2,
                texts=[f"{BODIES[turn % 3]} ({turn})"],
                writer="local",
                cost_micros=15_000,
                currency="USD",
                note="Too like what was said on the 3rd." if skipped else None,
                created_at=slot,
                updated_at=slot,
            )


def _decisions(rows: _Rows, random_: random.Random, now: datetime) -> None:
    for number in range(8):
        at = now - timedelta(hours=9 * (number + 1))
        hook = HOOKS[number % 4]
        rows.add(
            Decision,
            id=_id("dec", at),
            subject=None,
            goal="default",
            options={"hook": list(HOOKS)},
            recipe={"hook": hook},
            how={"hook": "explored" if number % 3 else "exploited"},
            hold_out=number == 5,
            seed=number,
            rules={},
            posterior=[],
            explanation=f"hook: {hook}, which is {random_.uniform(0.2, 0.7):.1f} standard deviations above the rest in "
            "118 posts; the others keep a share of the posts so that a change is seen.",
            created_at=at,
        )


async def _main(posts: int) -> None:
    async with machine(command_settings()) as ctx:
        await build(ctx.database, posts=posts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=400)
    asyncio.run(_main(parser.parse_args().posts))
