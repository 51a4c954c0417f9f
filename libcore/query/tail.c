/*
 * The log is followed from before the entries that are there are asked for, so that nothing falls
 * between; what is then met twice, in the answer and in the log, is known by its hash until the log
 * has been read to its end once.
 */
#include "query/tail.h"

#include "base/mem.h"
#include "query/query_scan.h"
#include "store/store.h"
#include "time/time.h"
#include "wal/follow.h"
#include "wal/reader.h"

/* A round is scanned when it has so many bytes of lines: they are in memory together. Behind so
 * many streams or segments the plan, which remembers them, is begun anew. */
enum { ROUND_BYTES = 4 << 20, PLAN_STREAMS = 1 << 16, PLAN_SOURCES = 256 };

/* A segment that is being read. */
struct growing {
	struct wal_segment seg;
	struct streams *streams;
	struct wal_reader *reader;
	uint64_t end;	       /* what lies before was read */
	struct source *source; /* of the plan of `age`, as .wanted */
	uint32_t *wanted;      /* numbers in the plan by those in streams; MAP_NONE */
	size_t n_wanted, cap_wanted;
	uint64_t age;
	bool ended;
};

struct tail {
	const struct query_opts *o;
	const struct tail_opts *t;
	const struct query_out *out;
	const struct logql_log *log;
	struct wal_follow *follow;
	struct growing **v;
	size_t n, cap;
	struct query_scan scan;
	struct log_sink sink;
	uint64_t age, bytes; /* of the plan; of what is planned */
	uint64_t *told;	     /* hashes of what the first answer had, ascending; NULL: none */
	size_t n_told, cap_told;
	struct buf key;
	struct hide *hide;
};

/* --- what was told --------------------------------------------------------------------------- */

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* An entry of the log. */
static int give_new(void *data, const struct log_entry *x, struct err *e)
{
	struct tail *t = data;

	if (t->n_told) {
		uint64_t hash = log_entry_hash(x, &t->key);

		if (bsearch(&hash, t->told, t->n_told, sizeof(hash), cmp_u64))
			return 0;
	}
	return t->out->entry(t->out->data, x, e);
}

static int give_old(struct tail *t, const struct log_entry *x, struct err *e)
{
	mem_grow(&t->told, &t->cap_told, t->n_told + 1, sizeof(*t->told));
	t->told[t->n_told++] = log_entry_hash(x, &t->key);
	return t->out->entry(t->out->data, x, e);
}

/* --- what is there --------------------------------------------------------------------------- */

/* The newest entries, which come newest first. */
struct newest {
	struct tail *tail;
	struct arena mem;
	struct log_entry *v;
	size_t n, cap;
};

static struct log_entry copy_entry(struct arena *a, const struct log_entry *x)
{
	struct log_labels *l = arena_alloc(a, sizeof(*l) + x->labels->n * sizeof(*l->v));

	l->n = x->labels->n;
	for (size_t i = 0; i < l->n; i++)
		l->v[i] = (struct log_label){ arena_copy(a, x->labels->v[i].name),
					      arena_copy(a, x->labels->v[i].value),
					      x->labels->v[i].kind };
	return (struct log_entry){ x->ts_ns, arena_copy(a, x->line), arena_copy(a, x->tenant), l };
}

static int keep(void *data, const struct log_entry *x, struct err *e)
{
	struct newest *k = data;

	if (!k->tail->o->limit)
		return give_old(k->tail, x, e);
	mem_grow(&k->v, &k->cap, k->n + 1, sizeof(*k->v));
	k->v[k->n++] = copy_entry(&k->mem, x);
	return 0;
}

static int no_pause(void *data, struct err *e)
{
	(void)data;
	(void)e;
	return 0;
}

static int give_what_is_there(struct tail *t, const struct logql_query *q, struct err *e)
{
	struct newest k = { .tail = t };
	struct query_out out = { .entry = keep, .pause = no_pause, .data = &k };
	struct query_opts o = *t->o;
	uint64_t n;
	int r;

	o.dir = o.limit ? BACKWARD : FORWARD;
	o.has_dir = true;
	r = query_run(q, &o, &out, &n, e);
	while (r == 0 && k.n > 0)
		r = give_old(t, &k.v[--k.n], e);
	free(k.v);
	arena_release(&k.mem);
	if (t->n_told)
		qsort(t->told, t->n_told, sizeof(*t->told), cmp_u64);
	return r == 0 ? t->out->pause(t->out->data, e) : r;
}

/* --- the plan -------------------------------------------------------------------------------- */

static int begin_plan(struct tail *t, struct err *e)
{
	struct grouping all = { .kind = GROUP_ALL };
	struct query_scan *s = &t->scan;
	struct query_opts o = *t->o;

	o.jobs = 1; /* a batch is small */
	if (query_scan_init(s, &o, t->log, NULL, &all, e) < 0)
		return -1;
	s->plan.from = limits_from(&o.limits, INT64_MIN, o.source.now_ns);
	s->plan.to = INT64_MAX;
	s->plan.views = views_make(&s->plan.mem, o.source.tenant, s->match, s->n_match,
				   o.source.match, o.source.n_match);
	s->plan.hide = t->hide;
	t->sink = (struct log_sink){ .dir = FORWARD, .hold = true, .out = give_new, .data = t };
	log_sink_init(&t->sink, &s->scan);
	scan_init(&s->scan);
	t->age++;
	return 0;
}

static void end_plan(struct tail *t)
{
	log_sink_release(&t->sink);
	query_scan_release(&t->scan);
}

/* Scans what is planned, and prints it. */
static int end_round(struct tail *t, struct err *e)
{
	struct plan *p = &t->scan.plan;

	t->bytes = 0;
	if (p->n_pieces == 0)
		return 0;
	plan_units(p, FORWARD);
	if (scan_run(&t->scan.scan, e) < 0 || log_sink_flush(&t->sink, INT64_MAX, e) < 0 ||
	    t->out->pause(t->out->data, e) < 0)
		return -1;
	plan_reset_pieces(p);
	if (p->n_streams < PLAN_STREAMS && p->n_sources < PLAN_SOURCES)
		return 0;
	end_plan(t);
	return begin_plan(t, e);
}

/* --- segments -------------------------------------------------------------------------------- */

static void growing_free(struct growing *g)
{
	wal_reader_free(g->reader);
	streams_free(g->streams);
	wal_segment_release(&g->seg);
	free(g->wanted);
	free(g);
}

static void add_growing(struct tail *t, const struct wal_segment *seg)
{
	struct growing *g = mem_alloc(sizeof(*g));

	g->seg = *seg;
	g->streams = streams_new();
	g->reader = wal_reader_new(g->seg.fd, WAL_READ_ALL, g->streams);
	mem_grow(&t->v, &t->cap, t->n + 1, sizeof(struct growing *));
	t->v[t->n++] = g;
}

/* The number that a stream of the segment has in the plan. */
static uint32_t wanted(struct tail *t, struct growing *g, uint32_t stream)
{
	struct plan *p = &t->scan.plan;

	if (g->age != t->age) {
		g->age = t->age;
		g->n_wanted = 0;
		g->source = source_wal_growing(p, &g->seg, g->streams);
	}
	mem_grow(&g->wanted, &g->cap_wanted, stream + (size_t)1, sizeof(*g->wanted));
	for (; g->n_wanted <= stream; g->n_wanted++) {
		const struct stream *s = streams_get(g->streams, (uint32_t)g->n_wanted);
		struct bytes tenant = streams_tenant(g->streams, s->tenant);
		struct arena mem = { 0 };
		struct labels l = streams_labels(g->streams, (uint32_t)g->n_wanted, &mem);

		g->wanted[g->n_wanted] =
			plan_wants(p, tenant, &l) ? plan_stream(p, &s->id, tenant, &l) : MAP_NONE;
		arena_release(&mem);
	}
	return g->wanted[stream];
}

static int add_batch(struct tail *t, struct growing *g, const struct wal_item *item, struct err *e)
{
	for (size_t i = 0; i < item->batch.n_parts; i++) {
		const struct wal_part *part = &item->batch.part[i];
		struct piece x = { .at = item->off,
				   .part = part->stream,
				   .meta_bytes = UINT32_MAX,
				   .about_bytes = part->line_bytes + 24 * part->n_entries,
				   .min_ts = part->min_ts_ns,
				   .max_ts = part->max_ts_ns,
				   .order = g->seg.header.created_ns,
				   .seq = item->off };

		if (part->stream == STREAM_NONE)
			continue;
		x.stream = wanted(t, g, part->stream);
		if (x.stream == MAP_NONE)
			continue;
		x.source = g->source;
		plan_add_piece(&t->scan.plan, &x);
		t->bytes += x.about_bytes;
	}
	return t->bytes >= ROUND_BYTES ? end_round(t, e) : 0;
}

static void tell(struct tail *t, const struct growing *g, struct err *e)
{
	err_wrap(e, "'%s'", g->seg.path);
	t->o->source.damage(t->o->source.damage_data, e);
}

enum reading { READ_ENTRIES, READ_OVER }; /* OVER: they were there before */

/* 1 an item was taken, 0 there is no further one now, -1. */
static int take_item(struct tail *t, struct growing *g, enum reading how, struct err *e)
{
	struct wal_item item;
	int r = wal_reader_next(g->reader, &item, e);

	if (r < 0) {
		if (e->code != ERR_CORRUPT && e->code != ERR_VERSION)
			return -1;
		tell(t, g, e);
		g->ended = true;
		return 0;
	}
	if (r == 0 || item.kind == WAL_TORN)
		return 0;
	if (item.kind == WAL_DAMAGE)
		tell(t, g, &item.why);
	if (item.kind == WAL_BATCH && how == READ_ENTRIES && add_batch(t, g, &item, e) < 0)
		return -1;
	if (item.end > g->end)
		g->end = item.end;
	g->ended = item.kind == WAL_END;
	return !g->ended;
}

/* Reads up to the size that it was seen with. */
static int read_seen(struct tail *t, struct growing *g, enum reading how, struct err *e)
{
	int r = 0;

	if (g->seg.size > g->end) {
		wal_reader_go_on(g->reader, g->end, g->seg.size);
		while ((r = take_item(t, g, how, e)) > 0)
			;
	}
	g->ended |= g->seg.state == WAL_CLOSED;
	return r;
}

/* Reads what has come. A writer that takes back what it never acknowledged cuts the file. */
static int read_growing(struct tail *t, struct growing *g, struct err *e)
{
	enum reading how = READ_ENTRIES;

	if (wal_segment_look(&g->seg, e) < 0)
		return -1;
	if (g->seg.size < g->end) {
		wal_reader_free(g->reader);
		g->reader = wal_reader_new(g->seg.fd, WAL_READ_ALL, g->streams);
		g->end = 0;
		how = READ_OVER;
	}
	return read_seen(t, g, how, e);
}

static int read_all(struct tail *t, struct err *e)
{
	struct wal_segment seg;
	size_t n = 0;
	int r;

	while ((r = wal_follow_take(t->follow, &seg, e)) > 0)
		add_growing(t, &seg);
	for (size_t i = 0; i < t->n && r == 0; i++)
		r = read_growing(t, t->v[i], e);
	if (r == 0)
		r = end_round(t, e);
	if (r < 0)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i]->ended)
			growing_free(t->v[i]);
		else
			t->v[n++] = t->v[i];
	t->n = n;
	return 0;
}

/* What the segments that were open had when following began. What came since is told. */
static int pass_over(struct tail *t, struct err *e)
{
	struct wal_segment seg;
	int r = 0;

	for (size_t n = wal_follow_first(t->follow); n > 0 && r == 0; n--) {
		r = wal_follow_take(t->follow, &seg, e);
		if (r <= 0)
			return r;
		add_growing(t, &seg);
		r = read_seen(t, t->v[t->n - 1], READ_OVER, e);
	}
	return r;
}

/* --- all ------------------------------------------------------------------------------------- */

/* How long until `due`, of time_mono_ns; 0 at it. */
static int64_t until(int64_t due)
{
	int64_t now = time_mono_ns();

	return due > now ? due - now : 0;
}

/* Waits for something to come, then so long that what is late is there too. 1, 0 nobody listens,
 * -1. */
static int wait_for_more(struct tail *t, int64_t due, struct err *e)
{
	int64_t timeout = t->o->limits.timeout_ns, delay = t->t->delay_ns;

	if (source_check_interrupt(&t->o->source, e) < 0)
		return -1;
	if (!wal_follow_wait(t->follow, timeout ? until(due) : -1))
		return 0;
	if (timeout && until(due) == 0)
		return err_set(e, ERR_AGAIN, "reached tail max duration limit");
	for (int64_t ready = time_mono_ns() + delay; delay && until(ready);)
		if (!wal_follow_wait(t->follow, until(ready)))
			return 0;
	return 1;
}

static int follow(struct tail *t, struct err *e)
{
	int64_t due = time_mono_ns() + t->o->limits.timeout_ns;
	int r;

	do {
		if (read_all(t, e) < 0)
			return -1;
		/* All that was there with the first answer has been met again. */
		t->n_told = 0;
		r = wait_for_more(t, due, e);
	} while (r > 0);
	return r;
}

/* What is hidden when it begins stays hidden, and nothing more. */
static int open_hide(struct tail *t, struct err *e)
{
	const struct source_opts *o = &t->o->source;
	struct store *s = NULL;
	int r;

	if (o->store) {
		s = source_open_store(o, e);
		if (!s)
			return -1;
	}
	r = hide_open(o, s, &t->hide, e);
	source_close_store(o, s);
	return r;
}

int tail_run(const struct logql_query *q, const struct query_opts *o, const struct tail_opts *opts,
	     const struct query_out *out, struct err *e)
{
	struct tail t = { .o = o, .t = opts, .out = out, .log = q->root->log };
	int r = -1;

	if (open_hide(&t, e) < 0)
		return -1;
	if (wal_follow_new(o->source.wal, opts->out_fd, &t.follow, e) < 0) {
		hide_close(t.hide);
		return -1;
	}
	if (begin_plan(&t, e) < 0)
		goto out;
	if (pass_over(&t, e) == 0 && (!o->has_from || give_what_is_there(&t, q, e) == 0))
		r = follow(&t, e);
	end_plan(&t);
out:
	for (size_t i = 0; i < t.n; i++)
		growing_free(t.v[i]);
	wal_follow_free(t.follow);
	hide_close(t.hide);
	free(t.v);
	free(t.told);
	buf_release(&t.key);
	return r;
}
