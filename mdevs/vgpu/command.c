// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"

#include <errno.h>
#include <stddef.h>

#include "regs.h"
#include "vgpu.h"

#define ADDRESS_MASK (((uint64_t)1 << 48) - 1)
#define STATUS_PAGE_MASK (~(uint64_t)0xfff)
#define STATUS_INDEX_MASK 0xffcU /* bytes in the status page */

static int noop(struct vgpu_exec *exec)
{
	(void)exec;
	return 0;
}

static int user_interrupt(struct vgpu_exec *exec)
{
	struct vgpu *vgpu = exec->vgpu;

	pthread_mutex_lock(&vgpu->lock);
	vgpu_irq_raise(vgpu, GT_BCS_USER);
	pthread_mutex_unlock(&vgpu->lock);
	return 0;
}

static int store_data_index(struct vgpu_exec *exec)
{
	return vgpu_exec_rw(exec,
			    (exec->status_page & STATUS_PAGE_MASK) +
				    (exec->dw[1] & STATUS_INDEX_MASK),
			    &exec->dw[2], sizeof(exec->dw[2]), true);
}

static int batch_buffer_end(struct vgpu_exec *exec);

/*
 * A batch has no batches, and ends by its END, by an error, or where nothing
 * is mapped any more.
 */
static int batch_buffer_start(struct vgpu_exec *exec)
{
	struct vgpu_stream stream = {
		.base = (exec->dw[1] | (uint64_t)exec->dw[2] << 32) &
			ADDRESS_MASK & ~(uint64_t)3,
		.left = UINT32_MAX,
	};
	int ret;

	if (exec->in_batch)
		return -EINVAL;
	exec->in_batch = true;
	do {
		stream.left = UINT32_MAX;
		ret = vgpu_command_fetch(exec, &stream);
		if (!ret)
			ret = vgpu_command_run(exec);
	} while (!ret && exec->in_batch);
	return ret;
}

static int batch_buffer_end(struct vgpu_exec *exec)
{
	if (!exec->in_batch)
		return -EINVAL;
	exec->in_batch = false;
	return 0;
}

/* A command's first dword, in the bits that say which it is. */
#define MI(opcode) ((uint32_t)(opcode) << 23)
#define BLT(opcode) (2U << 29 | (uint32_t)(opcode) << 22)

static const struct command {
	uint32_t header;
	uint32_t mask;
	uint32_t len_mask; /* of the field that says the length; 0: none */
	unsigned int len; /* dwords; the field has 2 less */
	int (*run)(struct vgpu_exec *exec);
} commands[] = {
	{ MI(0x00), 0xff800000, 0, 1, noop },
	{ MI(0x02), 0xff800000, 0, 1, user_interrupt },
	{ MI(0x0a), 0xff800000, 0, 1, batch_buffer_end },
	{ MI(0x21), 0xff800000, 0xff, 3, store_data_index },
	{ MI(0x31), 0xff800000, 0xff, 3, batch_buffer_start },
	{ BLT(0x50), 0xffc00000, 0xff, 7, vgpu_blit_fill },
	{ BLT(0x53), 0xffc00000, 0xff, 10, vgpu_blit_copy },
};

/* NULL: there is none, or it has another length. */
static const struct command *find(uint32_t header)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if ((header & c->mask) == c->header &&
		    (!c->len_mask || (header & c->len_mask) == c->len - 2))
			return c;
	}
	return NULL;
}

int vgpu_exec_rw(struct vgpu_exec *exec, uint64_t address, void *buf,
		 uint32_t len, bool write)
{
	int ret;

	if (vgpu_ring_is_halting(&exec->vgpu->ring))
		return -EINTR;
	ret = vgpu_gtt_rw(&exec->vgpu->gtt, address, buf, len, write,
			  &exec->fault);
	exec->fault_write = ret && write;
	return ret;
}

static int fetch_dword(struct vgpu_exec *exec, struct vgpu_stream *stream,
		       uint32_t *dw)
{
	int ret = vgpu_exec_rw(exec, stream->base + stream->at, dw, sizeof(*dw),
			       false);

	stream->at += sizeof(*dw);
	if (stream->size)
		stream->at %= stream->size;
	stream->left -= sizeof(*dw);
	return ret;
}

int vgpu_command_fetch(struct vgpu_exec *exec, struct vgpu_stream *stream)
{
	const struct command *c;
	int ret;

	exec->address = stream->base + stream->at;
	exec->dw[0] = 0;
	ret = fetch_dword(exec, stream, &exec->dw[0]);
	if (ret)
		return ret;
	c = find(exec->dw[0]);
	if (!c)
		return -EINVAL;
	if (stream->left < (c->len - 1) * sizeof(uint32_t))
		return -EAGAIN;
	for (unsigned int i = 1; i < c->len && !ret; i++)
		ret = fetch_dword(exec, stream, &exec->dw[i]);
	return ret;
}

int vgpu_command_run(struct vgpu_exec *exec)
{
	return find(exec->dw[0])->run(exec);
}
