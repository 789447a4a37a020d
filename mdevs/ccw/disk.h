/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk of 512-byte blocks in a file, with commands of an IBM 9336: the
 * device at the other end of the channel. README.md has the commands.
 * Its caller serialises.
 */
#ifndef MDEVS_CCW_DISK_H
#define MDEVS_CCW_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DISK_BLOCK 512U
#define DISK_SENSE 32U

/* Which blocks a chain of commands may use: DEFINE EXTENT. */
struct disk_extent {
	bool defined;
	bool writable;
	uint32_t location; /* of its first block on the disk */
	uint32_t first, last; /* its blocks, by the numbers LOCATE uses */
};

struct disk {
	int fd;
	uint32_t nr_blocks;
	uint8_t sense[DISK_SENSE];
	struct disk_extent extent;
	/* What LOCATE has found for one READ or WRITE; or 0. */
	uint8_t located;
	uint16_t located_blocks;
	/* The command that runs. */
	uint8_t command;
	bool failed;
	size_t left; /* bytes still to come */
	uint8_t bytes[32]; /* what a command other than READ, WRITE moves */
	size_t used; /* of these */
	off_t pos; /* in the file */
};

/* EINVAL: the file's size is not a multiple of a block; 0; more than 2^32. */
int disk_open(struct disk *disk, const char *path);
void disk_close(struct disk *disk);

/* A new chain of commands begins. */
void disk_begin(struct disk *disk);
/* Begin a command; disk->left is what it will give or take. */
void disk_command(struct disk *disk, uint8_t command);
/* Does the command that runs give data to the client? */
bool disk_gives(const struct disk *disk);
/* Give or take @n bytes, of at most disk->left. */
void disk_move(struct disk *disk, uint8_t *buf, size_t n);
/* The command ends: device status. */
uint8_t disk_end(struct disk *disk);

#endif
