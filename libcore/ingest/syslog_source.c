#include "ingest/syslog_source.h"

#include <time.h>

#include "ingest/input.h"
#include "time/time.h"

enum { BEFORE_MAX = 64 << 10 /* header and structured data of a message */, ZONE_EVERY_S = 60 };

void syslog_source_init(struct syslog_source *s, struct ingest *in)
{
	*s = (struct syslog_source){ .in = in };
	s->opts.labels = syslog_labels_default;
	if (in->opts->syslog_labels)
		s->opts.labels = bytes_str(in->opts->syslog_labels);
	s->opts.extra = in->opts->labels.v;
	s->opts.n_extra = in->opts->labels.n;
}

void syslog_source_release(struct syslog_source *s)
{
	syslog_release(&s->syslog);
	arena_release(&s->arena);
	buf_release(&s->spelling);
}

/* Bytes of a message: those of a line, and what may stand before it. */
static size_t syslog_source_max(const struct syslog_source *s)
{
	return s->in->opts->line_max + BEFORE_MAX;
}

static void find_stream(struct syslog_source *s)
{
	s->refused.code = ERR_NONE;
	s->forgotten = s->in->n_forgotten;
	if (label_cache_get(&s->in->cache, s->in->opts->tenant, TENANT_DEFAULT,
			    buf_bytes(&s->spelling), &s->stream, &s->refused) < 0)
		s->stream = STREAM_NONE;
}

/* Never fails: it is told once, and who has labels that may not be refuses each message. */
static int on_stream(void *data, const struct push_labels *l, struct err *e)
{
	struct syslog_source *s = data;

	(void)e;
	buf_reset(&s->spelling);
	buf_add_bytes(&s->spelling, l->spelling);
	find_stream(s);
	return 0;
}

static int on_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		    size_t n_meta, struct err *e)
{
	struct syslog_source *s = data;
	struct ingest *in = s->in;

	if (s->forgotten != in->n_forgotten)
		find_stream(s);
	if (s->refused.code != ERR_NONE)
		return err_set(e, s->refused.code, "%s", s->refused.msg);
	if (line.n > in->opts->line_max && in->opts->long_lines == INGEST_REFUSE_LONG)
		return err_set(e, ERR_LIMIT, "longer than %zu bytes, refused", in->opts->line_max);
	if (line.n > in->opts->line_max) {
		tally(&in->counts.cut, 1, line.n - in->opts->line_max);
		line.n = in->opts->line_max;
	}
	batch_add(in, s->stream, ts_ns, line, meta, n_meta);
	return 0;
}

static void set_now(struct syslog_source *s)
{
	int64_t now = time_now_ns();
	time_t seconds = (time_t)(now / NS_PER_S);
	struct tm tm;

	s->opts.now_ns = batch_arrival(s->in, now);
	if (now < s->zone_due_ns)
		return;
	s->zone_due_ns = now + ZONE_EVERY_S * NS_PER_S;
	s->opts.zone_s = localtime_r(&seconds, &tm) ? (int32_t)tm.tm_gmtoff : 0;
}

void syslog_source_take(struct syslog_source *s, struct bytes message, const char *from)
{
	struct push_sink sink = { .stream = on_stream, .entry = on_entry, .data = s };
	struct err why, e;

	s->in->n_lines++;
	set_now(s);
	arena_reset(&s->arena);
	if (syslog_push(&s->syslog, &s->opts, message, &sink, &s->arena, &why) == 0)
		return;
	err_set(&e, why.code == ERR_LIMIT ? ERR_LIMIT : ERR_CORRUPT, "'%s': message %llu: %s", from,
		(unsigned long long)s->in->n_lines, why.msg);
	tally(why.code == ERR_LIMIT ? &s->in->counts.too_long : &s->in->counts.bad, 1, message.n);
	batch_bad(s->in, &e);
}

int syslog_source_take_all(struct syslog_source *s, struct bytes *rest, enum syslog_more more,
			   const char *from, struct err *e)
{
	struct bytes message;
	int rc;

	while ((rc = syslog_next(rest, syslog_source_max(s), more, &message, e)) > 0) {
		syslog_source_take(s, message, from);
		if (batch_is_full(s->in))
			batch_submit(s->in, 0);
	}
	return rc;
}

int ingest_syslog(struct ingest *in, int fd, const char *name, struct err *e)
{
	struct syslog_source s;
	struct input input;
	int rc = 0;

	syslog_source_init(&s, in);
	input_init(&input, fd, 0);
	while (rc == 0) {
		struct bytes rest = bytes_of(input.buf.p + input.at, input.buf.n - input.at);

		rc = syslog_source_take_all(&s, &rest, input.at_end ? SYSLOG_END : SYSLOG_MORE,
					    name, e);
		input.at = input.buf.n - rest.n;
		if (rc < 0 || input.at_end)
			break;
		batch_wants_more(in, &input);
		rc = batch_is_over(in) ? 1 : batch_fill(in, &input, e);
	}
	input_release(&input);
	syslog_source_release(&s);
	return rc;
}
