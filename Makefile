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
SAN      := $(SAN_$(VARIANT))

# Libraries, by their pkg-config name; scripts/setup knows their packages.
PKGS     := libzstd libpcre2-8 libcjson libxxhash zlib
PKG_MISS := $(foreach p,$(PKGS),$(if $(shell pkg-config --exists $(p) 2>/dev/null && echo y),,$(p)))
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
ifneq ($(strip $(PKG_MISS)),)
$(error missing libraries (pkg-config): $(PKG_MISS); run scripts/setup, which installs their packages)
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
LDLIBS      += $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lsnappy -lm

obj   = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
CMDS  := $(patsubst cmd/%.c,$(B)/bin/%,$(wildcard cmd/*.c))
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help clean FORCE

all: $(CMDS)

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make            build all programs in build/default/bin
## make clean      remove build/
clean:
	rm -rf $(BUILD)

# Objects depend on a stamp of the flags, so that changed flags rebuild.
$(B)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)' >$@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo '  CC $<')
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/libcore.a: $(call obj,libcore/*/*.c)
	@rm -f $@; $(AR) rcs $@ $^

$(CMDS): $(B)/bin/%: $(B)/cmd/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(if $(Q),@echo '  LD $@')
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(UNITS): $(B)/unit/%: $(B)/tests/unit/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LDLIBS)

units: $(UNITS)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
