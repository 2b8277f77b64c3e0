"""`python -S scripts/start.py scripts.client ...` is `python -m scripts.client ...`, from any folder and without a rough start.

Python answers a Ctrl-C that comes while it starts with a traceback. `-S` puts off most of that start until Ctrl-C just ends the
process, which is the first thing here; and the repository is found whatever PYTHONSAFEPATH says.
"""

import _signal  # type: ignore[import-not-found]  # the module signal imports a dozen others

if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)

import os
import runpy
import site
import sys

_FOLDER = os.path.dirname(os.path.abspath(__file__))

if sys.path[:1] == [_FOLDER]:
    del sys.path[0]
sys.path.insert(0, os.path.dirname(_FOLDER))
site.main()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
