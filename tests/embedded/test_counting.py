"""What the emulator's log says of answers that make a client send its request again."""

import asyncio
from typing import Any

import pytest

from scripts.embedded.server.counting import Counter, CountingApp
from scripts.embedded.server.deliveries import Deliveries

SCOPE = {"type": "http", "method": "PUT", "path": "/bucket/key", "headers": []}


def served(*messages: dict[str, Any]) -> None:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    async def nothing(*_: Any) -> Any:
        return {}

    asyncio.run(CountingApp(application, Counter(), Deliveries(), "token")(dict(SCOPE), nothing, nothing))


def start(status: int) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status}


def body(**more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", **more}


def test_whole_answer_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    served(start(404), body(more_body=True), body())

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ((start(500), body()), "PUT /bucket/key answered 500\n"),
        ((start(200), body(more_body=True)), "PUT /bucket/key did not get its whole answer, which began with 200\n"),
        ((), "PUT /bucket/key did not get its whole answer, which began with 0\n"),
    ],
)
def test_failed_answer_is_logged(capsys: pytest.CaptureFixture[str], messages: Any, told: str) -> None:
    served(*messages)

    assert capsys.readouterr().err == told
