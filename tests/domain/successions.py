"""A mandate that has ended, and another authority's that covers the region now."""

from domain.deployment_request.succession_events import SuccessorNamed
from domain.jurisdiction import MandateEnded
from domain.vocabulary import SYSTEM
from tests.domain.case import DAY, KFOR, THIRD, WHY, XK, admin, mandate
from tests.specification import NOW, Past

LAPSED = (
    Past(event=MandateEnded(authority=KFOR, region=XK, reason=WHY, at=NOW - DAY), by=admin),
    mandate(of=THIRD, valid_from=NOW - DAY),
)
succeeded = Past(event=SuccessorNamed(successor=THIRD, reason=WHY), by=SYSTEM)
