"""The image and the compose file, as far as they can be judged without a container engine."""

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from service.database.embedded import roles
from service.settings import Settings
from tests.tidy.compose import COMPOSE, SERVICES
from tests.tidy.repository import ROOT, files, name

OURS = {service: config for service, config in SERVICES.items() if service != "postgres"}
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
ROLE_OF = {"migrate": "mandate_owner", "api": "mandate_api", "worker": "mandate_worker"}


def instructions(word: str) -> list[str]:
    return [line.removeprefix(word).strip() for line in DOCKERFILE.splitlines() if line.startswith(f"{word} ")]


def test_the_image_is_built_in_stages_and_runs_unprivileged() -> None:
    assert len(instructions("FROM")) == 2
    assert instructions("ARG") == ["PYTHON=3.13-slim-trixie"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", instructions("USER")[-1])
    assert DOCKERFILE.rindex("\nUSER ") > DOCKERFILE.rindex("\nCOPY ")


def test_the_image_holds_what_is_pinned_by_hash_and_nothing_else() -> None:
    installs = re.findall(r"pip install[^&]*", DOCKERFILE)
    assert [line for line in installs if "--require-hashes" not in line and "--no-deps" not in line] == []
    allowed = [line[1:].rstrip("/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    copied = [line for line in instructions("COPY") if "--from=" not in line]
    sources = {word for line in copied for word in line.split()[:-1] if not word.startswith("--")}
    assert sources == set(allowed)
    assert [path for path in sources if not (ROOT / path).exists()] == []


def test_the_image_shows_whether_it_is_well() -> None:
    assert "/health/ready" in instructions("HEALTHCHECK")[-1]
    assert json.loads(instructions("ENTRYPOINT")[-1]) == ["mandate"]
    assert json.loads(instructions("CMD")[-1]) == SERVICES["api"]["command"]


def test_there_is_a_database_a_migration_several_apis_and_a_worker() -> None:
    assert SERVICES.keys() == {"postgres", "migrate", "api", "worker"}
    assert SERVICES["api"]["deploy"]["replicas"] > 1
    first, last = re.fullmatch(r"127\.0\.0\.1:(\d+)-(\d+):8000", SERVICES["api"]["ports"][0]).groups()  # type: ignore[union-attr]
    assert int(last) - int(first) + 1 == SERVICES["api"]["deploy"]["replicas"]
    assert re.fullmatch(r"postgres:18\.\d+-\w+", SERVICES["postgres"]["image"])


def test_all_start_in_order_and_say_when_they_are_well() -> None:
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for service in ("api", "worker"):
        assert SERVICES[service]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
        assert SERVICES[service]["healthcheck"]["test"][0] == "CMD"
    assert any("/health/ready" in word for word in SERVICES["api"]["healthcheck"]["test"])
    assert "pg_isready" in SERVICES["postgres"]["healthcheck"]["test"]


@pytest.mark.parametrize("service", OURS)
def test_each_has_the_least_that_it_needs(service: str) -> None:
    config = SERVICES[service]
    assert (config["cap_drop"], config["read_only"]) == (["ALL"], True)
    assert "no-new-privileges:true" in config["security_opt"]
    assert "privileged" not in config
    assert ("ports" in config) == (service == "api")
    url = config["environment"]["MANDATE_DATABASE_URL"]
    assert url == f"postgresql://{ROLE_OF[service]}@postgres:5432/mandate"


def test_only_the_database_network_is_shared_and_it_leads_nowhere() -> None:
    assert COMPOSE["networks"]["store"] == {"internal": True}
    outside = {service for service, config in SERVICES.items() if config["networks"] != ["store"]}
    assert outside == {"api", "worker"}, "workers send webhooks"


def test_secrets_are_files_and_each_gets_its_own_alone() -> None:
    for service, config in SERVICES.items():
        values = [str(value) for value in config["environment"].values()]
        named = {value.removeprefix("/run/secrets/") for value in values if value.startswith("/run/secrets/")}
        assert named <= set(config["secrets"]) <= COMPOSE["secrets"].keys()
        assert [value for value in values if re.search(r"://\w+:", value)] == [], service
    assert SERVICES["api"]["secrets"] == ["api_password", "token_key", "webhook_key"]
    assert SERVICES["worker"]["secrets"] == ["worker_password", "webhook_key"]
    assert SERVICES["migrate"]["secrets"] == ["owner_password"]


def test_every_variable_is_a_setting() -> None:
    settings = {f"MANDATE_{field.upper()}" for field in Settings.model_fields}
    assert {variable for config in OURS.values() for variable in config["environment"]} <= settings


def test_the_image_asks_for_health_as_the_compose_file_does() -> None:
    written = json.loads(instructions("HEALTHCHECK")[-1].partition("CMD ")[2])
    assert ["CMD", *written] == SERVICES["api"]["healthcheck"]["test"]


def test_the_roles_are_those_of_the_embedded_server() -> None:
    made = re.findall(r"CREATE ROLE (\w+) LOGIN NOSUPERUSER", (ROOT / "deploy" / "roles.sh").read_text())
    assert set(made) == {roles.OWNER, *roles.SERVICE_ROLES} == set(ROLE_OF.values())


def test_secrets_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    script = tmp_path / "deploy" / "secrets"
    script.parent.mkdir()
    shutil.copy(ROOT / "deploy" / "secrets", script)
    folder = tmp_path / "secrets"

    def make() -> dict[str, str]:
        subprocess.run(["sh", str(script)], check=True)
        return {file.name: file.read_text() for file in folder.iterdir()}

    first = make()
    assert first.keys() == COMPOSE["secrets"].keys()
    assert all(re.fullmatch(r"[0-9a-f]{64}", secret) for secret in first.values())
    assert make() == first
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {COMPOSE["secrets"][secret]["file"] for secret in first} == {f"./secrets/{secret}" for secret in first}


@pytest.mark.parametrize("script", [path for path in files() if path.read_bytes()[:2] == b"#!"], ids=name)
def test_every_script_can_be_read_by_its_shell(script: Path) -> None:
    shell = "bash" if "bash" in script.read_text().splitlines()[0] else "sh"
    subprocess.run([shell, "-n", str(script)], check=True)
