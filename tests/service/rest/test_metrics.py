"""What /metrics counts of requests, documents, connections and the process."""

from prometheus_client.parser import text_string_to_metric_families

from tests.service.rest.world import World


def figures(told: World) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = told.register.client.get("/metrics").text
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def change(told: World, before: dict[tuple[str, frozenset[tuple[str, str]]], float], name: str, **labels: str) -> float:
    key = (name, frozenset(labels.items()))
    return figures(told).get(key, 0) - before.get(key, 0)


def test_requests_are_counted_by_the_form_of_their_path(told: World) -> None:
    before, name = figures(told), "mandate_http_request_seconds_count"
    told.get(told.scene.reviewer, f"/requests/{told.decided}")
    told.raw(None, f"/requests/{told.decided}")
    told.register.client.get(f"/made-up/{told.decided}")
    told.register.client.get("/graphql")
    path = "/api/requests/{reference}"
    assert change(told, before, name, method="GET", path=path, status="200") == 1
    assert change(told, before, name, method="GET", path=path, status="401") == 1
    assert change(told, before, name, method="GET", path="other", status="404") == 1
    assert change(told, before, name, method="GET", path="/graphql", status="401") == 1
    assert not any(told.decided in value for _, labels in figures(told) for _, value in labels)


def test_trusted_documents_are_counted_by_name(told: World) -> None:
    before, name = figures(told), "mandate_graphql_document_seconds_count"
    told.get(told.scene.reviewer, f"/requests/{told.decided}")
    told.get(told.scene.reviewer, "/requests/unknown")
    told.scene.ask(told.scene.reviewer, "{ viewer { subject } }")
    assert change(told, before, name, document="deployment-request", outcome="ok") == 2
    assert change(told, before, name, document="other", outcome="ok") == 1
    told.register.post(told.scene.reviewer, '{ deploymentRequests(filter: {text: "\\u0000"}) { totalCount } }')
    assert change(told, before, name, document="other", outcome="errors") == 1


def test_pools_subscriptions_and_the_process_are_measured(told: World) -> None:
    now = figures(told)
    pools = {dict(labels)["pool"] for name, labels in now if name == "mandate_pool_connections"}
    assert pools == {"commands", "queries", "subscriptions"}
    assert now["mandate_pool_connections", frozenset({("pool", "queries"), ("state", "most")})] == 10
    assert now["mandate_pool_connections", frozenset({("pool", "queries"), ("state", "waiting")})] == 0
    assert now["mandate_subscriptions", frozenset({("kind", "connections")})] == 0
    assert now["process_resident_memory_bytes", frozenset()] > 0
