# Build, run and test Signalbox. `make help` lists what there is.

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.PHONY: help run assets test test-tools
.DEFAULT_GOAL := help

say = @printf '\n\033[1m==> %s\033[0m\n'

# Where cargo builds: it can be set outside of this folder.
target = $$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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
