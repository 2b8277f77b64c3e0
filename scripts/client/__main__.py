"""`python -m scripts.client`."""

import os
import sys
import threading

from scripts.client.app import main

status = main()
if any(thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
    # A progress request still hangs. Ending the interpreter under a thread that is inside native code can abort it.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
sys.exit(status)
