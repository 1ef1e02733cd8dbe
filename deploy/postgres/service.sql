-- The database and roles of one service. Run once, by a superuser, with {service}, {owner_password} and
-- {login_password} filled in; `zorgportaal demo` and the tests do the same.
--
-- {service}_owner   owns the tables; migrations alone
-- {service}_login   what the process logs in as; can do nothing by itself
-- {service}_app     within one organisation, under row-level security
-- {service}_relay   moves the outbox to the event log, for every organisation
-- {service}_audit   adds to the audit trail and the outbox, for every organisation; changes nothing
CREATE ROLE {service}_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{owner_password}';
CREATE ROLE {service}_login LOGIN NOINHERIT NOSUPERUSER NOBYPASSRLS PASSWORD '{login_password}';
CREATE ROLE {service}_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE {service}_relay NOLOGIN NOSUPERUSER NOBYPASSRLS;
CREATE ROLE {service}_audit NOLOGIN NOSUPERUSER NOBYPASSRLS;
GRANT {service}_app, {service}_relay, {service}_audit TO {service}_login;
CREATE DATABASE {service} OWNER {service}_owner;
REVOKE ALL ON DATABASE {service} FROM PUBLIC;
GRANT CONNECT ON DATABASE {service} TO {service}_login, {service}_app, {service}_relay, {service}_audit;
