"""One adversarial trainer for every system and backend, and the runs that survive anything."""
