# The developers' front door: `make help`. Everything is built under build/, one folder a CMake preset.
.POSIX:
.SUFFIXES:
.PHONY: help install build run test test-all test-night test-repeat dev lint format bench seed fresh docker-check config-doc golden clean
MAKEFLAGS += --no-print-directory

help: ## what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

install:
	@tools/install run web

build: install ## build/release/chatd, installing what is missing
	@tools/build release chatd

run: ## serve on http://127.0.0.1:8000, data in ./data
	@./run

test: ## unit and contract tests, debug build: the daily ones
	@./test quick

test-all: ## every tier, as CI runs them
	@./test

test-night: ## every tier, with half an hour for each fuzz target and 500 kills for each database
	@FUZZ_SECONDS=1800 KILLS=500 ./test

test-repeat: ## T=Suite.Name or T=tests/system/file.py::name, N=100 times: is it flaky?
	@tools/test-repeat "$(T)" "$(N)"

dev: ## rebuild and restart on every save
	@tools/dev-loop

lint: ## format, clang-tidy on what changed, rules of the tree, the module table
	@tools/lint

format: ## clang-format everything of ours
	@tools/install dev
	@git ls-files --cached --others --exclude-standard 'src/*.[ch]pp' 'tests/*.[ch]pp' 'fuzz/*.cpp' 'bench/*.[ch]pp' | xargs clang-format -i

bench: install ## the server beside its peers and the bare limit: see bench/; B="--quick", B="serial storm", B=--help
	@tools/install test bench
	@tools/build release chatd
	@tools/build bench load limit peer_beast
	@bench/run $(B)

seed: ## fill a running server with ada, grace, linus, a lobby and a room of 10,000 messages: URL=http://127.0.0.1:8000
	@tools/install test
	@tools/seed "$(URL)"

fresh: ## prove ./run in an empty Debian 12
	@tools/fresh

docker-check: ## build the image with buildah, check the compose file
	@tools/docker-check

config-doc: build ## write the settings into the READMEs and .env.example
	@tools/config-doc

golden: install ## rewrite contract/ from the code; the diff is the review
	@tools/golden

clean: ## forget every build (the npm packages and the data stay)
	@rm -rf build/release build/dev build/asan build/tsan build/fuzz build/bench build/test-results
