"""`make demo`: zips, embedded AWS, terraform apply, a run, the counts, tidy-up; each a command that also works by itself.

Leaves nothing behind but build/'s caches: an embedded AWS that it started it also stops, also on Ctrl-C, when its terminal is
closed, and after a failure. One that was running before is used and left running.
"""
