"""What functions say to each other and what they store, to the last field, under every orchestration."""

import pytest

from tests.simulation.ledger import FOLDER, text


# One that is new has no ledger, until somebody writes it.
@pytest.mark.parametrize("orchestration", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_run_sends_and_stores_what_its_ledger_says(orchestration: str) -> None:
    assert text(orchestration).splitlines() == (FOLDER / f"{orchestration}.txt").read_text(encoding="utf-8").splitlines()
