"""The worker of the kill tests: `python -m tests.pipeline.worker`, with the channel of the contract server."""

import sys

from mediaposter.publishing.registry import register
from mediaposter.worker import main
from tests.publishing.contract_channel import ContractChannel

if __name__ == "__main__":
    register(ContractChannel())
    main(sys.argv[1:])
