# lokid - the only makefile; `make help` lists the targets.
#
# CC, CFLAGS, LDFLAGS, PREFIX and DESTDIR belong to the user; config.mak, which git
# ignores, may set them. Everything is built in build/VARIANT.

-include config.mak

VARIANT ?= default
BUILD   ?= build
B       := $(BUILD)/$(VARIANT)
PREFIX  ?= /usr/local
CFLAGS  ?= -O2 -g
V       ?= 0
Q_0     := @
Q       := $(Q_$(V))

SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
SAN_tsan := -fsanitize=thread
SAN_fuzz := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined
SAN_cover := --coverage -O0
SAN      := $(SAN_$(VARIANT))

# Libraries, by their pkg-config name, and Debian's package of each for the message.
PKGS     := libzstd libpcre2-8 libxxhash zlib libedit yaml-0.1 libmicrohttpd gnutls libcrypt
DEB_libzstd := libzstd-dev
DEB_libpcre2-8 := libpcre2-dev
DEB_libxxhash := libxxhash-dev
DEB_zlib := zlib1g-dev
DEB_libedit := libedit-dev
DEB_yaml-0.1 := libyaml-dev
DEB_libmicrohttpd := libmicrohttpd-dev
DEB_gnutls := libgnutls28-dev
DEB_libcrypt := libcrypt-dev
DEB_cmocka := libcmocka-dev
NO_LIBS  := help clean format lint-format lint-order lint-size lint-shell lint-man uninstall
ifneq ($(filter-out $(NO_LIBS),$(or $(MAKECMDGOALS),all)),)
has = $(shell command -v $(firstword $(1)) 2>/dev/null)
ifeq ($(call has,$(CC)),)
$(error the C compiler '$(CC)' is not here; name another with CC=, or let scripts/setup install one)
endif
ifeq ($(call has,pkg-config),)
$(error pkg-config is not here (in Debian pkg-config), so libraries cannot be found; scripts/setup installs it)
endif
NEED     := $(PKGS) $(if $(filter check units,$(MAKECMDGOALS)),cmocka)
PKG_MISS := $(foreach p,$(NEED),$(if $(shell pkg-config --exists $(p) 2>/dev/null && echo y),,$(p) ($(DEB_$(p)))))
# snappy has no pkg-config file.
PKG_MISS += $(if $(shell echo '\#include <snappy-c.h>' | \
              $(CC) $(CFLAGS) -E -x c - >/dev/null 2>&1 && echo y),,snappy-c.h (libsnappy-dev))
# Nor have wslay and, since they are loaded when first used, libcurl, expat and nettle a need of one.
PKG_MISS += $(foreach h,wslay/wslay.h/libwslay-dev curl/curl.h/libcurl4-openssl-dev expat.h/libexpat1-dev nettle/sha2.h/nettle-dev,$(if $(shell \
              echo '\#include <$(patsubst %/,%,$(dir $(h)))>' | $(CC) $(CFLAGS) -E -x c - >/dev/null 2>&1 && echo y),,$(notdir $(h))))
ifneq ($(strip $(PKG_MISS)),)
$(error missing libraries (and their packages in Debian): $(strip $(PKG_MISS)); scripts/setup installs them)
endif
endif

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wconversion \
        -Wno-sign-conversion -Wformat=2
ifdef WERROR
WARN += -Werror
endif
ALL_CFLAGS  := -std=c17 -D_GNU_SOURCE -Ilibcore -include base/banned.h $(WARN) \
               $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CFLAGS) $(SAN) -pthread -MMD -MP
ALL_LDFLAGS := $(LDFLAGS) $(SAN) -pthread -Wl,--as-needed
# Linked in where there are archives of them, since every query starts a program: it begins after
# 0.7 ms instead of 0.9. `make BUILT_IN=` links none in.
BUILT_IN    ?= zstd pcre2-8 xxhash z yaml
ARCHIVES    := $(foreach l,$(BUILT_IN),$(if $(filter /%,$(shell $(CC) -print-file-name=lib$(l).a 2>/dev/null)),-l:lib$(l).a))
LDLIBS      += $(ARCHIVES) $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lsnappy -lwslay -ldl -lm

obj   = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
LIBCORE := $(call obj,libcore/*/*.c)
CMDS  := $(patsubst cmd/%.c,$(B)/bin/%,$(wildcard cmd/*.c))
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
# A yardstick in C++, where its library is.
BENCH += $(if $(wildcard tests/bench/simdjson-scan.cc),$(shell pkg-config --exists simdjson 2>/dev/null && \
                  echo $(B)/bench/simdjson-scan))
FUZZ  := $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help clean FORCE units replays benches check crash property conformance asan tsan fuzz bench bench-compare load \
        cover golden lint format install uninstall

all: $(B)/libcore.a $(CMDS)

help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))

## make            build all programs in build/default/bin; V=1 shows the commands
## make clean      remove build/
clean:
	rm -rf $(BUILD)

# A stamp changes when what it says does: objects depend on that of the flags, the archive on that of what is
# in it, since a source that came or went may be older than the archive.
stamp = @mkdir -p $(@D); echo '$(1)' | cmp -s - $@ || echo '$(1)' >$@
$(B)/flags: FORCE
	$(call stamp,$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS))
$(B)/objects: FORCE
	$(call stamp,$(LIBCORE))

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo '  CC $<')
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libcore.a: $(LIBCORE) $(B)/objects
	@rm -f $@; $(AR) rcs $@ $(LIBCORE)

$(CMDS): $(B)/bin/%: $(B)/cmd/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(if $(Q),@echo '  LD $@')
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(UNITS): $(B)/unit/%: $(B)/tests/unit/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka $(LDLIBS)

$(B)/unit/property-logql $(B)/unit/property-views $(B)/unit/property-hide $(B)/unit/property-bundle $(B)/unit/property-shape: $(call obj,tests/naive/*.c)

# A corpus is replayed with any compiler; real fuzzing (below) takes clang.
$(B)/replay/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(B)/bench/%: $(B)/tests/bench/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(B)/bench/simdjson-scan: tests/bench/simdjson-scan.cc
	@mkdir -p $(@D)
	$(if $(Q),@echo '  CXX $<')
	$(Q)$(CXX) -O3 -std=c++17 -Wall -Wextra $(CXXFLAGS) $(LDFLAGS) -o $@ $< $(shell pkg-config --cflags --libs simdjson libzstd)

units: $(UNITS)
replays: $(FUZZ:%=$(B)/replay/%)
benches: $(BENCH)

# --- tests -----------------------------------------------------------------------------------

# A test is named by its source, in T= too, where a folder stands for the tests in it; unit and fuzz sources stand for
# what is built of them.
SCRIPTS  := $(sort $(wildcard tests/*.t tests/lib/*.t tests/cmd/*.t tests/pipe/*.t tests/logql/*.test \
             tests/logql/*/*.test))
SOURCES  := $(SCRIPTS) $(wildcard tests/unit/*.c) $(FUZZ:%=tests/fuzz/%.c)
T        ?= tests
# $(call in,FILE...): the tests that these are, or that are in them.
in        = $(filter $(1) $(1:%=%/%),$(SOURCES))
named     = $(call in,$(patsubst %/,%,$(wildcard $(1))))
TESTS     = $(patsubst tests/unit/%.c,$(B)/unit/%,$(patsubst tests/fuzz/%.c,$(B)/replay/%,$(call named,$(T))))
ifneq ($(filter check,$(MAKECMDGOALS)),)
NO_TEST  := $(if $(strip $(T)),$(foreach t,$(T),$(if $(call named,$(t)),,'$(t)')),'')
$(if $(strip $(NO_TEST)),$(error T: no test, and no folder of tests: $(strip $(NO_TEST))))
endif
LONG      = $(wildcard tests/*/$(1)-*.t) $(wildcard tests/unit/$(1)-*.c)
TEST_ENV := BUILD=$(abspath $(BUILD)) VARIANT=$(VARIANT) CC='$(CC)'
# A sanitizer's finding ends the program with a status that no test expects.
TEST_ENV += ASAN_OPTIONS=exitcode=99:allocator_may_return_null=1:$${ASAN_OPTIONS:-} TSAN_OPTIONS=exitcode=99:allocator_may_return_null=1:$${TSAN_OPTIONS:-}
TEST_ENV += UBSAN_OPTIONS=exitcode=99:$${UBSAN_OPTIONS:-}
# One more than there are processors here: tests of object stores and of time wait most of theirs.
JOBS     ?= 3
PROVE    := prove $(if $(filter 1,$(V)),-v) -j$(JOBS) -e tests/lib/run

## make check      all tests, long ones at 5 % of their count; T='tests/cmd/all.t tests/pipe ...' only these
check: all benches $(filter $(B)/%,$(TESTS))
	$(Q)$(TEST_ENV) $(PROVE) $(TESTS)

## make crash      kill and cut tests at full count (SEED=N repeats a run); property: random ones
# SEED is a variable of the shell: one of make's, set for these targets, is not handed down by the inner make.
crash property: all
	$(if $(call LONG,$@),,$(error no tests are called $@-*))
	+$(Q)export PERCENT=100 SEED="$${SEED:-$$(date +%s)}"; echo "SEED=$$SEED"; \
		$(MAKE) --no-print-directory check T='$(call LONG,$@)'

## make conformance   what Loki answered to ../shared/conformance, all of it, from each storage
conformance:
	+$(Q)PERCENT=100 $(MAKE) --no-print-directory check T=tests/conformance.t

## make asan       the same checks under a sanitizer, in build/asan; tsan likewise
asan tsan:
	+$(Q)$(MAKE) --no-print-directory VARIANT=$@ check

## make fuzz       F=NAME SECONDS=60: fuzz one target (all, without F), or RUNS=1000000; finds go to its corpus
F       ?= $(FUZZ)
SECONDS ?= 60
fuzz:
	+$(Q)$(MAKE) --no-print-directory CC=clang VARIANT=fuzz $(F:%=$(BUILD)/fuzz/fuzz/%)
	$(Q)for f in $(F); do \
		echo "  FUZZ $$f"; mkdir -p $(BUILD)/fuzz/corpus/$$f; \
		$(BUILD)/fuzz/fuzz/$$f $(if $(RUNS),-runs=$(RUNS),-max_total_time=$(SECONDS)) -timeout=10 -rss_limit_mb=2048 \
			-print_final_stats=1 -artifact_prefix=tests/fuzz/corpus/$$f/ \
			$(BUILD)/fuzz/corpus/$$f tests/fuzz/corpus/$$f >$(BUILD)/fuzz/$$f.log 2>&1 || \
			{ tail -n 60 $(BUILD)/fuzz/$$f.log; exit 1; }; \
		tail -n 6 $(BUILD)/fuzz/$$f.log; \
	done

## make cover      lines that the checks reach, by file
cover:
	+$(Q)$(MAKE) --no-print-directory VARIANT=cover check
	$(Q)find $(BUILD)/cover/libcore $(BUILD)/cover/cmd -name '*.gcda' | sort | \
		xargs -n 1 gcov -n 2>/dev/null | scripts/cover-table

## make golden     rewrite tests/golden/expected from what the programs print now; review it
golden: all
	+$(Q)UPDATE_GOLDEN=1 $(MAKE) --no-print-directory check
	git diff --stat -- tests/golden/expected

# --- lint ------------------------------------------------------------------------------------

C_FILES := $(wildcard cmd/*.c scripts/*/*.[ch] libcore/*/*.[ch] tests/unit/*.[ch] tests/naive/*.[ch] tests/fuzz/*.[ch] tests/bench/*.[ch])
HEADERS := $(wildcard libcore/*/*.h)
SHELLS   = $(shell grep -lE '^\#!/bin/(ba)?sh' scripts/* .ci/* tests/lib/* $(SCRIPTS) \
             $(wildcard examples/*.sh examples/*/*.sh examples/cron/* tests/bench/*.sh tests/bench/compare) 2>/dev/null) tests/lib/tap.sh
QUICK   := lint-format lint-order lint-size lint-headers lint-shell lint-man lint-docs lint-unused
.PHONY: $(QUICK) lint-tidy lint-quick

## make lint       layout, rules of the tree, headers alone, shellcheck, man pages, clang-tidy
lint: lint-quick lint-tidy
lint-quick: $(QUICK)

## make format     lay out all C files by .clang-format
format:
	clang-format -i $(C_FILES)

# Other versions lay out otherwise and warn of other things: one decides.
CLANG_TOOLS := 14
not_our = ! $(1) --version | grep -q 'version $(CLANG_TOOLS)\.' && \
          echo "  $(1) is not version $(CLANG_TOOLS), which decides: not run"

lint-format:
	$(Q)$(call not_our,clang-format) && exit 0; bad=0; for f in $(C_FILES); do \
		clang-format $$f | cmp -s - $$f || { echo "$$f: not as .clang-format lays out; make format"; bad=1; }; \
	done; exit $$bad

lint-order:
	$(Q)scripts/check-order

lint-size:
	$(Q)scripts/check-size

lint-unused: all
	$(Q)B=$(B) scripts/check-unused

lint-docs: all
	$(Q)BIN=$(B)/bin scripts/check-docs

# Each script anew when it, or what scripts share, has changed.
lint-shell: $(patsubst %,$(B)/shellcheck/%,$(SHELLS) $(wildcard completions/bash/*))
$(B)/shellcheck/%: % $(wildcard .shellcheckrc tests/lib/*.sh)
	@mkdir -p $(@D)
	$(Q)shellcheck $<
	@touch $@

lint-man:
	$(Q)$(if $(wildcard man/*),mandoc -T lint -W warning $(wildcard man/*.[1-8]))

# Without banned.h in front, since that brings headers of its own.
HEADER_FLAGS := -std=c17 -D_GNU_SOURCE -Ilibcore $(WARN) -Werror -Wno-unused-function -fsyntax-only -x c
lint-headers:
	$(Q)for cc in gcc clang; do for h in $(HEADERS); do \
		echo "#include \"$${h#libcore/}\"" | $$cc $(HEADER_FLAGS) - || { echo "$$h: does not compile alone ($$cc)"; exit 1; }; \
	done; done

# Slow, so by file: only what changed is looked at again.
TIDY := $(patsubst %.c,$(BUILD)/tidy/%.ok,$(wildcard libcore/*/*.c cmd/*.c))
lint-tidy: $(TIDY)
$(BUILD)/tidy/%.ok: %.c .clang-tidy $(HEADERS)
	@mkdir -p $(@D)
	$(if $(Q),@echo '  TIDY $<')
	$(Q)$(call not_our,clang-tidy) && exit 0; \
	clang-tidy --quiet --warnings-as-errors='*' $< -- $(filter-out -MMD -MP,$(ALL_CFLAGS)) 2>$@.log || \
		{ grep -v 'warnings generated' $@.log; exit 1; }; touch $@

# --- bench and install -----------------------------------------------------------------------

## make bench      speed and size beside public tools, as TSV, with limits and the committed figures beside them
# scan and promised read what table leaves.
BENCHES := counts table scan promised speed store
bench: all benches
	$(Q)bad=0; for t in $(BENCHES); do $(TEST_ENV) sh tests/bench/$$t.sh || bad=1; done; exit $$bad

## make bench-compare   what got slower than the committed figures, beyond noise; FILES='outputs of make bench', or runs it three times
FILES ?=
bench-compare: all benches
	$(Q)$(TEST_ENV) tests/bench/compare $(FILES)

## make load       the daemon under pushes and queries for ten minutes, then with 100,000 streams
load: all benches
	$(Q)tests/bench/load.sh

## make install    PREFIX=/usr/local DESTDIR=: programs, man pages, completions, examples; uninstall undoes it
MAN_DIR  := $(DESTDIR)$(PREFIX)/share/man
BIN_DIR  := $(DESTDIR)$(PREFIX)/bin
BASH_DIR := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSH_DIR  := $(DESTDIR)$(PREFIX)/share/zsh/site-functions
EX_DIR   := $(DESTDIR)$(PREFIX)/share/doc/lokid/examples
MANS     := $(wildcard man/*.[1-8])
man_path  = $(MAN_DIR)/man$(patsubst .%,%,$(suffix $(1)))/$(notdir $(1))

install: all
	install -d $(BIN_DIR) $(BASH_DIR) $(ZSH_DIR) $(EX_DIR)/cost $(EX_DIR)/cron $(EX_DIR)/logs $(EX_DIR)/prometheus $(EX_DIR)/slo $(EX_DIR)/systemd $(sort $(foreach m,$(MANS),$(dir $(call man_path,$(m)))))
	$(if $(CMDS),install -m 755 $(CMDS) $(BIN_DIR))
	$(foreach m,$(MANS),install -m 644 $(m) $(call man_path,$(m)) &&) :
	$(if $(wildcard completions/bash/*),install -m 644 completions/bash/* $(BASH_DIR))
	$(if $(wildcard completions/zsh/*),install -m 644 completions/zsh/* $(ZSH_DIR))
	install -m 755 examples/*.sh $(EX_DIR)
	install -m 644 examples/*.yaml $(EX_DIR)
	install -m 755 examples/cron/quietly examples/cron/usage $(EX_DIR)/cron
	install -m 644 examples/cron/*.cron $(EX_DIR)/cron
	install -m 644 $(filter-out %.sh,$(wildcard examples/cost/*)) $(EX_DIR)/cost
	install -m 755 examples/cost/*.sh $(EX_DIR)/cost
	install -m 644 examples/logs/* $(EX_DIR)/logs
	install -m 644 examples/prometheus/* $(EX_DIR)/prometheus
	install -m 644 examples/slo/* $(EX_DIR)/slo
	install -m 644 examples/systemd/* $(EX_DIR)/systemd

uninstall:
	rm -f $(addprefix $(BIN_DIR)/,$(notdir $(CMDS))) $(foreach m,$(MANS),$(call man_path,$(m))) \
		$(addprefix $(BASH_DIR)/,$(notdir $(wildcard completions/bash/*))) \
		$(addprefix $(ZSH_DIR)/,$(notdir $(wildcard completions/zsh/*))) \
		$(addprefix $(EX_DIR)/,$(notdir $(wildcard examples/*.sh examples/*.yaml)) $(patsubst examples/%,%,$(wildcard examples/*/*)))

-include $(shell find $(B) -name '*.d' 2>/dev/null)
