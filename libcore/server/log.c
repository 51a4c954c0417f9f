#include "server/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/io.h"
#include "json/json.h"
#include "server/lines.h"
#include "time/time.h"

enum { WAITING_MAX = 1 << 20 }; /* bytes */

static const int64_t END_NS = NS_PER_S;

const char *const log_level_words[] = { "debug", "info", "warn", "error", NULL };

/* Does a value of logfmt need quotes? */
static bool needs_quotes(const char *value)
{
	for (const char *p = value; *p; p++)
		if (*p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p >= 0x7f)
			return true;
	return !*value;
}

static void add_pair(struct buf *b, bool json, const char *name, const char *value)
{
	if (b->n > 1)
		buf_add_char(b, json ? ',' : ' ');
	if (json)
		json_add_quoted(b, bytes_str(name));
	else
		buf_add_str(b, name);
	buf_add_char(b, json ? ':' : '=');
	if (json || needs_quotes(value))
		json_add_quoted(b, bytes_str(value));
	else
		buf_add_str(b, value);
}

static void begin_line(const struct log *l, enum log_level level, const char *msg, struct buf *line)
{
	struct buf time = { 0 };

	time_add_rfc3339(&time, time_now_ns());
	if (l->json)
		buf_add_char(line, '{');
	add_pair(line, l->json, "ts", buf_str(&time));
	add_pair(line, l->json, "level", log_level_words[level]);
	add_pair(line, l->json, "msg", msg);
	buf_release(&time);
}

static void end_line(const struct log *l, struct buf *line)
{
	if (l->json)
		buf_add_char(line, '}');
	buf_add_char(line, '\n');
}

/* Once for all that were lost since it was told last. */
static void tell_lost(struct log *l)
{
	uint64_t lost = lines_lost(l->lines), told = atomic_exchange(&l->n_lost, lost);
	struct buf line = { 0 };
	char text[24];

	if (lost <= told)
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)(lost - told));
	begin_line(l, LOG_WARN, "messages were lost: nobody read them", &line);
	add_pair(&line, l->json, "count", text);
	end_line(l, &line);
	if (!lines_add(l->lines, buf_bytes(&line)))
		atomic_store(&l->n_lost, told);
	buf_release(&line);
}

static void write_line(struct log *l, struct bytes line)
{
	struct err e;

	if (l->lines) {
		if (lines_add(l->lines, line))
			tell_lost(l);
	} else if (io_write(l->fd, line.p, line.n, &e) < 0) {
		return; /* nobody is left to be told when stderr itself fails */
	}
}

void log_event(struct log *l, enum log_level level, const char *msg, ...)
{
	struct buf line = { 0 };
	const char *name;
	va_list va;

	atomic_fetch_add_explicit(&l->n[level], 1, memory_order_relaxed);
	if ((int)level < atomic_load_explicit(&l->level, memory_order_relaxed))
		return;
	begin_line(l, level, msg, &line);
	va_start(va, msg);
	while ((name = va_arg(va, const char *)))
		add_pair(&line, l->json, name, va_arg(va, const char *));
	va_end(va);
	end_line(l, &line);
	write_line(l, buf_bytes(&line));
	buf_release(&line);
}

int log_open(struct log *l, struct err *e)
{
	int fd = fcntl(l->fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return err_sys(e, "no descriptor for messages");
	return lines_open(fd, WAITING_MAX, NULL, NULL, &l->lines, e);
}

void log_close(struct log *l)
{
	if (l->lines)
		lines_close(l->lines, END_NS);
	l->lines = NULL;
}
