"""The sets that tell which branches of a fan-out have returned, in the tables of dynamodb_triggers and of http_sync_s3's store.

    finished/{block}    {"Finished": {1, 2, ...}}: which indexes of a block have returned
    finished            {"Finished": {0, 1, ...}}: which blocks are complete, where there are several

The write that completes them sets off what is next. See runtime.orchestration.values.table.
"""

from collections.abc import Callable
from typing import Any

from runtime.ports import ports
from scripts.client.aws import items
from scripts.client.aws.items import Image
from scripts.client.stored.checked import expired, missing


def names(size: int) -> list[str]:
    """The names of a fan-out's sets, those of the blocks first."""
    return [*(f"finished/{block}" for block in range(-(-size // ports().limits.set_indexes))), "finished"]


def unfinished(client: Any, table: str, key: Callable[[str | int], str], size: int) -> set[int]:
    """Which of the branches 1 to `size` must run (again) for the sets to become complete: none, if they are.

    That is who has not joined them, be its value stored or not; and one of each block that is complete and isn't known to be, for
    its last branch was killed in between.

    Args:
        client: boto3's.
        table: the table's name.
        key: the key of an item of this fan-out by its name: an index, or one of those above.
        size: of the fan-out.

    Raises:
        TableError: a request finally failed.
        UsageError: a branch has returned, and its value is gone.
    """
    most = ports().limits.set_indexes
    blocks = [range(first, min(first + most, size + 1)) for first in range(1, size + 1, most)]
    images = items.get_all(client, table, [key(name) for name in names(size)])
    joined = [_numbers(images.get(key(f"finished/{number}"))) & set(block) for number, block in enumerate(blocks)]
    complete = _numbers(images.get(key("finished")))
    finished = {index for indexes in joined for index in indexes}
    values = items.find_keys(client, table, [key(index) for index in sorted(finished)])
    if lost := sorted(index for index in finished if key(index) not in values):
        raise expired(f"the value of branch {lost[0]} in table {table}")
    full = {number for number, block in enumerate(blocks) if len(joined[number]) == len(block)}
    untold = full - complete if len(blocks) > 1 else set()
    return missing(size, finished) | {blocks[number][0] for number in untold}


def _numbers(image: Image | None) -> set[int]:
    return set() if image is None else {int(number) for number in image["Finished"]["NS"]}
