"""For every test, and for the kernels that run the notebooks: small mode, a home of their own, quiet logs."""

import os
import tempfile

os.environ["ANIME_COLOR_FAST"] = "1"
# JAX computes only a few steps in each test: to compile them well would take longer than to take them
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
os.environ["ANIME_COLOR_HOME"] = tempfile.mkdtemp(prefix="anime-color-")
