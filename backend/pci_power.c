// SPDX-License-Identifier: BSD-3-Clause
/*
 * The LOW_POWER features (vfio_pci_core_pm_entry() and its like). A client may
 * say that it does not use the function for now. All that it does with it
 * wakes it, as in the kernel; with an eventfd for waking up that is signalled
 * then, and the function is no longer in low power. Here it sleeps as soon as
 * the call returns, there a little later.
 */
#include <errno.h>

#include "device.h"
#include "host.h"
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
		pci->wakes = wakeup;
	}
	pthread_mutex_unlock(&pci->config_lock);
	if (ret)
		vfio_eventfd_put(wakeup);
	return ret;
}

/* Ends it. What was to be told of that, or NULL. */
static struct vfio_eventfd *leave(struct vfio_pci *pci)
{
	struct vfio_eventfd *wakeup;

	pthread_mutex_lock(&pci->config_lock);
	wakeup = pci->wakeup;
	pci->wakeup = NULL;
	pci->wakes = false;
	pci->low_power = false;
	pthread_mutex_unlock(&pci->config_lock);
	return wakeup;
}

void vfio_pci_power_exit(struct vfio_device *vdev)
{
	vfio_eventfd_put(leave(vdev->pci));
}

/* vfio_pci_core_runtime_resume() */
void vfio_pci_wake(struct vfio_device *vdev)
{
	struct vfio_eventfd *wakeup;

	if (!vdev->pci->wakes)
		return;
	wakeup = leave(vdev->pci);
	if (wakeup)
		wakeup->ops->signal(wakeup);
	vfio_eventfd_put(wakeup);
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
