"""What a run is given: a file, a folder or a stream, read and cut into chunks; and what a run of them needs."""
