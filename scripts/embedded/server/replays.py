"""Answers for Terraform that got lost: when it sends a request again, it is answered as it was the first time.

On a busy machine, in about one of ten applies, Terraform's HTTP client drops an answer: the emulator has sent all of it within
milliseconds, and the client ends the connection as soon as it comes. Each time that this was watched, the client had sent the
head and the body of its request apart. AWS is too far away to answer so soon. Terraform then sends the request again. After a
write it is told that the thing exists already, tries that for five minutes, and fails. All attempts at a request have one id in
common (https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).

This is for Terraform alone. What becomes of a lost answer to the client or to a function is theirs to prove.
"""

from collections import OrderedDict

from scripts.embedded.server.counting import Application, Message, Receive, Send

_MOST = 256
"""Answers that are kept. A request is sent again within seconds."""


class Replays:
    """ASGI wrapper: keeps the answers to Terraform's writes that were carried out, and gives them again to later attempts."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._answers: OrderedDict[str, list[Message]] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        request = _id_of_write(scope)
        if request is None:
            await self._application(scope, receive, send)
        elif request in self._answers:
            while (await receive()).get("more_body"):
                pass  # a connection on which a body is left unread could not be used again
            for message in self._answers[request]:
                await send(message)
        else:
            await self._application(scope, receive, self._kept(request, send))

    def _kept(self, request: str, send: Send) -> Send:
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)
            if answer[0].get("status", 500) < 400 and not message.get("more_body") and len(answer) > 1:
                self._answers[request] = answer
                if len(self._answers) > _MOST:
                    self._answers.popitem(last=False)
            await send(message)

        return keep


def _id_of_write(scope: Message) -> str | None:
    """What the attempts of a request have in common, if it is one of Terraform's that may change something."""
    if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
        return None
    headers = {name.lower(): value for name, value in scope["headers"]}
    found = headers.get(b"amz-sdk-invocation-id")
    return found.decode("latin-1") if found and b"terraform-provider-aws" in headers.get(b"user-agent", b"") else None
