"""The options of a campaign's plan as a person writes them."""

from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mediaposter.campaigns.schemas import CampaignEdit, CampaignPlan, QuietHours
from mediaposter.core.errors import FieldProblem, InvalidInputError

M = TypeVar("M", bound=BaseModel)


def plan_from(values: dict[str, Any]) -> CampaignPlan:
    """Check a plan. Raises InvalidInputError naming each option."""
    return _checked(CampaignPlan, values)


def edit_from(values: dict[str, Any]) -> CampaignEdit:
    """Check what is to change of a campaign. Raises InvalidInputError naming each option."""
    return _checked(CampaignEdit, values)


def _checked(model: type[M], values: dict[str, Any]) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = [
            FieldProblem(
                ".".join(map(str, one["loc"])) or "plan", one["msg"].removeprefix("Value error, "), "Mend this option."
            )
            for one in error.errors()
        ]
        named = "; ".join(f"{one.field}: {one.rule}" for one in problems)
        raise InvalidInputError(f"The campaign cannot be so: {named}.", fix=problems[0].fix, errors=problems) from error


def local_time(text: str, field: str) -> time:
    """Read a local time such as 09:30. Raises InvalidInputError."""
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - a time of no day has no zone
    except ValueError as error:
        rule = "a local time such as 09:30"
        raise InvalidInputError(
            f"{text!r} is not {rule}.", fix="Write it so.", errors=[FieldProblem(field, rule, "Write it so.")]
        ) from error


def quiet_hours(text: str | None) -> QuietHours | None:
    """Read two local times with a dash between. Raises InvalidInputError."""
    if text is None:
        return None
    start, _, end = text.partition("-")
    return QuietHours(start=local_time(start, "quiet"), end=local_time(end, "quiet"))


def budget_of(text: str | None, field: str, unit: str, scale: int) -> dict[str, int] | None:
    """Read an amount with days, such as 4/1. Raises InvalidInputError."""
    if text is None:
        return None
    amount, _, days = text.partition("/")
    try:
        return {unit: int(Decimal(amount) * scale), "days": int(days or 1)}
    except (InvalidOperation, ValueError) as error:
        rule = "an amount and days, such as 4/1"
        raise InvalidInputError(
            f"{text!r} is not {rule}.", fix="Write it so.", errors=[FieldProblem(field, rule, "Write it so.")]
        ) from error


def kinds_of(words: list[str]) -> dict[str, int]:
    """Read kinds with their weights, such as value=4. Raises InvalidInputError."""
    found: dict[str, int] = {}
    for word in words:
        name, _, weight = word.partition("=")
        if not weight.isdigit():
            rule = "a kind with its weight, such as value=4"
            raise InvalidInputError(
                f"{word!r} is not {rule}.", fix="Write it so.", errors=[FieldProblem("kind", rule, "Write it so.")]
            )
        found[name] = int(weight)
    return found


def points_of(file: Path | None) -> list[str]:
    """Read one thing to say per line."""
    return [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()] if file else []
