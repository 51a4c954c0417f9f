#include "query/series.h"

#include "base/mem.h"
#include "base/num.h"
#include "entry/streams.h"
#include "index/live.h"
#include "logql/parse.h"
#include "query/series_count.h"
#include "store/store.h"
#include "time/time.h"
#include "wal/reader.h"
#include "wal/sidecar.h"

void selectors_release(struct selectors *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct matcher *m = (struct matcher *)s->v[i].match;

		for (size_t k = 0; k < s->v[i].n; k++) {
			free((char *)m[k].name.p);
			matcher_release(&m[k]);
		}
		free(m);
	}
	free(s->v);
	*s = (struct selectors){ 0 };
}

/* A matcher with strings of its own: the tree that they come from is freed. */
static int own_matcher(struct matcher *m, const struct logql_matcher *t, struct err *e)
{
	char *text = mem_alloc(t->name.n + t->value.n + 1);

	memcpy(text, t->name.p, t->name.n);
	if (t->value.n)
		memcpy(text + t->name.n, t->value.p, t->value.n);
	if (matcher_init(m, t->op, bytes_of(text, t->name.n),
			 bytes_of(text + t->name.n, t->value.n), t->how, e) < 0) {
		free(text);
		return -1;
	}
	return 0;
}

int selectors_parse(char *const *texts, size_t n, unsigned flags, struct selectors *ret,
		    struct err *e)
{
	const struct logql_opts o = { .flags = flags };
	int r = 0;

	ret->v = mem_alloc((n + 1) * sizeof(*ret->v));
	ret->n = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		struct logql_query q;
		struct matcher *m;

		if (logql_parse(bytes_str(texts[i]), &o, &q, NULL, e) < 0)
			return -1;
		if (!logql_is_log(&q) || q.root->log->n_stages) {
			logql_query_release(&q);
			return err_set(e, ERR_QUERY, "only label matchers are supported");
		}
		m = mem_alloc((q.root->log->n_matchers + 1) * sizeof(*m));
		ret->v[ret->n++] = (struct series_selector){ m, 0 };
		for (size_t k = 0; k < q.root->log->n_matchers && r == 0; k++) {
			r = own_matcher(&m[k], &q.root->log->matchers[k], e);
			ret->v[i].n += r == 0;
		}
		logql_query_release(&q);
	}
	return r;
}

/* Whether one of several selectors fits; l: as they are seen. A single one is in the views. */
static bool wanted(const struct series_opts *o, const struct labels *l)
{
	for (size_t i = 0; i < o->n_selectors; i++)
		if (matcher_match_labels(o->selector[i].match, o->selector[i].n, l))
			return true;
	return o->n_selectors == 0;
}

struct walk {
	const struct series_opts *o;
	struct views views;
	const struct view *view; /* whose indexes are being looked at */
	series_each_fn *each;
	void *data;
	struct store *store;
	struct covered covered;	  /* by the store: what of the WAL is not counted again */
	struct words *words;	  /* series_words without selectors: names and pairs suffice */
	struct hide_later *later; /* where .hide comes from, when it is needed */
	const struct hide *hide;
	struct hide_applied applied; /* to the index that is being looked at */
	/* Of a remote store, days of which blocks are read: of all of them at once. */
	struct plan far;
	struct far_day {
		const struct view *view;
		int32_t day;
	} * far_day;
	size_t n_far, cap_far;
};

/* Whether a stream is asked for; *l, its own labels, becomes what is seen of them. */
static bool asked(const struct walk *w, struct bytes tenant, struct labels *l, struct arena *a)
{
	if (!views_want(&w->views, tenant, l))
		return false;
	*l = views_labels(&w->views, a, tenant, l);
	return wanted(w->o, l);
}

/* Gives what is seen of the plan's streams. */
static int give_plan(const struct walk *w, struct plan *p, struct err *e)
{
	struct series_info *info = mem_alloc((p->n_streams + 1) * sizeof(*info));
	int ret = series_count(p, &w->o->source, w->o->need, info, e);

	for (size_t i = 0; i < p->n_streams && ret == 0; i++)
		if (info[i].entries && wanted(w->o, info[i].labels))
			ret = w->each(w->data, &info[i], e);
	free(info);
	return ret;
}

/* A plan of what is looked at entry by entry. */
static struct plan plan_of(const struct walk *w)
{
	return (struct plan){
		.from = w->o->from, .to = w->o->to, .views = w->views, .hide = w->hide
	};
}

/* --- stores ---------------------------------------------------------------------------------- */

/* Adds up what is seen of a series: 1 tables do not tell it, -1. */
static int one_series(const struct walk *w, struct index *ix, const bool *skip,
		      const struct index_series *s, const struct hide_stream *hide,
		      struct series_info *info, struct err *e)
{
	for (uint32_t i = 0; i < s->n_chunks; i++) {
		const uint64_t before = info->entries;
		bool hides = false;
		struct index_chunk c;

		if (index_chunk_at(ix, s->first_chunk + i, &c, e) < 0)
			return -1;
		if (skip[c.pack] || c.through < w->o->from || time_is_behind(c.from, w->o->to))
			continue;
		for (uint32_t k = 0; k < c.n_blocks; k++) {
			enum series_seen seen;
			struct index_block b;

			if (index_block_at(ix, &c, k, &b, e) < 0)
				return -1;
			if (b.max_ts < w->o->from || time_is_behind(b.min_ts, w->o->to))
				continue;
			seen = series_look(hide, &w->applied, b.min_ts, b.max_ts);
			if (seen == SEEN_UNCLEAR ||
			    (seen == SEEN_SOME && w->o->need == SERIES_COUNTS))
				return 1;
			hides |= seen == SEEN_NONE;
			info->entries += seen == SEEN_NONE ? 0 : b.entries;
			info->line_bytes += seen == SEEN_NONE ? 0 : b.line_bytes;
		}
		info->chunks += !hides || info->entries > before;
	}
	return 0;
}

enum walking { WALK_LOOK, WALK_GIVE }; /* LOOK: only whether tables tell all */

/* A series of the index, whose labels are l. 1: tables do not tell of it. */
static int walk_series(const struct walk *w, struct index *ix, const bool *skip,
		       const struct index_series *s, struct labels *l, enum walking how,
		       struct arena *mem, struct err *e)
{
	struct hide_stream hide = hide_stream_of(w->hide, mem, w->view->tenant, l);
	struct series_info info = { .labels = l, .id = &s->id };
	int ret;

	if (!asked(w, w->view->tenant, l, mem))
		return 0;
	ret = one_series(w, ix, skip, s, &hide, &info, e);
	return ret == 0 && how == WALK_GIVE && info.entries ? w->each(w->data, &info, e) : ret;
}

/* 1: they do not. */
static int walk_index(const struct walk *w, struct index *ix, const bool *skip, enum walking how,
		      struct err *e)
{
	struct label *known = mem_alloc((index_info(ix)->n_pairs + 1UL) * sizeof(*known));
	struct index_set set = { 0 };
	struct arena mem = { 0 };
	int ret = 0;

	/* Of several selectors the union: all series, each asked. */
	if (index_match(ix, w->view->match, w->view->n_match, &set, e) < 0)
		ret = -1;
	for (size_t i = 0; i < set.n && ret == 0; i++) {
		struct index_series s;
		struct labels l;

		arena_reset(&mem);
		if (source_check_interrupt(&w->o->source, e) < 0 ||
		    index_series_at(ix, set.v[i], &s, e) < 0 ||
		    index_labels_of(ix, set.v[i], &s, known, &mem, &l, e) < 0)
			ret = -1;
		else
			ret = walk_series(w, ix, skip, &s, &l, how, &mem, e);
	}
	free(known);
	index_set_release(&set);
	arena_release(&mem);
	return ret;
}

static int words_of_index(const struct walk *w, struct index *ix, struct err *e);

static int find_applied(struct walk *w, struct index *ix, struct arena *a, struct err *e)
{
	uint32_t n = index_info(ix)->n_deletes;

	w->applied = (struct hide_applied){ arena_alloc(a, (n + 1) * sizeof(struct bytes)), 0 };
	for (; w->applied.n < n; w->applied.n++)
		if (index_delete_at(ix, (uint32_t)w->applied.n, &w->applied.v[w->applied.n], e) < 0)
			return -1;
	return 0;
}

static int walk_live(struct walk *w, const struct live *live, size_t i, enum walking how,
		     struct err *e)
{
	struct arena mem = { 0 };
	int ret = find_applied(w, live->v[i], &mem, e);

	if (ret == 0)
		ret = walk_index(w, live->v[i], live->skip_pack[i], how, e);
	w->applied = (struct hide_applied){ 0 };
	arena_release(&mem);
	return ret;
}

/* Whether all that the index names lies in the time asked for, and is not replaced by others'. */
static bool is_inside(const struct walk *w, struct index *ix, const bool *skip)
{
	const struct index_info *info = index_info(ix);

	for (uint32_t i = 0; i < info->n_packs; i++)
		if (skip[i])
			return false;
	return info->min_ts >= w->o->from && !time_is_behind(info->max_ts, w->o->to);
}

static int give_day(struct walk *w, const struct live *live, bool is_touched, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < live->n && ret == 0; i++) {
		bool by_name =
			w->words && !is_touched && is_inside(w, live->v[i], live->skip_pack[i]);

		ret = by_name ? words_of_index(w, live->v[i], e)
			      : walk_live(w, live, i, WALK_GIVE, e);
		if (ret == 0)
			ret = covered_add(&w->covered, live->v[i], w->view->tenant, e);
		if (ret < 0 && e->code == ERR_CORRUPT) {
			err_wrap(e, "'%s'", index_label(live->v[i]));
			w->o->source.damage(w->o->source.damage_data, e);
			ret = 0;
		}
	}
	return ret;
}

/* Whether tables tell all that is seen of a day's streams. What is damaged is told by who reads. */
static bool tables_tell(struct walk *w, const struct live *live)
{
	struct err later;

	for (size_t i = 0; i < live->n; i++)
		if (walk_live(w, live, i, WALK_LOOK, &later) > 0)
			return false;
	return true;
}

enum { TRIES = 3 };

/* The same, later. */
static int add_far_day(struct walk *w, int32_t day, struct live *live, struct err *e)
{
	if (w->n_far == 0)
		w->far = plan_of(w);
	mem_grow(&w->far_day, &w->cap_far, w->n_far + 1, sizeof(*w->far_day));
	w->far_day[w->n_far++] = (struct far_day){ w->view, day };
	return source_store_live(&w->far, w->store, w->view, day, live, &w->covered,
				 MISSING_REPLACED, &w->o->source, e);
}

/* A day of which something is hidden within blocks: these are read. */
static int read_day(struct walk *w, int32_t day, struct err *e)
{
	size_t n_covered = w->covered.n;

	for (int tries = 1;; tries++) {
		struct plan p = plan_of(w);
		int ret = source_store_day(&p, w->store, w->view, day, &w->covered,
					   tries < TRIES ? MISSING_REPLACED : MISSING_LOST,
					   &w->o->source, e);

		if (ret == 0)
			ret = give_plan(w, &p, e);
		plan_release(&p);
		if (ret == 0 || e->code != ERR_NO || tries == TRIES)
			return ret;
		w->covered.n = n_covered;
	}
}

/* Packs of some day are gone: each is looked at anew. */
static int read_far_days(struct walk *w, struct err *e)
{
	for (size_t i = 0; i < w->n_far; i++) {
		w->view = w->far_day[i].view;
		if (read_day(w, w->far_day[i].day, e) < 0)
			return -1;
	}
	return 0;
}

static int give_far(struct walk *w, struct err *e)
{
	int rc = w->n_far ? give_plan(w, &w->far, e) : 0;

	return rc < 0 && e->code == ERR_NO ? read_far_days(w, e) : rc;
}

static int walk_day(int32_t day, struct live *live, void *data, struct err *e)
{
	const num_wide day_ns = (num_wide)NS_PER_S * 86400;
	struct walk *w = data;
	bool is_touched;

	if (!live)
		return 0;
	if (source_check_interrupt(&w->o->source, e) < 0 || hide_get(w->later, &w->hide, e) < 0)
		return -1;
	is_touched = hide_touches(w->hide, w->view->tenant, num_clip(day * day_ns),
				  num_clip((day + 1) * day_ns - 1));
	if (is_touched && !tables_tell(w, live))
		return store_is_remote(w->store) ? add_far_day(w, day, live, e)
						 : read_day(w, day, e);
	for (size_t i = 0; i < live->n_faults; i++)
		w->o->source.damage(w->o->source.damage_data, &live->faults[i].err);
	return give_day(w, live, is_touched, e);
}

static int open_store(struct walk *w, struct err *e)
{
	const struct source_opts *s = &w->o->source;

	w->store = source_open_store(s, e);
	if (w->store)
		return 0;
	if (e->code == ERR_NO)
		e->code = ERR_IO; /* and not "nothing found" */
	return -1;
}

static int walk_store(struct walk *w, struct err *e)
{
	int32_t from = time_day(w->o->from),
		to = time_day(w->o->to > INT64_MIN ? w->o->to - 1 : w->o->to);
	int ret = 0;

	for (size_t i = 0; i < w->views.n && ret == 0; i++) {
		w->view = &w->views.v[i];
		if (!w->view->out)
			ret = live_range(w->store, w->view->tenant, from, to, walk_day, w, e);
	}
	if (ret == 0)
		ret = give_far(w, e);
	covered_sort(&w->covered);
	return ret;
}

/* --- the WAL --------------------------------------------------------------------------------- */

enum how_covered { COVERS_NOTHING, COVERS_SOME, COVERS_ALL };

static enum how_covered how_covered(const struct walk *w, const struct wal_sum *sum,
				    const struct streams *streams)
{
	size_t n = 0, covered = 0;

	for (size_t i = 0; i < sum->n_days && sum->sealed && w->covered.n; i++) {
		struct bytes tenant = streams_tenant(streams, sum->day[i].tenant);

		if (!views_of(&w->views, tenant))
			continue;
		n++;
		covered += covered_has(&w->covered, &sum->seal, sum->day[i].day, tenant);
	}
	return covered == 0 ? COVERS_NOTHING : covered < n ? COVERS_SOME : COVERS_ALL;
}

/* Adds up the entries of a part that lie on days which the store does not cover. */
static int count_part(const struct walk *w, struct wal_reader *r, const struct wal_item *item,
		      size_t i, const struct hash128 *seal, struct wal_sum_stream *ret,
		      struct err *e)
{
	struct bytes tenant = item->batch.tenant;
	const struct wal_part *p = &item->batch.part[i];
	struct run run;
	int got;

	if (time_day(p->min_ts_ns) == time_day(p->max_ts_ns)) {
		if (!covered_has(&w->covered, seal, time_day(p->min_ts_ns), tenant)) {
			ret->n_entries += p->n_entries;
			ret->line_bytes += p->line_bytes;
		}
		return 0;
	}
	got = wal_reader_run(r, i, WANT_ALL, &run, e);
	for (size_t k = 0; got > 0 && k < run.n; k++)
		if (!covered_has(&w->covered, seal, time_day(run.ts_ns[k]), tenant)) {
			ret->n_entries++;
			ret->line_bytes += run_line(&run, k).n;
		}
	return got < 0 ? -1 : 0;
}

/* A segment over midnight, of which the store has one day: its batches are looked at one by one. */
static int count_uncovered(const struct walk *w, const struct wal_segment *seg,
			   struct streams *streams, struct wal_sum *sum, struct err *e)
{
	struct wal_reader *r = wal_reader_new(seg->fd, WAL_READ_HEADS, streams);
	uint32_t *number = mem_alloc((streams_count(streams) + 1) * sizeof(*number));
	struct wal_item item;
	int ret = 0;

	wal_reader_set_range(r, seg->start, wal_segment_end(seg));
	wal_reader_set_good(r, sum->was_good);
	for (size_t i = 0; i < sum->n_streams; i++) {
		sum->stream[i].n_entries = sum->stream[i].line_bytes = 0;
		number[sum->stream[i].stream] = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < sum->n_batches && ret == 0; i++) {
		ret = wal_reader_batch_at(r, sum->batch[i].off, &item, e);
		for (size_t k = 0; ret == 0 && k < item.batch.n_parts; k++) {
			uint32_t n = item.batch.part[k].stream;

			if (n != STREAM_NONE && number[n])
				ret = count_part(w, r, &item, k, &sum->seal,
						 &sum->stream[number[n] - 1], e);
		}
	}
	free(number);
	wal_reader_free(r);
	return ret;
}

static int walk_sum(const struct walk *w, const struct wal_sum *sum, const struct streams *streams,
		    struct err *e)
{
	const struct series_opts *o = w->o;
	struct arena mem = { 0 };
	int ret = 0;

	for (size_t i = 0; i < sum->n_streams && ret == 0; i++) {
		const struct wal_sum_stream *x = &sum->stream[i];
		const struct stream *st = streams_get(streams, x->stream);
		struct labels l;
		struct series_info info = { .labels = &l,
					    .id = &st->id,
					    .entries = x->n_entries,
					    .line_bytes = x->line_bytes };

		if (x->n_entries == 0 || x->max_ts_ns < o->from ||
		    time_is_behind(x->min_ts_ns, o->to) ||
		    !views_of(&w->views, streams_tenant(streams, st->tenant)))
			continue;
		arena_reset(&mem);
		l = streams_labels(streams, x->stream, &mem);
		if (asked(w, streams_tenant(streams, st->tenant), &l, &mem))
			ret = w->each(w->data, &info, e);
	}
	arena_release(&mem);
	return ret;
}

/* The segments of a log, whose streams have their numbers from streams. */
struct log_walk {
	const struct walk *walk;
	struct streams *streams;
};

/* Whether something of a segment may be hidden. */
static bool is_touched(const struct walk *w, const struct wal_sum *sum,
		       const struct streams *streams)
{
	for (size_t i = 0; w->hide && i < sum->n_streams; i++) {
		const struct wal_sum_stream *x = &sum->stream[i];
		const struct stream *st = streams_get(streams, x->stream);

		if (hide_touches(w->hide, streams_tenant(streams, st->tenant), x->min_ts_ns,
				 x->max_ts_ns))
			return true;
	}
	return false;
}

static int read_segment(const struct walk *w, const struct wal_segment *seg, struct wal_sum *sum,
			struct streams *streams, struct err *e)
{
	struct plan p = plan_of(w);
	int ret = source_wal_add(&p, seg, sum, streams, &w->covered, &w->o->source, e);

	if (ret == 0)
		ret = give_plan(w, &p, e);
	plan_release(&p);
	return ret;
}

static int walk_segment(void *data, const struct wal_segment *seg, struct wal_sum *sum,
			struct err *e)
{
	const struct log_walk *l = data;
	const struct walk *w = l->walk;

	if (is_touched(w, sum, l->streams))
		return read_segment(w, seg, sum, l->streams, e);
	switch (how_covered(w, sum, l->streams)) {
	case COVERS_ALL:
		return 0;
	case COVERS_SOME:
		if (count_uncovered(w, seg, l->streams, sum, e) == 0)
			break;
		if (e->code != ERR_CORRUPT)
			return -1;
		err_wrap(e, "'%s'", seg->path);
		w->o->source.damage(w->o->source.damage_data, e);
		break;
	case COVERS_NOTHING:
		break;
	}
	return walk_sum(w, sum, l->streams, e);
}

static int walk_wal(const struct walk *w, const struct wal_list *list, struct err *e)
{
	struct log_walk l = { w, streams_new() };
	int ret = 0;

	for (size_t i = 0; i < list->n && ret == 0; i++)
		ret = source_wal_each(&list->v[i], l.streams, &w->o->source, walk_segment, &l, e);
	streams_free(l.streams);
	return ret;
}

/* --- files ----------------------------------------------------------------------------------- */

/* A plan over the files alone. */
static int walk_files(const struct walk *w, struct err *e)
{
	struct source_opts o = w->o->source;
	struct plan p = { .from = w->o->from, .to = w->o->to };
	struct sources *s;
	int ret = -1;

	o.store = o.wal = NULL;
	o.hide = w->hide;
	if (sources_open(&o, &s, e) < 0)
		return -1;
	sources_keep(s);
	if (sources_plan(s, &p, e) == 0)
		ret = give_plan(w, &p, e);
	plan_release(&p);
	sources_free(s);
	return ret;
}

/* Tells who asks what is to be read. */
static int pass_gate(const struct walk *w, const struct wal_list *wal, struct err *e)
{
	const struct source_opts *s = &w->o->source;
	uint64_t bytes;

	if (!s->gate)
		return 0;
	bytes = series_plan_rest(w->o, wal);
	if (w->store && series_plan_store(w->o, &w->views, w->store, &bytes, e) < 0)
		return -1;
	s->stats->bytes += bytes;
	if (gate_plan(s->gate, bytes, e) < 0)
		return -1;
	if (w->store && s->deadline_ns) /* the time in the queue does not count */
		store_set_deadline(w->store, s->deadline_ns + gate_waited_ns(s->gate));
	return 0;
}

static int walk_all(struct walk *w, struct err *e)
{
	const struct source_opts *s = &w->o->source;
	const struct series_selector *only = w->o->n_selectors == 1 ? w->o->selector : NULL;
	struct wal_list wal = { 0 };
	struct arena mem = { 0 };
	int ret = 0;

	w->views = views_make(&mem, s->tenant, only ? only->match : NULL, only ? only->n : 0,
			      s->match, s->n_match);
	/* Segments first, then the store: what is packed meanwhile is found in one of them. */
	if (s->wal)
		ret = source_wal_list(s, &wal, e);
	if (ret == 0 && s->store)
		ret = open_store(w, e);
	if (ret == 0)
		w->later = hide_begin(s, w->store);
	if (ret == 0)
		ret = pass_gate(w, &wal, e);
	if (ret == 0 && s->store)
		ret = walk_store(w, e);
	if (ret == 0)
		ret = hide_get(w->later, &w->hide, e);
	if (ret == 0 && s->wal)
		ret = walk_wal(w, &wal, e);
	if (ret == 0 && s->n_files)
		ret = walk_files(w, e);
	plan_release(&w->far);
	hide_end(w->later);
	source_close_store(s, w->store);
	free(w->covered.v);
	free(w->far_day);
	wal_list_release(&wal);
	arena_release(&mem);
	return ret;
}

int series_each(const struct series_opts *o, series_each_fn *each, void *data, struct err *e)
{
	struct walk w = { .o = o, .each = each, .data = data };

	return walk_all(&w, e);
}

/* --- names and values ------------------------------------------------------------------------ */

struct words {
	struct arena *a;
	struct map map;
	struct bytes name, *v;
	size_t n, cap;
};

static void add_word(struct words *w, struct bytes word)
{
	uint64_t hash = hash64(word);

	if (map_get(&w->map, hash, word) != MAP_NONE)
		return;
	mem_grow(&w->v, &w->cap, w->n + 1, sizeof(*w->v));
	w->v[w->n] = arena_copy(w->a, word);
	map_put(&w->map, hash, w->v[w->n], (uint32_t)w->n);
	w->n++;
}

static int words_of_index(const struct walk *w, struct index *ix, struct err *e)
{
	const struct index_info *info = index_info(ix);
	struct index_name name;
	struct index_pair pair;
	int r;

	for (uint32_t i = 0; i < info->n_names && !w->words->name.n; i++) {
		if (index_name_at(ix, i, &name, e) < 0)
			return -1;
		add_word(w->words, name.name);
	}
	if (!w->words->name.n)
		return 0;
	r = index_name_find(ix, w->words->name, &name, e);
	for (uint32_t i = 0; r > 0 && i < name.n_pairs; i++) {
		if (index_pair_at(ix, name.first_pair + i, &pair, e) < 0)
			return -1;
		add_word(w->words, pair.value);
	}
	return r < 0 ? -1 : 0;
}

static int words_of_series(void *data, const struct series_info *s, struct err *e)
{
	struct words *w = data;

	(void)e;
	for (size_t i = 0; i < s->labels->n; i++) {
		if (!w->name.n)
			add_word(w, s->labels->v[i].name);
		else if (bytes_eq(w->name, s->labels->v[i].name))
			add_word(w, s->labels->v[i].value);
	}
	return 0;
}

static int word_cmp(const void *a, const void *b)
{
	return bytes_cmp(*(const struct bytes *)a, *(const struct bytes *)b);
}

int series_words(const struct series_opts *o, struct bytes name, struct arena *a,
		 struct bytes **ret, size_t *ret_n, struct err *e)
{
	struct words words = { .a = a, .name = name };
	struct walk w = { .o = o, .each = words_of_series, .data = &words };
	int r;

	if (o->n_selectors == 0 && !o->source.n_match && !views_are_several(o->source.tenant))
		w.words = &words;
	r = walk_all(&w, e);
	if (r == 0) {
		if (words.n)
			qsort(words.v, words.n, sizeof(*words.v), word_cmp);
		*ret = arena_alloc(a, (words.n + 1) * sizeof(**ret));
		if (words.n)
			memcpy(*ret, words.v, words.n * sizeof(**ret));
		*ret_n = words.n;
	}
	free(words.v);
	map_release(&words.map);
	return r;
}
