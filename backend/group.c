// SPDX-License-Identifier: BSD-3-Clause
/* A group, its file and its container (drivers/vfio/group.c). */
#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blame.h"
#include "container.h"
#include "device.h"
#include "group.h"
#include "host.h"

struct vfio_group *vfio_group_create(int id, enum vfio_group_type type)
{
	struct vfio_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->id = id;
	group->type = type;
	snprintf(group->name, sizeof(group->name), "%s%d",
		 type == VFIO_NO_IOMMU ? "noiommu-" : "", id);
	if (type == VFIO_IOMMU)
		group->geometry = &vfio_iommu_vtd;
	pthread_mutex_init(&group->group_lock, NULL);
	LIST_INIT(&group->devices);
	return group;
}

void vfio_group_destroy(struct vfio_group *group)
{
	pthread_mutex_destroy(&group->group_lock);
	free(group);
}

int vfio_group_open(struct vfio_group *group)
{
	int ret = 0;

	pthread_mutex_lock(&group->group_lock);
	if (LIST_EMPTY(&group->devices))
		ret = -ENODEV;
	else if (group->type == VFIO_NO_IOMMU && !vfio_capable(CAP_SYS_RAWIO))
		ret = -EPERM;
	else if (group->opened)
		ret = -EBUSY;
	else
		group->opened = 1;
	pthread_mutex_unlock(&group->group_lock);
	return ret;
}

/* One of the files that keep the group open goes; group_lock is held. */
static void put_opened(struct vfio_group *group)
{
	if (--group->opened == 0 && group->container)
		vfio_container_detach_group(group->container, group);
}

void vfio_group_close(struct vfio_group *group)
{
	pthread_mutex_lock(&group->group_lock);
	put_opened(group);
	pthread_mutex_unlock(&group->group_lock);
}

static int get_status(struct vfio_group *group, uint64_t arg)
{
	struct vfio_group_status status;

	if (vfio_copy_from_user(&status, arg, sizeof(status)))
		return -EFAULT;
	if (status.argsz < sizeof(status))
		return -EINVAL;
	/* Nobody else could own the DMA of its devices. */
	status.flags = VFIO_GROUP_FLAGS_VIABLE;
	pthread_mutex_lock(&group->group_lock);
	if (group->container)
		status.flags |= VFIO_GROUP_FLAGS_CONTAINER_SET;
	pthread_mutex_unlock(&group->group_lock);
	return vfio_copy_to_user(arg, &status, sizeof(status));
}

/*
 * The kernel looks the number up first, then at the group's state, and only
 * then at what the file is: a bad number is EBADF on any group, a file of
 * another kind EINVAL on one that is set.
 */
static int set_container(struct vfio_group *group, uint64_t arg)
{
	struct vfio_client *client = vfio_current();
	struct vfio_container *container = NULL;
	int32_t fd;
	int ret;

	if (vfio_copy_from_user(&fd, arg, sizeof(fd)))
		return -EFAULT;
	ret = client->ops->container_get(client, fd, &container);
	if (ret && ret != -EBADFD)
		return ret;

	pthread_mutex_lock(&group->group_lock);
	if (group->container)
		ret = -EINVAL;
	else if (container)
		ret = vfio_container_attach_group(container, group);
	pthread_mutex_unlock(&group->group_lock);
	if (container)
		vfio_container_put(container);
	return ret;
}

static int unset_container(struct vfio_group *group)
{
	int ret = 0;

	pthread_mutex_lock(&group->group_lock);
	if (!group->container)
		ret = -EINVAL;
	else if (group->container_users != 1)
		ret = -EBUSY;
	else
		vfio_container_detach_group(group->container, group);
	pthread_mutex_unlock(&group->group_lock);
	return ret;
}

int vfio_group_ioctl(struct vfio_group *group, unsigned int cmd, uint64_t arg)
{
	switch (cmd) {
	case VFIO_GROUP_GET_STATUS:
		return get_status(group, arg);
	case VFIO_GROUP_SET_CONTAINER:
		return set_container(group, arg);
	case VFIO_GROUP_UNSET_CONTAINER:
		return unset_container(group);
	default:
		return -ENOTTY;
	}
}

/*
 * strndup_user(): a string of less than a page. Read up to page ends, since
 * the next page need not be there.
 */
static int copy_name(char name[VFIO_PAGE_SIZE], uint64_t from)
{
	size_t done = 0;

	while (done < VFIO_PAGE_SIZE) {
		size_t n = VFIO_PAGE_SIZE - (from + done) % VFIO_PAGE_SIZE;

		if (n > VFIO_PAGE_SIZE - done)
			n = VFIO_PAGE_SIZE - done;
		if (vfio_copy_from_user(name + done, from + done, n))
			return -EFAULT;
		if (memchr(name + done, '\0', n))
			return 0;
		done += n;
	}
	return -EINVAL;
}

/* vfio_device_get_from_name(); group_lock is held. */
static int find_device(struct vfio_group *group, const char *name,
		       struct vfio_device **found)
{
	struct vfio_device *vdev;

	LIST_FOREACH(vdev, &group->devices, group_next) {
		int ret;

		if (vdev->plugin->match)
			ret = vfio_blame_result(vdev, "match",
						vdev->plugin->match(vdev, name),
						INT_MAX);
		else
			ret = !strcmp(vdev->name, name);
		if (ret < 0)
			return ret;
		if (ret) {
			*found = vdev;
			return 0;
		}
	}
	return -ENODEV;
}

/*
 * The kernel takes the fd's number before it looks at the container. Here it
 * can only be seen that there is one.
 */
static int check_fd_room(void)
{
	struct vfio_client *client = vfio_current();

	return client->ops->fd_room(client);
}

/* vfio_df_group_open(); group_lock is held. */
static int open_device(struct vfio_group *group, struct vfio_device *vdev)
{
	int ret;

	if (!group->container)
		return -EINVAL;
	if (atomic_load(&vdev->broken))
		return -EIO;
	if (!vdev->open_count) {
		ret = vfio_container_usable(group->container, group);
		if (ret)
			return ret;
		ret = vfio_device_first_open(vdev);
		if (ret)
			return ret;
		group->container_users++;
	}
	vdev->open_count++;
	/* The device file holds the group file. */
	group->opened++;
	return 0;
}

int vfio_group_get_device(struct vfio_group *group, uint64_t arg,
			  struct vfio_device_file **file)
{
	struct vfio_device *vdev = NULL;
	char name[VFIO_PAGE_SIZE];
	int ret;

	ret = copy_name(name, arg);
	if (ret)
		return ret;
	*file = calloc(1, sizeof(**file));
	if (!*file)
		return -ENOMEM;
	pthread_mutex_lock(&group->group_lock);
	ret = find_device(group, name, &vdev);
	if (!ret)
		ret = check_fd_room();
	if (!ret)
		ret = open_device(group, vdev);
	pthread_mutex_unlock(&group->group_lock);
	if (ret) {
		free(*file);
		*file = NULL;
		return ret;
	}
	(*file)->vdev = vdev;
	return 0;
}

void vfio_device_file_release(struct vfio_device_file *file)
{
	struct vfio_device *vdev = file->vdev;
	struct vfio_group *group = vdev->group;

	pthread_mutex_lock(&group->group_lock);
	if (--vdev->open_count == 0) {
		vfio_device_last_close(vdev);
		group->container_users--;
	}
	put_opened(group);
	pthread_mutex_unlock(&group->group_lock);
	free(file);
}
