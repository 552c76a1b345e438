"""What an account's owner sets: where and how it posts, how many posts in a while, and what they may cost."""

import json
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from mediaposter.core import context
from mediaposter.core.db import JsonObject
from mediaposter.core.errors import FieldProblem, InvalidInputError
from mediaposter.publishing import service
from mediaposter.publishing.channel import read_target
from mediaposter.publishing.models import Account
from mediaposter.publishing.registry import load_channel
from mediaposter.publishing.schemas import Budget, Burst

M = TypeVar("M", bound=BaseModel)
_LIMITS = ("burst", "budget")


async def set_values(session: AsyncSession, account_id: str, values: Mapping[str, str]) -> Account:
    """Change settings of an account: `burst.posts`, `burst.minutes`, `budget.micros`, `.currency`, `.days`, and the
    fields of its channel's target. A value is JSON where it reads so, else text; an empty one is taken out, and
    `burst` or `budget` without a dot takes the whole of it out.

    Raises InvalidInputError naming each field that is not taken so.
    """
    account = await service.get_account(session, account_id)
    limits = {name: value for name, value in values.items() if name.partition(".")[0] in _LIMITS}
    target = {name: value for name, value in values.items() if name not in limits}
    burst = {name: value for name, value in limits.items() if name.startswith("burst")}
    budget = {name: value for name, value in limits.items() if name.startswith("budget")}
    if burst:
        known = {"minutes": context.current().settings.burst_minutes}
        account.burst = _limit("burst", Burst, {**known, **(account.burst or {})}, burst)
    if budget:
        account.budget = _limit("budget", Budget, account.budget or {}, budget)
    if target:
        _set_target(account, target)
    await session.flush()
    return account


def _set_target(account: Account, values: Mapping[str, str]) -> None:
    model = getattr(load_channel(account.channel), "target", None)
    if model is None:
        named = ", ".join(values)
        raise InvalidInputError(
            f"Accounts on {account.channel} have no {named} to set.",
            fix="Set burst.posts, burst.minutes, budget.micros, budget.currency or budget.days.",
        )
    target = {**account.target, **{name: _value(text) for name, text in values.items()}}
    target = {name: value for name, value in target.items() if value != ""}
    read_target(model, target)
    account.target = target


def _limit(name: str, model: type[M], known: JsonObject, values: Mapping[str, str]) -> JsonObject | None:
    if values == {name: ""}:
        return None
    fields = {field.partition(".")[2]: text.strip() for field, text in values.items()}
    merged = {key: value for key, value in {**known, **fields}.items() if value != ""}
    try:
        return model.model_validate(merged).model_dump(mode="json")
    except ValidationError as error:
        problems = [
            FieldProblem(
                ".".join([name, *map(str, one["loc"])]),
                one["msg"],
                f"Set it with `mediaposter accounts set ACCOUNT {'.'.join([name, *map(str, one['loc'])])}=VALUE`.",
            )
            for one in error.errors()
        ]
        told = "; ".join(f"{one.field}: {one.rule}" for one in problems)
        raise InvalidInputError(f"This cannot be set: {told}.", fix=problems[0].fix, errors=problems) from error


def _value(text: str) -> object:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    # An id of digits stays text: it may be longer than a number keeps, and platforms give it as text.
    return text if isinstance(value, int | float) and not isinstance(value, bool) else value
