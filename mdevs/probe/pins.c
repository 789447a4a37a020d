// SPDX-License-Identifier: (GPL-2.0 OR BSD-3-Clause)
/* What a probe has pinned. */
#include "probe.h"

struct probe_pin *probe_find_pin(struct probe *p, __u64 iova)
{
	struct probe_pin *pin;

	for (pin = p->pins; pin < p->pins + p->nr_pins; pin++)
		if (pin->iova == iova)
			return pin;
	return NULL;
}

static void add(struct probe *p, __u64 iova, __u32 prot, void *page)
{
	struct probe_pin *pin = probe_find_pin(p, iova);

	if (!pin) {
		pin = &p->pins[p->nr_pins++];
		*pin = (struct probe_pin){ .iova = iova,
					   .page = page,
					   .prot = prot };
	}
	pin->count++;
}

int probe_pin(struct probe *p, __u64 iova, int npage, __u32 prot)
{
	int i, ret;

	if (npage > 0 && npage <= PROBE_PIN_PAGES &&
	    p->nr_pins + npage > PROBE_MAX_PINS)
		return -ENOSPC;
	ret = probe_os_pin_pages(p, iova, npage, (int)prot, p->pages);
	for (i = 0; i < ret; i++)
		add(p, iova + PROBE_PAGE_SIZE * i, prot, p->pages[i]);
	return ret;
}

/* Its place is taken by the last one. */
static void remove_pin(struct probe *p, struct probe_pin *pin)
{
	*pin = p->pins[--p->nr_pins];
}

int probe_unpin(struct probe *p, __u64 iova, int npage)
{
	struct probe_pin *pin;
	int i, n = 0;

	for (i = 0; i < npage && i < PROBE_MAX_PINS; i++) {
		pin = probe_find_pin(p, iova + PROBE_PAGE_SIZE * i);
		if (!pin)
			continue;
		probe_os_unpin_pages(p, pin->iova, 1);
		if (!--pin->count)
			remove_pin(p, pin);
		n++;
	}
	return n;
}

static bool lies_in(const struct probe_pin *pin, __u64 iova, __u64 length)
{
	return pin->iova >= iova && pin->iova - iova < length;
}

void probe_unpin_range(struct probe *p, __u64 iova, __u64 length)
{
	unsigned int i = 0;

	while (i < p->nr_pins) {
		if (!lies_in(&p->pins[i], iova, length)) {
			i++;
			continue;
		}
		while (p->pins[i].count--)
			probe_os_unpin_pages(p, p->pins[i].iova, 1);
		remove_pin(p, &p->pins[i]);
	}
}

__u32 probe_held(const struct probe *p, __u64 iova, __u64 length)
{
	const struct probe_pin *pin;
	__u32 n = 0;

	for (pin = p->pins; pin < p->pins + p->nr_pins; pin++)
		if (lies_in(pin, iova, length))
			n += pin->count;
	return n;
}
