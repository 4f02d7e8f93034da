"""The OpenAPI description is valid, and every path answers as it says."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi.openapi.models import OpenAPI

from tests.service.rest.world import World, problem

PARAMETERS = {"fromVersion": 1}
TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool,
    "null": type(None),
}  # fmt: skip


def description(told: World) -> dict[str, Any]:
    content: dict[str, Any] = told.register.client.get("/api/openapi.json").json()
    return content


def test_the_description_is_valid_openapi(told: World) -> None:
    content = description(told)
    assert OpenAPI.model_validate(content).openapi == "3.1.0"
    operations = [each["get"] for each in content["paths"].values()]
    ids = [each["operationId"] for each in operations]
    assert len(ids) == len(set(ids))
    for path, item in content["paths"].items():
        in_path = {each["name"] for each in item["get"]["parameters"] if each["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        names = [each["name"] for each in item["get"]["parameters"]]
        assert len(names) == len(set(names)), path
    for reference in _references(content):
        found: Any = content
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_path_answers_as_described(told: World) -> None:
    content = description(told)
    told.settle()
    nowhere = told.register.client.get("/api/region?path=nowhere", headers=told.register.headers(told.scene.reviewer))
    assert list(mismatches(problem(nowhere, 404), content["components"]["schemas"]["Problem"], content)) == []
    for path, item in content["paths"].items():
        if path == "/api/region":
            continue
        operation = item["get"]
        named = path.format(reference=told.incident if "/incidents/" in path else told.decided, position=1)
        given: dict[str, Any] = {
            each["name"]: PARAMETERS[each["name"]]
            for each in operation["parameters"]
            if each.get("required") and each["in"] == "query"
        }
        response = told.raw(told.scene.reviewer, named.removeprefix("/api"), **given)
        assert response.status_code == 200, (path, response.text)
        described = operation["responses"]["200"]
        media = response.headers["content-type"].partition(";")[0]
        assert media in described["content"], path
        for header in described["headers"]:
            assert header in response.headers, path
        if media == "application/json" and not path.startswith("/api/export"):
            assert list(mismatches(response.json(), described["content"][media]["schema"], content)) == [], path


def test_problems_are_as_described(told: World) -> None:
    content = description(told)
    schema = content["components"]["schemas"]["Problem"]
    wrong = told.raw(told.scene.reviewer, "/requests", colour="red")
    unknown = told.raw(told.scene.reviewer, "/requests/nowhere-2024-0001")
    for response, status in ((wrong, 400), (unknown, 404)):
        assert list(mismatches(problem(response, status), schema, content)) == []


def mismatches(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> Iterator[str]:
    """Where a value is not as a schema has it, for the keywords that the description uses."""
    if "$ref" in schema:
        yield from mismatches(value, root["components"]["schemas"][schema["$ref"].rpartition("/")[2]], root, at)
        return
    if "anyOf" in schema:
        tried = [list(mismatches(value, each, root, at)) for each in schema["anyOf"]]
        if all(tried):
            yield from min(tried, key=len)
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r}"
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        yield f"{at}: {value!r} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r}"
    if isinstance(value, list):
        for n, each in enumerate(value):
            yield from mismatches(each, schema.get("items", {}), root, f"{at}.{n}")
    if isinstance(value, dict) and "properties" in schema:
        yield from (f"{at}: without {name}" for name in schema["required"] if name not in value)
        for name, each in value.items():
            if name in schema["properties"]:
                yield from mismatches(each, schema["properties"][name], root, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}: unknown {name}"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
