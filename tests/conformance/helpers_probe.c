// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "helpers_probe.h"
#include "state.h"

#define AT(member) ((off_t)offsetof(struct probe_regs, member))
/* From iova to command: what is written with an order. */
#define ORDER_SIZE ((size_t)(AT(ignore) - AT(iova)))
#define SHOWN 32

/* ---- making it ready ---- */

static void must(struct ctx *c, long result, const char *what)
{
	if (result >= 0)
		return;
	c_say(c, "ready: %s = %s", what, strerrorname_np(errno));
	stop(c);
}

static void name(struct ctx *c, const char *prefix, int nr, int fd)
{
	char role[8];

	snprintf(role, sizeof(role), "%s%d", prefix, nr);
	c_name_fd(c, role, fd);
}

struct p_rig p_groups(struct ctx *c, unsigned long type, int nr)
{
	struct p_rig r = { .device = { -1, -1, -1, -1 } };
	int i;

	r.container = open(c->container, O_RDWR | O_CLOEXEC);
	must(c, r.container, "open(CONTAINER)");
	c_name_fd(c, "container", r.container);
	for (i = 0; i < nr; i++) {
		r.group[i] = open(c->group[i], O_RDWR | O_CLOEXEC);
		must(c, r.group[i], "open(GROUP)");
		name(c, "g", i, r.group[i]);
		must(c,
		     ioctl(r.group[i], VFIO_GROUP_SET_CONTAINER, &r.container),
		     "SET_CONTAINER");
	}
	must(c, ioctl(r.container, VFIO_SET_IOMMU, type), "SET_IOMMU");
	return r;
}

static long order(struct ctx *c, int device, struct probe_regs *regs)
{
	if (pwrite(device, (char *)regs + AT(iova), ORDER_SIZE, AT(iova)) !=
		    (ssize_t)ORDER_SIZE ||
	    pread(device, regs, sizeof(*regs), 0) != (ssize_t)sizeof(*regs)) {
		c_say(c, "** no order: %s", strerrorname_np(errno));
		stop(c);
	}
	return regs->result;
}

struct p_rig p_ready(struct ctx *c, unsigned long type, int nr)
{
	struct probe_regs clear = { .command = PROBE_CLEAR };
	struct p_rig r = p_groups(c, type, nr);
	int i;

	for (i = 0; i < nr; i++) {
		r.device[i] = ioctl(r.group[i], VFIO_GROUP_GET_DEVICE_FD,
				    c->device[i]);
		must(c, r.device[i], "GET_DEVICE_FD");
		name(c, "d", i, r.device[i]);
	}
	order(c, r.device[0], &clear);
	if (clear.id != PROBE_ID) {
		c_say(c, "ready: no probe");
		stop(c);
	}
	c_say(c, "ready: container, %s, %d probes",
	      type == VFIO_TYPE1v2_IOMMU ? "type1v2" : "type1", nr);
	return r;
}

int p_open(struct ctx *c, struct p_rig *r, int nr)
{
	char role[8];

	snprintf(role, sizeof(role), "d%d", nr);
	r->device[nr] = c_device_fd(c, r->group[nr], role, c->device[nr]);
	return r->device[nr];
}

void p_close(struct ctx *c, struct p_rig *r, int nr)
{
	c_close(c, r->device[nr]);
	c_name_fd(c, "", r->device[nr]);
	r->device[nr] = -1;
}

/* ---- orders ---- */

static void put_errno(struct line *l, long result)
{
	const char *text = result < 0 ? strerrorname_np((int)-result) : NULL;

	if (text)
		put(l, " = -%s", text);
	else
		put(l, " = %ld", result);
}

/* The line begins with the device and the order's name. */
static long give(struct ctx *c, struct line *l, int device,
		 struct probe_regs *regs)
{
	long result;

	watch_before(c);
	result = order(c, device, regs);
	put_errno(l, result);
	write_line(c, l);
	watch_after(c, NULL);
	return result;
}

static void begin(struct ctx *c, struct line *l, int device, const char *what)
{
	l->len = 0;
	put_fd(c, l, device);
	put(l, ": %s", what);
}

static void put_prot(struct line *l, uint32_t prot)
{
	static const char *const names[] = { "-", "r", "w", "rw" };

	if (prot < 4)
		put(l, "%s", names[prot]);
	else
		put(l, "0x%x", prot);
}

static long pages_order(struct ctx *c, int device, const char *what,
			struct probe_regs *regs)
{
	struct line l;

	begin(c, &l, device, what);
	put(&l, "(0x%llx, %d", regs->iova, regs->npage);
	if (regs->command == PROBE_PIN) {
		put(&l, ", ");
		put_prot(&l, regs->prot);
	}
	put(&l, ")");
	return give(c, &l, device, regs);
}

long p_pin(struct ctx *c, int device, uint64_t iova, int npage, uint32_t prot)
{
	struct probe_regs regs = {
		.command = PROBE_PIN, .iova = iova, .npage = npage, .prot = prot
	};

	return pages_order(c, device, "pin", &regs);
}

long p_unpin(struct ctx *c, int device, uint64_t iova, int npage)
{
	struct probe_regs regs = { .command = PROBE_UNPIN,
				   .iova = iova,
				   .npage = npage };

	return pages_order(c, device, "unpin", &regs);
}

long p_unpin_any(struct ctx *c, int device, uint64_t iova, int npage)
{
	struct probe_regs regs = { .command = PROBE_UNPIN_ANY,
				   .iova = iova,
				   .npage = npage };

	return pages_order(c, device, "unpin_any", &regs);
}

/* A chunk at a time: what FUSE carries in one request is not the subject. */
static bool window(int device, void *data, size_t len, bool write)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < C_PAGE ? len - at : C_PAGE;
		if ((write ? pwrite(device, (char *)data + at, n,
				    (off_t)(PROBE_DATA + at)) :
			     pread(device, (char *)data + at, n,
				   (off_t)(PROBE_DATA + at))) != (ssize_t)n)
			return false;
	}
	return true;
}

static size_t in_window(uint64_t length)
{
	return length < PROBE_DATA_SIZE ? length : PROBE_DATA_SIZE;
}

static void fill(struct ctx *c, int device, uint64_t length,
		 unsigned char value)
{
	static unsigned char data[PROBE_DATA_SIZE];
	size_t i, len = in_window(length);

	for (i = 0; i < len; i++)
		data[i] = (unsigned char)(value + (i < 64 ? i : i / C_PAGE));
	must(c, window(device, data, len, true) ? 0 : -1, "data window");
}

/* What the window holds: bytes, or their number and a sum. */
static void say_data(struct ctx *c, int device, uint64_t length)
{
	static unsigned char data[PROBE_DATA_SIZE];
	size_t i, len = in_window(length);
	struct line l = { 0 };
	uint32_t sum = 0;

	must(c, window(device, data, len, false) ? 0 : -1, "data window");
	for (i = 0; i < len; i++)
		sum = sum * 31 + data[i];
	put(&l, "    data: ");
	if (len <= SHOWN)
		put_bytes(&l, data, len);
	else
		put(&l, "%zu bytes, sum %08x", len, sum);
	write_line(c, &l);
}

static long copy(struct ctx *c, int device, const char *what,
		 struct probe_regs *regs)
{
	uint64_t length = regs->length;
	struct line l;
	long result;

	begin(c, &l, device, what);
	put(&l, "(0x%llx, 0x%llx)", regs->iova, regs->length);
	result = give(c, &l, device, regs);
	if (!result && (regs->command == PROBE_DMA_READ ||
			regs->command == PROBE_PAGE_READ))
		say_data(c, device, length);
	return result;
}

long p_dma_read(struct ctx *c, int device, uint64_t iova, uint64_t length)
{
	struct probe_regs regs = { .command = PROBE_DMA_READ,
				   .iova = iova,
				   .length = length };

	return copy(c, device, "dma_read", &regs);
}

long p_dma_write(struct ctx *c, int device, uint64_t iova, uint64_t length,
		 unsigned char value)
{
	struct probe_regs regs = { .command = PROBE_DMA_WRITE,
				   .iova = iova,
				   .length = length };

	fill(c, device, length, value);
	return copy(c, device, "dma_write", &regs);
}

long p_page_read(struct ctx *c, int device, uint64_t iova, uint32_t offset,
		 uint32_t length)
{
	struct probe_regs regs = { .command = PROBE_PAGE_READ,
				   .iova = iova,
				   .count = offset,
				   .length = length };

	return copy(c, device, "page_read", &regs);
}

long p_page_write(struct ctx *c, int device, uint64_t iova, uint32_t offset,
		  uint32_t length, unsigned char value)
{
	struct probe_regs regs = { .command = PROBE_PAGE_WRITE,
				   .iova = iova,
				   .count = offset,
				   .length = length };

	fill(c, device, length, value);
	return copy(c, device, "page_write", &regs);
}

void p_pin_list(struct ctx *c, int device, const uint64_t *iovas,
		uint32_t count, int npage, uint32_t prot)
{
	struct probe_regs regs = { .command = PROBE_PIN_LIST,
				   .count = count,
				   .npage = npage,
				   .prot = prot };
	int64_t results[C_PAGE / sizeof(int64_t)];
	size_t size = count * sizeof(*iovas);
	struct line l;
	uint32_t i;

	must(c, pwrite(device, iovas, size, PROBE_DATA), "data window");
	begin(c, &l, device, "pin_list");
	put(&l, "(%u, %d, ", count, npage);
	put_prot(&l, prot);
	put(&l, ")");
	give(c, &l, device, &regs);
	must(c, pread(device, results, size, PROBE_DATA), "data window");
	for (i = 0; i < count; i++) {
		l.len = 0;
		put(&l, "    0x%llx", (unsigned long long)iovas[i]);
		put_errno(&l, results[i]);
		write_line(c, &l);
	}
}

void p_action_at(struct ctx *c, int device, uint32_t ignore, uint32_t action,
		 uint64_t iova, uint64_t length, uint32_t prot)
{
	static const char *const names[] = { "unpin",	    "unpin-other",
					     "pin-other",   "read-other",
					     "write-other", "wait" };
	struct probe_regs regs = { .ignore = ignore,
				   .action = action,
				   .other_iova = iova,
				   .other_length = length,
				   .other_prot = prot };
	size_t size = sizeof(regs) - (size_t)AT(ignore);
	struct line l;
	size_t i;

	begin(c, &l, device, "dma_unmap shall:");
	if (ignore)
		put(&l, " ignore %u", ignore);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (action & 1U << i)
			put(&l, " %s", names[i]);
	if (iova || length) {
		put(&l, " (0x%llx, 0x%llx, ", (unsigned long long)iova,
		    (unsigned long long)length);
		put_prot(&l, prot);
		put(&l, ")");
	}
	if (pwrite(device, (char *)&regs + AT(ignore), size, AT(ignore)) !=
	    (ssize_t)size)
		put_result(&l, -1);
	write_line(c, &l);
}

void p_action(struct ctx *c, int device, uint32_t ignore, uint32_t action)
{
	p_action_at(c, device, ignore, action, 0, 0, 0);
}

/* ---- what happened ---- */

static void put_entry(struct ctx *c, const struct probe_log_entry *e)
{
	struct line l = { 0 };

	put(&l, "    dma_unmap(d%u, 0x%llx, 0x%llx) held %u", e->number,
	    e->iova, e->length, e->held);
	if (e->result)
		put_errno(&l, e->result);
	write_line(c, &l);
}

void p_log(struct ctx *c, int device)
{
	static struct probe_log_entry log[PROBE_MAX_LOG];
	struct probe_regs regs;
	uint32_t i;

	must(c, pread(device, &regs, sizeof(regs), 0), "registers");
	if (!regs.logged)
		return;
	must(c, pread(device, log, regs.logged * sizeof(log[0]), PROBE_LOG),
	     "log");
	for (i = 0; i < regs.logged; i++)
		put_entry(c, &log[i]);
	regs.command = PROBE_CLEAR;
	order(c, device, &regs);
}

unsigned int p_pins(struct ctx *c, int device)
{
	struct probe_regs regs;

	must(c, pread(device, &regs, sizeof(regs), 0), "registers");
	return regs.held;
}

void p_held(struct ctx *c, int device)
{
	unsigned int held = p_pins(c, device);
	struct line l;

	begin(c, &l, device, "held");
	put(&l, " = %u", held);
	write_line(c, &l);
}

/* By way of the first device that is open. */
static void log_of(struct ctx *c, const struct p_rig *r)
{
	int i;

	for (i = 0; i < C_GROUPS; i++) {
		if (r->device[i] > 0) {
			p_log(c, r->device[i]);
			return;
		}
	}
}

void p_unmap_flags(struct ctx *c, const struct p_rig *r, uint64_t iova,
		   uint64_t size, uint32_t flags)
{
	c_unmap(c, r->container, iova, size, flags, NULL);
	log_of(c, r);
}

void p_unmap(struct ctx *c, const struct p_rig *r, uint64_t iova, uint64_t size)
{
	p_unmap_flags(c, r, iova, size, 0);
}

void p_unmap_dirty(struct ctx *c, const struct p_rig *r, uint64_t iova,
		   uint64_t size, void *bitmap)
{
	struct {
		struct vfio_iommu_type1_dma_unmap unmap;
		struct vfio_bitmap bitmap;
	} arg = {
		.unmap.argsz = sizeof(arg),
		.unmap.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
		.unmap.iova = iova,
		.unmap.size = size,
		.bitmap.pgsize = C_PAGE,
		.bitmap.size = 8 * ((size / C_PAGE + 63) / 64),
		.bitmap.data = bitmap,
	};

	c_arg(c, r->container, &IOMMU_UNMAP_DMA, &arg, sizeof(arg));
	log_of(c, r);
}

void p_dirty(struct ctx *c, const struct p_rig *r, uint64_t iova,
	     uint64_t pages, void *bitmap)
{
	memset(bitmap, 0xee, 8);
	c_dirty_get(c, r->container, iova, pages * C_PAGE, C_PAGE, bitmap, 8);
}

/* Its fd is at the mercy of nobody's lock: reading registers does not wait. */
void p_await(struct ctx *c, int device)
{
	struct timespec moment = { .tv_nsec = 2000000 };
	struct probe_regs regs;

	do {
		nanosleep(&moment, NULL);
		must(c, pread(device, &regs, sizeof(regs), 0), "registers");
	} while (!regs.waiting);
}

void p_go(struct ctx *c, int device)
{
	struct probe_regs regs = { .command = PROBE_GO };
	struct line l;

	begin(c, &l, device, "go");
	give(c, &l, device, &regs);
}
