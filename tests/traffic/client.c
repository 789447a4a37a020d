// SPDX-License-Identifier: BSD-3-Clause
#include "client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_SIZE (TRAFFIC_SLOT_PAGES * TRAFFIC_PAGE)

bool traffic_fail(struct traffic_record *record, const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fprintf(stderr, "traffic: FAIL: %s\n", line);
	atomic_store(&record->failed, true);
	return false;
}

static uint64_t slot_iova(const struct traffic_client *client,
			  unsigned int slot)
{
	return (client->n * TRAFFIC_SLOTS + slot) * SLOT_SIZE;
}

/* The words of thread @t in page @p of the client. */
static const uint64_t *words_of(const struct traffic_client *client,
				unsigned int p, unsigned int t)
{
	const uint8_t *page = client->mem + p * TRAFFIC_PAGE;

	return (const uint64_t *)page + t * TRAFFIC_WORDS;
}

/* They are written as one. */
static bool check_whole(struct traffic_client *client, unsigned int p,
			unsigned int t)
{
	const uint64_t *words = words_of(client, p, t);

	for (int i = 1; i < TRAFFIC_WORDS; i++) {
		if (words[i] != words[0])
			return traffic_fail(client->record,
					    "client %u page %u thread %u: "
					    "written in part",
					    client->n, p, t);
	}
	return true;
}

/* While it was unmapped nobody wrote to it. */
static bool check_same(struct traffic_client *client, unsigned int p,
		       unsigned int t)
{
	uint64_t now = words_of(client, p, t)[0];

	if (now == client->seen[p][t])
		return check_whole(client, p, t);
	return traffic_fail(client->record,
			    "client %u page %u thread %u: %lu became %lu "
			    "while it was not mapped",
			    client->n, p, t, client->seen[p][t], now);
}

/*
 * The page is unmapped: what is there is the last stamp that was written, or
 * one that was on its way then and has not been written down yet; never one
 * that was refused.
 */
static bool check_written(struct traffic_client *client, unsigned int p,
			  unsigned int t)
{
	unsigned int page = client->n * TRAFFIC_CLIENT_PAGES + p;
	struct traffic_writes *writes = &client->record->pages[page].by[t];
	uint64_t now = words_of(client, p, t)[0];
	uint64_t done = atomic_load(&writes->done);
	uint64_t refused = atomic_load(&writes->refused);
	uint64_t begun = atomic_load(&writes->begun);

	client->seen[p][t] = now;
	if (done <= now && now <= begun && (now != refused || !now))
		return check_whole(client, p, t);
	return traffic_fail(client->record,
			    "client %u page %u thread %u: %lu is there; begun "
			    "%lu done %lu refused %lu",
			    client->n, p, t, now, begun, done, refused);
}

static bool check_unpinned(struct traffic_client *client, unsigned int p)
{
	unsigned int page = client->n * TRAFFIC_CLIENT_PAGES + p;

	for (int d = 0; d < TRAFFIC_DEVICES; d++) {
		if (atomic_load(&client->record->pages[page].pins[d]))
			return traffic_fail(client->record,
					    "client %u page %u: device %d has "
					    "it pinned after the unmap",
					    client->n, p, d);
	}
	return true;
}

static bool check_unmapped(struct traffic_client *client, unsigned int slot)
{
	unsigned int p = slot * TRAFFIC_SLOT_PAGES;
	bool good = true;

	for (unsigned int i = 0; i < TRAFFIC_SLOT_PAGES && good; i++, p++) {
		good = check_unpinned(client, p);
		for (unsigned int t = 0; t < TRAFFIC_THREADS && good; t++)
			good = check_written(client, p, t);
	}
	client->mapped[slot] = false;
	return good;
}

static bool map_slot(struct traffic_client *client, unsigned int slot)
{
	unsigned int p = slot * TRAFFIC_SLOT_PAGES;
	int ret;

	for (unsigned int i = 0; i < TRAFFIC_SLOT_PAGES; i++, p++)
		for (unsigned int t = 0; t < TRAFFIC_THREADS; t++)
			if (!check_same(client, p, t))
				return false;
	client->mapped[slot] = true;
	ret = client->ops->map(client, slot_iova(client, slot),
			       client->vaddr + slot * SLOT_SIZE, SLOT_SIZE);
	if (ret)
		return traffic_fail(client->record, "client %u: map: %s",
				    client->n, strerror(-ret));
	return true;
}

/* Some slots side by side, mapped or not. */
static bool unmap_slots(struct traffic_client *client, unsigned int slot,
			unsigned int n)
{
	int64_t size = 0, ret;

	for (unsigned int i = slot; i < slot + n; i++)
		size += client->mapped[i] ? SLOT_SIZE : 0;
	ret = client->ops->unmap(client, slot_iova(client, slot),
				 n * SLOT_SIZE);
	if (ret != size)
		return traffic_fail(client->record,
				    "client %u: unmapped %ld bytes of %ld",
				    client->n, ret, size);
	for (unsigned int i = slot; i < slot + n; i++)
		if (client->mapped[i] && !check_unmapped(client, i))
			return false;
	return true;
}

bool traffic_step(struct traffic_client *client)
{
	unsigned int slot = rand_r(&client->seed) % TRAFFIC_SLOTS;
	unsigned int n = 1 + rand_r(&client->seed) % 3;

	if (atomic_load(&client->record->failed))
		return false;
	if (n > TRAFFIC_SLOTS - slot)
		n = TRAFFIC_SLOTS - slot;
	atomic_fetch_add(&client->steps, 1);
	return client->mapped[slot] ? unmap_slots(client, slot, n) :
				      map_slot(client, slot);
}

bool traffic_drop(struct traffic_client *client)
{
	int64_t ret;
	bool good = true;

	ret = client->ops->unmap(client, slot_iova(client, 0),
				 TRAFFIC_SLOTS * SLOT_SIZE);
	if (ret < 0 || ret % SLOT_SIZE)
		return traffic_fail(client->record, "client %u: dropped %ld",
				    client->n, ret);
	for (unsigned int i = 0; i < TRAFFIC_SLOTS && good; i++)
		good = check_unmapped(client, i);
	return good;
}

bool traffic_enough(struct traffic_record *record)
{
	for (int d = 0; d < TRAFFIC_DEVICES; d++)
		if (!atomic_load(&record->devices[d].unpinned))
			return false;
	for (int t = 0; t < TRAFFIC_THREADS; t++)
		if (!atomic_load(&record->threads[t].pinned) ||
		    !atomic_load(&record->threads[t].copied) ||
		    !atomic_load(&record->threads[t].refused))
			return false;
	return true;
}

static void print_totals(struct traffic_record *record)
{
	for (int d = 0; d < TRAFFIC_DEVICES; d++)
		printf("traffic: device %d: %lu calls of dma_unmap, %lu pages "
		       "unpinned in them\n",
		       d, atomic_load(&record->devices[d].calls),
		       atomic_load(&record->devices[d].unpinned));
	printf("traffic: %lu times a device was closed, %lu a client killed\n",
	       atomic_load(&record->closes), atomic_load(&record->deaths));
	for (int t = 0; t < TRAFFIC_THREADS; t++)
		printf("traffic: thread %d: %lu writes to pinned pages, %lu by "
		       "dma_rw, %lu refused\n",
		       t, atomic_load(&record->threads[t].pinned),
		       atomic_load(&record->threads[t].copied),
		       atomic_load(&record->threads[t].refused));
}

bool traffic_finish(struct traffic_record *record)
{
	int wrong = atomic_load(&record->wrong_errno);

	print_totals(record);
	if (wrong)
		traffic_fail(record, "a service returned %d", wrong);
	for (int d = 0; d < TRAFFIC_DEVICES; d++) {
		if (atomic_load(&record->devices[d].late_calls))
			traffic_fail(record,
				     "device %d was called when it was closed",
				     d);
		for (int p = 0; p < TRAFFIC_PAGES; p++)
			if (atomic_load(&record->pages[p].pins[d]))
				traffic_fail(record, "device %d has page %d", d,
					     p);
	}
	return !atomic_load(&record->failed);
}
