"""Sizes at which the runtime takes another way. With smaller ones, a test or a simulation comes that way with little data."""

from runtime.record import record


@record
class Limits:
    """Sizes in bytes where nothing else is said."""

    state_bytes: int = 225_000
    """What we use of a state's 262,144: the rest is for the envelopes around the data, and for a caught error's cause of up to
    32 KiB."""

    event_bytes: int = 900_000
    """What we use of an asynchronous invocation's 1 MB (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""

    payload_bytes: int = 5_500_000
    """What we use of the 6 MB of a synchronous request or response (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""

    item_bytes: int = 350_000
    """What we use of an item's 400 KB (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html)."""

    redis_bytes: int = 1_000_000
    """A value larger than that is an object: memory is what a Redis costs, and a large answer holds up all others."""

    set_indexes: int = 500
    """Indexes per set: an item of about 3 KB, so that a fan-out of any size costs 3 write units per return and never outgrows an
    item."""

    frame_bytes: int = 32 * 2**10
    least_frame_bytes: int = 4 * 2**10
    """Of a frame before it is compressed. A reader holds about one frame of each mapper: with many, frames are smaller."""

    frames_between: int = 16
    """How many frames are read, at least, before words are handed out. Few words are looked up faster: they stay in the cache."""

    end_bytes: int = 64 * 2**10
    """How much of a packed object's end is read at once: small objects whole, and the index of nearly all others."""

    inlined_bytes: int = 32 * 2**20
    """Of all packed objects that the merged index holds: partition has them in memory."""

    single_put_bytes: int = 16 * 2**20
    """A larger object is uploaded in parts, and never in memory as a whole."""

    range_bytes: int = 4 * 2**20
    """Of a range of the input that are read at once, at most."""

    beyond_bytes: int = 64 * 2**10
    """That are read beyond the end of a range at first: what lies across the end is expected to end there."""

    slice_bytes: int = 16 * 2**20
    """A block is read with one request; a larger one with several, since memory would have to hold it whole."""

    sorted_bytes: int = 32 * 2**20
    """Lines that are sorted in memory at once; more are sorted piece by piece, and merged."""

    spooled_bytes: int = 32 * 2**20
    """Of pieces that are kept in memory; what comes beyond is kept in a temporary file."""

    put_away_bytes: int = 64 * 2**10
    """Of a sorted piece, for each read of it from the disk."""

    part_block_bytes: int = 256 * 2**10
    """Of a part of the output, for each write to the disk."""

    range_pairs: int = 4000
    """Pairs that a range of a partition's listing has, about."""

    place_pairs: int = 1000
    """Pairs for each place that a mapper names in a partition's listing."""

    bodies: int = 1000
    bodies_bytes: int = 8 * 2**20
    """Words are put together until they have so many bodies to fetch, or such large ones."""

    batch_words: int = 2**16
    """A batch of so many different words is handed out; with the last step's it takes some 25 MB at most."""

    step_words: int = 2**14
    """Words are read in steps, after each of which the batch's size is looked at."""


LIMITS = Limits()
