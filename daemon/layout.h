/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where things are: the tree that is served in each of the two ways to run,
 * and what clients are told of it.
 */
#ifndef VFIOD_DAEMON_LAYOUT_H
#define VFIOD_DAEMON_LAYOUT_H

struct devices;
struct tree;

/* The service's mount. */
#define LAYOUT_SERVICE_DIR "/run/vfiod"

/* As the clients and vfiod itself see them once all is in place. */
#define LAYOUT_RUN_CONTROL "/dev/vfio/.control"
#define LAYOUT_RUN_DEVICES "/dev/vfio/.device"
#define LAYOUT_SERVICE_CONTROL LAYOUT_SERVICE_DIR "/.control"
#define LAYOUT_SERVICE_DEVICES LAYOUT_SERVICE_DIR "/devices"

/* The file of a device's streams is beside that of the device. */
#define LAYOUT_STREAM_SUFFIX ".stream"

/* NULL for ENOMEM. */
struct tree *layout_run(const struct devices *devices);
struct tree *layout_service(const struct devices *devices);

/*
 * VFIOD_GROUP, VFIOD_DEVICE, VFIOD_SYSFSDEV of the first device, the same
 * with _2, _3… of the others, as NAME=VALUE; @sys is where the sysfs tree
 * is. NULL-ended, freed by layout_env_free(). NULL for ENOMEM.
 */
char **layout_env(const struct devices *devices, const char *sys);
void layout_env_free(char **env);

#endif
