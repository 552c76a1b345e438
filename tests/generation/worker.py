"""A worker of the tests that knows only generation: `python -m tests.generation.worker`."""

import sys

from mediaposter.generation import workflows
from mediaposter.worker import main

if __name__ == "__main__":
    main(sys.argv[1:], load=lambda: [workflows.__name__])
