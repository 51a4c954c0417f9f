/* Text: numbers, times and JSON, appended to a growing buffer; printf would take most of the time.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "gen.h"

void die(const char *what)
{
	fprintf(stderr, "gen-logs: error: %s: %s\n", what, strerror(errno));
	exit(4);
}

void *need(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		die("memory");
	return p;
}

void out_room(struct out *o, size_t n)
{
	size_t cap = (o->n + n) * 2 + 1024;

	o->p = realloc(o->p, cap);
	if (!o->p)
		die("memory");
	o->cap = cap;
}

void out_strs(struct out *o, ...)
{
	va_list va;

	va_start(va, o);
	for (const char *s; (s = va_arg(va, const char *));)
		out_str(o, s);
	va_end(va);
}

void out_pad(struct out *o, uint64_t v, unsigned width)
{
	char digits[32];
	unsigned at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v || sizeof(digits) - at < width);
	out_mem(o, digits + at, sizeof(digits) - at);
}

void out_uint(struct out *o, uint64_t v)
{
	out_pad(o, v, 1);
}

void out_frac(struct out *o, uint64_t thousandths)
{
	out_uint(o, thousandths / 1000);
	out_str(o, ".");
	out_pad(o, thousandths % 1000, 3);
}

void out_hex(struct out *o, uint64_t v, unsigned digits)
{
	char text[16];

	for (unsigned i = 0; i < digits; i++)
		text[i] = "0123456789abcdef"[v >> (60 - 4 * i) & 15];
	out_mem(o, text, digits);
}

void out_ip(struct out *o, uint64_t host)
{
	uint64_t h = hash64(host + 0x1b);

	out_uint(o, 11 + h % 210);
	for (int shift = 8; shift < 32; shift += 8) {
		out_str(o, ".");
		out_uint(o, h >> shift & 255);
	}
}

void out_json(struct out *o, const char *s, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		out_mem(o, s + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\') {
			out_str(o, "\\");
			out_mem(o, s + i, 1);
		} else if (c == '\t') {
			out_str(o, "\\t");
		} else {
			out_str(o, "\\u00");
			out_hex(o, (uint64_t)c << 56, 2);
		}
	}
	out_mem(o, s + from, n - from);
}

void out_varint(struct out *o, uint64_t v)
{
	char text[10];
	size_t n = 0;

	for (; v >= 128; v >>= 7)
		text[n++] = (char)(v | 128);
	text[n++] = (char)v;
	out_mem(o, text, n);
}

void out_save(const struct out *o, const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f || fwrite(o->p, 1, o->n, f) != o->n || fclose(f) != 0)
		die(path);
}

void out_dir(const char *path)
{
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		die(path);
}

FILE *out_open(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	out_dir(dir);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f)
		die(path);
	setvbuf(f, NULL, _IOFBF, 1 << 20);
	return f;
}

static const char month_name[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

/* The parts of a second's time are made once for all lines of that second. */
static void second_parts(int64_t sec, struct out *date, struct out *clock, struct tm *tm)
{
	time_t t = (time_t)sec;

	gmtime_r(&t, tm);
	date->n = clock->n = 0;
	out_pad(date, (uint64_t)tm->tm_year + 1900, 4);
	out_str(date, "-");
	out_pad(date, (uint64_t)tm->tm_mon + 1, 2);
	out_str(date, "-");
	out_pad(date, (uint64_t)tm->tm_mday, 2);
	out_pad(clock, (uint64_t)tm->tm_hour, 2);
	out_str(clock, ":");
	out_pad(clock, (uint64_t)tm->tm_min, 2);
	out_str(clock, ":");
	out_pad(clock, (uint64_t)tm->tm_sec, 2);
}

void out_time(struct out *o, enum time_style style, int64_t ts_ns)
{
	static int64_t cached_sec = INT64_MIN;
	static struct out date, clock;
	static struct tm tm;
	const char *month;

	if (ts_ns / NS_PER_S != cached_sec) {
		cached_sec = ts_ns / NS_PER_S;
		second_parts(cached_sec, &date, &clock, &tm);
	}
	month = month_name + 3 * tm.tm_mon;
	switch (style) {
	case TIME_ISO_MS:
	case TIME_ISO_NS:
	case TIME_JAVA:
		out_mem(o, date.p, date.n);
		out_str(o, style == TIME_JAVA ? " " : "T");
		out_mem(o, clock.p, clock.n);
		out_str(o, style == TIME_JAVA ? "," : ".");
		if (style == TIME_ISO_NS)
			out_pad(o, (uint64_t)(ts_ns % NS_PER_S), 9);
		else
			out_pad(o, (uint64_t)(ts_ns / 1000000 % 1000), 3);
		if (style != TIME_JAVA)
			out_str(o, "Z");
		break;
	case TIME_NGINX:
		out_pad(o, (uint64_t)tm.tm_mday, 2);
		out_str(o, "/");
		out_mem(o, month, 3);
		out_str(o, "/");
		out_mem(o, date.p, 4);
		out_str(o, ":");
		out_mem(o, clock.p, clock.n);
		out_str(o, " +0000");
		break;
	case TIME_SYSLOG:
		out_mem(o, month, 3);
		out_str(o, tm.tm_mday < 10 ? "  " : " ");
		out_uint(o, (uint64_t)tm.tm_mday);
		out_str(o, " ");
		out_mem(o, clock.p, clock.n);
		break;
	}
}
