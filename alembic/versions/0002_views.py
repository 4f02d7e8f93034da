"""The tables of the views. Their rows are derived from the events: they are rebuilt, never migrated."""

from alembic import op

revision = "0002_views"
down_revision = "0001_event_store"
branch_labels = None
depends_on = None

PLACE = """((regions[1] COLLATE "C") || '/'::text)"""
BY_AUTHORITY = f"requesting_authority, deciding_authority, {PLACE}"

REQUESTS = """
CREATE TABLE projections.deployment_requests (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    reference text NOT NULL,
    status text NOT NULL,
    requesting_authority text NOT NULL,
    deciding_authority text NOT NULL,
    regions text[] NOT NULL,
    incidents uuid[] NOT NULL,
    submitted_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    due_at timestamptz,
    expires_at timestamptz,
    questioned boolean NOT NULL,
    searched text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_deployment_requests PRIMARY KEY (id, version)
);
ALTER TABLE projections.deployment_requests ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX ix_deployment_requests_first
    ON projections.deployment_requests (submitted_at, id, valid_from, {by_authority})
    WHERE version = 1;
CREATE INDEX ix_deployment_requests_first_audience
    ON projections.deployment_requests USING gin (audience) WHERE version = 1;
CREATE INDEX ix_deployment_requests_first_place
    ON projections.deployment_requests ({place}, valid_from) WHERE version = 1;
CREATE INDEX ix_deployment_requests_incidents ON projections.deployment_requests USING gin (incidents);
CREATE INDEX ix_deployment_requests_overdue
    ON projections.deployment_requests (due_at, valid_until, valid_from) WHERE due_at < valid_until;
CREATE INDEX ix_deployment_requests_present_audience
    ON projections.deployment_requests USING gin (audience) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_due_at
    ON projections.deployment_requests (due_at) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_expires_at
    ON projections.deployment_requests (expires_at) WHERE valid_until = 'infinity'::timestamptz;
CREATE UNIQUE INDEX ix_deployment_requests_present_id
    ON projections.deployment_requests (id) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_incidents
    ON projections.deployment_requests USING gin (incidents) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_place
    ON projections.deployment_requests ({place}, id) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_reference
    ON projections.deployment_requests (reference) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_status_submitted_at_id
    ON projections.deployment_requests (status, submitted_at, id)
    WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_status_updated_at_id
    ON projections.deployment_requests (status, updated_at, id) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_submitted
    ON projections.deployment_requests (submitted_at, id, {by_authority})
    WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_present_updated
    ON projections.deployment_requests (updated_at, id, {by_authority})
    WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_deployment_requests_questioned
    ON projections.deployment_requests (valid_from, valid_until) WHERE questioned;
CREATE INDEX ix_deployment_requests_standing ON projections.deployment_requests (id, valid_from, valid_until);
CREATE INDEX ix_deployment_requests_status_submitted
    ON projections.deployment_requests (status, submitted_at, id, valid_from, valid_until);
CREATE INDEX ix_deployment_requests_status_updated
    ON projections.deployment_requests (status, valid_from, id, valid_until);
CREATE INDEX ix_deployment_requests_updated
    ON projections.deployment_requests (valid_from, id, valid_until, submitted_at, {by_authority});
"""

INCIDENTS = """
CREATE TABLE projections.incidents (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    reference text NOT NULL,
    status text NOT NULL,
    kind text NOT NULL,
    regions text[] NOT NULL,
    occurred_at timestamptz NOT NULL,
    reported_at timestamptz NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_incidents PRIMARY KEY (id, version)
);
ALTER TABLE projections.incidents ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX ix_incidents_first
    ON projections.incidents (occurred_at, id, valid_from, kind, {place}) WHERE version = 1;
CREATE INDEX ix_incidents_present_audience
    ON projections.incidents USING gin (audience) WHERE valid_until = 'infinity'::timestamptz;
CREATE UNIQUE INDEX ix_incidents_present_id
    ON projections.incidents (id) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_incidents_present_occurred
    ON projections.incidents (occurred_at, id, kind, {place}) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_incidents_present_reference
    ON projections.incidents (reference) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_incidents_present_status_occurred_at_id
    ON projections.incidents (status, occurred_at, id) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_incidents_standing ON projections.incidents (id, valid_from, valid_until);
CREATE INDEX ix_incidents_status_occurred
    ON projections.incidents (status, occurred_at, id, valid_from, valid_until);
"""

AUTHORITIES = """
CREATE TABLE projections.authorities (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    code text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_authorities PRIMARY KEY (id, version)
);
ALTER TABLE projections.authorities ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX ix_authorities_present_code
    ON projections.authorities (code) WHERE valid_until = 'infinity'::timestamptz;
CREATE UNIQUE INDEX ix_authorities_present_id
    ON projections.authorities (id) WHERE valid_until = 'infinity'::timestamptz;
CREATE TABLE projections.jurisdictions (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    region text NOT NULL,
    holders text[] NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_jurisdictions PRIMARY KEY (id, version)
);
CREATE INDEX ix_jurisdictions_present_holders
    ON projections.jurisdictions USING gin (holders) WHERE valid_until = 'infinity'::timestamptz;
CREATE UNIQUE INDEX ix_jurisdictions_present_id
    ON projections.jurisdictions (id) WHERE valid_until = 'infinity'::timestamptz;
"""

AUDIT_TRAIL = """
CREATE TABLE projections.audit_trail (
    position bigint NOT NULL,
    subject uuid NOT NULL,
    kind text NOT NULL,
    version bigint NOT NULL,
    type text NOT NULL,
    recorded_at timestamptz NOT NULL,
    occurred_at timestamptz,
    actor_kind text NOT NULL,
    actor_issuer text NOT NULL,
    actor_subject text NOT NULL,
    actor_authority text NOT NULL,
    actor_roles text[] NOT NULL,
    correlation uuid NOT NULL,
    causation bigint,
    marking text NOT NULL,
    audience text[] NOT NULL,
    within text[],
    introduces uuid,
    mentions uuid[] NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_audit_trail PRIMARY KEY (position)
);
ALTER TABLE projections.audit_trail ALTER COLUMN document SET STORAGE EXTERNAL;
CREATE INDEX ix_audit_trail_actor_authority_position ON projections.audit_trail (actor_authority, position);
CREATE INDEX ix_audit_trail_actor_subject_position ON projections.audit_trail (actor_subject, position);
CREATE INDEX ix_audit_trail_audience ON projections.audit_trail USING gin (audience);
CREATE INDEX ix_audit_trail_correlation_position ON projections.audit_trail (correlation, position);
CREATE UNIQUE INDEX ix_audit_trail_introduces ON projections.audit_trail (introduces);
CREATE INDEX ix_audit_trail_recorded_at_position ON projections.audit_trail (recorded_at, position);
CREATE INDEX ix_audit_trail_subject_position ON projections.audit_trail (subject, position);
CREATE INDEX ix_audit_trail_type_position ON projections.audit_trail (type, position);
CREATE TABLE projections.audit_trail_memory (
    id uuid NOT NULL,
    kind text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_audit_trail_memory PRIMARY KEY (id)
);
ALTER TABLE projections.audit_trail_memory ALTER COLUMN document SET STORAGE EXTERNAL;
"""

ITEMS = """
CREATE TABLE projections.{name} (
    id uuid NOT NULL,
    version bigint NOT NULL,
    field text NOT NULL,
    ordinal bigint NOT NULL,
    document text NOT NULL,
    {texts}
    CONSTRAINT pk_{name} PRIMARY KEY (id, version, field, ordinal)
);
ALTER TABLE projections.{name} ALTER COLUMN document SET STORAGE EXTERNAL;
"""
OF_ITEMS = [ITEMS.format(name=name, texts="texts text,") for name in ("deployment_request_items", "incident_items")]
OF_ITEMS += [ITEMS.format(name=name, texts="") for name in ("mandates", "audit_trail_items")]

SITUATION = """
CREATE TABLE projections.situation (
    group_id uuid NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    position bigint NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    regions text[] NOT NULL,
    kind text NOT NULL,
    counts integer[] NOT NULL,
    CONSTRAINT pk_situation PRIMARY KEY (group_id, valid_from)
);
CREATE INDEX ix_situation_present_audience
    ON projections.situation USING gin (audience) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_situation_present_marking
    ON projections.situation (kind, marking, regions)
    WHERE valid_until = 'infinity'::timestamptz AND audience = '{}'::text[];
CREATE INDEX ix_situation_total_audience
    ON projections.situation USING gin (audience)
    WHERE valid_until = 'infinity'::timestamptz AND regions = '{}'::text[];
CREATE TABLE projections.situation_intervals (
    id uuid NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    marking text NOT NULL,
    audience text[] NOT NULL,
    group_id uuid NOT NULL,
    regions text[] NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    ended_by bigint,
    total_id uuid NOT NULL,
    marking_id uuid NOT NULL,
    marking_total_id uuid NOT NULL,
    CONSTRAINT pk_situation_intervals PRIMARY KEY (id, version)
);
CREATE INDEX ix_situation_intervals_group_id_valid_from
    ON projections.situation_intervals (group_id, valid_from);
CREATE INDEX ix_situation_intervals_group_id_valid_until
    ON projections.situation_intervals (group_id, valid_until);
CREATE INDEX ix_situation_intervals_marking_id_valid_from
    ON projections.situation_intervals (marking_id, valid_from);
CREATE INDEX ix_situation_intervals_marking_id_valid_until
    ON projections.situation_intervals (marking_id, valid_until);
CREATE INDEX ix_situation_intervals_marking_total_id_valid_from
    ON projections.situation_intervals (marking_total_id, valid_from);
CREATE INDEX ix_situation_intervals_marking_total_id_valid_until
    ON projections.situation_intervals (marking_total_id, valid_until);
CREATE UNIQUE INDEX ix_situation_intervals_present_id
    ON projections.situation_intervals (id) WHERE valid_until = 'infinity'::timestamptz;
CREATE INDEX ix_situation_intervals_total_id_valid_from
    ON projections.situation_intervals (total_id, valid_from);
CREATE INDEX ix_situation_intervals_total_id_valid_until
    ON projections.situation_intervals (total_id, valid_until);
CREATE TABLE projections.situation_memory (
    id uuid NOT NULL,
    kind text NOT NULL,
    document text NOT NULL,
    CONSTRAINT pk_situation_memory PRIMARY KEY (id)
);
ALTER TABLE projections.situation_memory ALTER COLUMN document SET STORAGE EXTERNAL;
"""


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    for statements in (REQUESTS, INCIDENTS, AUTHORITIES, AUDIT_TRAIL, SITUATION, *OF_ITEMS):
        connection.exec_driver_sql(statements.replace("{place}", PLACE).replace("{by_authority}", BY_AUTHORITY))


def downgrade() -> None:
    raise RuntimeError("migrations only expand: an older version runs on a newer schema; restore a backup to go back")
