// SPDX-License-Identifier: BSD-3-Clause
#include "listener.h"

#include "device_fd.h"
#include "device_map.h"
#include "handover.h"

void listener_serve(struct daemon *daemon, int fd)
{
	struct handover_notif n;

	if (handover_notif_recv(fd, &n))
		return;
	if (n.call == HANDOVER_MMAP)
		device_map(daemon, fd, &n);
	else
		device_fd_by_seccomp(daemon, fd, &n);
}
