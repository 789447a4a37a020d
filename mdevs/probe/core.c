// SPDX-License-Identifier: (GPL-2.0 OR BSD-3-Clause)
/* The registers of a probe, its commands, and its dma_unmap. */
#include "probe.h"

#define FIELD_END(member) (offsetof(struct probe_regs, member) + sizeof(__u32))
/* An index of <linux/vfio.h>, which the kernel has elsewhere. */
#define CONFIG_REGION 7

void probe_init(struct probe *p, struct probe_log *log, unsigned int number)
{
	p->log = log;
	p->regs.number = number;
}

void probe_open(struct probe *p)
{
	probe_os_lock(p);
	p->regs = (struct probe_regs){
		.id = PROBE_ID,
		.number = p->regs.number,
		.action = PROBE_UNPIN_RANGE,
	};
	p->go = false;
	memset(p->data, 0, sizeof(p->data));
	probe_os_unlock(p);
}

void probe_close(struct probe *p)
{
	probe_os_lock(p);
	probe_unpin_range(p, 0, ~0ULL);
	probe_os_unlock(p);
}

/* ---- commands ---- */

static int pin_list(struct probe *p)
{
	__u32 i, n = 0;
	__u64 iova;
	__s64 ret;

	for (i = 0; i < p->regs.count; i++) {
		if (i >= PROBE_DATA_SIZE / sizeof(iova))
			return -EMSGSIZE;
		memcpy(&iova, p->data + i * sizeof(iova), sizeof(iova));
		ret = probe_pin(p, iova, p->regs.npage, p->regs.prot);
		memcpy(p->data + i * sizeof(iova), &ret, sizeof(ret));
		n += ret >= 0;
	}
	return (int)n;
}

static int dma_rw(struct probe *p, __u64 iova, __u64 length, bool write)
{
	if (length > PROBE_DATA_SIZE)
		return -EMSGSIZE;
	return probe_os_dma_rw(p, iova, p->data, length, write);
}

static int page_rw(struct probe *p, bool write)
{
	struct probe_pin *pin = probe_find_pin(p, p->regs.iova);

	if (!pin)
		return -ENOENT;
	if (p->regs.count > PROBE_PAGE_SIZE ||
	    p->regs.length > PROBE_PAGE_SIZE - p->regs.count)
		return -EINVAL;
	if (write && !(pin->prot & 2))
		return -EPERM;
	return probe_os_page_rw(pin->page, p->regs.count, p->data,
				p->regs.length, write);
}

static int go(struct probe *p)
{
	p->go = true;
	probe_os_wake(p);
	return 0;
}

static int execute(struct probe *p)
{
	struct probe_regs *r = &p->regs;

	switch (r->command) {
	case PROBE_PIN:
		return probe_pin(p, r->iova, r->npage, r->prot);
	case PROBE_PIN_LIST:
		return pin_list(p);
	case PROBE_UNPIN:
		return probe_unpin(p, r->iova, r->npage);
	case PROBE_UNPIN_ANY:
		probe_os_unpin_pages(p, r->iova, r->npage);
		return 0;
	case PROBE_DMA_READ:
		return dma_rw(p, r->iova, r->length, false);
	case PROBE_DMA_WRITE:
		return dma_rw(p, r->iova, r->length, true);
	case PROBE_PAGE_READ:
		return page_rw(p, false);
	case PROBE_PAGE_WRITE:
		return page_rw(p, true);
	case PROBE_CLEAR:
		probe_log_clear(p);
		return 0;
	case PROBE_GO:
		return go(p);
	default:
		return -EINVAL;
	}
}

/* ---- dma_unmap ---- */

static int act(struct probe *p, __u64 iova, __u64 length)
{
	struct probe_regs *r = &p->regs;
	__u32 action = r->action;
	int ret = 0;

	if (action & PROBE_UNPIN_RANGE)
		probe_unpin_range(p, iova, length);
	if (action & PROBE_UNPIN_OTHER)
		probe_unpin_range(p, r->other_iova, r->other_length);
	if (action & PROBE_PIN_OTHER)
		ret = probe_pin(p, r->other_iova, 1, r->other_prot);
	if (action & PROBE_READ_OTHER)
		ret = dma_rw(p, r->other_iova, r->other_length, false);
	if (action & PROBE_WRITE_OTHER)
		ret = dma_rw(p, r->other_iova, r->other_length, true);
	if (action & PROBE_WAIT) {
		r->waiting = 1;
		ret = probe_os_wait(p);
		r->waiting = 0;
		p->go = false;
	}
	return ret;
}

/* How often before this device was asked for the range, in a row. */
static __u32 asked(struct probe *p, __u64 iova, __u64 length)
{
	__u32 orders = probe_log_orders(p);

	if (p->asked_iova != iova || p->asked_length != length ||
	    p->asked_orders != orders)
		p->asked = 0;
	p->asked_iova = iova;
	p->asked_length = length;
	p->asked_orders = orders;
	return p->asked++;
}

void probe_dma_unmap(struct probe *p, __u64 iova, __u64 length)
{
	__u32 place;
	int ret = 0;

	probe_os_lock(p);
	place = probe_log_call(p, iova, length);
	if (asked(p, iova, length) >= PROBE_ROUNDS)
		probe_unpin_range(p, 0, ~0ULL);
	else if (p->regs.ignore)
		p->regs.ignore--;
	else
		ret = act(p, iova, length);
	probe_log_result(p, place, ret);
	probe_os_unlock(p);
}

/* ---- accesses ---- */

static bool within(__u64 offset, size_t count, __u64 begin, __u64 size)
{
	return offset >= begin && offset - begin <= size &&
	       count <= size - (offset - begin);
}

static void read_regs(struct probe *p, size_t offset, void *buf, size_t count)
{
	p->regs.held = probe_held(p, 0, ~0ULL);
	p->regs.logged = probe_log_count(p);
	memcpy(buf, (const char *)&p->regs + offset, count);
}

static void write_regs(struct probe *p, size_t offset, const void *buf,
		       size_t count)
{
	memcpy((char *)&p->regs + offset, buf, count);
	if (offset > offsetof(struct probe_regs, command) ||
	    offset + count < FIELD_END(command))
		return;
	probe_log_order(p);
	p->regs.result = execute(p);
}

/* No more than says what it is. */
static int read_config(__u64 offset, void *buf, size_t count)
{
	static const unsigned char config[PROBE_CONFIG_SIZE] = {
		[PCI_VENDOR_ID] = 0x34,	   [PCI_VENDOR_ID + 1] = 0x12,
		[PCI_DEVICE_ID] = 'p',	   [PCI_DEVICE_ID + 1] = 'r',
		[PCI_CLASS_DEVICE] = 0x00, [PCI_CLASS_DEVICE + 1] = 0xff,
	};

	if (!within(offset, count, 0, sizeof(config)))
		return -EINVAL;
	memcpy(buf, config + offset, count);
	return 0;
}

int probe_read(struct probe *p, __u64 pos, void *buf, size_t count)
{
	__u64 at = PROBE_OFFSET(pos);
	int ret = 0;

	if (PROBE_INDEX(pos) == CONFIG_REGION)
		return read_config(at, buf, count);
	if (PROBE_INDEX(pos))
		return -EINVAL;
	probe_os_lock(p);
	if (within(at, count, PROBE_REGS, sizeof(p->regs)))
		read_regs(p, at, buf, count);
	else if (within(at, count, PROBE_DATA, PROBE_DATA_SIZE))
		memcpy(buf, p->data + (at - PROBE_DATA), count);
	else if (within(at, count, PROBE_LOG, sizeof(p->log->entries)))
		probe_log_read(p, at - PROBE_LOG, buf, count);
	else
		ret = -EINVAL;
	probe_os_unlock(p);
	return ret;
}

int probe_write(struct probe *p, __u64 pos, const void *buf, size_t count)
{
	const size_t first = offsetof(struct probe_regs, iova);
	__u64 at = PROBE_OFFSET(pos);
	int ret = 0;

	if (PROBE_INDEX(pos))
		return -EINVAL;
	probe_os_lock(p);
	if (within(at, count, first, sizeof(p->regs) - first))
		write_regs(p, at, buf, count);
	else if (within(at, count, PROBE_DATA, PROBE_DATA_SIZE))
		memcpy(p->data + (at - PROBE_DATA), buf, count);
	else
		ret = -EINVAL;
	probe_os_unlock(p);
	return ret;
}
