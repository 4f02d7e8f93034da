"""The material of a dossier of an imported request."""

from dataclasses import replace

from domain.vocabulary import SYSTEM, Actor
from service.exchange.dossier.material import Material
from service.exchange.dossier.material_reader import MaterialReader
from service.exchange.visible_log.scope import called, scope_of
from service.exchange.visible_log.visibility import Visibility
from service.processes.composition import now
from tests.service.exchange.importing.histories import Importer


def gathered(register: Importer, reference: str, actor: Actor = SYSTEM) -> Material:
    at = now()
    scope = scope_of(register.store, actor, at)
    visibility = Visibility(register.store, actor, at, scope.present)
    one = replace(scope, subject=called(register.store, visibility, reference, scope.end))
    return MaterialReader(register.store, one, visibility).material(lambda persons: {}, "operator")
