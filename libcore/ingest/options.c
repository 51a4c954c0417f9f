#include "ingest/options.h"

#include "base/num.h"
#include "time/time.h"

enum { LINE_MAX_DEFAULT = 256 << 10 };

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

/* Does ",name=" stand in a value? *ret: from that name on. */
static bool has_more_labels(struct bytes value, struct bytes *ret)
{
	struct bytes rest = value, piece, name;
	struct err ignored;

	bytes_split(&rest, ',', &piece);
	*ret = rest;
	while (bytes_split(&rest, ',', &piece)) {
		if (bytes_split(&piece, '=', &name) && piece.p &&
		    labels_check_name(name, &ignored) == 0)
			return true;
		*ret = rest;
	}
	return false;
}

int ingest_parse_label(struct bytes text, struct arena *a, struct ingest_opts *o, struct err *e)
{
	struct labels *l = &o->labels;
	struct bytes name, more, value = text;
	struct label *v;

	if (!bytes_split(&value, '=', &name) || !value.p)
		return err_set(e, ERR_USAGE, "expected NAME=VALUE, found '%.*s'", BYTES_ARG(text));
	v = arena_alloc(a, (l->n + 1) * sizeof(*v));
	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	v[l->n++] = (struct label){ name, value };
	l->v = v;
	if (!has_more_labels(value, &more))
		return 0;
	err_set(e, ERR_USAGE,
		"label '%.*s' has the value '%.*s': another label has its own -l, as -l %.*s",
		BYTES_ARG(name), BYTES_ARG(value), BYTES_ARG(more));
	return 1;
}

int ingest_check_opts(struct ingest_opts *o, struct err *e)
{
	if (labels_normalize(&o->labels, e) < 0 || labels_check(&o->labels, e) < 0)
		return err_wrap(e, "option '--label'");
	if (o->input == INGEST_LINES && o->labels.n == 0 && !(o->add & INGEST_ADD_SERVICE_NAME))
		return err_set(e, ERR_USAGE, "lines need at least one label: -l NAME=VALUE");
	if (o->input == INGEST_FRAMES && (o->labels.n || o->add || o->tenant.n))
		return err_set(e, ERR_USAGE,
			       "frames say their own tenant and labels: -t, -l and --add are not "
			       "for them");
	if (o->input == INGEST_FRAMES && (o->line_max || o->long_lines != INGEST_REFUSE_LONG))
		return err_set(e, ERR_USAGE,
			       "frames are taken whole: --max-line and --long-lines are not for "
			       "them");
	if (!o->tenant.n)
		o->tenant = BYTES_LIT("fake");
	if (!o->line_max)
		o->line_max = LINE_MAX_DEFAULT;
	return 0;
}

static void add_tally(struct buf *b, const struct ingest_tally *t, const char *what)
{
	if (t->n == 0)
		return;
	buf_addf(b, ", %llu %s (", (unsigned long long)t->n, what);
	num_add_size(b, t->n_bytes);
	buf_add_char(b, ')');
}

void ingest_counts_add(struct buf *b, const struct ingest_counts *c, double seconds)
{
	num_add_count(b, c->done.n, "entry, ", "entries, ");
	num_add_size(b, c->done.n_bytes);
	buf_addf(b, " of lines in %.2f s (%.0f MB/s)", seconds,
		 (double)c->done.n_bytes / 1e6 / (seconds + 1e-9));
	add_tally(b, &c->cut, "cut");
	add_tally(b, &c->too_long, "refused: too long");
	add_tally(b, &c->bad, "refused: bad");
	add_tally(b, &c->damaged, num_word(c->damaged.n, "place damaged", "places damaged"));
	add_tally(b, &c->refused, "refused: not written");
}
