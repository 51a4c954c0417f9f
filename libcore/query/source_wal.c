/* WAL segments, open ones too: the sidecar, or the heads of the batches, say what is where. */
#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "base/mem.h"
#include "query/load.h"
#include "query/source.h"
#include "time/time.h"
#include "wal/sidecar.h"

struct segment {
	struct source source; /* first */
	int fd;		      /* the list's own, which outlives the plan */
	uint64_t start, end;  /* of the segment in its file */
	uint64_t was_good;    /* as in struct wal_sum */
	bool is_open;	      /* its writer may take back what it never acknowledged */
	struct streams *streams;
	struct hash128 seal;
	const struct covered *covered; /* NULL: nothing is */
};

/* Whether the tenant's entries of that day are to be read here. */
static bool wants_day(const struct segment *s, int32_t day, struct bytes tenant)
{
	return !s->covered || !covered_has(s->covered, &s->seal, day, tenant);
}

static struct bytes tenant_of(const struct streams *streams, uint32_t stream)
{
	return streams_tenant(streams, streams_get(streams, stream)->tenant);
}

/* Drops entries of days that the store covers. The run is copied into m. */
static void drop_covered(const struct segment *s, uint32_t stream, struct load_mem *m,
			 struct run *r)
{
	struct bytes tenant = tenant_of(s->streams, stream);
	uint32_t *off, *set = NULL;
	int64_t *ts;
	size_t n = 0;

	buf_reset(&m->ts);
	buf_reset(&m->off);
	buf_reset(&m->set);
	buf_reset(&m->lines);
	ts = (void *)buf_reserve(&m->ts, r->n * sizeof(*ts) + 1);
	off = (void *)buf_reserve(&m->off, (r->n + 1) * sizeof(*off));
	if (r->meta_set)
		set = (void *)buf_reserve(&m->set, r->n * sizeof(*set) + 1);
	off[0] = 0;
	for (size_t i = 0; i < r->n; i++) {
		if (!wants_day(s, time_day(r->ts_ns[i]), tenant))
			continue;
		ts[n] = r->ts_ns[i];
		if (set)
			set[n] = r->meta_set[i];
		buf_add_bytes(&m->lines, run_line(r, i));
		buf_add_char(&m->lines, '\n');
		off[++n] = (uint32_t)m->lines.n;
	}
	r->n = n;
	r->ts_ns = ts;
	r->line_off = off;
	r->meta_set = set;
	r->lines = m->lines.p;
	r->lines_len = m->lines.n;
}

/* What was never acknowledged, and is not there: the torn tail, or what its writer took back. */
static int give_nothing(struct run *ret)
{
	*ret = (struct run){ .n = 0 };
	return 0;
}

/* Another batch may stand in the place of one that was taken back. */
static bool is_planned(const struct wal_part *part, const struct piece *p)
{
	return part->min_ts_ns >= p->min_ts && part->max_ts_ns <= p->max_ts;
}

static int load(struct source *src, const struct piece *p, unsigned want, struct load_mem *m,
		struct run *ret, unsigned *ret_have, struct err *e)
{
	const struct segment *s = (const struct segment *)(const void *)src;
	const struct wal_batch *b;
	int r;

	(void)want; /* the reader keeps one result at a time */
	*ret_have = WANT_ALL;
	if (m->wal_of != src) {
		if (m->wal)
			wal_reader_free(m->wal);
		m->wal = wal_reader_new(s->fd, WAL_READ_HEADS, s->streams);
		wal_reader_set_range(m->wal, s->start, s->end);
		wal_reader_set_good(m->wal, s->was_good);
		m->wal_of = src;
		m->wal_at = UINT64_MAX;
	}
	if (m->wal_at != p->at) {
		m->wal_at = UINT64_MAX;
		r = wal_reader_batch_at(m->wal, p->at, &m->wal_item, e);
		if (r < 0 && s->is_open && e->code == ERR_CORRUPT)
			return give_nothing(ret);
		if (r < 0)
			return err_wrap(e, "offset %llu", (unsigned long long)p->at);
		m->wal_at = p->at;
	}
	b = &m->wal_item.batch;
	for (size_t i = 0; i < b->n_parts; i++) {
		if (b->part[i].stream != p->part)
			continue;
		if (s->is_open && !is_planned(&b->part[i], p))
			break;
		r = wal_reader_run(m->wal, i, WANT_ALL, ret, e);
		if (r < 0)
			return err_wrap(e, "offset %llu", (unsigned long long)p->at);
		if (r == 0)
			break;
		if (time_day(p->min_ts) != time_day(p->max_ts))
			drop_covered(s, b->part[i].stream, m, ret);
		return 0;
	}
	return give_nothing(ret);
}

static void close_segment(struct source *s)
{
	free(s);
}

static const struct source_ops ops = { .load = load, .close = close_segment };

static bool in_time(const struct plan *p, int64_t min_ts, int64_t max_ts)
{
	return max_ts >= p->from && !time_is_behind(min_ts, p->to);
}

/* Which streams of the segment are wanted: their numbers in the plan, or MAP_NONE. */
static uint32_t *wanted_streams(struct plan *p, const struct wal_sum *sum,
				const struct streams *streams)
{
	uint32_t *ret = mem_alloc((sum->n_streams + 1) * sizeof(*ret));
	struct arena mem = { 0 };

	for (size_t i = 0; i < sum->n_streams; i++) {
		const struct wal_sum_stream *x = &sum->stream[i];
		const struct stream *st = streams_get(streams, x->stream);
		struct bytes tenant = tenant_of(streams, x->stream);
		struct labels labels;

		ret[i] = MAP_NONE;
		p->seen[SOURCE_WAL].streams++;
		if (!in_time(p, x->min_ts_ns, x->max_ts_ns) ||
		    (p->views.n && !views_of(&p->views, tenant)))
			continue;
		arena_reset(&mem);
		labels = streams_labels(streams, x->stream, &mem);
		if (!plan_wants(p, tenant, &labels))
			continue;
		p->seen[SOURCE_WAL].streams_in++;
		ret[i] = plan_stream(p, &st->id, tenant, &labels);
	}
	arena_release(&mem);
	return ret;
}

static bool any_day_wanted(const struct segment *s, uint32_t stream, int64_t min_ts, int64_t max_ts)
{
	struct bytes tenant = tenant_of(s->streams, stream);
	int32_t last = time_day(max_ts);

	for (int32_t day = time_day(min_ts); day <= last; day++)
		if (wants_day(s, day, tenant))
			return true;
	return false;
}

/* Of each stream how many entries the batches have that it is in: its bytes are guessed to lie in
 * them by their sizes. The caller's to free. */
static uint64_t *entries_round(const struct wal_sum *sum)
{
	uint64_t *ret = mem_alloc((sum->n_streams + 1) * sizeof(*ret));

	for (size_t i = 0; i < sum->n_batches; i++)
		for (uint32_t k = 0; k < sum->batch[i].n_refs; k++)
			ret[sum->ref[sum->batch[i].first_ref + k]] += sum->batch[i].n_entries;
	return ret;
}

static void guess_size(struct piece *p, const struct wal_sum_stream *x, uint64_t n_entries,
		       uint64_t n_round)
{
	double share = n_round ? (double)n_entries / (double)n_round : 0;

	p->about_bytes = (uint64_t)ceil(share * (double)(x->line_bytes + 24 * x->n_entries));
	p->about_n = (uint32_t)(share * (double)x->n_entries);
}

static void add_batch(struct plan *p, struct segment *s, const struct wal_sum *sum,
		      const struct wal_sum_batch *b, const uint32_t *wanted,
		      const uint64_t *n_round, int64_t created)
{
	struct source_seen *seen = &p->seen[SOURCE_WAL];

	for (uint32_t k = 0; k < b->n_refs; k++) {
		uint32_t n = sum->ref[b->first_ref + k];
		const struct wal_sum_stream *x = &sum->stream[n];
		struct piece piece = { .source = &s->source,
				       .at = b->off,
				       .part = x->stream,
				       .stream = wanted[n],
				       .meta_bytes = UINT32_MAX,
				       .order = created,
				       .seq = s->start + b->off };

		if (wanted[n] == MAP_NONE) {
			*(in_time(p, x->min_ts_ns, x->max_ts_ns) ? &seen->by_labels
								 : &seen->by_time) += 1;
			continue;
		}
		piece.min_ts = b->min_ts_ns > x->min_ts_ns ? b->min_ts_ns : x->min_ts_ns;
		piece.max_ts = b->max_ts_ns < x->max_ts_ns ? b->max_ts_ns : x->max_ts_ns;
		guess_size(&piece, x, b->n_entries, n_round[n]);
		if (any_day_wanted(s, x->stream, piece.min_ts, piece.max_ts))
			plan_add_piece(p, &piece);
		else
			seen->by_covered++;
	}
}

int source_wal_list(const struct source_opts *o, struct wal_list *ret, struct err *e)
{
	if (!o->if_there && access(o->wal, F_OK) < 0 && errno == ENOENT)
		return err_set(e, ERR_IO, "there is no write-ahead log '%s'", o->wal);
	if (wal_list_dir(o->wal, ret, e) < 0)
		return -1;
	for (size_t i = 0; i < ret->n_faults; i++)
		o->damage(o->damage_data, &ret->fault[i]);
	return 0;
}

/* Says what is wrong, and goes on without: 0. What no reading of others could mend is -1. */
static int told(const struct wal_segment *seg, const struct source_opts *o, struct err *e)
{
	err_wrap(e, "'%s'", seg->path);
	if (e->code != ERR_CORRUPT && e->code != ERR_VERSION && e->code != ERR_IO)
		return -1;
	o->damage(o->damage_data, e);
	return 0;
}

/* What seg holds: 1, 0 nothing (what is wrong was told), -1. */
static int get_sum(const struct wal_segment *seg, struct streams *streams,
		   const struct source_opts *o, struct wal_sum *ret, struct err *e)
{
	uint64_t was;
	int r = 0;

	if (!seg->has_header && wal_sum_is_cut(seg, &was) && wal_sum_say_cut(seg, was, e) < 0)
		return told(seg, o, e);
	if (seg->is_empty)
		return 0;
	if (!seg->has_header)
		return wal_segment_check(seg, e) < 0 ? told(seg, o, e) : 0;
	if (seg->state == WAL_CLOSED)
		r = wal_sum_load(seg, streams, ret, e);
	if (r > 0)
		return 1;
	/* A sidecar that cannot be read is one that is not there, but not without a word. */
	if (r < 0 && (e->code != ERR_IO || told(seg, o, e) < 0))
		return -1;
	return wal_sum_read(seg, WAL_SUM_WALK, streams, ret, e) < 0 ? told(seg, o, e) : 1;
}

int source_wal_each(const struct wal_segment *seg, struct streams *streams,
		    const struct source_opts *o, source_wal_fn *each, void *data, struct err *e)
{
	struct wal_segment part = *seg;
	struct wal_sum sum = { 0 };
	int r = source_check_interrupt(o, e);

	if (r == 0)
		r = get_sum(&part, streams, o, &sum, e);
	if (r > 0 && sum.next && seg->in_log && wal_segment_is_several(sum.next, e) < 0 &&
	    told(seg, o, e) < 0) {
		wal_sum_release(&sum);
		return -1;
	}
	while (r > 0) {
		uint64_t next = sum.next;

		if (next)
			part.end = part.start + next;
		r = each(data, &part, &sum, e);
		wal_sum_release(&sum);
		if (r < 0 || !next)
			break;
		if (wal_segment_behind(&part, next, &part, e) < 0)
			return told(seg, o, e);
		r = get_sum(&part, streams, o, &sum, e);
	}
	return r;
}

/* Where the pieces of a segment go. */
struct adding {
	struct plan *plan;
	struct streams *streams;
	const struct covered *covered;
	const struct source_opts *o;
};

static int add_segment(void *data, const struct wal_segment *seg, struct wal_sum *sum,
		       struct err *e)
{
	struct adding *a = data;
	struct plan *p = a->plan;
	struct segment *s = mem_alloc(sizeof(*s));
	uint32_t *wanted;
	uint64_t *n_round;

	if (sum->tail == WAL_TAIL_DAMAGED) {
		err_set(e, ERR_CORRUPT,
			"'%s': damaged; walreplay --verify tells where, and --mend mends it",
			seg->path);
		a->o->damage(a->o->damage_data, e);
	}
	s->source = (struct source){ .ops = &ops, .name = strdup(seg->path), .is_log = true };
	s->fd = seg->fd;
	s->is_open = seg->state == WAL_OPEN;
	s->start = seg->start;
	s->end = seg->end;
	s->was_good = sum->was_good;
	s->streams = a->streams;
	s->seal = sum->seal;
	s->covered = sum->sealed ? a->covered : NULL; /* nothing covers what may still grow */
	plan_add_source(p, &s->source);
	p->kind = SOURCE_WAL;
	p->seen[SOURCE_WAL].files++;
	wanted = wanted_streams(p, sum, a->streams);
	n_round = entries_round(sum);
	for (size_t i = 0; i < sum->n_batches; i++) {
		const struct wal_sum_batch *b = &sum->batch[i];

		if (in_time(p, b->min_ts_ns, b->max_ts_ns))
			add_batch(p, s, sum, b, wanted, n_round, seg->header.created_ns);
		else
			p->seen[SOURCE_WAL].by_time += b->n_refs;
	}
	free(wanted);
	free(n_round);
	return 0;
}

int source_wal_add(struct plan *p, const struct wal_segment *seg, struct wal_sum *sum,
		   struct streams *streams, const struct covered *c, const struct source_opts *o,
		   struct err *e)
{
	struct adding a = { p, streams, c, o };

	return add_segment(&a, seg, sum, e);
}

struct source *source_wal_growing(struct plan *p, const struct wal_segment *seg,
				  struct streams *streams)
{
	struct segment *s = mem_alloc(sizeof(*s));

	s->source = (struct source){ .ops = &ops, .name = strdup(seg->path) };
	s->fd = seg->fd;
	s->is_open = true;
	s->streams = streams;
	plan_add_source(p, &s->source);
	return &s->source;
}

int source_wal(struct plan *p, const struct wal_segment *seg, struct streams *streams,
	       const struct covered *c, const struct source_opts *o, struct err *e)
{
	struct adding a = { p, streams, c, o };

	return source_wal_each(seg, streams, o, add_segment, &a, e);
}
