#include "index/says.h"

#include <stdarg.h>

#include "base/buf.h"
#include "store/store.h"
#include "time/time.h"

int says_line(const struct index_says *s, struct err *e, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;
	int rc;

	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	buf_add_char(&b, '\n');
	rc = s->sink(buf_bytes(&b), s->data, e);
	buf_release(&b);
	return rc;
}

void says_note(const struct index_says *s, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list va;

	if (!s->note)
		return;
	va_start(va, fmt);
	buf_addv(&b, fmt, va);
	va_end(va);
	s->note(buf_str(&b), s->data);
	buf_release(&b);
}

void says_deleted(const char *name, uint64_t size, void *data)
{
	const struct index_says *s = data;

	(void)size;
	says_note(s, "%s '%s/%s'", s->dry_run ? "would delete" : "deleted",
		  store_path_of(s->store, name), name);
}

void says_busy(struct bytes tenant, int32_t day, void *data)
{
	char text[TIME_DAY_LEN + 1];

	time_day_text(day, text);
	says_note(data, "%.*s %s: left to another compaction, which is at work", BYTES_ARG(tenant),
		  text);
}

void says_fault(const struct err *e, void *data)
{
	const struct index_says *s = data;

	s->fault(e, s->data);
}
