"""Imported first: lets the other files import the runtime of generated packages from Sources/Python."""

import sys
from pathlib import Path

# The repository stays as it is.
sys.dont_write_bytecode = True

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Sources" / "Python"))
