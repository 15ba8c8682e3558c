# Packetwatch: `make` lists the targets. Everything a target needs is installed first, or named in one line.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Debian packages, by what they are needed for.
BUILD_PKGS := clang libbpf-dev linux-libc-dev
TEST_PKGS := iproute2 nftables nmap hping3 curl openssh-server openssh-client openssl python3 tcpdump strace logrotate chromium
# Fonts that the page prefers, so that pictures look the same everywhere.
SCREEN_PKGS := fonts-inter fonts-jetbrains-mono
BENCH_PKGS := iproute2 ethtool xdp-tools tcpdump tshark time conntrack bpftrace ulogd2 nftables iperf3 nmap masscan hping3 psad fail2ban \
  portsentry rsyslog iptables python3 gcc libc6-dev

NODE ?= node
CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BIN := node_modules/.bin
NODE_AT_LEAST := 20.19

MACHINE := $(shell uname -m)
BPF_ARCH := $(if $(filter aarch64,$(MACHINE)),arm64,x86)
BPF_INCLUDE := -I/usr/include/$(MACHINE)-linux-gnu
# The prefix map keeps the build directory out of the objects.
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Werror -D__TARGET_ARCH_$(BPF_ARCH) $(BPF_INCLUDE) \
  -fdebug-prefix-map=$(CURDIR)=.
BPF_OBJECTS := $(patsubst bpf/%.bpf.c,dist/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
# One file starts in 60 % of the time of a hundred; what `read` needs is split off.
BUNDLE := --bundle --packages=external --platform=node --format=esm --target=node$(NODE_AT_LEAST) --log-level=warning
# The engine of --store, apart since it is large; what it is made of is in its own lockfile.
CHDB := tools/chdb/node_modules/.package-lock.json
PLUGINS := $(patsubst plugins/%/plugin.json,%,$(wildcard plugins/*/plugin.json))
PLUGIN_OBJECTS := $(foreach plugin,$(PLUGINS),dist/bundled/$(plugin)/$(plugin).bpf.o)
BPF_PROBE := printf '\#include <linux/bpf.h>\n\#include <bpf/bpf_helpers.h>\n' | \
  $(CLANG) -target bpf $(BPF_INCLUDE) -fsyntax-only -x c - 2>/dev/null

# Files that programs write; `make check` fails when writing them again changes one.
GENERATED := src/wire/layout.gen.ts docs/metrics.md docs/glossary.md docs/openapi.json

.PHONY: help run build store check test test-fuzz test-faults test-web screenshots corpus bench soak clean generate generated node bpf bpf-objects ts web test-packages bench-packages

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: build ## log this host's connections, with metrics; ARGS='...' adds options of `packetwatch watch`
	@exec $(NODE) dist/cli/main.js watch --listen 127.0.0.1:9470 $(ARGS)

build: bpf ts web ## compile everything to dist/

store: $(CHDB) ## install what `watch --store` needs (chDB, 548 MB)

check: node_modules/.package-lock.json ## format, lint, types, unit tests, dead code, generated files
	@npm run --silent check

test: test-packages build ## all tests; the last line counts them
	@$(BIN)/vitest run $(ARGS)

test-fuzz: build ## mutated: a million frames for the guard (needs root), 10 million packets and captures, a million connections' payload
	@PACKETWATCH_FUZZ_FRAMES=1000000 $(BIN)/vitest run --project kernel test/kernel/fuzz.test.ts $(ARGS)
	@PACKETWATCH_FUZZ_INPUTS=10000000 $(BIN)/vitest run --project unit src/packet/fuzz.test.ts $(ARGS)
	@PACKETWATCH_FUZZ_CONNECTIONS=1000000 $(BIN)/vitest run --project unit src/payload/fuzz.test.ts $(ARGS)

test-faults: test-packages build ## 200 times kill -9, 20 pairs of starts, a minute of SIGSTOP (needs root); floods of ten million to read
	@PACKETWATCH_KILLS=200 PACKETWATCH_STOPPED_S=60 PACKETWATCH_STARTS=20 $(BIN)/vitest run --project netns \
	  test/netns/kills.test.ts test/netns/stopped.test.ts test/netns/leftovers.test.ts $(ARGS)
	@PACKETWATCH_FLOOD=10000000 PACKETWATCH_BOMB_MIB=4080 $(BIN)/vitest run --project contract \
	  test/contract/read-floods.test.ts test/contract/read-bombs.test.ts $(ARGS)

test-web: test-packages build ## the page of the real program in Chromium (needs root)
	@PACKETWATCH_ROWS=5000 $(BIN)/vitest run --project web $(ARGS)

screenshots: test-packages build ## pictures of the page with real traffic, for docs/page.md (needs root)
	@tools/need 'the pictures' $(SCREEN_PKGS) || true
	@$(BIN)/tsx tools/screenshots.ts

corpus: build ## attempts and connections in the public captures that PACKETWATCH_CORPUS names, against independent lists
	@$(BIN)/tsx tools/corpus.ts

bench: bench-packages build ## measure against peers on this machine
	@$(BIN)/tsx bench/main.ts $(ARGS)

soak: test-packages build ## half an hour of traffic: is memory flat, is all counted? (SOAK_MINUTES=30; needs root)
	@$(BIN)/tsx bench/main.ts soak

generate: bpf-objects node_modules/.package-lock.json ## write the generated files again (needs clang)
	@$(BIN)/tsx tools/gen-layout.ts
	@$(BIN)/tsx tools/gen-metrics.ts
	@$(BIN)/tsx tools/gen-glossary.ts
	@$(BIN)/tsx tools/gen-openapi.ts

clean: ## remove what the other targets made, but not node_modules
	@rm -rf dist coverage bench/out

# Internal steps.

generated:
	@before=$$(mktemp -d); trap 'rm -rf "$$before"' EXIT; \
	cp --parents $(GENERATED) "$$before"; \
	if $(BPF_PROBE); then $(MAKE) generate; \
	else echo 'The record layout was not checked: that needs clang and libbpf-dev'; $(BIN)/tsx tools/gen-metrics.ts; $(BIN)/tsx tools/gen-glossary.ts; $(BIN)/tsx tools/gen-openapi.ts; fi; \
	for file in $(GENERATED); do \
	  cmp -s "$$before/$$file" "$$file" || { echo "$$file was out of date and has been written again: commit it" >&2; exit 1; }; \
	done

node:
	@command -v $(NODE) >/dev/null || \
	  { echo 'Packetwatch needs Node $(NODE_AT_LEAST) or newer and found none: install it from nodejs.org' >&2; exit 1; }
	@$(NODE) -e "const v=s=>s.split('.').reduce((a,n)=>a*1e3+Number(n),0),f=process.versions.node.split('.',2).join('.'); \
	  if(v(f)<v('$(NODE_AT_LEAST)')){console.error('Packetwatch needs Node $(NODE_AT_LEAST) or newer and found '+process.version+': install it from nodejs.org');process.exit(1)}"

# npm writes this file last; it is the stamp.
node_modules/.package-lock.json: package.json package-lock.json | node
	@echo 'Installing node_modules from the lockfile'
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

# Not `npm ci`: that wants the packages of all other platforms in the lockfile.
$(CHDB): tools/chdb/package.json tools/chdb/package-lock.json | node
	@echo 'Installing chDB, 548 MB, for --store'
	@cd tools/chdb && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
	@touch $@

ts: node_modules/.package-lock.json
	@$(BIN)/tsc -b src/cli plugins
	@rm -f dist/cli/*.js
	@$(BIN)/esbuild src/cli/main.ts $(BUNDLE) --splitting --outdir=dist/cli
	@$(BIN)/esbuild $(PLUGINS:%=plugins/%/decoder.ts) $(BUNDLE) --outbase=plugins --outdir=dist/bundled
	@for plugin in $(PLUGINS); do cp plugins/$$plugin/plugin.json dist/bundled/$$plugin/; done

web: node_modules/.package-lock.json
	@$(BIN)/vite build web

# Without clang the program still runs, on /proc.
bpf:
	@if $(BPF_PROBE) || tools/need 'the BPF build (skipped: the program reads /proc)' $(BUILD_PKGS); \
	then $(MAKE) bpf-objects; fi

bpf-objects: $(BPF_OBJECTS) $(PLUGIN_OBJECTS)
	@:

# DWARF goes when there is a tool for it; BTF stays, the loader reads it.
dist/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(@D)
	@echo 'clang $<'
	@$(CLANG) $(BPF_CFLAGS) -c $< -o $@
	@if command -v $(LLVM_STRIP) >/dev/null; then $(LLVM_STRIP) -g $@; fi

dist/bundled/%.bpf.o: plugins/%.bpf.c bpf/packetwatch_plugin.h
	@mkdir -p $(@D)
	@echo 'clang $<'
	@$(CLANG) $(BPF_CFLAGS) -Ibpf -c $< -o $@
	@if command -v $(LLVM_STRIP) >/dev/null; then $(LLVM_STRIP) -g $@; fi

# Tests probe for what they need and say what they skip.
test-packages:
	@tools/need 'some of the tests' $(TEST_PKGS) || true
	@$(MAKE) store || echo 'Tests of --store are skipped: chDB could not be installed' >&2

bench-packages:
	@tools/need 'the peers in the bench' $(BENCH_PKGS) || true
