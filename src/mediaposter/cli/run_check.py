"""`mediaposter run --check`: how a run would stand on every account, as a table."""

import asyncio

from rich.text import Text

from mediaposter.cli.machine import command_settings, machine
from mediaposter.cli.output import out, print_table, show
from mediaposter.pipeline import checking
from mediaposter.pipeline.check_schemas import AccountChecked, RunChecked
from mediaposter.pipeline.schemas import PipelineConfig


def tell_check(asked: PipelineConfig, *, as_json: bool) -> None:
    """Print how a run would stand; the process ends with 1 when it could not begin or an account would refuse."""

    async def read() -> RunChecked:
        async with machine(command_settings()) as ctx, ctx.database.session() as session:
            return await checking.check_run(ctx, session, asked)

    checked = asyncio.run(read())
    show(checked.model_dump(mode="json", by_alias=True), as_json=as_json, human=lambda: _print(checked))
    if not checked.ok:
        raise SystemExit(1)


def _print(checked: RunChecked) -> None:
    for problem in checked.problems:
        out.print(Text.assemble(("✗ ", "red"), f"{problem.field}: {problem.rule} {problem.fix}"), soft_wrap=True)
    for price in checked.prices:
        if price.total_minor is not None:
            what = f"{price.total_minor / 100:.2f} {price.currency} at most" if price.total_minor else "nothing"
            out.print(f"With {price.provider} the parts cost {what}.")
    if checked.accounts:
        print_table(("", "account", "when", "text", "what"), map(_cells, checked.accounts))
    for one in checked.accounts:
        for problem in one.problems:
            told = f"{one.channel}:{one.handle} {problem.field}: {problem.rule}"
            out.print(Text.assemble(("✗ ", "red"), f"{told}. {problem.fix}"), soft_wrap=True)
    out.print("Every account would take it." if checked.ok else "It cannot go out so.")


def _cells(one: AccountChecked) -> list[str | Text]:
    when = f"{one.when:%Y-%m-%d %H:%M}" if one.when else "approval"
    limit = f"/{one.counted.limit}" if one.counted.limit is not None else ""
    mark = Text("✓", "green") if one.ok else Text("✗", "red")
    what = one.copy_.title or one.copy_.description.partition("\n")[0]
    return [mark, f"{one.channel}:{one.handle}", when, f"{one.counted.text}{limit}", what]
