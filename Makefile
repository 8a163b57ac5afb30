# Build, run and test Signalbox. `make help` lists what there is.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: help run assets test test-tools conformance conformance-javascript conformance-python conformance-peers conformance-load bench bench-instructions
.DEFAULT_GOAL := help

say = @printf '\n\033[1m==> %s\033[0m\n'

# Where cargo builds: it can be set outside of this folder.
target = $$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: assets ## Build all and start the server on port 8000
	$(say) 'Building the server (the first time takes some minutes)'
	cargo build --release --locked --package signalbox
	$(say) 'Starting: Ctrl-C stops it'
	@exec "$(target)/release/signalbox"

assets: node_modules/.package-lock.json ## Build the pages' scripts and styles
	$(say) 'Building scripts and styles'
	@npm run --silent build

node_modules/.package-lock.json: package.json package-lock.json | check-tools
	$(say) 'Installing what the pages are built with'
	npm ci --no-fund --no-audit

.PHONY: check-tools
check-tools:
	@command -v cargo >/dev/null || { echo 'Rust is missing: install it from https://rustup.rs, then try again.' >&2; exit 1; }
	@command -v node >/dev/null || { echo 'Node.js 20 or newer is missing: install it from https://nodejs.org, then try again.' >&2; exit 1; }
	@command -v npm >/dev/null || { echo 'npm is missing: it comes with Node.js from https://nodejs.org.' >&2; exit 1; }
	@node -e 'process.exit(+process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { echo "Node.js $$(node --version) is too old: 20 or newer is needed." >&2; exit 1; }

test: test-tools assets ## Check and test all
	$(say) 'Format'
	cargo fmt --all --check
	$(say) 'Types of the scripts, and their size'
	npm run --silent check
	npm run --silent size
	$(say) 'Lints'
	cargo clippy --workspace --all-targets --locked -- -D warnings
	$(say) 'Unit, property and integration tests'
	cargo test --workspace --locked
	$(say) 'Documentation'
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked
	$(say) 'The hubs, with the official client'
	cargo build --locked --package signalbox
	BINARY_UNDER_TEST="$(target)/debug/signalbox" npm run --silent test:hubs
	$(say) 'The pages, in a real browser'
	BINARY_UNDER_TEST="$(target)/debug/signalbox" npm run --silent test:browser
	@$(MAKE) --no-print-directory conformance

# The clients' own timeouts are at stake: the peers' conversations are held when nothing else runs.
conformance: test-tools node_modules/.package-lock.json ## Check the SignalR server with clients of others
	$(say) 'The server that the clients connect to'
	cargo build --locked --package rocket_signalr --example lab
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target conformance-javascript conformance-python
	@$(MAKE) --no-print-directory conformance-peers conformance-load

conformance-javascript:
	$(say) 'The official JavaScript client, in Node.js and in a browser'
	LAB="$(target)/debug/examples/lab" npm run --silent test:clients

clients := crates/rocket_signalr/tests/clients/python

conformance-python:
	$(say) 'Python clients: pysignalr and signalrcore'
	@command -v python3 >/dev/null || { echo 'Python is missing: install python3 (3.10 or newer) and python3-venv.' >&2; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "$$(python3 --version) is too old: 3.10 or newer is needed." >&2; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@venv="$(target)/python-clients"; \
	if ! cmp -s $(clients)/requirements.txt "$$venv/installed.txt"; then \
	  python3 -m venv --clear "$$venv"; \
	  "$$venv/bin/pip" install --quiet --disable-pip-version-check --requirement $(clients)/requirements.txt \
	    || { echo 'The Python clients could not be installed: is the package index within reach?' >&2; exit 1; }; \
	  cp $(clients)/requirements.txt "$$venv/installed.txt"; \
	fi
	LAB="$(target)/debug/examples/lab" timeout 180 "$(target)/python-clients/bin/python" -B -m unittest discover --start-directory $(clients)

conformance-load:
	$(say) 'The load generator: every scenario, transport and protocol'
	LAB="$(target)/debug/examples/lab" cargo test --package hubload --locked -- --ignored

# What others say about SignalR servers: the variable PEERS names the folder of their tools.
conformance-peers:
ifdef PEERS
	$(say) 'The wire: what the reference has said, byte by byte'
	timeout 300 node "$(PEERS)/wire/wire.mjs" check --quiet --start "$(target)/debug/examples/lab {options}"
	$(say) 'The official .NET client'
	@coproc lab { exec "$(target)/debug/examples/lab" --urls http://127.0.0.1:0 --parallel 4 --detailed-errors true; }; \
	trap 'kill "$$lab_PID"' EXIT; \
	read -r -t 15 line <&"$${lab[0]}" || { echo 'the lab did not start' >&2; exit 1; }; \
	timeout 300 "$(PEERS)/aspnet/start" client --url "$${line#Now listening on: }"
endif

# The variable PEERS says here, too, where the reference is; BENCH=quick goes through all of it in short.
bench: check-tools ## Measure the SignalR server, into BENCHMARKS.md
	$(say) 'What is measured, and the meter'
	cargo build --release --locked --package rocket_signalr --example lab --example rocket_floor
	cargo build --release --locked --package hubload
	$(say) 'Measuring: let nothing else run'
	@HUBLOAD="$(target)/release/hubload" LAB="$(target)/release/examples/lab" \
	  ROCKET_FLOOR="$(target)/release/examples/rocket_floor" node scripts/bench.mjs

bench-instructions: check-tools ## Count what its hot paths take, into the README of its benches
	@command -v valgrind >/dev/null || { echo 'Instructions are counted by callgrind, and valgrind is missing. On Debian: apt-get install valgrind' >&2; exit 1; }
	$(say) 'What is counted'
	@built=$$(cargo bench --locked --package rocket_signalr --features bench --bench instructions --no-run --message-format json-render-diagnostics); \
	INSTRUCTIONS=$$(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' <<<"$$built") node scripts/bench/instructions.mjs

# Chromium, by apt where that is possible.
test-tools: check-tools
	$(say) 'What the tests need'
	@if command -v chromium >/dev/null; then \
	  echo "chromium: $$(command -v chromium)"; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && apt-get install -y -qq chromium; \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
	  sudo apt-get update -qq && sudo apt-get install -y -qq chromium; \
	else \
	  echo 'The browser tests need Chromium on the PATH as "chromium". On Debian: apt-get install chromium' >&2; exit 1; \
	fi
