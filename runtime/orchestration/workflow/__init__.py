"""Who follows whom, and what functions pass to each other."""
