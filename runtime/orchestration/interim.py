"""For the hours in which packaging still writes the first version of `.next`: the places of the one workflow that there is."""

from runtime.orchestration.workflow.place import Place

PLACES = {
    place.name: place
    for place in (
        Place("unum_map", "single", "unum_map-input", "mapper", "Map", "mapper-input", "partition", entry=True),
        Place("mapper", "branch", "mapper-input", "partition", "Fan-in", "mapper-output", destination="destination"),
        Place("partition", "gather", "mapper-output", "reducer", "Map", "reducer-input", "summary", destination="bucket"),
        Place("reducer", "branch", "reducer-input", "summary", "Fan-in", "reducer-output", destination="bucket"),
        Place("summary", "gather", "reducer-output", None, None, None),
    )
}
