"""The places of the wordcount's functions, with an entry before them, and the stages between them."""

from scripts.package.source import Source

WORDCOUNT = {place.name: place for place in Source().places("http_only")}

STAGES = tuple(place.from_stage for place in Source().places("s3_triggers"))
