// SPDX-License-Identifier: BSD-3-Clause
#include "pager_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* It is the only one. */
static pid_t find_child(void)
{
	FILE *children = fopen("/proc/thread-self/children", "re");
	int pid = 0;

	ck_assert_ptr_nonnull(children);
	ck_assert_int_eq(fscanf(children, "%d", &pid), 1);
	fclose(children);
	return pid;
}

void pager_rig_start(struct pager_rig *rig)
{
	rig->pager = pager_create();
	ck_assert_ptr_nonnull(rig->pager);
	pager_start(rig->pager);
	rig->pid = find_child();
}

static int create_content(off_t at)
{
	int fd = memfd_create("content", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, at + (off_t)RIG_BYTES), 0);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW),
			 0);
	for (uint64_t i = 0; i < RIG_PAGES; i++) {
		uint64_t number = i + 1;

		ck_assert_int_eq(pwrite(fd, &number, sizeof(number),
					at + (off_t)(i * PAGE)),
				 sizeof(number));
	}
	return fd;
}

void pager_rig_open(const struct pager_rig *rig, struct pager_file *file,
		    const char *name, off_t at)
{
	file->at = at;
	file->content = create_content(at);
	file->signal = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_ge(file->signal, 0);
	file->view = pager_open(rig->pager, file->content, name, file->signal,
				&file->id);
	ck_assert_int_ge(file->view, 0);
	file->words = mmap(NULL, RIG_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			   file->view, at);
	ck_assert_ptr_ne(file->words, MAP_FAILED);
}

void pager_rig_drop(const struct pager_rig *rig, const struct pager_file *file,
		    uint64_t offset, uint64_t size)
{
	ck_assert_int_eq(pager_drop(rig->pager, file->view, file->id,
				    file->at + offset, size),
			 0);
}

uint64_t pager_rig_stored(const struct pager_file *file, unsigned int i)
{
	uint64_t word;

	ck_assert_int_eq(pread(file->content, &word, sizeof(word),
			       file->at + (off_t)(i * sizeof(word))),
			 sizeof(word));
	return word;
}

void pager_rig_close(struct pager_file *file)
{
	ck_assert_int_eq(close(file->view), 0);
}

void pager_rig_unmap(struct pager_file *file)
{
	ck_assert_int_eq(munmap(file->words, RIG_BYTES), 0);
}

uint64_t pager_rig_signals(int signal)
{
	eventfd_t times;

	return eventfd_read(signal, &times) ? 0 : times;
}

bool pager_rig_is_there(const volatile void *page)
{
	unsigned char there;

	ck_assert_int_eq(mincore((void *)page, PAGE, &there), 0);
	return there & 1;
}

uint64_t pager_rig_load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

void pager_rig_store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void pager_rig_nap(void)
{
	const struct timespec ts = { .tv_nsec = 100000 };

	nanosleep(&ts, NULL);
}

int pager_rig_call(pid_t tid, unsigned int *fd)
{
	char path[32];
	int nr = -1;
	FILE *call;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	call = fopen(path, "re");
	ck_assert_ptr_nonnull(call);
	*fd = 0;
	if (fscanf(call, "%d %x", &nr, fd) < 1)
		nr = PAGER_RIG_RUNS;
	fclose(call);
	return nr;
}

unsigned int pager_rig_fds(pid_t pid)
{
	const struct dirent *entry;
	unsigned int n = 0;
	char path[32];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* What ends it by a signal is not to be reported by a sanitizer. */
int pager_rig_run(int (*body)(const struct pager_file *file),
		  const struct pager_file *file)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(body(file));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int pager_rig_main(Suite *suite)
{
	SRunner *sr = srunner_create(suite);
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
