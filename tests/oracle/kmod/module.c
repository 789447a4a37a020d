// SPDX-License-Identifier: GPL-2.0
/*
 * A probe (mdevs/probe) as a mediated device of the kernel, type probe-1 of
 * the parent device "probe": for the oracle's VM, and nothing else.
 */
#include <linux/device.h>
#include <linux/highmem.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/mdev.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/wait.h>

#include "probe.h"

#define WAIT_SECONDS 5
/* More than any client here transfers at a time. */
#define MAX_TRANSFER PROBE_DATA_SIZE

struct probe_device {
	struct vfio_device vdev;
	struct mutex lock; /* guards core */
	wait_queue_head_t woken; /* core.go is set */
	struct probe core;
};

/* What all devices share. */
static struct {
	struct mutex lock; /* guards log; innermost */
	struct probe_log log;
	struct ida numbers;
} shared = {
	.lock = __MUTEX_INITIALIZER(shared.lock),
	.numbers = IDA_INIT(shared.numbers),
};

static struct {
	struct device dev;
	struct mdev_parent parent;
} probe_parent;

static struct probe_device *device_of(struct vfio_device *vdev)
{
	return container_of(vdev, struct probe_device, vdev);
}

static struct probe_device *device_of_core(struct probe *p)
{
	return container_of(p, struct probe_device, core);
}

/* ---- what the core asks for ---- */

void probe_os_lock(struct probe *p)
{
	mutex_lock(&device_of_core(p)->lock);
}

void probe_os_unlock(struct probe *p)
{
	mutex_unlock(&device_of_core(p)->lock);
}

void probe_os_lock_log(struct probe *p)
{
	mutex_lock(&shared.lock);
}

void probe_os_unlock_log(struct probe *p)
{
	mutex_unlock(&shared.lock);
}

int probe_os_wait(struct probe *p)
{
	struct probe_device *probe = device_of_core(p);
	long left;

	mutex_unlock(&probe->lock);
	left = wait_event_killable_timeout(probe->woken, READ_ONCE(p->go),
					   WAIT_SECONDS * HZ);
	mutex_lock(&probe->lock);
	if (left < 0)
		return -EINTR;
	return left ? 0 : -ETIME;
}

void probe_os_wake(struct probe *p)
{
	wake_up(&device_of_core(p)->woken);
}

int probe_os_pin_pages(struct probe *p, __u64 iova, int npage, int prot,
		       void **pages)
{
	return vfio_pin_pages(&device_of_core(p)->vdev, iova, npage, prot,
			      (struct page **)pages);
}

void probe_os_unpin_pages(struct probe *p, __u64 iova, int npage)
{
	vfio_unpin_pages(&device_of_core(p)->vdev, iova, npage);
}

int probe_os_dma_rw(struct probe *p, __u64 iova, void *buf, size_t len,
		    bool write)
{
	return vfio_dma_rw(&device_of_core(p)->vdev, iova, buf, len, write);
}

int probe_os_page_rw(void *page, size_t offset, void *buf, size_t len,
		     bool write)
{
	if (write)
		memcpy_to_page(page, offset, buf, len);
	else
		memcpy_from_page(buf, page, offset, len);
	return 0;
}

/* ---- the device's ops ---- */

static int probe_open_device(struct vfio_device *vdev)
{
	probe_open(&device_of(vdev)->core);
	return 0;
}

static void probe_close_device(struct vfio_device *vdev)
{
	probe_close(&device_of(vdev)->core);
}

static ssize_t probe_read_device(struct vfio_device *vdev, char __user *buf,
				 size_t count, loff_t *ppos)
{
	void *data;
	int ret;

	if (!count)
		return 0;
	if (count > MAX_TRANSFER)
		return -EINVAL;
	data = kvmalloc(count, GFP_KERNEL);
	if (!data)
		return -ENOMEM;
	ret = probe_read(&device_of(vdev)->core, *ppos, data, count);
	if (!ret && copy_to_user(buf, data, count))
		ret = -EFAULT;
	kvfree(data);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

static ssize_t probe_write_device(struct vfio_device *vdev,
				  const char __user *buf, size_t count,
				  loff_t *ppos)
{
	void *data;
	int ret;

	if (!count)
		return 0;
	if (count > MAX_TRANSFER)
		return -EINVAL;
	data = vmemdup_user(buf, count);
	if (IS_ERR(data))
		return PTR_ERR(data);
	ret = probe_write(&device_of(vdev)->core, *ppos, data, count);
	kvfree(data);
	if (ret)
		return ret;
	*ppos += count;
	return count;
}

static void probe_dma_unmap_device(struct vfio_device *vdev, u64 iova,
				   u64 length)
{
	probe_dma_unmap(&device_of(vdev)->core, iova, length);
}

static long get_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = 0;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static long get_region_info(void __user *arg)
{
	struct vfio_region_info info;

	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	if (info.argsz < sizeof(info) || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.flags = 0;
	info.size = 0;
	info.offset = (u64)info.index << 40;
	if (info.index == VFIO_PCI_BAR0_REGION_INDEX) {
		info.size = PROBE_REGION_SIZE;
		info.flags = VFIO_REGION_INFO_FLAG_READ |
			     VFIO_REGION_INFO_FLAG_WRITE;
	} else if (info.index == VFIO_PCI_CONFIG_REGION_INDEX) {
		info.size = PROBE_CONFIG_SIZE;
		info.flags = VFIO_REGION_INFO_FLAG_READ;
	}
	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* There are no interrupts: every index is wrong. */
static long get_irq_info(void __user *arg)
{
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, sizeof(info)))
		return -EFAULT;
	return -EINVAL;
}

static long probe_ioctl(struct vfio_device *vdev, unsigned int cmd,
			unsigned long arg)
{
	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return get_info((void __user *)arg);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info((void __user *)arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int probe_init_device(struct vfio_device *vdev)
{
	struct probe_device *probe = device_of(vdev);
	int number = ida_alloc(&shared.numbers, GFP_KERNEL);

	if (number < 0)
		return number;
	mutex_init(&probe->lock);
	init_waitqueue_head(&probe->woken);
	probe_init(&probe->core, &shared.log, number);
	return 0;
}

static void probe_release_device(struct vfio_device *vdev)
{
	ida_free(&shared.numbers, device_of(vdev)->core.regs.number);
}

static const struct vfio_device_ops probe_ops = {
	.name = "vfiod-probe",
	.init = probe_init_device,
	.release = probe_release_device,
	.open_device = probe_open_device,
	.close_device = probe_close_device,
	.read = probe_read_device,
	.write = probe_write_device,
	.ioctl = probe_ioctl,
	.dma_unmap = probe_dma_unmap_device,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/* ---- the mediated device and its parent ---- */

static int probe_probe(struct mdev_device *mdev)
{
	struct probe_device *probe;
	int ret;

	probe = vfio_alloc_device(probe_device, vdev, &mdev->dev, &probe_ops);
	if (IS_ERR(probe))
		return PTR_ERR(probe);
	dev_set_drvdata(&mdev->dev, probe);
	ret = vfio_register_emulated_iommu_dev(&probe->vdev);
	if (ret)
		vfio_put_device(&probe->vdev);
	return ret;
}

static void probe_remove(struct mdev_device *mdev)
{
	struct probe_device *probe = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&probe->vdev);
	vfio_put_device(&probe->vdev);
}

static struct mdev_driver probe_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.max_instances = 16,
	.driver = {
		.name = "vfiod_probe",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
	},
	.probe = probe_probe,
	.remove = probe_remove,
};

static struct mdev_type probe_type = {
	.sysfs_name = "1",
	.pretty_name = "Instrumented device",
};

static struct mdev_type *probe_types[] = { &probe_type };

/* Types are named after it: "probe-1". */
static const struct class probe_class = { .name = "probe" };

static void release_parent(struct device *dev)
{
	/* It is static. */
}

static int register_parent(void)
{
	int ret;

	probe_parent.dev.class = &probe_class;
	probe_parent.dev.release = release_parent;
	dev_set_name(&probe_parent.dev, "probe");
	ret = device_register(&probe_parent.dev);
	if (ret) {
		put_device(&probe_parent.dev);
		return ret;
	}
	ret = mdev_register_parent(&probe_parent.parent, &probe_parent.dev,
				   &probe_driver, probe_types,
				   ARRAY_SIZE(probe_types));
	if (ret)
		device_unregister(&probe_parent.dev);
	return ret;
}

static int __init probe_module_init(void)
{
	int ret;

	ret = mdev_register_driver(&probe_driver);
	if (ret)
		return ret;
	ret = class_register(&probe_class);
	if (ret)
		goto no_class;
	ret = register_parent();
	if (ret)
		goto no_parent;
	return 0;

no_parent:
	class_unregister(&probe_class);
no_class:
	mdev_unregister_driver(&probe_driver);
	return ret;
}

static void __exit probe_module_exit(void)
{
	mdev_unregister_parent(&probe_parent.parent);
	device_unregister(&probe_parent.dev);
	class_unregister(&probe_class);
	mdev_unregister_driver(&probe_driver);
}

module_init(probe_module_init);
module_exit(probe_module_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Instrumented mediated device, for comparing vfiod");
