"""For every test, and for the kernels that run the notebooks: small mode, a home of their own, quiet logs."""

import os
import tempfile

os.environ["ANIME_COLOR_FAST"] = "1"
os.environ["ANIME_COLOR_HOME"] = tempfile.mkdtemp(prefix="anime-color-")
