"""`mediaposter up`: the database, a worker, the API and the public site, until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn
import uvloop

from mediaposter.cli.machine import command_settings, machine, service_settings
from mediaposter.cli.output import err, out, show
from mediaposter.core import sessions
from mediaposter.core.context import Context
from mediaposter.core.errors import MediaPosterError, NotConfiguredError, UnavailableError
from mediaposter.core.settings import Settings
from mediaposter.core.tokens import local_token
from mediaposter.models.listing import checks_of
from mediaposter.workers import WorkerProcess

if TYPE_CHECKING:
    from mediaposter.app import Server


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("up")(up)
    app.command("worker")(worker)
    app.command("dashboard")(dashboard)


def up(
    host: Annotated[str | None, typer.Option(help="Address to bind to, instead of MEDIAPOSTER_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port, instead of MEDIAPOSTER_PORT.")] = None,
    dashboard_port: Annotated[
        int | None, typer.Option(help="Port of the dashboard, instead of MEDIAPOSTER_DASHBOARD_PORT; 0: none.")
    ] = None,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also run a worker.")] = True,
) -> None:
    """Serve the dashboard, the API, its docs and your public pages, and work on runs, until Ctrl-C."""
    settings = service_settings()
    given = {"host": host, "port": port, "dashboard_port": dashboard_port}
    changes = {name: value for name, value in given.items() if value is not None}
    uvloop.run(_serve(settings.model_copy(update=changes), with_worker=with_worker))


def worker() -> None:
    """Run one worker in the foreground, for a machine that only works."""
    from mediaposter.worker import main  # noqa: PLC0415 - the engine takes two seconds to import

    main([])


def dashboard(
    open_it: Annotated[bool, typer.Option("--open/--no-open", help="Open it in this machine's browser.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Print a link that logs one browser in to the dashboard, and open it. It works once, for 15 minutes."""

    async def make() -> str:
        async with machine(command_settings()) as ctx:
            return await login_link(ctx)

    settings = command_settings()
    if not settings.dashboard_port:
        raise NotConfiguredError("MEDIAPOSTER_DASHBOARD_PORT", "The dashboard is turned off: its port is 0.")
    link = asyncio.run(make())
    show({"url": link}, as_json=as_json, human=lambda: out.print(link, soft_wrap=True))
    if not _listens(settings):
        err.print("Nothing answers there yet: start it with `mediaposter up`.")
    elif open_it and not as_json:
        webbrowser.open(link)


def _listens(settings: Settings) -> bool:
    try:
        socket.create_connection((settings.host, settings.dashboard_port), timeout=1).close()
    except OSError:
        return False
    return True


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    listeners = [bind(settings.host, settings.port, "MEDIAPOSTER_PORT")]
    if settings.dashboard_port:
        listeners.append(bind(settings.host, settings.dashboard_port, "MEDIAPOSTER_DASHBOARD_PORT"))
    async with machine(settings, attach=False) as ctx, contextlib.AsyncExitStack() as stack:
        asking = asyncio.create_task(ask_vendors(settings))
        stack.callback(asking.cancel)
        if with_worker:
            await stack.enter_async_context(WorkerProcess(settings, ctx.database.url, keep=True))
        local_token(settings)  # the file is there before anybody is told of it
        out.print(f"Site   {settings.site_url}/")
        out.print(f"API    {settings.site_url}/api/docs")
        out.print(f"Token  {settings.home / 'token'} (for this machine; `mediaposter tokens create` makes others)")
        if settings.dashboard_port:
            out.print(f"Dashboard  {await login_link(ctx)}")
            out.print("(The link logs one browser in, within 15 minutes; `mediaposter dashboard` makes others.)")
        out.print("Stop with Ctrl-C.")
        await _until_told(server(settings), listeners)
        err.print("Stopping: the steps in hand end first. Ctrl-C again leaves at once.")


async def ask_vendors(settings: Settings) -> None:
    """Ask the vendors for the configured models, and say which do not answer to their name, or not for long."""
    for part, ask in checks_of(settings).items():
        try:
            listed = await ask()
        except MediaPosterError as error:
            err.print(f"The {part} cannot be used: {error.detail} {error.fix}")
        else:
            if listed.ends is not None:
                err.print(f"The {part} {listed.spec} ends on {listed.ends}. {listed.way_on}".rstrip())


async def _until_told(http: "Server", listeners: list[socket.socket]) -> None:
    """Serve until SIGTERM or Ctrl-C; a second one cancels the task, which ends the worker at once."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        if http.should_exit:
            task.cancel()
        http.stop()

    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop)
    await http.serve(sockets=listeners)


def server(settings: Settings) -> "Server":
    """Return the HTTP server of the app, not yet started."""
    from mediaposter.app import Server, build_app  # noqa: PLC0415 - no other command waits for it to be imported

    return Server(
        uvicorn.Config(
            build_app(),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
            server_header=False,
        )
    )


def bind(host: str, port: int, setting: str) -> socket.socket:
    """Return a socket that listens there. Raises UnavailableError, naming the setting, when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        option = "--" + setting.removeprefix("MEDIAPOSTER_").lower().replace("_", "-")
        raise UnavailableError(
            f"{host}:{port} cannot be used: {error.strerror}.",
            fix=f"Stop what listens there, or choose another port: mediaposter up {option} {port + 1}, or {setting}.",
        ) from error
    listener.listen(2048)
    return listener


async def login_link(ctx: Context) -> str:
    """Make a link that logs one browser in to the dashboard."""
    async with ctx.database.session() as session:
        return sessions.login_link(ctx.settings, await sessions.make_code(session, now=ctx.clock()))
