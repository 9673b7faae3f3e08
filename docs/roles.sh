#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: the role that owns the tables, and the one the clinic runs as.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v owner="$OWNER_PASSWORD" -v app="$APP_PASSWORD" <<'SQL'
CREATE ROLE tonus_owner LOGIN PASSWORD :'owner';
CREATE ROLE tonus_app LOGIN PASSWORD :'app';
CREATE DATABASE tonus OWNER tonus_owner TEMPLATE template0;
REVOKE ALL ON DATABASE tonus FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE tonus TO tonus_app;
SQL
