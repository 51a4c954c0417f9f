/* Any bytes as what comes on a connection: every byte is part of a message or stands between two,
 * and a message becomes one entry. */
#include "fuzz.h"

#include <stdlib.h>

#include "push/syslog.h"

static int see_stream(void *data, const struct push_labels *l, struct err *e)
{
	struct arena a = { 0 };
	struct labels labels;

	(void)data;
	if (push_labels_parse(l, &a, &labels, e) < 0)
		abort();
	arena_release(&a);
	return 0;
}

/* What is given is the end of the message. */
struct seen {
	struct bytes message;
	size_t n;
};

static int see_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		     size_t n_meta, struct err *e)
{
	struct seen *s = data;

	(void)ts_ns;
	(void)e;
	for (size_t i = 0; i < n_meta; i++)
		if (meta[i].name.n == 0)
			abort();
	if (line.n > s->message.n || (line.n > 0 && line.p != s->message.p + s->message.n - line.n))
		abort();
	s->n++;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct syslog_opts o = { .now_ns = 1768471200000000000, .labels = syslog_labels_default };
	struct bytes rest = bytes_of(data, size), message;
	struct syslog s = { 0 };
	struct arena a = { 0 };
	struct err e = { 0 };
	struct seen seen = { 0 };
	struct push_sink sink = { see_stream, see_entry, &seen };

	while (syslog_next(&rest, 1000, SYSLOG_END, &message, &e) > 0) {
		size_t was = seen.n;

		seen.message = message;
		if (syslog_push(&s, &o, message, &sink, &a, &e) < 0 ? e.code != ERR_LIMIT
								    : seen.n == was)
			abort();
	}
	if (rest.n > 0 && e.code != ERR_LIMIT)
		abort();
	syslog_release(&s);
	arena_release(&a);
	return 0;
}
