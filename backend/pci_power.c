// SPDX-License-Identifier: BSD-3-Clause
/*
 * The LOW_POWER features (vfio_pci_core_pm_entry() and its like). A client may
 * say that it does not use the function for now. All that it does with it
 * wakes it, as in the kernel, until that call has ended; with an eventfd for
 * waking up that is signalled then, and the function is no longer in low power.
 * Here it sleeps as soon as the last call returns, there a little later.
 *
 * A function that sleeps delivers no INTx. A line that is up then is told of
 * when the function wakes. In D3hot, which the client sets in configuration
 * space, INTx comes through, as in the kernel.
 */
#include <errno.h>

#include "device.h"
#include "host.h"
#include "irq.h"
#include "pci.h"

static int enter(struct vfio_pci *pci, struct vfio_eventfd *wakeup)
{
	int ret = 0;

	pthread_mutex_lock(&pci->config_lock);
	if (pci->low_power) {
		ret = -EINVAL;
	} else {
		pci->low_power = true;
		pci->wakeup = wakeup;
	}
	pthread_mutex_unlock(&pci->config_lock);
	if (ret)
		vfio_eventfd_put(wakeup);
	return ret;
}

/* config_lock is held here and in the next two. What was to be told. */
static struct vfio_eventfd *leave(struct vfio_pci *pci)
{
	struct vfio_eventfd *wakeup = pci->wakeup;

	pci->wakeup = NULL;
	pci->low_power = false;
	return wakeup;
}

/* vfio_pci_core_runtime_suspend(): not what the client has masked itself. */
static void suspend(struct vfio_pci *pci)
{
	pci->suspended = true;
	pci->intx_masked = vfio_irqs_mask_intx(pci->vdev->irqs);
}

/* The end of vfio_pci_core_runtime_resume(). */
static void resume(struct vfio_pci *pci)
{
	pci->suspended = false;
	if (pci->intx_masked)
		vfio_irqs_unmask_intx(pci->vdev->irqs);
	pci->intx_masked = false;
}

void vfio_pci_power_exit(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;
	struct vfio_eventfd *wakeup;

	pthread_mutex_lock(&pci->config_lock);
	wakeup = leave(pci);
	if (pci->suspended)
		resume(pci);
	pthread_mutex_unlock(&pci->config_lock);
	vfio_eventfd_put(wakeup);
}

void vfio_pci_runtime_get(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;
	struct vfio_eventfd *wakeup = NULL;

	pthread_mutex_lock(&pci->config_lock);
	pci->users++;
	if (pci->suspended) {
		if (pci->wakeup) {
			wakeup = leave(pci);
			wakeup->ops->signal(wakeup);
		}
		resume(pci);
	}
	pthread_mutex_unlock(&pci->config_lock);
	vfio_eventfd_put(wakeup);
}

void vfio_pci_runtime_put(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;

	pthread_mutex_lock(&pci->config_lock);
	if (!--pci->users && pci->low_power)
		suspend(pci);
	pthread_mutex_unlock(&pci->config_lock);
}

bool vfio_pci_is_low_power(struct vfio_device *vdev)
{
	struct vfio_pci *pci = vdev->pci;
	bool ret;

	pthread_mutex_lock(&pci->config_lock);
	ret = pci->low_power;
	pthread_mutex_unlock(&pci->config_lock);
	return ret;
}

static int enter_with_wakeup(struct vfio_pci *pci, uint64_t arg)
{
	struct vfio_device_low_power_entry_with_wakeup entry;
	struct vfio_client *client = vfio_current();
	struct vfio_eventfd *wakeup;
	int ret;

	if (vfio_copy_from_user(&entry, arg, sizeof(entry)))
		return -EFAULT;
	if (entry.wakeup_eventfd < 0)
		return -EINVAL;
	ret = client->ops->eventfd_get(client, entry.wakeup_eventfd, &wakeup);
	return ret ? ret : enter(pci, wakeup);
}

int vfio_pci_feature(struct vfio_device *vdev, uint32_t flags, uint64_t arg,
		     size_t argsz)
{
	uint32_t feature = flags & VFIO_DEVICE_FEATURE_MASK;
	size_t minsz = 0;
	int ret;

	if (feature == VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP)
		minsz = sizeof(struct vfio_device_low_power_entry_with_wakeup);
	else if (feature != VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY &&
		 feature != VFIO_DEVICE_FEATURE_LOW_POWER_EXIT)
		return -ENOTTY;
	ret = vfiod_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_SET, minsz);
	if (ret != 1)
		return ret;
	if (feature == VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY)
		return enter(vdev->pci, NULL);
	if (feature == VFIO_DEVICE_FEATURE_LOW_POWER_ENTRY_WITH_WAKEUP)
		return enter_with_wakeup(vdev->pci, arg);
	vfio_pci_power_exit(vdev);
	return 0;
}
