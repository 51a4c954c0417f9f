#include "ingest/options.h"

#include "base/num.h"
#include "time/time.h"

static const struct bytes INTERVAL = { "interval=", 9 };

int ingest_parse_period(struct bytes text, int64_t *ret_ns, struct err *e)
{
	int64_t ns;

	if (time_parse_duration(text, &ns, e) < 0)
		return -1;
	if (ns <= 0)
		return err_set(e, ERR_USAGE, "expected a duration above 0");
	*ret_ns = ns;
	return 0;
}

int ingest_parse_sync(struct bytes text, struct ingest_opts *o, struct err *e)
{
	if (bytes_is(text, "always")) {
		o->sync = WAL_SYNC_ALWAYS;
		return 0;
	}
	if (bytes_is(text, "none")) {
		o->sync = WAL_SYNC_NONE;
		return 0;
	}
	if (!bytes_starts(text, INTERVAL))
		return err_set(e, ERR_USAGE,
			       "expected always, interval=DURATION or none, found '%.*s'",
			       BYTES_ARG(text));
	o->sync = WAL_SYNC_INTERVAL;
	return ingest_parse_period(bytes_sub(text, INTERVAL.n, text.n), &o->sync_interval_ns, e);
}

int ingest_parse_add(struct bytes text, struct ingest_opts *o, struct err *e)
{
	struct bytes one;

	while (bytes_split(&text, ',', &one)) {
		if (bytes_is(one, "service_name"))
			o->add |= INGEST_ADD_SERVICE_NAME;
		else if (bytes_is(one, "detected_level"))
			o->add |= INGEST_ADD_DETECTED_LEVEL;
		else
			return err_set(e, ERR_USAGE,
				       "expected service_name or detected_level, found '%.*s'",
				       BYTES_ARG(one));
	}
	return 0;
}

int ingest_parse_label(struct bytes text, struct arena *a, struct ingest_opts *o, struct err *e)
{
	struct labels *l = &o->labels;
	struct bytes name, value = text;
	struct label *v;

	if (!bytes_split(&value, '=', &name) || !value.p)
		return err_set(e, ERR_USAGE, "expected NAME=VALUE, found '%.*s'", BYTES_ARG(text));
	v = arena_alloc(a, (l->n + 1) * sizeof(*v));
	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	v[l->n++] = (struct label){ name, value };
	l->v = v;
	return 0;
}

static void add_count(struct buf *b, uint64_t n, const char *what)
{
	if (n)
		buf_addf(b, ", %llu %s", (unsigned long long)n, what);
}

void ingest_counts_add(struct buf *b, const struct ingest_counts *c, double seconds)
{
	buf_addf(b, "%llu entries, ", (unsigned long long)c->n_done);
	num_add_size(b, c->n_bytes);
	buf_addf(b, " of lines in %.2f s (%.0f MB/s)", seconds,
		 (double)c->n_bytes / 1e6 / (seconds + 1e-9));
	add_count(b, c->n_cut, "cut");
	add_count(b, c->n_long, "refused: too long");
	add_count(b, c->n_bad, "refused: bad");
	add_count(b, c->n_refused, "refused: not written");
}
