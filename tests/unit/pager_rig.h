/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A pager (daemon/pager.h) with its process, and files of it, for tests; each
 * in a process of its own, whose end is that of all.
 */
#ifndef VFIOD_TESTS_PAGER_RIG_H
#define VFIOD_TESTS_PAGER_RIG_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../daemon/pager.h"

#define PAGE 4096UL
#define PAGE_WORDS (PAGE / sizeof(uint64_t))
#define RIG_PAGES 4
#define RIG_BYTES (RIG_PAGES * PAGE)
#define RIG_NAME "test:file"

struct pager_rig {
	struct pager *pager;
	pid_t pid; /* of its process */
};

struct pager_file {
	int content; /* the memfd */
	int view;
	int signal; /* an eventfd that does not block */
	uint64_t id;
	uint64_t *words; /* the last RIG_PAGES pages, mapped shared */
	off_t at; /* where they are */
};

void pager_rig_start(struct pager_rig *rig);

/* In its last pages, the first word of each is its number, from 1 on. */
void pager_rig_open(const struct pager_rig *rig, struct pager_file *file,
		    const char *name, off_t at);
/* @size bytes from @offset of its pages on go. */
void pager_rig_drop(const struct pager_rig *rig, const struct pager_file *file,
		    uint64_t offset, uint64_t size);
/* Word @i of its pages, as the memfd has it. */
uint64_t pager_rig_stored(const struct pager_file *file, unsigned int i);
/* Without its fd, and without its mapping. */
void pager_rig_close(struct pager_file *file);
void pager_rig_unmap(struct pager_file *file);

/* How often there was a signal since the last call. */
uint64_t pager_rig_signals(int signal);
/* Is the page there, for anybody? */
bool pager_rig_is_there(const volatile void *page);

/* For accesses, which may be of several threads. */
uint64_t pager_rig_load(const uint64_t *word);
void pager_rig_store(uint64_t *word, uint64_t value);

/*
 * The number of the system call that the thread waits in, and its first
 * argument; PAGER_RIG_FAULT: it waits outside of any.
 */
#define PAGER_RIG_FAULT (-1)
#define PAGER_RIG_RUNS (-2)
int pager_rig_call(pid_t tid, unsigned int *fd);
/* How many fds the process has. */
unsigned int pager_rig_fds(pid_t pid);
/* The body's exit status in a process of its own, or minus its signal. */
int pager_rig_run(int (*body)(const struct pager_file *file),
		  const struct pager_file *file);
void pager_rig_nap(void);

/* The main of a test program with this suite: its exit status. */
int pager_rig_main(Suite *suite);

#endif
