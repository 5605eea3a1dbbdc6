# One word per daily act. Everything is done by meson, pytest and the scripts in tools/.
#
#   make            build/logfirst, release, warnings are errors; installs what is missing (tools/install-deps.sh)
#   make run        build, then the quotes example: GraphQL on 127.0.0.1:8080; prints a curl line to try
#   make test       everything: checks, unit tests (gcc, clang, ASan+UBSan, TSan), end-to-end tests
#   make unit       unit tests alone                       T=name of one
#   make e2e        end-to-end tests alone                 K=pytest expression
#   make crash      the crash campaign, and its own tests  N=cycles  SEED=dice  EVENTS=a cycle  MATRIX=cells
#                                                          RESULTS=file
#   make asan tsan  unit tests under the sanitizers        T=name of one
#   make check      format, clang-tidy, cppcheck, include directions, house rules, headers
#   make fmt        format the C sources
#   make docs       the manual pages and docs/configuration.md, from what --help says
#   make bench      measure, writes bench/RESULTS.md       A=arguments of bench/run.py
#   make fuzz       every fuzz target for a while          F=name of one  S=seconds each
#   make clean      remove the build folders

.DEFAULT_GOAL := build
.PHONY: build run test unit e2e crash asan tsan check fmt docs bench fuzz clean

build:
	@tools/install-deps.sh build
	@tools/build.sh build

run:
	@tools/install-deps.sh build run
	@tools/build.sh build
	@tools/run.sh

test:
	@tools/install-deps.sh test
	@tools/test.sh

unit asan tsan e2e crash:
	@tools/install-deps.sh test
	@T='$(T)' K='$(K)' N='$(N)' SEED='$(SEED)' EVENTS='$(EVENTS)' MATRIX='$(MATRIX)' RESULTS='$(RESULTS)' tools/test.sh $@

check:
	@tools/install-deps.sh check
	@tools/check.sh

fmt:
	@tools/install-deps.sh check
	@tools/check.sh fmt

docs: build
	@python3 tools/gen_docs.py build/logfirst

bench:
	@tools/install-deps.sh bench
	@tools/build.sh build
	@. tools/env.sh && $$LOGFIRST_PYTHON bench/run.py $(A)

fuzz:
	@tools/install-deps.sh test
	@F='$(F)' S='$(S)' tools/fuzz.sh

clean:
	rm -rf build build-asan build-tsan build-clang build-crash build-fuzz
