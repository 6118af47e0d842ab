# Ringfence: make (builds), make demo, make test, make bench, make help.
#
# One flat rule set: every .c file under engine/ and importers/ is part of the program; schema/ and
# queries/ are embedded as texts; tests/test_*.c are one test program a module, all other .c files
# of tests/ are linked into each; tests/fuzz/fuzz_*.c are one libFuzzer target each.

ifeq ($(origin CC),default)
CC = gcc
endif
BUILD ?= build
WERROR ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough \
	-Wnull-dereference -Wcast-qual -Wwrite-strings -Wpointer-arith -Wdouble-promotion -Wswitch-enum
OPTIMISE ?= -O3 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
HARDEN = -fPIE
CFLAGS_ALL = -std=c17 -D_POSIX_C_SOURCE=200809L $(WARNINGS) $(WERROR) $(OPTIMISE) $(HARDEN) \
	-pthread -Iengine -Itests -I. $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now -pthread $(SANITIZE) $(LDFLAGS)
LIBS = -lsqlite3 -lcsv -ljansson -lsodium -lsmartcols -linih -lm

ENGINE_SOURCES := $(filter-out engine/main.c,$(shell find engine importers -name '*.c' | sort))
WORLDGEN_SOURCES := $(sort $(wildcard datasets/*.c))
TEST_SOURCES := $(sort $(wildcard tests/test_*.c))
TEST_SUPPORT := $(filter-out $(TEST_SOURCES),$(sort $(wildcard tests/*.c)))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FORMATTED := $(shell find engine importers tests datasets -name '*.[ch]' | sort)

ENGINE_OBJECTS = $(ENGINE_SOURCES:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/embedded.o
WORLDGEN_OBJECTS = $(WORLDGEN_SOURCES:%.c=$(BUILD)/obj/%.o)
SUPPORT_OBJECTS = $(TEST_SUPPORT:%.c=$(BUILD)/obj/%.o)
TESTS = $(TEST_SOURCES:tests/%.c=$(BUILD)/%)
FUZZERS = $(FUZZ_SOURCES:tests/fuzz/%.c=$(BUILD)/%)

# The flavours: each is the same rules with other flags in a folder of its own.
CHECKED = BUILD=build/checked OPTIMISE="-O1 -g3 -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all" SANITIZE="-fsanitize=address,undefined"
THREADED = BUILD=build/threaded OPTIMISE="-O1 -g3 -fno-omit-frame-pointer -fsanitize=thread" \
	SANITIZE="-fsanitize=thread"
FUZZED = BUILD=build/fuzz CC=clang-14 OPTIMISE="-O1 -g3 -fno-omit-frame-pointer \
	-fsanitize=fuzzer-no-link,address,undefined" SANITIZE="-fsanitize=address,undefined"
FUZZ_SECONDS ?= 30
SUBMAKE = $(MAKE) --no-print-directory -s -j$(JOBS)

.PHONY: all setup demo test check-tests threads check-threads bench fuzz check-fuzz format format-check \
	tidy clean install help worldgen flags
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/ringfence

help:
	@echo "make           build build/ringfence"
	@echo "make demo      set up, build, and find rings in a generated population"
	@echo "make test      set up, build with sanitizers, run all tests"
	@echo "make bench     measure growth to five million accounts, beside peers (BENCH_SIZES: fewer)"
	@echo "make fuzz      fuzz the readers for FUZZ_SECONDS (30) each; needs clang-14"
	@echo "make format    lay the source out with clang-format-14"
	@echo "make install   install under PREFIX (default /usr/local)"
	@echo "make clean     remove build/"

worldgen: $(BUILD)/worldgen

# ---- programs ----

$(BUILD)/ringfence: $(ENGINE_OBJECTS) $(BUILD)/obj/engine/main.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

$(BUILD)/worldgen: $(WORLDGEN_OBJECTS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lm

$(BUILD)/test_%: $(BUILD)/obj/tests/test_%.o $(SUPPORT_OBJECTS) $(ENGINE_OBJECTS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -ligraph -lcmocka

$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(ENGINE_OBJECTS)
	$(CC) -fsanitize=fuzzer $(LDFLAGS_ALL) -o $@ $^ $(LIBS)

# igraph judges communities in the tests; the program does without.
$(BUILD)/obj/tests/igraph_leiden.o: CFLAGS_ALL += -isystem /usr/include/igraph

$(BUILD)/measure: $(BUILD)/obj/tests/bench/measure.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^

$(BUILD)/lfrgen: $(BUILD)/obj/tests/bench/lfrgen.o
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lm

$(BUILD)/communities: $(BUILD)/obj/tests/bench/communities.o $(BUILD)/obj/tests/igraph_leiden.o \
		$(ENGINE_OBJECTS)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS) -ligraph

# ---- objects ----

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(BUILD)/obj/embedded.o: $(BUILD)/obj/embedded.c $(BUILD)/flags
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

# The folders are prerequisites too, so that a deleted file is noticed.
$(BUILD)/obj/embedded.c: .ci/embed.sh schema queries queries/parts \
		$(wildcard schema/*.sql queries/*.sql queries/parts/*.sql)
	@mkdir -p $(@D)
	sh .ci/embed.sh rf_schema_steps schema rf_canned_queries queries > $@

# Rewritten only when the compiler or its flags change, and then every object is compiled again.
$(BUILD)/flags: flags
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS_ALL)' | cmp -s - $@ || echo '$(CC) $(CFLAGS_ALL)' > $@

# ---- what people type ----

setup:
	@sh .ci/setup.sh

demo: setup
	@$(SUBMAKE) all worldgen
	@sh .ci/demo.sh

test: setup
	@$(SUBMAKE) $(CHECKED) check-tests

check-tests: $(TESTS) $(BUILD)/ringfence $(BUILD)/worldgen
	@sh .ci/run-tests.sh $(BUILD) $(TESTS)

bench:
	@sh .ci/setup.sh --bench
	@$(SUBMAKE) all worldgen $(BUILD)/measure $(BUILD)/lfrgen $(BUILD)/communities
	@sh tests/bench/bench.sh

# ---- checks, see .ci/run ----

# The tests of what runs in several threads, under the thread sanitizer.
threads:
	@$(SUBMAKE) $(THREADED) check-threads

check-threads: $(filter $(BUILD)/test_parallel%,$(TESTS)) $(BUILD)/ringfence $(BUILD)/worldgen
	@sh .ci/run-tests.sh $(BUILD) $(filter $(BUILD)/test_parallel%,$(TESTS))

fuzz:
	@$(SUBMAKE) $(FUZZED) check-fuzz

check-fuzz: $(FUZZERS)
	@for fuzzer in $(FUZZERS); do \
		corpus=tests/fuzz/corpus/$${fuzzer##*/fuzz_}; \
		mkdir -p $$fuzzer.found; \
		echo "$$fuzzer for $(FUZZ_SECONDS) s"; \
		$$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -verbosity=0 \
			-artifact_prefix=$$fuzzer- $$fuzzer.found $$( [ -d $$corpus ] && echo $$corpus ) \
			>$$fuzzer.log 2>&1 || { tail -n 60 $$fuzzer.log; exit 1; }; \
	done

format:
	clang-format-14 -i $(FORMATTED)

format-check:
	clang-format-14 --dry-run --Werror $(FORMATTED)

tidy:
	clang-tidy-14 --quiet $(ENGINE_SOURCES) engine/main.c $(WORLDGEN_SOURCES) \
		-- $(filter-out -Wall,$(CFLAGS_ALL))

PREFIX ?= /usr/local
install: all
	install -D -m 755 $(BUILD)/ringfence $(DESTDIR)$(PREFIX)/bin/ringfence
	install -D -m 644 docs/ringfence.1 $(DESTDIR)$(PREFIX)/share/man/man1/ringfence.1

clean:
	rm -rf build

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
