"""Input that a mapper reads by itself: ranges of objects in S3, whatever they are packed and written in.

cuts       where a text may be cut, by its format
blocks     a stream of bytes as blocks of bounded size that end at cuts
unpacking  gzip, bzip2 and zstd, told by how they begin
encodings  what can be cut as it lies, and what is decoded as a whole
reader     the texts of a range
"""
