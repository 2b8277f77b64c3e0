"""What becomes of Terraform's requests that are sent again because their answers got lost."""

import asyncio
from typing import Any

import pytest

from scripts.embedded.server.replays import Replays

TERRAFORM = b"APN/1.0 HashiCorp/1.0 Terraform/1.11.4 terraform-provider-aws/5.100.0"


class Once:
    """An application that makes a thing once, and refuses to make it again."""

    def __init__(self, status: int) -> None:
        self.status, self.made = status, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.made += 1
        await send({"type": "http.response.start", "status": self.status if self.made == 1 else 409})
        await send({"type": "http.response.body", "body": b"1", "more_body": True})
        await send({"type": "http.response.body", "body": b"2"})


def answers(application: Once, *ids: bytes, agent: bytes = TERRAFORM, method: str = "POST") -> list[tuple[int, bytes]]:
    """Status and body of requests with these ids."""
    replays, told = Replays(application), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask(request: bytes) -> None:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(b"amz-sdk-invocation-id", request), (b"user-agent", agent)]
        await replays({"type": "http", "method": method, "path": "/", "headers": headers}, receive, send)
        told.append((sent[0]["status"], b"".join(each.get("body", b"") for each in sent)))

    for request in ids:
        asyncio.run(ask(request))
    return told


def test_request_that_is_sent_again_gets_its_first_answer() -> None:
    assert answers(Once(201), b"a", b"a") == [(201, b"12"), (201, b"12")]


def test_another_request_for_the_same_is_refused() -> None:
    assert answers(Once(201), b"a", b"b") == [(201, b"12"), (409, b"12")]


@pytest.mark.parametrize("status", [429, 500])
def test_request_that_was_not_carried_out_is_tried_again(status: int) -> None:
    application = Once(status)

    answers(application, b"a", b"a")

    assert application.made == 2


@pytest.mark.parametrize(("agent", "method"), [(b"Boto3/1.43", "POST"), (TERRAFORM, "GET")])
def test_other_clients_and_reads_are_answered_anew(agent: bytes, method: str) -> None:
    assert answers(Once(201), b"a", b"a", agent=agent, method=method) == [(201, b"12"), (409, b"12")]
