"""The worker of the chaos tests: `python -m tests.publishing.poster`, with the channel of the contract server."""

import sys

from mediaposter.publishing.registry import register
from mediaposter.registry import load_workflows
from mediaposter.worker import main
from tests.publishing.contract_channel import ContractChannel


class PatientChannel(ContractChannel):
    """Waits for the server as long as a test takes to kill somebody."""

    timing = ContractChannel.timing.__class__(prepare=60, commit=30, settle=1.5, poll=0.05, confirm=30)


if __name__ == "__main__":
    register(PatientChannel())
    main(sys.argv[1:], load=load_workflows)
