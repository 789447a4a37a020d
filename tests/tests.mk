# SPDX-License-Identifier: BSD-3-Clause
# The test programs, below $(BUILD)/tests, and the targets that run them.

comma := ,
CHECK_LIBS = $(call pkg,--cflags --libs,check)
T := $(BUILD)/tests

# Objects of test programs: their own include path, the rest as everywhere.
test_obj = $(call obj,$(wildcard $(1)))
$(BUILD)/obj/tests/%: ALL_CFLAGS += -Itests/plugins -Itests/client

# program NAME, objects, libraries
define test_rule
TEST_PROGRAMS += $(T)/$(1)
$(T)/$(1): $(2)
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $$@ $(2) $(3)
endef

# ---- units ----

HOST_OBJ := $(call test_obj,tests/unit/host*.c tests/unit/recorder.c tests/unit/rig.c)
$(eval $(call test_rule,unit-model,$(call test_obj,tests/unit/model_*.c \
	tests/unit/test_type1_*.c tests/unit/test_model_*.c \
	tests/unit/pci_rig.c tests/unit/test_pci_*.c) $(HOST_OBJ) \
	$(BUILD)/libbackend.a,$(CHECK_LIBS)))

$(eval $(call test_rule,unit-mtty,$(call test_obj,tests/unit/mtty_main.c \
	tests/unit/test_mtty_*.c tests/unit/fake_services.c mdevs/mtty/*.c \
	backend/mig_state.c),\
	$(CHECK_LIBS)))

FAKE_OBJ := $(call test_obj,tests/unit/fake_*.c tests/unit/attribute.c \
	backend/mig_state.c)
$(eval $(call test_rule,unit-ap,$(call test_obj,tests/unit/ap_main.c \
	tests/unit/test_ap_*.c mdevs/ap/*.c) $(FAKE_OBJ),$(CHECK_LIBS)))

$(eval $(call test_rule,unit-ccw,$(call test_obj,tests/unit/ccw_*.c \
	tests/unit/test_ccw_*.c mdevs/ccw/*.c) $(FAKE_OBJ),$(CHECK_LIBS)))
$(eval $(call test_rule,unit-ioat,$(call test_obj,tests/unit/ioat_main.c \
	tests/unit/test_ioat.c mdevs/ioat/*.c) $(FAKE_OBJ),$(CHECK_LIBS)))
$(eval $(call test_rule,unit-vgpu,$(call test_obj,tests/unit/vgpu_*.c \
	tests/unit/test_vgpu_*.c tests/unit/fake_services.c \
	backend/mig_state.c mdevs/vgpu/*.c) \
	$(call obj,tests/client/gpu.c),$(CHECK_LIBS)))

$(eval $(call test_rule,unit-nvme,$(call test_obj,tests/unit/nvme_*.c \
	tests/unit/test_nvme_*.c mdevs/nvme/*.c) $(FAKE_OBJ),$(CHECK_LIBS)))

HANDOVER_OBJ := $(call obj,daemon/handover_ptrace.c daemon/handover_seccomp.c \
	daemon/handover_map.c daemon/heir.c daemon/tracee.c \
	daemon/client_filter.c daemon/regs.c daemon/regs_$(ARCH).c \
	daemon/task_status.c tests/unit/handover_rig.c)
HANDOVER_TESTS := $(patsubst tests/unit/test_%.c,%,\
	$(wildcard tests/unit/test_handover*.c)) client_filter
$(foreach t,$(HANDOVER_TESTS),$(eval $(call test_rule,unit-$(t),\
	$(call obj,tests/unit/test_$(t).c) $(HANDOVER_OBJ),$(CHECK_LIBS))))

SANDBOX_OBJ := $(call obj,daemon/sandbox.c daemon/merge.c \
	daemon/merge_listing.c daemon/child.c daemon/child_signals.c)
$(foreach t,sandbox merge child,$(eval $(call test_rule,unit-$(t),\
	$(call obj,tests/unit/test_$(t).c) $(SANDBOX_OBJ),\
	$(CHECK_LIBS) $(call pkg,--libs,fuse3))))

$(eval $(call test_rule,unit-plugin_layout,$(call obj,\
	tests/unit/test_plugin_layout.c daemon/plugin_layout.c),$(CHECK_LIBS)))

MM_OBJ := $(call obj,daemon/mm.c daemon/mm_rw.c daemon/maps.c daemon/window.c \
	daemon/shmem.c daemon/guard.c daemon/client_fd.c daemon/task_status.c)
$(eval $(call test_rule,unit-mm,$(call obj,tests/unit/test_mm.c) $(MM_OBJ),\
	$(CHECK_LIBS)))

$(eval $(call test_rule,unit-poll,$(call obj,tests/unit/test_poll.c \
	tests/unit/host_log.c daemon/poll.c daemon/events.c),\
	$(CHECK_LIBS) $(call pkg,--libs,libevent_core libevent_pthreads)))

$(eval $(call test_rule,unit-poll-edges,$(call obj,tests/unit/test_poll_edges.c \
	tests/unit/host_log.c daemon/poll.c daemon/events.c),\
	$(CHECK_LIBS) $(call pkg,--libs,libevent_core libevent_pthreads)))

PAGER_OBJ := $(call obj,daemon/pager.c daemon/pager_process.c \
	tests/unit/pager_rig.c)
$(foreach t,pager pager_process,$(eval $(call test_rule,unit-$(t),\
	$(call obj,tests/unit/test_$(t).c) $(PAGER_OBJ),\
	$(CHECK_LIBS) $(call pkg,--libs,fuse3))))

MEMORY_OBJ := $(call obj,tests/unit/host_log.c daemon/memory.c \
	daemon/passthrough.c) $(PAGER_OBJ) $(BUILD)/libbackend.a
$(foreach t,memory memory_name,$(eval $(call test_rule,unit-$(t),\
	$(call obj,tests/unit/test_$(t).c) $(MEMORY_OBJ),\
	$(CHECK_LIBS) $(call pkg,--libs,fuse3))))

UNIT_PROGRAMS := $(filter $(T)/unit-%,$(TEST_PROGRAMS))

# ---- clients ----

CLIENT_LIB := $(call obj,tests/client/vfio.c)
$(eval $(call test_rule,client,$(call test_obj,tests/client/main.c \
	tests/client/fixture.c tests/client/test_*.c) $(CLIENT_LIB),\
	$(CHECK_LIBS)))
$(eval $(call test_rule,s390,$(call test_obj,tests/client/s390*.c) \
	$(call obj,tests/client/fixture.c) $(CLIENT_LIB),$(CHECK_LIBS)))
$(eval $(call test_rule,nvme,$(call test_obj,tests/client/nvme*.c \
	tests/client/fixture.c) $(CLIENT_LIB),$(CHECK_LIBS)))
$(eval $(call test_rule,mdpy,$(call test_obj,tests/client/mdpy.c \
	tests/client/fixture.c) $(CLIENT_LIB),$(CHECK_LIBS)))
$(eval $(call test_rule,faulty,$(call test_obj,tests/client/faulty*.c \
	tests/client/fixture.c) $(CLIENT_LIB),$(CHECK_LIBS)))
$(eval $(call test_rule,stress,$(call obj,tests/client/stress.c \
	tests/client/actor.c) $(CLIENT_LIB)))
$(eval $(call test_rule,death,$(call obj,tests/client/death.c) $(CLIENT_LIB)))
$(eval $(call test_rule,orphan,$(call obj,tests/client/orphan.c) \
	$(CLIENT_LIB)))
$(eval $(call test_rule,mapper,$(call obj,tests/client/mapper.c) \
	$(CLIENT_LIB)))
$(eval $(call test_rule,getfd,$(call obj,tests/client/getfd.c) $(CLIENT_LIB)))
$(eval $(call test_rule,shared,$(call obj,tests/client/shared.c)))
$(eval $(call test_rule,listener,$(call obj,tests/client/listener.c)))

$(eval $(call test_rule,vgpu,$(call test_obj,tests/client/vgpu*.c) \
	$(call obj,tests/client/gpu.c tests/client/fixture.c) $(CLIENT_LIB),\
	$(CHECK_LIBS)))
# ---- traffic: the same on the model and over /dev/vfio ----

TRAFFIC_OBJ := $(call obj,tests/traffic/client.c tests/traffic/run.c)
$(eval $(call test_rule,traffic-model,$(call obj,tests/traffic/model.c \
	tests/plugins/traffic.c) $(TRAFFIC_OBJ) $(call test_obj,\
	tests/unit/host*.c) $(BUILD)/libbackend.a,$(CHECK_LIBS)))
$(eval $(call test_rule,traffic,$(call obj,tests/traffic/vfio.c) \
	$(TRAFFIC_OBJ) $(CLIENT_LIB)))

# ---- plugins, built as anybody's ----

PLUGIN_CFLAGS := -std=gnu11 -O2 -g -shared -fPIC $(WARN) -Iinclude
TEST_PLUGIN_SO := $(TEST_PLUGINS:%=$(T)/plugins/%.so)
$(T)/plugins/oldapi.so: PLUGIN_CFLAGS := -std=gnu11 -O2 -g -shared -fPIC \
	$(WARN) -Itests/plugins/api-1 -Iinclude
$(T)/plugins/%.so: tests/plugins/%.c include/vfiod/plugin.h \
		$(wildcard tests/plugins/*.h)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(PLUGIN_CFLAGS) $(SANFLAGS) -o $@ $<

# ---- bench ----

BENCH := $(T)/bench
$(eval $(call test_rule,bench/floor,$(call obj,tests/bench/floor.c),\
	$(call pkg,--libs,fuse3)))
$(eval $(call test_rule,bench/client,$(call test_obj,tests/bench/client.c \
	tests/bench/calls.c tests/bench/samples.c)))
$(eval $(call test_rule,bench/vgpu,$(call obj,tests/bench/vgpu.c \
	tests/bench/calls.c tests/bench/samples.c)))
$(eval $(call test_rule,bench/unmap,$(call test_obj,tests/bench/unmap.c \
	tests/bench/samples.c)))

$(eval $(call test_rule,bench/memory,$(call test_obj,tests/bench/memory.c) \
	$(CLIENT_LIB)))

$(eval $(call test_rule,bench/nvme,$(call obj,tests/bench/nvme.c \
	tests/bench/samples.c tests/client/nvme_driver.c) $(CLIENT_LIB)))

$(eval $(call test_rule,bench/doorbell,$(call obj,tests/bench/doorbell.c \
	tests/bench/samples.c) $(CLIENT_LIB)))

tests: all $(TEST_PROGRAMS) $(TEST_PLUGIN_SO) vfio-conform

# What is tested, and the unit tests: with SAN, all that has to be sanitized.
tested: all $(UNIT_PROGRAMS) $(T)/traffic-model $(TEST_PLUGIN_SO)

check: deps
	tests/check.sh

bench: all $(BENCH)/floor $(BENCH)/client $(BENCH)/vgpu $(BENCH)/unmap \
		$(BENCH)/memory $(BENCH)/nvme $(BENCH)/doorbell \
		$(T)/plugins/keeper.so $(T)/plugins/copies.so $(T)/plugins/bell.so
	tests/bench/bench.sh $(BUILD)/vfiod $(BENCH)

.PHONY: tests tested check bench
-include $(patsubst %.c,$(BUILD)/obj/%.d,$(wildcard tests/*/*.c mdevs/*/*.c))
