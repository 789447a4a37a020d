// SPDX-License-Identifier: BSD-3-Clause
/* PCI functions: their life, and access to their regions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "device.h"
#include "host.h"
#include "irq.h"
#include "pci.h"
#include "region.h"

#define REGIONS (VFIO_PCI_VGA_REGION_INDEX + 1)
#define MSIX_ENTRY_SIZE 16
#define RW_FLAGS (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE)

static bool is_power(uint64_t n)
{
	return n && !(n & (n - 1));
}

static bool bar_is_sound(const struct vfio_pci *pci, unsigned int index)
{
	uint64_t size = pci->regions[index].size;
	uint32_t flags = pci->desc->bar_flags[index];
	bool io = flags & VFIOD_PCI_BAR_IO;

	if (!size)
		return true;
	if (!is_power(size) || size < (io ? 4 : 16))
		return false;
	if (io)
		return flags == VFIOD_PCI_BAR_IO && size <= 256;
	if (flags & VFIOD_PCI_BAR_64)
		return index < VFIOD_PCI_BARS - 1 &&
		       !pci->regions[index + 1].size;
	return size <= UINT32_MAX;
}

static bool msix_is_sound(const struct vfio_pci *pci)
{
	const struct vfiod_pci *desc = pci->desc;
	uint64_t size;

	if (!desc->msix_vectors)
		return true;
	if (desc->msix_vectors > 2048 || desc->msix_bar >= VFIOD_PCI_BARS ||
	    desc->msix_table % 8 || desc->msix_pba % 8)
		return false;
	size = pci->regions[desc->msix_bar].size;
	return desc->msix_table + desc->msix_vectors * MSIX_ENTRY_SIZE <=
		       size &&
	       desc->msix_pba < size;
}

static bool is_sound(const struct vfio_device *vdev)
{
	const struct vfio_pci *pci = vdev->pci;
	const struct vfiod_pci *desc = pci->desc;
	const struct vfiod_region *rom;

	for (unsigned int i = 0; i < VFIOD_PCI_BARS; i++)
		if (!bar_is_sound(pci, i))
			return false;
	rom = &pci->regions[VFIO_PCI_ROM_REGION_INDEX];
	if (rom->size && (!is_power(rom->size) || rom->size < 2048))
		return false;
	if (desc->interrupt_pin > 4 || desc->msi_vectors > 32 ||
	    (desc->msi_vectors && !is_power(desc->msi_vectors)))
		return false;
	return vdev->plugin->access && msix_is_sound(pci);
}

/* The declared regions, and the two that vfiod adds. */
static int make_regions(struct vfio_pci *pci, const struct vfiod_type *declared)
{
	uint32_t nr = declared->nr_regions;
	struct vfiod_region *config;

	pci->type.nr_regions = nr > REGIONS ? nr : REGIONS;
	pci->regions = calloc(pci->type.nr_regions, sizeof(*pci->regions));
	if (!pci->regions)
		return -ENOMEM;
	if (nr)
		memcpy(pci->regions, declared->regions,
		       nr * sizeof(*pci->regions));
	config = &pci->regions[VFIO_PCI_CONFIG_REGION_INDEX];
	memset(config, 0, 2 * sizeof(*config));
	config->size = pci->config_size;
	config->flags = RW_FLAGS;
	pci->type.regions = pci->regions;
	return 0;
}

/* vfio_pci_get_irq_count(), and the flags of vfio_pci_ioctl_get_irq_info(). */
static void make_irqs(struct vfio_pci *pci)
{
	const struct vfiod_pci *desc = pci->desc;
	struct vfiod_irq *irqs = pci->irqs;
	const uint32_t fixed = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;

	irqs[VFIO_PCI_INTX_IRQ_INDEX] = (struct vfiod_irq){
		.count = desc->interrupt_pin ? 1 : 0,
		.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE |
			 VFIO_IRQ_INFO_AUTOMASKED,
		.kind = VFIOD_IRQ_INTX,
	};
	irqs[VFIO_PCI_MSI_IRQ_INDEX] = (struct vfiod_irq){
		.count = desc->msi_vectors,
		.flags = fixed,
		.kind = VFIOD_IRQ_MSI,
	};
	irqs[VFIO_PCI_MSIX_IRQ_INDEX] = (struct vfiod_irq){
		.count = desc->msix_vectors,
		.flags = desc->msix_vectors ? VFIO_IRQ_INFO_EVENTFD : fixed,
		.kind = VFIOD_IRQ_MSI,
	};
	irqs[VFIO_PCI_ERR_IRQ_INDEX] = (struct vfiod_irq){
		.count = 1,
		.flags = fixed,
		.absent = !(desc->flags & VFIOD_PCI_EXPRESS),
	};
	irqs[VFIO_PCI_REQ_IRQ_INDEX] = (struct vfiod_irq){
		.count = 1,
		.flags = fixed,
	};
	pci->type.irqs = irqs;
	pci->type.nr_irqs = VFIO_PCI_NUM_IRQS;
}

static int fill_in(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;
	int ret;

	pci->type = *vdev->type;
	pci->type.info_flags = VFIO_DEVICE_FLAGS_PCI;
	pci->config_size = pci->desc->flags & VFIOD_PCI_EXPRESS ?
				   PCI_CFG_SPACE_EXP_SIZE :
				   PCI_CFG_SPACE_SIZE;
	ret = make_regions(pci, vdev->type);
	if (ret)
		return ret;
	make_irqs(pci);
	if (!is_sound(vdev))
		return -EINVAL;
	ret = vfio_pci_layout(pci, vdev->plugin->reset);
	memcpy(pci->config, pci->initial, sizeof(pci->config));
	return ret;
}

/* In the order in which a scan of the bus finds them. */
static void add_to_bus(struct vfio_pci *pci)
{
	struct vfio_pci *it, *last = NULL;

	LIST_FOREACH(it, &pci->slot.bus->functions, bus_next) {
		if (it->slot.devfn > pci->slot.devfn)
			break;
		last = it;
	}
	if (last)
		LIST_INSERT_AFTER(last, pci, bus_next);
	else
		LIST_INSERT_HEAD(&pci->slot.bus->functions, pci, bus_next);
}

int vfio_pci_create(struct vfio_device *vdev, const struct vfio_pci_slot *slot)
{
	struct vfio_pci *pci = calloc(1, sizeof(*pci));
	int ret;

	if (!pci)
		return -ENOMEM;
	vdev->pci = pci;
	pci->desc = vdev->type->pci;
	pci->vdev = vdev;
	if (slot)
		pci->slot = *slot;
	pthread_mutex_init(&pci->config_lock, NULL);
	pthread_mutex_init(&pci->ioeventfd_lock, NULL);
	LIST_INIT(&pci->ioeventfds);
	if (pci->slot.bus)
		add_to_bus(pci);
	ret = fill_in(vdev);
	if (ret)
		vfio_pci_destroy(vdev);
	else
		vdev->type = &pci->type;
	return ret;
}

void vfio_pci_destroy(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;

	if (pci->slot.bus)
		LIST_REMOVE(pci, bus_next);
	pthread_mutex_destroy(&pci->config_lock);
	pthread_mutex_destroy(&pci->ioeventfd_lock);
	free(pci->regions);
	free(pci);
	vdev->pci = NULL;
}

int vfio_pci_open(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;
	int ret;

	vfio_pci_config_reset(vdev);
	ret = vfio_pci_open_reset(vdev);
	if (ret == -EAGAIN)
		return ret;
	pci->type.info_flags = VFIO_DEVICE_FLAGS_PCI;
	if (!ret && vfio_pci_can_reset(vdev))
		pci->type.info_flags |= VFIO_DEVICE_FLAGS_RESET;
	pci->is_open = true;
	return 0;
}

void vfio_pci_close(struct vfio_device *vdev)
{
	vfio_pci_free_ioeventfds(vdev);
	vfio_pci_power_exit(vdev);
	vfio_pci_config_reset(vdev);
	vdev->pci->is_open = false;
}

int vfio_pci_bar_enabled(const struct vfio_device *vdev, unsigned int index)
{
	const struct vfio_pci *pci = vdev->pci;

	if (index >= VFIOD_PCI_BARS ||
	    (pci->desc->bar_flags[index] & VFIOD_PCI_BAR_IO))
		return 0;
	if (pci->d3hot || !(pci->command & PCI_COMMAND_MEMORY))
		return -EIO;
	return 0;
}

static int access_at(struct vfio_device *vdev, uint64_t pos, void *buf,
		     unsigned int len, bool write)
{
	unsigned int index = VFIOD_OFFSET_INDEX(pos);
	int ret = vfio_pci_bar_enabled(vdev, index);

	if (ret)
		return ret;
	return vfio_region_access(vdev, index, pos & VFIOD_OFFSET_MASK, buf,
				  len, write);
}

static int read_at(struct vfio_device *vdev, uint64_t pos, void *buf,
		   unsigned int len)
{
	return access_at(vdev, pos, buf, len, false);
}

static int write_at(struct vfio_device *vdev, uint64_t pos, void *buf,
		    unsigned int len)
{
	return access_at(vdev, pos, buf, len, true);
}

/* Offsets in a BAR that vfio-pci keeps for itself: [start, end). */
static void find_hole(const struct vfio_pci *pci, unsigned int index,
		      uint64_t *start, uint64_t *end)
{
	const struct vfiod_pci *desc = pci->desc;

	*start = *end = 0;
	if (desc->msix_vectors && index == desc->msix_bar) {
		*start = desc->msix_table;
		*end = *start + desc->msix_vectors * MSIX_ENTRY_SIZE;
	}
}

/*
 * vfio_pci_core_do_io_rw(): the MSI-X table reads as ones, and writes to it
 * are dropped. An error counts even after something was done.
 */
static ssize_t region_rw(struct vfio_device *vdev, char *buf, size_t count,
			 uint64_t pos, bool write)
{
	unsigned int index = VFIOD_OFFSET_INDEX(pos);
	unsigned int max = index == VFIO_PCI_ROM_REGION_INDEX ? 4 : 8;
	uint64_t start, end, offset = pos & VFIOD_OFFSET_MASK;
	size_t done = 0;

	find_hole(vdev->pci, index, &start, &end);
	while (done < count) {
		uint64_t at = offset + done;
		size_t len = count - done;

		if (at >= start && at < end) {
			len = len < end - at ? len : end - at;
			if (!write)
				memset(buf + done, 0xff, len);
		} else {
			ssize_t ret;

			if (at < start && len > start - at)
				len = start - at;
			ret = vfiod_rw_split(vdev, buf + done, len, pos + done,
					     max, write ? write_at : read_at);
			if (ret != (ssize_t)len)
				return ret < 0 ? ret : -EIO;
		}
		done += len;
	}
	return done;
}

/* The part of an access that lies in the region: 0 for none. */
static size_t clip(const struct vfio_device *vdev, uint64_t pos, size_t count,
		   uint32_t flag)
{
	uint64_t offset = pos & VFIOD_OFFSET_MASK;
	unsigned int index = VFIOD_OFFSET_INDEX(pos);
	const struct vfiod_region *region = &vdev->type->regions[index];

	if (index >= vdev->type->nr_regions || offset >= region->size ||
	    !(region->flags & flag))
		return 0;
	return count < region->size - offset ? count : region->size - offset;
}

ssize_t vfio_pci_read(struct vfio_device *vdev, void *buf, size_t count,
		      uint64_t pos)
{
	if (VFIOD_OFFSET_INDEX(pos) == VFIO_PCI_CONFIG_REGION_INDEX)
		return vfio_pci_config_read(vdev, buf, count,
					    pos & VFIOD_OFFSET_MASK);
	count = clip(vdev, pos, count, VFIO_REGION_INFO_FLAG_READ);
	return count ? region_rw(vdev, buf, count, pos, false) : -EINVAL;
}

ssize_t vfio_pci_write(struct vfio_device *vdev, const void *buf, size_t count,
		       uint64_t pos)
{
	if (VFIOD_OFFSET_INDEX(pos) == VFIO_PCI_CONFIG_REGION_INDEX)
		return vfio_pci_config_write(vdev, buf, count,
					     pos & VFIOD_OFFSET_MASK);
	count = clip(vdev, pos, count, VFIO_REGION_INFO_FLAG_WRITE);
	if (!count)
		return -EINVAL;
	/* One function for both ways; a write does not change buf. */
	return region_rw(vdev, (char *)(uintptr_t)buf, count, pos, true);
}

/* A message is a write to memory: lost without the bus master bit. */
int vfiod_pci_interrupt(struct vfio_device *vdev, unsigned int vector)
{
	static const unsigned int indices[] = { VFIO_PCI_MSIX_IRQ_INDEX,
						VFIO_PCI_MSI_IRQ_INDEX };

	for (size_t i = 0; i < 2; i++) {
		if (!vfio_irqs_sends(vdev->irqs, indices[i]))
			continue;
		if (vfiod_pci_bus_master(vdev))
			vfio_irqs_trigger(vdev->irqs, indices[i], vector);
		return 1;
	}
	return 0;
}
