#include "query/raw.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/find.h"
#include "base/io.h"
#include "base/mem.h"
#include "codec/stream.h"
#include "query/load.h"
#include "query/raw_time.h"

enum { PIECE = 1 << 20, BATCH = 8 << 20, LINE_MAX_BYTES = 256 << 20 };

struct raw {
	struct source source; /* first: pieces point to it */
	const struct source_opts *o;
	int fd;
	struct codec_stream *stream;
	uint64_t size;	 /* of a file that is read as it lies: without a stream */
	struct buf text; /* of a stream: what was read and not given yet */
	size_t given;	 /* bytes of text that the last round gave */
	uint64_t off;	 /* of the first byte of text in the whole */
	bool keep, prompt, ended;
	bool unfit;	 /* a selector asked for labels, which lines have not */
	bool timed, any; /* a line with a time of its own was met; a line was */
	int64_t last_ts; /* of the line before, when times stand in the lines */
	struct raw_clock *clock;
	struct arrivals arrivals; /* by which lines are timed that have no time */
	int64_t **ts;		  /* of each piece then; by piece.part's number */
	size_t n_ts, cap_ts;
};

static const struct source_ops ops;

struct raw *raw_new(int fd, struct codec_stream *stream, const char *name, struct bytes start,
		    const struct source_opts *o, struct raw_clock *clock)
{
	struct raw *r = mem_alloc(sizeof(*r));
	struct stat st;

	r->source.ops = &ops;
	r->source.name = strdup(name);
	r->o = o;
	r->fd = fd;
	r->last_ts = o->now_ns;
	r->stream = stream;
	r->clock = clock;
	/* Not mapped: log files are cut by those who rotate them, which would kill us. */
	if (!stream)
		r->size = fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	else
		buf_add_bytes(&r->text, start);
	return r;
}

static void note_arrival(struct raw *r, uint64_t off, uint64_t n)
{
	if (r->o->raw_time == RAW_TIME_ARRIVAL)
		arrivals_add(&r->arrivals, r->clock, off, n);
}

/* A file has come when it is first looked at, and so has what was read to know what it is. */
static void note_first(struct raw *r)
{
	if (r->arrivals.n == 0)
		note_arrival(r, 0, r->stream ? r->text.n : r->size);
}

static void forget_ts(struct raw *r)
{
	for (size_t i = 0; i < r->n_ts; i++)
		free(r->ts[i]);
	r->n_ts = 0;
}

static void warn_untimed(const struct raw *r)
{
	struct err e;

	if (!r->any || r->timed)
		return;
	if (r->o->raw_time == RAW_TIME_LINE)
		err_set(&e, ERR_NO, "'%s': no line has a time that --time line knows",
			r->source.name);
	else
		err_set(&e, ERR_NO, "'%s': no line has a time in a field '%.*s'", r->source.name,
			(int)r->o->time_field.n, r->o->time_field.p);
	r->o->warn(r->o->damage_data, &e);
}

void raw_free(struct raw *r)
{
	if (!r)
		return;
	warn_untimed(r);
	forget_ts(r);
	free(r->ts);
	arrivals_release(&r->arrivals);
	codec_stream_free(r->stream);
	buf_release(&r->text);
	close(r->fd);
	free(r->source.name);
	free(r);
}

bool raw_is_whole(const struct raw *r)
{
	return !r->stream || r->keep;
}

void raw_keep(struct raw *r)
{
	r->keep = true;
}

void raw_prompt(struct raw *r)
{
	r->prompt = true;
}

static bool times_in_lines(const struct raw *r)
{
	return r->o->raw_time == RAW_TIME_LINE || r->o->raw_time == RAW_TIME_FIELD;
}

/* The times of the lines of one piece; *p gets its bounds and order. */
static void find_times(struct raw *r, struct bytes text, struct piece *p)
{
	size_t n = find_count_byte(text, '\n') + (text.p[text.n - 1] != '\n'), i = 0;
	int64_t *ts = mem_alloc(n * sizeof(*ts));
	struct bytes line;

	p->sorted = true;
	for (struct bytes rest = text; i < n && bytes_split(&rest, '\n', &line); i++) {
		int64_t t;

		if (r->o->raw_time == RAW_TIME_LINE
			    ? raw_time_of_line(line, r->o->now_ns, &t)
			    : raw_time_of_field(line, r->o->time_field, &t)) {
			r->last_ts = t;
			r->timed = true;
		}
		ts[i] = r->last_ts;
		r->any = true;
		p->sorted &= i == 0 || ts[i - 1] <= ts[i];
		p->min_ts = i == 0 || ts[i] < p->min_ts ? ts[i] : p->min_ts;
		p->max_ts = i == 0 || ts[i] > p->max_ts ? ts[i] : p->max_ts;
	}
	mem_grow(&r->ts, &r->cap_ts, r->n_ts + 1, sizeof(*r->ts));
	r->ts[r->n_ts] = ts;
	p->seq = r->n_ts++;
}

/* text NULL: it lies in the file. */
static void add_piece(struct raw *r, struct plan *plan, struct bytes text, uint64_t off)
{
	const struct labels none = { 0 };
	const struct hash128 id = { { 0 } };
	struct piece p = { .source = &r->source,
			   .at = r->stream ? (uint64_t)(uintptr_t)text.p : off,
			   .part = text.n,
			   .stream = plan_stream(plan, &id, (struct bytes){ 0 }, &none),
			   .meta_bytes = 0,
			   .line_bytes = text.n,
			   .sorted = true,
			   .about_bytes = text.n,
			   .alone = true,
			   .seq = off };

	p.min_ts = p.max_ts = r->o->now_ns;
	if (r->o->raw_time == RAW_TIME_ARRIVAL) {
		p.min_ts = arrivals_ts(&r->arrivals, off);
		p.max_ts = arrivals_ts(&r->arrivals, off + text.n - 1);
	} else if (times_in_lines(r)) {
		find_times(r, text, &p);
	}
	plan_add_piece(plan, &p);
}

static int too_long(const struct raw *r, struct err *e)
{
	return err_set(e, ERR_LIMIT, "'%s': a line of more than %d MiB", r->source.name,
		       LINE_MAX_BYTES >> 20);
}

/* Cuts text, which ends at a line's end or the file's, into pieces. */
static int add_pieces(struct raw *r, struct plan *plan, struct bytes text, uint64_t off,
		      struct err *e)
{
	while (text.n) {
		size_t n = text.n;
		const char *nl;

		if (n > PIECE) {
			nl = memchr(text.p + PIECE, '\n', n - PIECE);
			n = nl ? (size_t)(nl - text.p) + 1 : n;
		}
		if (n > LINE_MAX_BYTES)
			return too_long(r, e);
		add_piece(r, plan, bytes_sub(text, 0, n), off);
		text = bytes_sub(text, n, text.n);
		off += n;
	}
	return 0;
}

static int read_at(const struct raw *r, uint64_t off, size_t n, struct buf *b, struct err *e)
{
	int64_t got;

	buf_reset(b);
	got = io_pread(r->fd, buf_reserve(b, n + 1), n, off, e);
	if (got < 0)
		return -1;
	b->n = (size_t)got;
	return b->n == n ? 0 : err_set(e, ERR_CORRUPT, "cut short while it was read");
}

/* Behind the first newline at or behind off; the file's end when there is none. */
static int line_end(struct raw *r, uint64_t off, uint64_t *ret, struct err *e)
{
	while (off < r->size) {
		size_t n = r->size - off < 4096 ? (size_t)(r->size - off) : 4096;
		const char *nl;

		if (read_at(r, off, n, &r->text, e) < 0)
			return err_wrap(e, "'%s'", r->source.name);
		nl = memchr(r->text.p, '\n', n);
		if (nl) {
			*ret = off + (uint64_t)(nl - r->text.p) + 1;
			return 0;
		}
		off += n;
	}
	*ret = r->size;
	return 0;
}

static int plan_file(struct raw *r, struct plan *p, struct err *e)
{
	for (uint64_t off = 0, end; off < r->size; off = end) {
		end = off + PIECE;
		if (end >= r->size)
			end = r->size;
		else if (line_end(r, end, &end, e) < 0)
			return -1;
		if (end - off > LINE_MAX_BYTES)
			return too_long(r, e);
		if (times_in_lines(r) && read_at(r, off, (size_t)(end - off), &r->text, e) < 0)
			return err_wrap(e, "'%s'", r->source.name);
		add_piece(r, p, bytes_of(r->text.p, (size_t)(end - off)), off);
	}
	return 0;
}

/* What stands before damage is lines like all others; then it is told. */
static int end_early(struct raw *r, struct err *e)
{
	err_wrap(e, "'%s'", r->source.name);
	if (e->code != ERR_CORRUPT && e->code != ERR_IO)
		return -1;
	r->o->damage(r->o->damage_data, e);
	r->ended = true;
	return 0;
}

/* A line is there, and for more of them one would have to wait. */
static bool may_pause(const struct raw *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };

	return r->prompt && r->text.n && memrchr(r->text.p, '\n', r->text.n) && poll(&p, 1, 0) == 0;
}

/* Adds BATCH bytes to the text; fewer at the end. */
static int read_more(struct raw *r, struct err *e)
{
	size_t end = r->text.n + BATCH;

	while (r->text.n < end && !r->ended && !may_pause(r)) {
		size_t want = end - r->text.n;
		int64_t got;

		buf_reserve(&r->text, want);
		got = codec_stream_some(r->stream, r->text.p + r->text.n, want, e);
		if (got < 0)
			return end_early(r, e);
		note_arrival(r, r->off + r->text.n, (uint64_t)got);
		r->text.n += (size_t)got;
		r->ended = got == 0;
	}
	return 0;
}

static bool wanted(struct raw *r, struct plan *p)
{
	/* They are nobody's; of one tenant they are read along with its entries. */
	struct bytes none = { 0 },
		     tenant = p->views.n && !p->views.labelled ? p->views.v[0].tenant : none;
	bool fits = plan_wants(p, tenant, &(struct labels){ 0 });

	r->unfit |= !fits;
	p->seen[SOURCE_LINES].by_labels += !fits;
	return fits;
}

bool raw_is_unfit(const struct raw *r)
{
	return r->unfit;
}

int raw_plan(struct raw *r, struct plan *p, struct err *e)
{
	p->kind = SOURCE_LINES;
	p->seen[SOURCE_LINES].files++;
	if (!wanted(r, p))
		return 0;
	forget_ts(r);
	r->last_ts = r->o->now_ns;
	note_first(r);
	if (!r->stream)
		return plan_file(r, p, e);
	while (!r->ended)
		if (read_more(r, e) < 0)
			return -1;
	return add_pieces(r, p, buf_bytes(&r->text), 0, e);
}

int raw_next(struct raw *r, struct plan *p, struct err *e)
{
	size_t end;

	p->kind = SOURCE_LINES;
	p->seen[SOURCE_LINES].files += r->off == 0 && r->given == 0;
	if (!wanted(r, p))
		return 0;
	buf_drop(&r->text, r->given);
	r->off += r->given;
	r->given = 0;
	note_first(r);
	arrivals_forget(&r->arrivals, r->off);
	forget_ts(r);
	do {
		const char *nl;

		if (!r->ended && read_more(r, e) < 0)
			return -1;
		nl = r->text.n ? memrchr(r->text.p, '\n', r->text.n) : NULL;
		end = r->ended ? r->text.n : nl ? (size_t)(nl - r->text.p) + 1 : 0;
		if (r->text.n > LINE_MAX_BYTES && end == 0)
			return too_long(r, e);
	} while (end == 0 && !r->ended);
	if (end == 0)
		return 0;
	r->given = end;
	return add_pieces(r, p, bytes_of(r->text.p, end), r->off, e) < 0 ? -1 : 1;
}

/* Where each line begins, and behind the last one. */
static void find_lines(struct bytes text, struct load_mem *m, struct run *ret)
{
	size_t n = find_count_byte(text, '\n') + (text.p[text.n - 1] != '\n');
	uint32_t *off;
	size_t i = 0;

	buf_reset(&m->off);
	off = (void *)buf_reserve(&m->off, (n + 1) * sizeof(*off));
	off[0] = 0;
	for (const char *p = text.p, *end = text.p + text.n; p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		p = nl ? nl + 1 : end + 1;
		off[++i] = (uint32_t)(p - text.p);
	}
	ret->n = n;
	ret->line_off = off;
	ret->lines = text.p;
	ret->lines_len = text.n;
}

static int load(struct source *s, const struct piece *p, unsigned want, struct load_mem *m,
		struct run *ret, unsigned *ret_have, struct err *e)
{
	const struct raw *r = (const struct raw *)(const void *)s;
	struct bytes text = bytes_of((const char *)(uintptr_t)p->at, p->part);
	int64_t *ts;

	(void)want; /* all at once: it costs next to nothing */
	*ret_have = WANT_ALL;
	if (!r->stream) {
		if (read_at(r, p->at, p->part, &m->stored, e) < 0)
			return -1;
		text = buf_bytes(&m->stored);
	}
	find_lines(text, m, ret);
	if (times_in_lines(r)) {
		ret->ts_ns = r->ts[p->seq];
		return 0;
	}
	buf_reset(&m->ts);
	ts = (void *)buf_reserve(&m->ts, ret->n * sizeof(*ts) + 1);
	if (r->o->raw_time == RAW_TIME_ARRIVAL)
		arrivals_of_lines(&r->arrivals, p->seq, ret, ts);
	else
		for (size_t i = 0; i < ret->n; i++)
			ts[i] = p->min_ts;
	ret->ts_ns = ts;
	return 0;
}

static void keep_open(struct source *s)
{
	(void)s; /* the sources' own, not the plan's */
}

static const struct source_ops ops = { .load = load, .close = keep_open };
