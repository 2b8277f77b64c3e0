"""Entry of `python -m scripts.compare`."""

import sys

from scripts.compare.cli import main

sys.exit(main())
