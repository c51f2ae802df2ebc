"""The parts of a drawn face, and the canvas that they are painted on; drawn_faces.py puts them together."""
