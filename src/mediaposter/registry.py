"""Which rooms have durable work. The one list that a worker needs to know them all."""

from importlib import import_module
from importlib.util import find_spec

ROOMS = ("generation", "publishing", "metrics", "learning", "campaigns", "hooks", "pipeline")
_KINDS = ("workflows", "subscribers")


def load_workflows() -> list[str]:
    """Import the workflows and subscribers of every room that has some, and return the names of the modules."""
    modules = ["mediaposter.core.power", *(f"mediaposter.{room}.{kind}" for room in ROOMS for kind in _KINDS)]
    found = [module for module in modules if find_spec(module) is not None]
    for module in found:
        import_module(module)
    return found
