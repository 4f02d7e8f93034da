#!/bin/bash
# Run once by the postgres image, on an empty data folder: who logs in, and who owns the database.
# What each may do is granted by the migrations; here nobody gets more than a login.
set -euo pipefail

password() { cat "${SECRETS:-/run/secrets}/$1_password"; }

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set owner="$(password owner)" --set api="$(password api)" --set worker="$(password worker)" <<'SQL'
CREATE ROLE mandate_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'owner';
CREATE ROLE mandate_api LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'api';
CREATE ROLE mandate_worker LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS PASSWORD :'worker';
CREATE ROLE mandate_reader NOLOGIN;
GRANT mandate_reader TO mandate_api, mandate_worker;
CREATE DATABASE mandate OWNER mandate_owner;
REVOKE ALL ON DATABASE mandate FROM PUBLIC;
GRANT CONNECT ON DATABASE mandate TO mandate_api, mandate_worker;
SQL
