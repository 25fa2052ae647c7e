"""``python -m blameline`` is ``incident``."""

from __future__ import annotations

from blameline.cli import main

if __name__ == "__main__":
    main(prog_name="incident")
