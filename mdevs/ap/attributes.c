// SPDX-License-Identifier: BSD-3-Clause
/* The files of sysfs: vfio-ap's, which are the matrix; and guest.c's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ap.h"

/* Not the kernel's: see README.md. */
#define SYNTHETIC "vfiod"

/* kstrtoul() with base 0. */
static int parse_number(const char *text, unsigned long *number)
{
	char *end;

	if (*text == '+')
		text++;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoul(text, &end, 0);
	if (*end && strcmp(end, "\n"))
		return -EINVAL;
	return -errno;
}

/* Queues that go lose their interrupts; ap->lock is held. */
static int set_matrix(struct ap *ap, const struct ap_matrix *matrix)
{
	int ret = ap_host_set(&ap->share, matrix);

	if (!ret)
		ap_queues_restrict(&ap->queues, matrix);
	return ret;
}

/* The mask of @matrix that is @offset bytes in. */
static struct ap_mask *mask_at(struct ap_matrix *matrix, size_t offset)
{
	return (struct ap_mask *)((char *)matrix + offset);
}

/* What is assigned already, or not assigned, is so after this, too. */
static ssize_t store_bit(struct vfio_device *vdev, const char *buf, size_t size,
			 size_t offset, unsigned int max, bool on)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	struct ap_matrix matrix;
	unsigned long id;
	int ret;

	ret = parse_number(buf, &id);
	if (ret)
		return ret;
	if (id > max)
		return -ENODEV;
	pthread_mutex_lock(&ap->lock);
	matrix = ap_host_get(&ap->share);
	ap_mask_assign(mask_at(&matrix, offset), id, on);
	ret = set_matrix(ap, &matrix);
	pthread_mutex_unlock(&ap->lock);
	return ret ? ret : (ssize_t)size;
}

#define STORE_BIT(what, mask, max)                                        \
	static ssize_t assign_##what(struct vfio_device *vdev,            \
				     const char *buf, size_t size)        \
	{                                                                 \
		return store_bit(vdev, buf, size,                         \
				 offsetof(struct ap_matrix, mask), (max), \
				 true);                                   \
	}                                                                 \
	static ssize_t unassign_##what(struct vfio_device *vdev,          \
				       const char *buf, size_t size)      \
	{                                                                 \
		return store_bit(vdev, buf, size,                         \
				 offsetof(struct ap_matrix, mask), (max), \
				 false);                                  \
	}

STORE_BIT(adapter, apm, AP_MAX_ADAPTER)
STORE_BIT(domain, aqm, AP_MAX_DOMAIN)
STORE_BIT(control_domain, adm, AP_MAX_DOMAIN)

static ssize_t store_config(struct vfio_device *vdev, const char *buf,
			    size_t size)
{
	struct ap *ap = vfiod_get_drvdata(vdev);
	struct ap_matrix matrix;
	int ret;

	ret = ap_matrix_parse_config(&matrix, buf);
	if (ret)
		return ret;
	pthread_mutex_lock(&ap->lock);
	ret = set_matrix(ap, &matrix);
	pthread_mutex_unlock(&ap->lock);
	return ret ? ret : (ssize_t)size;
}

static struct ap_matrix matrix_of(struct vfio_device *vdev)
{
	struct ap *ap = vfiod_get_drvdata(vdev);

	return ap_host_get(&ap->share);
}

static ssize_t show_config(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct ap_matrix matrix = matrix_of(vdev);

	return (ssize_t)ap_matrix_show_config(&matrix, buf, size);
}

static ssize_t show_control(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct ap_matrix matrix = matrix_of(vdev);

	return (ssize_t)ap_matrix_show_control(&matrix, buf, size);
}

static ssize_t show_matrix(struct vfio_device *vdev, char *buf, size_t size)
{
	const struct ap_matrix matrix = matrix_of(vdev);

	return (ssize_t)ap_matrix_show(&matrix, buf, size);
}

const struct vfiod_attribute ap_attributes[AP_NR_ATTRIBUTES] = {
	{ .name = "assign_adapter", .store = assign_adapter },
	{ .name = "unassign_adapter", .store = unassign_adapter },
	{ .name = "assign_domain", .store = assign_domain },
	{ .name = "unassign_domain", .store = unassign_domain },
	{ .name = "assign_control_domain", .store = assign_control_domain },
	{ .name = "unassign_control_domain", .store = unassign_control_domain },
	{ .name = "ap_config", .show = show_config, .store = store_config },
	{ .name = "control_domains", .show = show_control },
	{ .name = "matrix", .show = show_matrix },
	{ .name = "guest_matrix", .show = show_matrix },
	{ .group = SYNTHETIC,
	  .name = "aqic",
	  .show = ap_aqic_show,
	  .store = ap_aqic_store },
	{ .group = SYNTHETIC, .name = "reply", .store = ap_reply_store },
};
