// SPDX-License-Identifier: BSD-3-Clause
#include "listener.h"

#include "device_fd.h"
#include "device_map.h"
#include "handover.h"
#include "heir.h"

void listener_serve(struct daemon *daemon, int fd, const struct heir *heir)
{
	struct handover_notif n;

	if (handover_notif_recv(fd, &n))
		return;
	heir_note(heir, fd, n.id);
	if (n.call == HANDOVER_MMAP)
		device_map(daemon, fd, &n);
	else
		device_fd_by_seccomp(daemon, fd, &n);
}
