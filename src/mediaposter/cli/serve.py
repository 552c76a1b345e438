"""`mediaposter up`: the database, a worker, the API and the public site, until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn
import uvloop

from mediaposter.cli.machine import machine, service_settings
from mediaposter.cli.output import err, out
from mediaposter.core.errors import MediaPosterError, UnavailableError
from mediaposter.core.settings import Settings
from mediaposter.models.listing import checks_of
from mediaposter.workers import WorkerProcess

if TYPE_CHECKING:
    from mediaposter.app import Server


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("up")(up)
    app.command("worker")(worker)


def up(
    host: Annotated[str | None, typer.Option(help="Address to bind to, instead of MEDIAPOSTER_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port, instead of MEDIAPOSTER_PORT.")] = None,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also run a worker.")] = True,
) -> None:
    """Serve the API, its docs and your public pages, and work on runs, until Ctrl-C."""
    settings = service_settings()
    changes = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    uvloop.run(_serve(settings.model_copy(update=changes), with_worker=with_worker))


def worker() -> None:
    """Run one worker in the foreground, for a machine that only works."""
    from mediaposter.worker import main  # noqa: PLC0415 - the engine takes two seconds to import

    main([])


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    listener = bind(settings)
    async with machine(settings, attach=False) as ctx, contextlib.AsyncExitStack() as stack:
        asking = asyncio.create_task(ask_vendors(settings))
        stack.callback(asking.cancel)
        if with_worker:
            await stack.enter_async_context(WorkerProcess(settings, ctx.database.url, keep=True))
        out.print(f"Site   {settings.site_url}/")
        out.print(f"API    {settings.site_url}/api/docs")
        out.print(f"Token  {settings.home / 'token'} (for this machine; `mediaposter tokens create` makes others)")
        out.print("Stop with Ctrl-C.")
        await _until_told(server(settings), listener)
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


async def _until_told(http: "Server", listener: socket.socket) -> None:
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
    await http.serve(sockets=[listener])


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


def bind(settings: Settings) -> socket.socket:
    """Return a listening socket at the configured address. Raises UnavailableError when the port is taken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise UnavailableError(
            f"{settings.host}:{settings.port} cannot be used: {error.strerror}.",
            fix=f"Stop what listens there, or choose another port: mediaposter up --port {settings.port + 1}.",
        ) from error
    listener.listen(2048)
    return listener
