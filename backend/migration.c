// SPDX-License-Identifier: BSD-3-Clause
#include "migration.h"

#include <errno.h>
#include <stddef.h>

#include "device.h"
#include "host.h"
#include "mig_state.h"

#define GET VFIO_DEVICE_FEATURE_GET
#define SET VFIO_DEVICE_FEATURE_SET

int vfiod_mig_get_next_state(struct vfio_device *vdev, uint32_t cur,
			     uint32_t target, uint32_t *next)
{
	return vfio_mig_next_state(vdev->plugin->migration_flags, cur, target,
				   next);
}

int vfio_feature_migration(struct vfio_device *vdev, uint32_t flags,
			   uint64_t arg, size_t argsz)
{
	struct vfio_device_feature_migration mig = {
		.flags = vdev->plugin->migration_flags,
	};
	int ret;

	if (!vdev->plugin->migration_set_state)
		return -ENOTTY;
	ret = vfiod_check_feature(flags, argsz, GET, sizeof(mig));
	if (ret != 1)
		return ret;
	return vfio_copy_to_user(arg, &mig, sizeof(mig));
}

static int get_state(struct vfio_device *vdev, uint64_t arg,
		     struct vfio_device_feature_mig_state *mig)
{
	uint32_t state;
	int ret;

	ret = vdev->plugin->migration_get_state(vdev, &state);
	if (ret)
		return ret;
	mig->device_state = state;
	mig->data_fd = -1;
	return vfio_copy_to_user(arg, mig, sizeof(*mig));
}

/*
 * As in vfio_ioct_mig_return_fd(), a full table is seen before the client's
 * structure is written. What cannot be handed over leaves -1 there.
 */
static int return_stream(struct vfiod_stream *stream, uint64_t arg,
			 struct vfio_device_feature_mig_state *mig)
{
	struct vfio_client *client = vfio_current();
	int ret;

	ret = client->ops->fd_room(client);
	if (!ret) {
		mig->data_fd = -1;
		ret = vfio_copy_to_user(arg, mig, sizeof(*mig));
	}
	if (ret) {
		vfiod_stream_put(stream);
		return ret;
	}
	client->ops->give_stream(client, stream,
				 arg + offsetof(typeof(*mig), data_fd));
	return 0;
}

static int set_state(struct vfio_device *vdev, uint64_t arg,
		     struct vfio_device_feature_mig_state *mig)
{
	struct vfiod_stream *stream = NULL;
	int ret;

	ret = vdev->plugin->migration_set_state(vdev, mig->device_state,
						&stream);
	if (!ret && stream)
		return return_stream(stream, arg, mig);
	mig->data_fd = -1;
	if (vfio_copy_to_user(arg, mig, sizeof(*mig)))
		return -EFAULT;
	return ret;
}

int vfio_feature_mig_device_state(struct vfio_device *vdev, uint32_t flags,
				  uint64_t arg, size_t argsz)
{
	struct vfio_device_feature_mig_state mig;
	int ret;

	if (!vdev->plugin->migration_set_state)
		return -ENOTTY;
	ret = vfiod_check_feature(flags, argsz, GET | SET, sizeof(mig));
	if (ret != 1)
		return ret;
	if (vfio_copy_from_user(&mig, arg, sizeof(mig)))
		return -EFAULT;
	if (flags & GET)
		return get_state(vdev, arg, &mig);
	return set_state(vdev, arg, &mig);
}

int vfio_feature_mig_data_size(struct vfio_device *vdev, uint32_t flags,
			       uint64_t arg, size_t argsz)
{
	struct vfio_device_feature_mig_data_size size = { 0 };
	uint64_t length;
	int ret;

	if (!vdev->plugin->migration_set_state)
		return -ENOTTY;
	ret = vfiod_check_feature(flags, argsz, GET, sizeof(size));
	if (ret != 1)
		return ret;
	ret = vdev->plugin->migration_get_data_size(vdev, &length);
	if (ret)
		return ret;
	size.stop_copy_length = length;
	return vfio_copy_to_user(arg, &size, sizeof(size));
}
