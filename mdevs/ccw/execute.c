// SPDX-License-Identifier: BSD-3-Clause
#include "execute.h"

#include "data.h"

#define PAGE_SIZE 4096U

void execution_begin(struct execution *x, const struct program *program,
		     struct disk *disk)
{
	*x = (struct execution){
		.program = program,
		.disk = disk,
		.cpa = program->orb.cpa,
	};
	disk_begin(disk);
}

static void transfer_in_channel(struct execution *x, const struct ccw *ccw)
{
	if (x->after_tic)
		x->cstat |= CSTAT_PROGRAM_CHECK;
	x->after_tic = true;
	x->cpa = ccw->cda;
}

/* Between the disk and nowhere: the client does not want them. */
static void skip(struct execution *x, size_t n)
{
	uint8_t bytes[DISK_BLOCK];

	while (n) {
		size_t part = n < sizeof(bytes) ? n : sizeof(bytes);

		disk_move(x->disk, bytes, part);
		n -= part;
	}
}

/* Bytes from @at on: at most @n of one page. 0: a check, see cstat. */
static size_t move_piece(struct execution *x, const struct ccw *ccw, size_t at,
			 size_t n)
{
	bool gives = disk_gives(x->disk);
	uint8_t bytes[PAGE_SIZE];
	struct vfio_page *page;
	size_t piece, offset;
	int ret = 0;

	piece = data_piece(x->program, ccw, at, &page, &offset);
	if (!piece) {
		x->cstat |= CSTAT_PROGRAM_CHECK;
		return 0;
	}
	if (piece > n)
		piece = n;
	if (!gives)
		ret = vfiod_page_rw(page, offset, bytes, piece, false);
	if (!ret)
		disk_move(x->disk, bytes, piece);
	if (!ret && gives && !x->disk->failed)
		ret = vfiod_page_rw(page, offset, bytes, piece, true);
	if (ret)
		x->cstat |= CSTAT_DATA_CHECK;
	return ret ? 0 : piece;
}

/* What fits into @ccw of what the command that runs moves. */
static void move(struct execution *x, const struct ccw *ccw)
{
	size_t n = ccw->count, at = 0, piece = 1;

	if (n > x->disk->left)
		n = x->disk->left;
	x->residual = (uint16_t)(ccw->count - n);
	if ((ccw->flags & CCW_FLAG_SKIP) && disk_gives(x->disk)) {
		skip(x, n);
		return;
	}
	for (; at < n && piece && !x->disk->failed; at += piece)
		piece = move_piece(x, ccw, at, n - at);
}

/* A command without data has no length that could be incorrect. */
static bool is_wrong_length(const struct execution *x, const struct ccw *ccw)
{
	bool suppressed = (ccw->flags & (CCW_FLAG_SLI | CCW_FLAG_DC)) ==
			  CCW_FLAG_SLI;

	if (x->disk->command == CCW_CMD_NOP || suppressed)
		return false;
	return x->residual || x->disk->left;
}

/* The command is over, and with it the program unless commands are chained. */
static void end_command(struct execution *x, const struct ccw *ccw)
{
	bool wrong = is_wrong_length(x, ccw);
	uint8_t dstat = disk_end(x->disk);

	x->data_chain = false;
	if (dstat & DSTAT_UNIT_CHECK)
		wrong = false;
	if (wrong)
		x->cstat |= CSTAT_INCORRECT_LENGTH;
	if ((dstat & DSTAT_UNIT_CHECK) || wrong || !(ccw->flags & CCW_FLAG_CC))
		x->dstat = dstat;
}

static void execute(struct execution *x, const struct ccw *ccw)
{
	x->after_tic = false;
	x->cpa += CCW_SIZE;
	/* Codes without a command in their low bits are invalid. */
	if ((ccw->flags & CCW_FLAG_SUSPEND) ||
	    (!x->data_chain && !(ccw->cmd & 0xf))) {
		x->cstat |= CSTAT_PROGRAM_CHECK;
		return;
	}
	if (!x->data_chain)
		disk_command(x->disk, ccw->cmd);
	move(x, ccw);
	if (x->cstat)
		return;
	/* A chained CCW is taken when this one is used up, also if it turns
	 * out that there is nothing left for it. */
	if ((ccw->flags & CCW_FLAG_DC) && !x->residual && !x->disk->failed)
		x->data_chain = true;
	else
		end_command(x, ccw);
}

bool execution_step(struct execution *x)
{
	const struct segment *segment;
	const struct ccw *ccw;

	ccw = program_find(x->program, x->cpa, &segment);
	if (!ccw || x->cpa % CCW_SIZE)
		x->cstat |= CSTAT_PROGRAM_CHECK;
	else if (ccw->cmd == CCW_CMD_TIC)
		transfer_in_channel(x, ccw);
	else
		execute(x, ccw);
	return x->dstat || x->cstat;
}
