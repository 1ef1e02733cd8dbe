-- Creates the database and roles of one service. A superuser runs this file once, with {service},
-- {owner_password} and {login_password} filled in. `zorgportaal demo` and the tests run the same file.
--
-- {service}_owner   owns the tables; only migrations log in with this role
-- {service}_login   the service logs in with this role, which has no rights until it switches to a role below
-- {service}_app     reads and writes the rows of one organisation, under row-level security
-- {service}_relay   moves events from the outbox to the event log, for every organisation
-- {service}_audit   inserts audit records and their events, for every organisation; may not change or delete
CREATE ROLE {service}_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{owner_password}';
CREATE ROLE {service}_login LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS PASSWORD '{login_password}';
CREATE ROLE {service}_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE {service}_relay NOLOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE {service}_audit NOLOGIN NOSUPERUSER NOBYPASSRLS;
GRANT {service}_app, {service}_relay, {service}_audit TO {service}_login;
CREATE DATABASE {service} OWNER {service}_owner;
REVOKE ALL ON DATABASE {service} FROM PUBLIC;
GRANT CONNECT ON DATABASE {service} TO {service}_login, {service}_app, {service}_relay, {service}_audit;
