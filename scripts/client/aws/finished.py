"""A fan-out in a table: values, and sets that tell which branches have returned; see runtime.orchestration.values.table.

    finished/{block}    {"Finished": {1, 2, ...}}: which indexes of a block have returned
    finished            {"Finished": {0, 1, ...}}: which blocks are complete, where there are several

The write that completes them sets off what is next. dynamodb_triggers has them, and http_sync_s3's store. All of it may raise
TableError.
"""

from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import return_key
from runtime.ports import ports
from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.aws.items import Image, Table
from scripts.client.stored.checked import expired, missing, parsed

_BLOCKS_AT_ONCE = 100


def names(size: int) -> list[str]:
    """The names of a fan-out's sets, those of the blocks first."""
    return [*(f"finished/{block}" for block in range(-(-size // ports().limits.set_indexes))), "finished"]


def returned(table: Table) -> set[int]:
    """Which branches of a fan-out have. A block may be missing before others; a hundred missing in a row are the end."""
    found: set[int] = set()
    first = 0
    while images := table.get(f"finished/{block}" for block in range(first, first + _BLOCKS_AT_ONCE)):
        found = found.union(*map(_numbers, images.values()))
        first += _BLOCKS_AT_ONCE
    return found


def unfinished(table: Table, size: int) -> set[int]:
    """Which of the branches 1 to `size` must run (again) for the sets to become complete: none, if they are.

    That is who has not joined them, be its value stored or not; and one of each block that is complete and isn't known to be, for
    its last branch was killed in between.

    Raises:
        UsageError: a branch has returned, and its value is gone.
    """
    most = ports().limits.set_indexes
    blocks = [range(first, min(first + most, size + 1)) for first in range(1, size + 1, most)]
    images = table.get(names(size))
    joined = [_numbers(images.get(table.key(f"finished/{number}"))) & set(block) for number, block in enumerate(blocks)]
    complete = _numbers(images.get(table.key("finished")))
    finished = {index for indexes in joined for index in indexes}
    if lost := finished - table.present(finished):
        raise expired(f"the value of branch {min(lost)} in table {table.name}")
    full = {number for number, block in enumerate(blocks) if len(joined[number]) == len(block)}
    untold = full - complete if len(blocks) > 1 else set()
    return missing(size, finished) | {blocks[number][0] for number in untold}


def value(aws: Aws, run_id: str, function: str, image: Image | None) -> Found | None:
    """What a function has returned, by its item, which holds it or tells of an object. Raises UsageError: that is gone."""
    body: bytes | str | None
    match image:
        case None:
            return None
        case {"Value": {"S": str(text)}}:
            body = text
        case _:
            body = objects.read(aws.store("returns"), f"{run_id}/{return_key(function, 1)}")
    return Found(parsed(body, f"{function}'s value"))


def _numbers(image: Image | None) -> set[int]:
    return set() if image is None else {int(number) for number in image["Finished"]["NS"]}
