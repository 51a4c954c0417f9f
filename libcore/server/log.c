#include "server/log.h"

#include <stdarg.h>
#include "base/io.h"

#include "base/buf.h"
#include "json/json.h"
#include "time/time.h"

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

void log_event(struct log *l, enum log_level level, const char *msg, ...)
{
	struct buf line = { 0 }, time = { 0 };
	const char *name;
	struct err e;
	va_list va;

	atomic_fetch_add_explicit(&l->n[level], 1, memory_order_relaxed);
	if ((int)level < atomic_load_explicit(&l->level, memory_order_relaxed))
		return;
	time_add_rfc3339(&time, time_now_ns());
	if (l->json)
		buf_add_char(&line, '{');
	add_pair(&line, l->json, "ts", buf_str(&time));
	add_pair(&line, l->json, "level", log_level_words[level]);
	add_pair(&line, l->json, "msg", msg);
	va_start(va, msg);
	while ((name = va_arg(va, const char *)))
		add_pair(&line, l->json, name, va_arg(va, const char *));
	va_end(va);
	if (l->json)
		buf_add_char(&line, '}');
	buf_add_char(&line, '\n');
	/* Nobody is left to be told when stderr itself fails. */
	if (io_write(l->fd, line.p, line.n, &e) < 0)
		line.n = 0;
	buf_release(&line);
	buf_release(&time);
}
