// SPDX-License-Identifier: BSD-3-Clause
#include "matrix.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define WORDS (AP_IDS / 64)
/* Three masks as they are shown; what comes behind is not looked at. */
#define CONFIG_LENGTH (3 * (AP_IDS / 4 + 3))

static uint64_t bit_of(unsigned int id)
{
	return 1ULL << (63 - id % 64);
}

bool ap_mask_test(const struct ap_mask *mask, unsigned int id)
{
	return mask->words[id / 64] & bit_of(id);
}

void ap_mask_assign(struct ap_mask *mask, unsigned int id, bool on)
{
	if (on)
		mask->words[id / 64] |= bit_of(id);
	else
		mask->words[id / 64] &= ~bit_of(id);
}

bool ap_mask_overlap(const struct ap_mask *a, const struct ap_mask *b)
{
	for (unsigned int i = 0; i < WORDS; i++)
		if (a->words[i] & b->words[i])
			return true;
	return false;
}

bool ap_mask_empty(const struct ap_mask *mask)
{
	return !ap_mask_overlap(mask, mask);
}

bool ap_matrix_has_queue(const struct ap_matrix *matrix, unsigned int adapter,
			 unsigned int domain)
{
	return ap_mask_test(&matrix->apm, adapter) &&
	       ap_mask_test(&matrix->aqm, domain);
}

static void show_queues(const struct ap_matrix *matrix, struct text *text)
{
	for (unsigned int a = 0; a <= AP_MAX_ADAPTER; a++)
		for (unsigned int d = 0; d <= AP_MAX_DOMAIN; d++)
			if (ap_matrix_has_queue(matrix, a, d))
				text_add(text, "%02x.%04x\n", a, d);
}

/* vfio_ap_mdev_matrix_show(): queues, or the half that there is of them. */
size_t ap_matrix_show(const struct ap_matrix *matrix, char *buf, size_t size)
{
	struct text text = { .buf = buf, .size = size };

	if (!ap_mask_empty(&matrix->apm) && !ap_mask_empty(&matrix->aqm)) {
		show_queues(matrix, &text);
		return text.used;
	}
	for (unsigned int a = 0; a <= AP_MAX_ADAPTER; a++)
		if (ap_mask_test(&matrix->apm, a))
			text_add(&text, "%02x.\n", a);
	for (unsigned int d = 0; d <= AP_MAX_DOMAIN; d++)
		if (ap_mask_test(&matrix->aqm, d))
			text_add(&text, ".%04x\n", d);
	return text.used;
}

size_t ap_matrix_show_control(const struct ap_matrix *matrix, char *buf,
			      size_t size)
{
	struct text text = { .buf = buf, .size = size };

	for (unsigned int d = 0; d <= AP_MAX_DOMAIN; d++)
		if (ap_mask_test(&matrix->adm, d))
			text_add(&text, "%04x\n", d);
	return text.used;
}

static void show_mask(const struct ap_mask *mask, struct text *text, char end)
{
	text_add(text, "0x");
	for (unsigned int i = 0; i < WORDS; i++)
		text_add(text, "%016" PRIx64, mask->words[i]);
	text_add(text, "%c", end);
}

size_t ap_matrix_show_config(const struct ap_matrix *matrix, char *buf,
			     size_t size)
{
	struct text text = { .buf = buf, .size = size };

	show_mask(&matrix->apm, &text, ',');
	show_mask(&matrix->aqm, &text, ',');
	show_mask(&matrix->adm, &text, '\n');
	return text.used;
}

static unsigned int digit_of(char c)
{
	return isdigit((unsigned char)c) ?
		       (unsigned int)(c - '0') :
		       (unsigned int)(tolower((unsigned char)c) - 'a') + 10;
}

/* ap_hex2bitmap(): from the left; what is missing at the right is zero. */
static int parse_mask(struct ap_mask *mask, const char *text)
{
	unsigned int id = 0;

	*mask = (struct ap_mask){ 0 };
	if (!strncmp(text, "0x", 2))
		text += 2;
	for (; isxdigit((unsigned char)*text) && id < AP_IDS; text++, id += 4)
		mask->words[id / 64] |= (uint64_t)digit_of(*text)
					<< (60 - id % 64);
	return *text ? -EINVAL : 0;
}

int ap_matrix_parse_config(struct ap_matrix *matrix, const char *text)
{
	struct ap_mask *masks[] = { &matrix->apm, &matrix->aqm, &matrix->adm };
	char copy[CONFIG_LENGTH + 1], *rest = copy, *mask;
	int ret = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (size_t i = 0; i < 3 && !ret; i++) {
		mask = strsep(&rest, ",\n");
		ret = mask ? parse_mask(masks[i], mask) : -EINVAL;
	}
	return ret;
}
