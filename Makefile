# SPDX-License-Identifier: BSD-3-Clause
# make: build/vfiod and build/mdevs/*.so. `make help` lists the rest.

VERSION := 0.1.0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
SYSCONFDIR ?= /etc
MDEVDIR := $(LIBDIR)/vfiod/mdevs

# The one list of Debian packages that building, testing and the demo need.
DEPS := gcc make git pkg-config libc6-dev linux-libc-dev libfuse3-dev \
	libevent-dev libaio-dev libbsd-dev check gdb strace util-linux \
	qemu-system-x86 qemu-utils dpdk-dev pciutils busybox-static cpio xz-utils clang-format shellcheck

# SAN=address,undefined or SAN=thread builds into a directory of its own.
SAN ?=
BUILD ?= build$(if $(SAN),/$(firstword $(subst $(comma), ,$(SAN))))
comma := ,

# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)  $(2)')
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wvla -Wformat=2 -Werror
SANFLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
LIBS := fuse3 libevent_core libevent_pthreads
pkg = $(shell pkg-config $(1) $(2))
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread \
	-fPIC -fno-plt -fvisibility=hidden -Iinclude \
	-DVFIOD_MDEV_DIR='"$(MDEVDIR)"' -DVFIOD_VERSION='"$(VERSION)"' \
	$(call pkg,--cflags,$(LIBS)) $(WARN) $(SANFLAGS) $(CFLAGS)

ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)
DAEMON_SRC := $(filter-out daemon/regs_%.c,$(wildcard daemon/*.c)) \
	daemon/regs_$(ARCH).c
BACKEND_SRC := $(wildcard backend/*.c)
MDEVS := $(notdir $(patsubst %/,%,$(wildcard mdevs/*/)))
TEST_PLUGINS := $(notdir $(basename $(wildcard tests/plugins/*.c)))

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
DAEMON_OBJ := $(call obj,$(DAEMON_SRC))
BACKEND_OBJ := $(call obj,$(BACKEND_SRC))

all: $(BUILD)/vfiod $(MDEVS:%=$(BUILD)/mdevs/%.so)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libbackend.a: $(BACKEND_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# Plugins find the services of include/vfiod/plugin.h in the executable.
$(BUILD)/vfiod: $(DAEMON_OBJ) $(BUILD)/libbackend.a daemon/exports.list
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $(DAEMON_OBJ) \
		-Wl,--whole-archive $(BUILD)/libbackend.a \
		-Wl,--no-whole-archive -Wl,--dynamic-list=daemon/exports.list \
		$(call pkg,--libs,$(LIBS)) -laio -ldl

define mdev_rule
$(BUILD)/mdevs/$(1).so: $(call obj,$(wildcard mdevs/$(1)/*.c))
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -shared -o $$@ $$^
endef
$(foreach m,$(MDEVS),$(eval $(call mdev_rule,$(m))))

include tests/tests.mk
include tests/conformance/conformance.mk

deps:
	@missing=; for p in $(DEPS); do \
		dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null | \
			grep -qx installed || missing="$$missing $$p"; \
	done; \
	if [ -n "$$missing" ]; then \
		sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
		$$sudo apt-get update -q && \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install \
			-y -q --no-install-recommends $$missing; \
	fi

install: all
	install -D -m 755 $(BUILD)/vfiod $(DESTDIR)$(PREFIX)/bin/vfiod
	install -d $(DESTDIR)$(MDEVDIR) $(DESTDIR)$(PREFIX)/include/vfiod \
		$(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/systemd/system
	install -m 755 $(MDEVS:%=$(BUILD)/mdevs/%.so) $(DESTDIR)$(MDEVDIR)
	install -m 644 include/vfiod/*.h $(DESTDIR)$(PREFIX)/include/vfiod
	sed -e 's|@prefix@|$(PREFIX)|;s|@libdir@|$(LIBDIR)|' \
		-e 's|@version@|$(VERSION)|' include/vfiod-plugin.pc.in \
		> $(DESTDIR)$(LIBDIR)/pkgconfig/vfiod-plugin.pc
	sed -e 's|@prefix@|$(PREFIX)|' systemd/vfiod.service \
		> $(DESTDIR)$(LIBDIR)/systemd/system/vfiod.service
	install -D -m 644 systemd/60-vfiod.rules \
		$(DESTDIR)$(LIBDIR)/udev/rules.d/60-vfiod.rules
	[ -e $(DESTDIR)$(SYSCONFDIR)/default/vfiod ] || install -D -m 644 \
		systemd/vfiod.default $(DESTDIR)$(SYSCONFDIR)/default/vfiod
	install -d $(DESTDIR)$(PREFIX)/share/doc/vfiod
	install -m 644 README.md LICENSE docs/*.md \
		$(DESTDIR)$(PREFIX)/share/doc/vfiod

demo: deps
	$(MAKE) all
	demo/run.sh

# example.c is set to fit a page of the README.
format-check:
	git ls-files '*.c' '*.h' | grep -v plugins/example.c | \
		xargs clang-format --dry-run --Werror

clean:
	rm -rf build

help:
	@echo 'make          build/vfiod and build/mdevs/*.so'
	@echo 'make deps     install what is needed, with apt'
	@echo 'make demo     a guest in QEMU drives a serial card of vfiod'
	@echo 'make check    all tests'
	@echo 'make bench    the table of speeds'
	@echo 'make install  DESTDIR, PREFIX'

.PHONY: all deps install demo format-check clean help
-include $(DAEMON_OBJ:.o=.d) $(BACKEND_OBJ:.o=.d)
