"""The proof that a run's pairs are complete: what mappers say that they emitted is what reducers find.

    {prefix/}{run/}emitted/{index}    written by each mapper when all its pairs are stored, read by partition
    {prefix/}{run/}emitted/sum        written by partition, read by each reducer

    {"run": "r1", "mapper": 3, "pairs": {"0": 1200}, "places": {"0": ["the/8000"]}}
    {"run": "r1", "mappers": 8, "pairs": {"0": 9600}, "places": {"0": ["not/4000", "the/8000"]}}

`pairs` has the number of pairs of each partition that has some. `places` says how their keys are spread, so that reducers can
list many pairs in ranges, see `ranges`: a mapper's are keys, in the partition's directory, that part its pairs evenly, and the
sum's are where ranges begin. Nothing is right or wrong by them. Outside a run there is no proof. Both objects are kept until the
run is cleaned up.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

from runtime.concurrency import in_order
from runtime.encoding import parsed
from runtime.mapreduce.keys import Destination, partition_directory
from runtime.mapreduce.objects.errors import OTHERWISE, ObjectsError
from runtime.mapreduce.objects.ranges import Place, places_of, split
from runtime.ports import ports
from runtime.record import record
from runtime.run import Run

_SUM = "sum"


@record
class Sum:
    """What all mappers of a run emitted.

    Attributes:
        mappers: how many there were.
        pairs: how many pairs the partition has.
        places: where the ranges of its listing begin.
    """

    mappers: int
    pairs: int
    places: list[str]


def store_emitted(where: Destination, run: Run, emitted: Iterable[tuple[int, str, int]]) -> None:
    """Say what a mapper has emitted: `(partition, word's segment, how many pairs)` of each word. Raises StorageError."""
    words: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for number, segment, times in emitted:
        words[number].append((segment, times))
    numbers = sorted(words)
    pairs = {str(number): sum(times for _, times in words[number]) for number in numbers}
    places = {str(number): places_of(words[number]) for number in numbers}
    _store(where, run, str(run.index), {"run": run.run_id, "mapper": run.index, "pairs": pairs, "places": places})


def add_up(where: Destination, run: Run, mappers: int, listed: Iterable[int]) -> None:
    """Compare what mappers 1 to `mappers` emitted with the partitions that were found, and store the sum for the reducers.

    Raises:
        ObjectsError: a mapper has not said what it emitted, or a partition is missing, or is there and nobody has emitted it.
        StorageError: a request finally failed.
    """
    pairs: defaultdict[int, int] = defaultdict(int)
    places: defaultdict[int, list[Place]] = defaultdict(list)
    for index, said in enumerate(in_order(partial(_read_emitted, where, run), range(1, mappers + 1)), 1):
        for number, times in said["pairs"].items():
            pairs[int(number)] += times
            places[int(number)] += _weighed(said["places"].get(number), times, _shown(where, str(index)))
    found = set(listed)
    if missing := sorted(pairs.keys() - found):
        what = partition_directory(missing[0])
        raise ObjectsError(
            f"the mappers emitted {pairs[missing[0]]:,} pairs into {_directory(where)}{what}, but it is not there; "
            "probably something has deleted it"
        )
    if extra := sorted(found - pairs.keys()):
        what = partition_directory(extra[0])
        raise ObjectsError(f"no mapper says that it emitted anything into {_directory(where)}{what}; probably {OTHERWISE}")
    ranges = {str(number): split(places[number], pairs[number]) for number in sorted(pairs)}
    by_number = {str(number): pairs[number] for number in sorted(pairs)}
    _store(where, run, _SUM, {"run": run.run_id, "mappers": mappers, "pairs": by_number, "places": ranges})


def read_sum(where: Destination, run: Run, number: int) -> Sum:
    """What mappers emitted into a partition.

    Raises:
        ObjectsError: partition has not stored it, or it is another run's or no sum.
        StorageError: the read finally failed.
    """
    said = _read(where, run, _SUM, "partition")
    mappers, pairs = said.get("mappers"), said["pairs"].get(str(number), 0)
    places = said["places"].get(str(number), [])
    if type(mappers) is not int or mappers < 1 or not _are_texts(places):
        raise ObjectsError(f"{_shown(where, _SUM)} is not what partition writes")
    return Sum(mappers, pairs, places)


def check(where: Destination, partition: str, emitted: int, found: int) -> None:
    """Raise ObjectsError if a reducer has found another number of pairs than mappers have emitted."""
    if found == emitted:
        return
    what = (
        f"{found - emitted:,} too many: probably {OTHERWISE}"
        if found > emitted
        else f"{emitted - found:,} are missing: probably something has deleted them"
    )
    raise ObjectsError(f"{_directory(where)}{partition} holds {found:,} pairs, but the mappers emitted {emitted:,}; {what}")


def _store(where: Destination, run: Run, name: str, said: dict[str, Any]) -> None:
    run.requests["s3.PutObject"] += 1
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    ports().s3.put(where.bucket, f"{where.prefix}emitted/{name}", body)


def _read_emitted(where: Destination, run: Run, index: int) -> dict[str, Any]:
    said = _read(where, run, str(index), f"mapper {index}")
    if said.get("mapper") != index:
        raise ObjectsError(
            f"{_shown(where, str(index))} is not what mapper {index} writes: it names mapper {said.get('mapper')!r:.200}"
        )
    return said


def _read(where: Destination, run: Run, name: str, author: str) -> dict[str, Any]:
    shown = _shown(where, name)
    body = ports().s3.get(where.bucket, f"{where.prefix}emitted/{name}")
    if body is None:
        raise ObjectsError(
            f"{shown} is not there, in which {author} says how many pairs there are; probably {author} has not run to its end, "
            "or something has deleted it"
        )
    said = parsed(body)
    if not isinstance(said, dict) or not _are_counts(said.get("pairs")) or not isinstance(said.get("places"), dict):
        raise ObjectsError(f"{shown} is not what {author} writes")
    if said.get("run") != run.run_id:
        raise ObjectsError(f"{shown} belongs to run {said.get('run')!r:.200}, not to {run.run_id!r}")
    return said


def _are_counts(pairs: Any) -> bool:
    return isinstance(pairs, dict) and all(
        name.isdecimal() and name.isascii() and type(times) is int and times > 0 for name, times in pairs.items()
    )


def _are_texts(places: Any) -> bool:
    return isinstance(places, list) and all(isinstance(place, str) for place in places)


def _weighed(places: Any, pairs: int, shown: str) -> list[Place]:
    if not _are_texts(places) or not places:
        raise ObjectsError(f"{shown} is not what a mapper writes")
    return [(place, pairs / len(places)) for place in places]


def _directory(where: Destination) -> str:
    return f"s3://{where.bucket}/{where.prefix}"


def _shown(where: Destination, name: str) -> str:
    return f"{_directory(where)}emitted/{name}"
