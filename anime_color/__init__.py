"""Color gray anime faces many ways: see README.md for the two commands, docs/architecture.md for the house."""

import os

# TensorFlow reports every start on stderr, where a user should see only what concerns the faces
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
