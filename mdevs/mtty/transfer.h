/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transfer of the card's state: what is behind a stream, as long as the
 * card is in the state that it was made for, and an errno after.
 */
#ifndef MTTY_TRANSFER_H
#define MTTY_TRANSFER_H

#include "mtty.h"

struct mtty_transfer;

/*
 * All with the card locked. The new transfer has one reference, the card's;
 * NULL for ENOMEM.
 */
struct mtty_transfer *mtty_transfer_save(struct vfio_device *vdev);
struct mtty_transfer *mtty_transfer_resume(struct vfio_device *vdev);
/* One more reference, for the client. */
struct vfiod_stream *mtty_transfer_stream(struct mtty_transfer *transfer);
/* Nothing more is read or written; the card's reference is dropped. */
void mtty_transfer_end(struct mtty_transfer *transfer);

/* The ports, behind the header that is there from the beginning. */
void mtty_transfer_fill(struct mtty_transfer *transfer,
			const struct mtty *mtty);
/* What has been written becomes the card's: 0, or -EINVAL. */
int mtty_transfer_load(const struct mtty_transfer *transfer, struct mtty *mtty);

#endif
