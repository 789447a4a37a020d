// SPDX-License-Identifier: BSD-3-Clause
/* The ports of a mtty: what is written, and what is read then. */
#include <stdlib.h>
#include "helpers_device.h"

/*
 * A script's steps: "w3=80" writes 0x80 to register 3, "r0" reads register 0,
 * "w0=41*16" and "r0*16" do so 16 times, "i" looks at the eventfd's counter,
 * "u" unmasks INTx.
 */
struct script {
	const char *name, *steps;
};

static const struct script scripts[] = {
	{ "registers", "r0 r1 r2 r3 r4 r5 r6 r7" },
	{ "scratch", "w7=a5 r7 w7=ff r7 w7=00 r7" },
	{ "read-only", "w5=ff w6=ff r5 r6" },
	{ "lcr", "w3=7f r3 w3=ff r3 w3=00 r3" },
	{ "mcr", "w4=ff r4 w4=1f r4 r6 w4=00 r4 r6" },
	{ "ier", "w1=ff r1 w1=0f r1 w1=f0 r1 w1=00 r1" },
	{ "loop", "w0=41 r5 r0 r5 r0 r5" },
	{ "loop-order", "w0=41 w0=42 w0=43 r5 r0 r0 r0 r5 r0" },
	{ "loop-15", "w0=41*15 r5 r0*15 r5" },
	{ "loop-16", "w0=41*16 r5 r0*2 r5" },
	{ "loop-17", "w0=41*17 r5 r0 r5 w2=07 r5 w0=42 r5 r0 r5" },
	{ "loop-wrap", "w0=41*10 r0*10 w0=51*10 r5 r0*10 r5" },
	{ "no-fifo", "w2=00 w0=41 r5 w0=42 r5 r0 r5 r0 w0=43 r5 r0" },
	{ "fifo-off-full", "w0=41*3 w2=00 w0=42 r5 r0*3 r5 w0=43 r0 r5" },
	{ "fifo-clear-receive", "w0=41*3 w2=03 r5 r0 r5" },
	{ "fifo-clear-send", "w0=41*3 w2=05 r5 r0 r5" },
	{ "fifo-clear-none", "w0=41*3 w2=01 r5 r0 r5" },
	{ "fifo-clear-overrun", "w0=41*17 r5 w2=07 r5 w0=42 r5" },
	{ "fifo-triggers",
	  "w1=01 w2=01 r2 w0=41 r2 w2=41 r2 w2=81 r2 w2=c1 r2 w0=42*13 r2" },
	{ "divisor", "w3=80 r0 r1 w0=0c w1=34 r0 r1 w3=03 r0 r1" },
	{ "divisor-or", "w3=80 w0=01 w0=02 r0 w1=10 w1=20 r1 w3=80 r0 r1" },
	{ "divisor-keeps", "w3=80 w0=0c w3=00 w3=80 r0 r1" },
	{ "divisor-apart", "w0=41 w3=80 w0=42 r0 w3=00 r0 r5 r0" },
	{ "divisor-ier", "w1=05 w3=80 r1 w1=0f r1 w3=00 r1" },
	{ "fcr-with-dlab", "w0=41*3 w3=80 w2=07 r2 w3=00 r5" },
	{ "iir-none", "r2 w0=41 r2 r0 r2" },
	{ "iir-send", "w1=02 r2 r2 w0=41 r2 r0 r2" },
	{ "iir-receive", "w1=01 r2 w0=41 r2 r0 r2" },
	{ "iir-status", "w1=04 r2 w0=41*17 r2 r5 r2 w2=07 r2 w0=41 r2" },
	{ "iir-modem", "w1=08 r2 w4=01 r2 w4=02 r2 w4=03 r2 w4=08 r2" },
	{ "iir-all", "w1=0f w4=03 r2 w0=41 r2 w0=41*16 r2 r0 r2" },
	{ "cts", "r6 w4=20 r6 w0=41*15 r6 w0=41 r6 w0=41 r6 w2=07 r6" },
	{ "cts-no-fifo", "w2=00 w4=20 r6 w0=41 r6 r0 r6" },
	{ "outside", "w8=ff w9=ff r8 r9 r0 r7" },
};

/* With an eventfd for each step that may tell. */
static const struct script interrupts[] = {
	{ "none", "i w0=41 i r0 i w4=0b i" },
	{ "receive", "w1=01 i w0=41 i u w0=42 i u r0 r0 i w0=43 i" },
	{ "receive-burst", "w1=01 w0=41*5 i u r0*5 i w0=41*2 i" },
	{ "send", "w1=02 i u w0=41 i r0 i u r0 i" },
	{ "send-not-empty", "w0=41 w1=02 i r0 i" },
	{ "send-again", "w1=02 i u w1=02 i u w1=00 i w1=02 i" },
	{ "send-full", "w0=41*16 w1=02 i u r0 i" },
	{ "status", "w1=04 w0=41*16 i w0=42 i u w0=43 i u w2=07 i" },
	{ "modem-out2", "w1=08 w4=08 i u w4=08 i u w4=00 i" },
	{ "modem-rts", "w1=08 w4=02 i u w4=01 i u w4=03 i" },
	{ "modem-both", "w1=08 w4=0b i u w4=0a i" },
	{ "modem-off", "w4=0b i" },
	{ "all", "w1=0f i u w0=41 i u r0 i u w4=0b i u w0=42*17 i" },
	{ "dlab", "w1=0f i u w3=80 w0=41 i w1=02 i w3=00 i" },
	{ "masked", "w1=01 w0=41 i w0=42 i r0*2 w0=43 i u i r2 w0=44 i" },
};

#define NR(table) (sizeof(table) / sizeof((table)[0]))

static void step(struct ctx *c, int fd, unsigned int port, const char *s)
{
	off_t pos = D_REGION(port) + (s[1] - '0');
	char *end = (char *)(uintptr_t)(s + 2);
	unsigned char value = 0;
	unsigned long times = 1;

	if (s[2] == '=')
		value = (unsigned char)strtoul(s + 3, &end, 16);
	if (*end == '*')
		times = strtoul(end + 1, NULL, 10);
	while (times--) {
		if (*s == 'w')
			c_pwrite(c, fd, &value, 1, pos);
		else
			c_pread(c, fd, NULL, 1, pos);
		value++;
	}
}

static void play(struct ctx *c, int fd, unsigned int port, const char *s)
{
	while (*s) {
		if (*s == 'i')
			c_counter(c, c_fd(c, "event"));
		else if (*s == 'u')
			d_action(c, fd, VFIO_IRQ_SET_ACTION_UNMASK, 0);
		else if (*s != ' ')
			step(c, fd, port, s);
		while (*s && *s != ' ')
			s++;
		while (*s == ' ')
			s++;
	}
}

static void port(struct ctx *c)
{
	play(c, d_mtty(c), D_B(c), scripts[D_A(c)].steps);
}

static void interrupt(struct ctx *c)
{
	int fd = d_mtty(c);

	d_set_eventfd(c, fd, D_B(c), c_eventfd(c, "event"));
	play(c, fd, D_C(c), interrupts[D_A(c)].steps);
}

/* An access of several bytes is one of a register, and of the first byte. */
static void wide(struct ctx *c)
{
	unsigned int len = D_A(c);
	int fd = d_mtty(c);
	off_t reg;

	for (reg = 0; reg < 8; reg++) {
		c_pwrite(c, fd, "\x03\x0c\x30\xc0\x05\x0a\x50\xa0", len, reg);
		c_pread(c, fd, NULL, len, reg);
	}
	for (reg = 1; reg < 8; reg++)
		c_pread(c, fd, NULL, 1, reg);
}

CASE("device/uart/apart")
{
	int fd = d_mtty(c);

	play(c, fd, 0, "w7=11 w0=41 w0=42 w1=01 w4=01");
	play(c, fd, 1, "w7=22 w0=51 w1=02 w4=02");
	play(c, fd, 0, "r7 r1 r2 r4 r5 r0 r0 r5");
	play(c, fd, 1, "r7 r1 r2 r4 r5 r0 r5");
}

CASE("device/uart/two-fds")
{
	int fd = d_mtty(c);
	int again = c_device_fd(c, c_fd(c, "group"), "again", c->device[0]);

	play(c, fd, 0, "w0=41 w7=33");
	play(c, again, 0, "r5 r0 r7 w0=42");
	play(c, fd, 0, "r0 r5");
}

static void kept(struct ctx *c)
{
	int fd = d_mtty(c);

	play(c, fd, 0, "w0=41 w0=42 w7=33 w1=05 w4=0b w3=83 w0=0c");
	if (c->param) {
		c_close(c, fd);
		fd = c_device_fd(c, c_fd(c, "group"), "device", c->device[0]);
	} else {
		c_ioctl(c, fd, &DEVICE_RESET, 0);
	}
	play(c, fd, 0, "r0 r1 r3 w3=00 r1 r2 r4 r5 r7 r0 r0 r0 r5");
}

CASES
{
	unsigned int i, n;

	for (n = 0; n < 2; n++)
		for (i = 0; i < NR(scripts); i++)
			conform_add(port, D_PARAM(i, n, 0), 0,
				    "device/uart/port%u/%s", n,
				    scripts[i].name);
	for (n = 0; n < 2; n++)
		for (i = 0; i < NR(interrupts); i++)
			conform_add(interrupt, D_PARAM(i, n, n), 0,
				    "device/uart/%s/%s", n ? "msi" : "intx",
				    interrupts[i].name);
	for (i = 2; i <= 8; i++)
		conform_add(wide, i, 0, "device/uart/wide/%u", i);
	conform_add(kept, 0, 0, "device/uart/kept/reset");
	conform_add(kept, 1, 0, "device/uart/kept/closing");
}
