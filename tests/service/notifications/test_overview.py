"""`deliveries endpoints`: what operators see of each endpoint."""

import json

from typer.testing import CliRunner, Result

from service.cli import application
from tests.service.notifications.mailbox import TAKEN, Mailbox
from tests.service.notifications.receiver import OK, Receiver
from tests.service.notifications.register import REQUESTER, Register
from tests.service.notifications.waiting import until

ROB = "rob@pristina.example"


def listed(register: Register, *options: str) -> Result:
    arguments = ["deliveries", "endpoints", *options]
    return CliRunner().invoke(application("deliveries"), arguments, env=dict(register.environment))


def test_endpoints_are_listed_with_how_it_went(fresh: Register, receiver: Receiver, post: Mailbox) -> None:
    failing = [True]
    receiver.reply = lambda _: (503, {}) if failing[0] else OK
    post.reply = lambda each: "554 5.6.0 refused" if "remarked" in each.subject else TAKEN
    fresh.sends_to(post)
    webhook = fresh.endpoint(receiver.url, types=["RequestSubmitted"])
    mail = fresh.confirmed(REQUESTER, ROB, types=["RequestSubmitted", "RequestRemarked"])
    other = fresh.endpoint("https://receiver.example/", name="Quiet", types=["RequestDenied"])
    with fresh.workers():
        request = fresh.submit(marking="GREEN")
        until(lambda: sorted(fresh.states(request)) == ["DELIVERED", "PENDING"])
        until(lambda: "HTTP 503" in fresh.rows("outcome")[1] + fresh.rows("outcome")[2])
        fresh.remark(request)
        until(lambda: "DEAD" in fresh.states(request))
        before = listed(fresh, "--json")
        failing[0] = False
        fresh.let_time_pass()
        until(lambda: fresh.states(request, webhook["id"]) == ["DELIVERED"])
    assert before.exit_code == 1
    rows = {each["id"]: each for each in json.loads(before.stdout)}
    assert rows.keys() == {webhook["id"], mail, other["id"]}
    assert (rows[webhook["id"]]["channel"], rows[webhook["id"]]["name"]) == ("webhook", "Receiver")
    assert [rows[webhook["id"]][each] for each in ("status", "pending", "dead", "delivered", "failure")] == [
        *("ENABLED", 1, 0),
        *(None, "HTTP 503"),
    ]
    assert [rows[mail][each] for each in ("channel", "authority", "name", "dead", "failure")] == [
        *("mail", "pristina", ROB),
        *(1, "SMTP 554 5.6.0 refused"),
    ]
    assert rows[mail]["delivered"] is not None
    assert [rows[other["id"]][each] for each in ("pending", "dead", "delivered", "failure")] == [0, 0, None, None]
    after = listed(fresh)
    assert after.exit_code == 1, "the mail is still given up"
    assert after.stdout.splitlines()[0].split("\t")[:5] == ["id", "channel", "authority", "name", "status"]
