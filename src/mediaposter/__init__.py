"""MediaPoster: an autonomous content-ops controller."""

import os

# numpy's matrix library starts a thread per core that waits in a busy loop. Our matrices are small and our cores have
# ffmpeg to run: measured six times less processor time for sentence embeddings with one thread. Read when numpy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
