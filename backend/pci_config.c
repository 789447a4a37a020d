// SPDX-License-Identifier: BSD-3-Clause
/* Configuration space as clients see it (drivers/vfio/pci/vfio_pci_config.c). */
#include <errno.h>
#include <string.h>

#include "blame.h"
#include "device.h"
#include "irq.h"
#include "pci.h"

/*
 * vfio_config_do_rw(): accesses are cut into aligned pieces of at most four
 * bytes, of one capability each.
 */
static size_t piece(const struct vfio_pci *pci, uint64_t pos, size_t count)
{
	size_t len = 1;

	while ((pos + len) % 4 && len < count &&
	       pci->owner[pos + len] == pci->owner[pos])
		len++;
	if (len >= 4 && pos % 4 == 0)
		return 4;
	return len >= 2 && pos % 2 == 0 ? 2 : 1;
}

static bool outside(const struct vfio_pci *pci, uint64_t pos, size_t count)
{
	return pos >= pci->config_size || count > pci->config_size - pos;
}

/* The device's own registers: the plugin is asked, without a lock. */
static bool is_own(const struct vfio_pci *pci, uint64_t pos)
{
	return (pci->desc->flags & VFIOD_PCI_OWN_CONFIG) &&
	       pci->owner[pos] == VFIO_PCI_UNASSIGNED;
}

static int own_access(struct vfio_device *vdev, uint64_t pos, void *buf,
		      unsigned int len, bool write)
{
	int ret = vdev->plugin->access(vdev, VFIO_PCI_CONFIG_REGION_INDEX, pos,
				       buf, len, write);

	return vfio_blame_result(vdev, "access", ret, 0);
}

/* Is @at in [pos, pos + len)? */
static bool has(uint64_t pos, size_t len, uint64_t at)
{
	return at >= pos && at - pos < len;
}

/* Sets @bits in the byte at @at, if that is asked for. */
static void show_bits(uint8_t *buf, uint64_t pos, size_t len, uint64_t at,
		      uint8_t bits)
{
	if (has(pos, len, at))
		buf[at - pos] |= bits;
}

/* What changes without a write: the level of INTx, MSI-X in use. */
static void show_state(struct vfio_device *vdev, uint64_t pos, uint8_t *buf,
		       size_t len)
{
	const struct vfio_pci *pci = vdev->pci;

	if (vfio_irqs_line_is_up(vdev->irqs))
		show_bits(buf, pos, len, PCI_STATUS, PCI_STATUS_INTERRUPT);
	if (pci->msix && vfio_irqs_sends(vdev->irqs, VFIO_PCI_MSIX_IRQ_INDEX))
		show_bits(buf, pos, len, pci->msix + PCI_MSIX_FLAGS + 1,
			  PCI_MSIX_FLAGS_ENABLE >> 8);
}

static int read_piece(struct vfio_device *vdev, uint64_t pos, void *buf,
		      size_t len)
{
	struct vfio_pci *pci = vdev->pci;

	if (is_own(pci, pos))
		return own_access(vdev, pos, buf, len, false);
	pthread_mutex_lock(&pci->config_lock);
	memcpy(buf, pci->config + pos, len);
	pthread_mutex_unlock(&pci->config_lock);
	show_state(vdev, pos, buf, len);
	return 0;
}

ssize_t vfio_pci_config_read(struct vfio_device *vdev, void *buf, size_t count,
			     uint64_t pos)
{
	size_t done = 0;

	if (outside(vdev->pci, pos, count))
		return -EFAULT;
	while (done < count) {
		size_t len = piece(vdev->pci, pos + done, count - done);
		int ret;

		ret = read_piece(vdev, pos + done, (char *)buf + done, len);
		if (ret)
			return ret;
		done += len;
	}
	return done;
}

/* Tell those who look without the lock. */
static void publish(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;
	uint16_t command = vfio_pci_get16(pci->config + PCI_COMMAND);
	bool off = command & PCI_COMMAND_INTX_DISABLE;

	if (off != !!(pci->command & PCI_COMMAND_INTX_DISABLE))
		vfio_irqs_disable_intx(vdev->irqs, off);
	pci->command = command;
	if (pci->pm)
		pci->d3hot = (pci->config[pci->pm + PCI_PM_CTRL] &
			      PCI_PM_CTRL_STATE_MASK) == 3;
}

/*
 * vfio_msi_config_write(): messages are set up by SET_IRQS, and then the bit
 * turns them off and on; the number that is set up limits what can be asked
 * for.
 */
static void limit_msi(struct vfio_device *vdev)
{
	uint8_t *flags = vdev->pci->config + vdev->pci->msi + PCI_MSI_FLAGS;
	unsigned int max = 0, nr;

	nr = vfio_irqs_vectors(vdev->irqs, VFIO_PCI_MSI_IRQ_INDEX);
	if (!nr)
		*flags &= ~PCI_MSI_FLAGS_ENABLE;
	else
		vfio_irqs_disable_messages(vdev->irqs,
					   !(*flags & PCI_MSI_FLAGS_ENABLE));
	while (1U << max < nr)
		max++;
	if ((*flags & PCI_MSI_FLAGS_QSIZE) > max << 4)
		*flags = (*flags & ~PCI_MSI_FLAGS_QSIZE) | max << 4;
}

/* D1 and D2 are not there: such a write changes nothing. */
static void limit_pm(struct vfio_pci *pci, uint8_t old)
{
	uint8_t *control = pci->config + pci->pm + PCI_PM_CTRL;
	uint8_t state = *control & PCI_PM_CTRL_STATE_MASK;

	if (state == 1 || state == 2)
		*control = (*control & ~PCI_PM_CTRL_STATE_MASK) |
			   (old & PCI_PM_CTRL_STATE_MASK);
}

/* The bit to reset the function always reads 0. */
static bool take_flr(struct vfio_pci *pci)
{
	uint8_t *high = pci->config + pci->exp + PCI_EXP_DEVCTL + 1;
	bool flr = *high & PCI_EXP_DEVCTL_BCR_FLR >> 8;

	*high &= ~(PCI_EXP_DEVCTL_BCR_FLR >> 8);
	return flr && (vfio_pci_get32(pci->config + pci->exp + PCI_EXP_DEVCAP) &
		       PCI_EXP_DEVCAP_FLR);
}

/* config_lock is held. Does the client want the function reset? */
static bool write_locked(struct vfio_device *vdev, uint64_t pos,
			 const uint8_t *buf, size_t len)
{
	struct vfio_pci *pci = vdev->pci;
	uint8_t owner = pci->owner[pos];
	uint8_t pm = pci->pm ? pci->config[pci->pm + PCI_PM_CTRL] : 0;
	bool flr = false;

	for (size_t i = 0; i < len; i++) {
		uint8_t writable = pci->writable[pos + i];
		uint8_t *byte = &pci->config[pos + i];

		*byte = (*byte & ~writable) | (buf[i] & writable);
	}
	if (pci->msi && has(pos, len, pci->msi + PCI_MSI_FLAGS))
		limit_msi(vdev);
	if (pci->pm && owner == pci->pm)
		limit_pm(pci, pm);
	if (pci->exp && owner == pci->exp)
		flr = take_flr(pci);
	publish(vdev);
	return flr;
}

static int write_piece(struct vfio_device *vdev, uint64_t pos, const void *buf,
		       size_t len)
{
	struct vfio_pci *pci = vdev->pci;
	uint8_t copy[4];
	bool flr;

	if (is_own(pci, pos)) {
		memcpy(copy, buf, len);
		return own_access(vdev, pos, copy, len, true);
	}
	pthread_mutex_lock(&pci->config_lock);
	flr = write_locked(vdev, pos, buf, len);
	pthread_mutex_unlock(&pci->config_lock);
	/* The client is not told how it went, as on hardware. */
	if (flr)
		vfio_pci_function_reset(vdev);
	return 0;
}

ssize_t vfio_pci_config_write(struct vfio_device *vdev, const void *buf,
			      size_t count, uint64_t pos)
{
	size_t done = 0;

	if (outside(vdev->pci, pos, count))
		return -EFAULT;
	while (done < count) {
		size_t len = piece(vdev->pci, pos + done, count - done);
		int ret;

		ret = write_piece(vdev, pos + done, (const char *)buf + done,
				  len);
		if (ret)
			return ret;
		done += len;
	}
	return done;
}

void vfio_pci_hardware_config(struct vfio_device *vdev, void *buf, size_t size)
{
	struct vfio_pci *pci = vdev->pci;
	uint8_t copy[PCI_CFG_SPACE_EXP_SIZE];

	pthread_mutex_lock(&pci->config_lock);
	memcpy(copy, pci->config, sizeof(copy));
	pthread_mutex_unlock(&pci->config_lock);
	memcpy(copy + PCI_BASE_ADDRESS_0, pci->initial + PCI_BASE_ADDRESS_0,
	       4 * VFIOD_PCI_BARS);
	memcpy(copy + PCI_ROM_ADDRESS, pci->initial + PCI_ROM_ADDRESS, 4);
	show_state(vdev, 0, copy, sizeof(copy));
	memcpy(buf, copy, size);
}

void vfio_pci_config_reset(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;

	pthread_mutex_lock(&pci->config_lock);
	memcpy(pci->config, pci->initial, sizeof(pci->config));
	publish(vdev);
	pthread_mutex_unlock(&pci->config_lock);
}

void vfio_pci_config_wake(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;

	if (!pci->pm)
		return;
	pthread_mutex_lock(&pci->config_lock);
	pci->config[pci->pm + PCI_PM_CTRL] &= ~PCI_PM_CTRL_STATE_MASK;
	publish(vdev);
	pthread_mutex_unlock(&pci->config_lock);
}

bool vfiod_pci_bus_master(struct vfio_device *vdev)
{
	return vdev->pci && (vdev->pci->command & PCI_COMMAND_MASTER) &&
	       !vdev->pci->d3hot;
}
