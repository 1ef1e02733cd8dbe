# Each target is a few plain commands, which can also be typed by hand. ARGS is passed on to the demo or the
# tests: make test ARGS='-p zorgportaal-store'.
export SQLX_OFFLINE ?= true
TARGET := $(or $(CARGO_TARGET_DIR),target)/debug
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release
NEXTEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo nextest run || echo test)
# The kill test must run alone. For nextest a setting says so; plain cargo runs the kill test afterwards.
ALONE := $(if $(filter test,$(NEXTEST)),-- --skip kill::)

.PHONY: demo build setup test check bench chaos fmt queries
.DEFAULT_GOAL := demo

demo: build ## The whole system on this machine
	@$(TARGET)/zorgportaal demo $(ARGS)

setup:
	@deploy/local/setup.sh

build: setup
	@cargo build --workspace --bins

test: ## All tests, on real parts
	@deploy/local/setup.sh --tests
	cargo build --workspace --all-targets
	$(TARGET)/zorgportaal parts -- cargo $(NEXTEST) --workspace $(ARGS) $(ALONE)
	@if [ -n '$(ALONE)' ]; then $(TARGET)/zorgportaal parts -- cargo test -p zorgportaal-integration-tests kill::; fi

check: setup ## Static checks only
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cd proto && ../.zorgportaal/venv/bin/buf lint
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --quiet
	.ci/queries --check
	@if command -v cargo-deny >/dev/null 2>&1; then cargo deny --log-level error check bans licenses sources; fi

bench: setup ## Measures the product beside its floor; writes the table in integration-tests/README.md
	cargo build --release --workspace --bins --benches
	$(RELEASE)/zorgportaal parts -- cargo bench --workspace --bench bench -- $(ARGS)

chaos: ## The kill test for ten minutes and the fuzzer for ten, with a random seed that is printed
	@deploy/local/setup.sh --tests
	cargo build --workspace --all-targets
	ZORGPORTAAL_KILL_SECONDS=600 ZORGPORTAAL_KILL_SEED=$${ZORGPORTAAL_KILL_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')} \
	    $(TARGET)/zorgportaal parts -- cargo test -p zorgportaal-integration-tests kill:: -- --nocapture
	ZORGPORTAAL_FUZZ_SECONDS=600 ZORGPORTAAL_FUZZ_SEED=$${ZORGPORTAAL_FUZZ_SEED:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')} \
	    $(TARGET)/zorgportaal parts -- cargo test -p zorgportaal-integration-tests fuzz:: -- --nocapture

queries: ## Writes .sqlx again, after a change of a query or migration
	.ci/queries

fmt:
	cargo fmt --all
