"""The worker of the tests: `python -m tests.core.labourer` runs the workflows of labour.py in place of the rooms'."""

import sys

from mediaposter.worker import main
from tests.core import labour

if __name__ == "__main__":
    main(sys.argv[1:], load=lambda: [labour.__name__])
