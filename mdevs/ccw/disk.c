// SPDX-License-Identifier: BSD-3-Clause
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"

#define CMD_WRITE 0x41
#define CMD_READ 0x42
#define CMD_LOCATE 0x43
#define CMD_DEFINE_EXTENT 0x63

#define EXTENT_BYTES 16
#define LOCATE_BYTES 8
#define LOCATE_WRITE 5
#define LOCATE_READ 6

/* Of the sense bytes 0 and 1. */
#define SENSE_COMMAND_REJECT 0x80
#define SENSE_EQUIPMENT_CHECK 0x10
#define SENSE_FILE_PROTECTED 0x04

static const uint8_t identity[] = { 0xff, 0x63, 0x10, 0x80, 0x93, 0x36, 0x10 };

int disk_open(struct disk *disk, const char *path)
{
	struct stat st;
	int ret = 0;

	*disk = (struct disk){ .fd = open(path, O_RDWR | O_CLOEXEC) };
	if (disk->fd < 0)
		return -errno;
	if (fstat(disk->fd, &st))
		ret = -errno;
	else if (!st.st_size || st.st_size % DISK_BLOCK ||
		 st.st_size / DISK_BLOCK > UINT32_MAX)
		ret = -EINVAL;
	if (ret)
		close(disk->fd);
	else
		disk->nr_blocks = (uint32_t)(st.st_size / DISK_BLOCK);
	return ret;
}

void disk_close(struct disk *disk)
{
	close(disk->fd);
}

void disk_begin(struct disk *disk)
{
	disk->extent.defined = false;
	disk->located = 0;
}

static void fail(struct disk *disk, uint8_t sense0, uint8_t sense1)
{
	memset(disk->sense, 0, sizeof(disk->sense));
	disk->sense[0] = sense0;
	disk->sense[1] = sense1;
	disk->failed = true;
	disk->left = 0;
}

static void reject(struct disk *disk)
{
	fail(disk, SENSE_COMMAND_REJECT, 0);
}

static void give(struct disk *disk, const void *bytes, size_t n)
{
	memcpy(disk->bytes, bytes, n);
	disk->left = n;
}

/* The layout is that of Linux's struct dasd_fba_characteristics. */
static void give_characteristics(struct disk *disk)
{
	uint8_t c[32] = { 0 };

	c[0] = 0x10; /* data can be chained */
	c[2] = 0x21; /* device class: fixed block */
	put_be16(c + 4, DISK_BLOCK);
	put_be32(c + 14, disk->nr_blocks);
	give(disk, c, sizeof(c));
}

/* READ and WRITE: what LOCATE has found, once. */
static void begin_blocks(struct disk *disk)
{
	if (disk->located == disk->command)
		disk->left = (size_t)disk->located_blocks * DISK_BLOCK;
	else
		reject(disk);
	disk->located = 0;
}

void disk_command(struct disk *disk, uint8_t command)
{
	disk->command = command;
	disk->failed = false;
	disk->left = 0;
	disk->used = 0;
	switch (command) {
	case CCW_CMD_NOP:
		break;
	case CCW_CMD_SENSE:
		give(disk, disk->sense, sizeof(disk->sense));
		break;
	case CCW_CMD_SENSE_ID:
		give(disk, identity, sizeof(identity));
		break;
	case CCW_CMD_RDC:
		give_characteristics(disk);
		break;
	case CMD_DEFINE_EXTENT:
		disk->left = EXTENT_BYTES;
		break;
	case CMD_LOCATE:
		disk->left = LOCATE_BYTES;
		break;
	case CMD_READ:
	case CMD_WRITE:
		begin_blocks(disk);
		break;
	default:
		reject(disk);
		break;
	}
}

static bool moves_blocks(const struct disk *disk)
{
	return disk->command == CMD_READ || disk->command == CMD_WRITE;
}

bool disk_gives(const struct disk *disk)
{
	return disk->command != CMD_WRITE &&
	       disk->command != CMD_DEFINE_EXTENT &&
	       disk->command != CMD_LOCATE;
}

static void move_blocks(struct disk *disk, uint8_t *buf, size_t n)
{
	ssize_t done;

	if (disk->command == CMD_READ)
		done = pread(disk->fd, buf, n, disk->pos);
	else
		done = pwrite(disk->fd, buf, n, disk->pos);
	if (done == (ssize_t)n)
		disk->pos += (off_t)n;
	else
		fail(disk, SENSE_EQUIPMENT_CHECK, 0);
}

void disk_move(struct disk *disk, uint8_t *buf, size_t n)
{
	disk->left -= n;
	if (moves_blocks(disk)) {
		move_blocks(disk, buf, n);
		return;
	}
	if (disk_gives(disk))
		memcpy(buf, disk->bytes + disk->used, n);
	else
		memcpy(disk->bytes + disk->used, buf, n);
	disk->used += n;
}

static void define_extent(struct disk *disk)
{
	struct disk_extent extent = {
		.defined = true,
		.writable = !(disk->bytes[0] & 0xc0),
		.location = get_be32(disk->bytes + 4),
		.first = get_be32(disk->bytes + 8),
		.last = get_be32(disk->bytes + 12),
	};

	if (get_be16(disk->bytes + 2) != DISK_BLOCK ||
	    extent.last < extent.first ||
	    (uint64_t)extent.location + (extent.last - extent.first) >=
		    disk->nr_blocks)
		reject(disk);
	else
		disk->extent = extent;
}

static void locate(struct disk *disk)
{
	const struct disk_extent *extent = &disk->extent;
	uint8_t operation = disk->bytes[0] & 0xf;
	uint16_t nr = get_be16(disk->bytes + 2);
	uint32_t first = get_be32(disk->bytes + 4);

	if (!extent->defined || !nr || first < extent->first ||
	    (uint64_t)first + nr - 1 > extent->last ||
	    (operation != LOCATE_READ && operation != LOCATE_WRITE)) {
		reject(disk);
	} else if (operation == LOCATE_WRITE && !extent->writable) {
		fail(disk, SENSE_COMMAND_REJECT, SENSE_FILE_PROTECTED);
	} else {
		disk->located = operation == LOCATE_READ ? CMD_READ : CMD_WRITE;
		disk->located_blocks = nr;
		disk->pos = ((off_t)extent->location + first - extent->first) *
			    DISK_BLOCK;
	}
}

/* The orders of both are done when they are there whole. */
static void obey(struct disk *disk)
{
	if (disk->left)
		reject(disk);
	else if (disk->command == CMD_DEFINE_EXTENT)
		define_extent(disk);
	else
		locate(disk);
}

uint8_t disk_end(struct disk *disk)
{
	if (disk->command == CMD_DEFINE_EXTENT || disk->command == CMD_LOCATE)
		obey(disk);
	/* Sense data are told once, and gone with the next command. */
	if (!disk->failed && disk->command != CCW_CMD_NOP)
		memset(disk->sense, 0, sizeof(disk->sense));
	if (!disk->failed)
		return DSTAT_CHANNEL_END | DSTAT_DEVICE_END;
	return DSTAT_CHANNEL_END | DSTAT_DEVICE_END | DSTAT_UNIT_CHECK;
}
