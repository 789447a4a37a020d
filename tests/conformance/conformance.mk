# SPDX-License-Identifier: BSD-3-Clause
# vfio-conform, and what it is run on. See docs/conformance.md.

CONFORM := tests/conformance
CONFORM_SRC := $(wildcard $(CONFORM)/*.c)
CONFORM_CFLAGS := -D_FILE_OFFSET_BITS=64 -std=gnu11 -D_GNU_SOURCE -pthread $(WARN) -O2 -g

# Static, and without sanitizers: it goes into VMs and below other uids.
$(T)/vfio-conform: $(CONFORM_SRC) $(wildcard $(CONFORM)/*.h)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CONFORM_CFLAGS) -static -o $@ $(CONFORM_SRC)

vfio-conform: $(T)/vfio-conform

oracle: $(T)/vfio-conform
	$(CONFORM)/oracle.sh --oracle-kernel $(or $(ORACLE_KERNEL),6.12)

conform: all $(T)/vfio-conform
	$(CONFORM)/conform.sh

walk: all $(T)/vfio-conform
	$(CONFORM)/walk.sh $(if $(AREA),--area $(AREA)) $(or $(N),1)

.PHONY: vfio-conform oracle conform walk
