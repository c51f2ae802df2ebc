"""How well do trained colorizers move to a new kind of picture? Each is scored as it is, fine-tuned on few and on many
pictures, and scored again; a page tells it. `anime-color study` is its command.

    study.run(["chroma-128"], ["photos128"], "moving", minutes=10)
"""

from anime_color.study.stages import run

__all__ = ["run"]
