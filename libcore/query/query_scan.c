#include "query/query_scan.h"

#include <stdlib.h>

#include "base/mem.h"
#include "query/explain_scan.h"
#include "query/query_run.h"
#include "time/time.h"

void query_scan_release(struct query_scan *s)
{
	scan_release(&s->scan);
	plan_release(&s->plan);
	needles_release(&s->needles);
	pipeline_release(&s->pipeline);
	for (size_t i = 0; i < s->n_match; i++)
		matcher_release(&s->match[i]);
	free(s->match);
	*s = (struct query_scan){ 0 };
}

int query_scan_init(struct query_scan *s, const struct query_opts *o, const struct logql_log *log,
		    const struct logql_unwrap *unwrap, const struct grouping *group, struct err *e)
{
	*s = (struct query_scan){ .log = log };
	s->match = mem_alloc((log->n_matchers + 1) * sizeof(*s->match));
	for (size_t i = 0; i < log->n_matchers; i++) {
		const struct logql_matcher *m = &log->matchers[i];

		if (matcher_init(&s->match[i], m->op, m->name, m->value, m->how, e) < 0) {
			err_wrap(e, "line %u, col %u", m->pos.line, m->pos.col);
			query_scan_release(s);
			return -1;
		}
		s->n_match++;
	}
	if (pipeline_bind(&s->pipeline, log, unwrap, group, e) < 0) {
		query_scan_release(s);
		return -1;
	}
	if (!o || !o->no_filters) {
		needles_find(&s->needles, &s->pipeline);
		s->plan.needles = &s->needles;
	}
	s->plan.match = s->match;
	s->plan.n_match = s->n_match;
	if (o) {
		s->scan.jobs = o->jobs;
		s->scan.interruptible = o->source.interruptible;
		s->scan.damage = o->source.damage;
		s->scan.damage_data = o->source.damage_data;
	}
	s->scan.plan = &s->plan;
	s->scan.pipeline = &s->pipeline;
	return 0;
}

static uint64_t plan_bytes(const struct plan *p)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->n_pieces; i++)
		sum += plan_piece_bytes(&p->piece[i]);
	return sum;
}

/* The time that it waits there is not the query's. */
static int pass_gate(struct query_scan *s, struct query *q, enum direction dir, struct err *e)
{
	const struct source_opts *o = &q->o->source;
	int64_t before = gate_waited_ns(o->gate);
	uint64_t bytes = o->gate ? scan_expect(&s->scan, dir) : UINT64_MAX;

	s->scan.by_one = bytes == 0;
	if (gate_plan(o->gate, bytes, e) < 0)
		return -1;
	if (q->deadline_ns)
		q->deadline_ns += gate_waited_ns(o->gate) - before;
	sources_set_deadline(q->sources, q->deadline_ns);
	s->scan.deadline_ns = q->deadline_ns;
	return 0;
}

static void add_stats(struct query_stats *to, const struct scan_stats *s,
		      const struct source_seen *seen)
{
	to->log_bytes += s->log_bytes;
	to->log_lines += s->log_entries;
	to->chunks += seen[SOURCE_STORE].chunks_in + seen[SOURCE_CHUNKS].chunks_in;
	to->segments += seen[SOURCE_WAL].files;
	to->log_streams += seen[SOURCE_WAL].streams_in;
	to->bytes += s->bytes + s->table_bytes;
	to->lines += s->entries + s->table_entries;
	to->table_bytes += s->table_bytes;
	to->table_lines += s->table_entries;
	to->folded += s->folded;
	to->log_folded += s->log_folded;
	to->meta_bytes += s->meta_bytes;
	to->log_meta_bytes += s->log_meta_bytes;
	to->chunks_read += s->chunks;
	to->stored_bytes += s->stored_bytes;
	to->read_ns += s->read_ns;
	to->blocks.read += s->read;
	to->blocks.counted += s->from_tables;
	to->blocks.decoded_bytes += s->bytes;
	for (int kind = 0; kind < SOURCE_KINDS; kind++) {
		to->blocks.by_filter += seen[kind].by_filter;
		to->blocks.outside += seen[kind].by_labels + seen[kind].by_time;
	}
	to->kept += s->kept + s->table_entries;
}

static int scan_rounds(struct query_scan *s, struct query *q, enum direction dir,
		       query_flush_fn *flush, void *data, struct err *e)
{
	uint64_t bytes = 0;
	int more = 1, r;

	/* The first pieces that come are scanned together with those that are there: one order. */
	do {
		s->plan_ns -= time_mono_ns();
		more = sources_next(q->sources, &s->plan, e);
		s->plan_ns += time_mono_ns();
		if (more < 0)
			return -1;
		bytes += plan_bytes(&s->plan);
		if (limits_check_bytes(&q->o->limits, bytes, e) < 0)
			return -1;
		plan_units(&s->plan, dir);
		if (q->o->explain && q->o->explain->how == EXPLAIN_PLAN) {
			scan_look(&s->scan);
			return 0;
		}
		if (pass_gate(s, q, dir, e) < 0)
			return -1;
		r = scan_run(&s->scan, e);
		if (r == 0 && flush)
			r = flush(data, &s->plan, more, e);
		if (r != 0)
			return r < 0 ? -1 : 0;
		plan_reset_pieces(&s->plan);
	} while (more);
	return 0;
}

int query_scan_run(struct query_scan *s, struct query *q, enum direction dir, query_flush_fn *flush,
		   void *data, struct err *e)
{
	struct explain_scan how = { .log = s->log, .o = q->o, .scan = &s->scan };
	int r;

	s->plan_ns = -time_mono_ns();
	s->scan.deadline_ns = q->deadline_ns;
	s->scan.again = q->again;
	s->scan.probed = q->o->explain && q->o->explain->how == EXPLAIN_ANALYZE;
	if (sources_plan(q->sources, &s->plan, e) < 0)
		return -1;
	s->plan_ns += time_mono_ns();
	scan_init(&s->scan);
	r = scan_rounds(s, q, dir, flush, data, e);
	if (q->o->source.stats)
		add_stats(q->o->source.stats, &s->scan.stats, s->plan.seen);
	how.plan_ns = s->plan_ns;
	how.failed = r < 0;
	how.is_stream = sources_stream(q->sources);
	if (q->o->explain)
		s->answer = explain_scan(q->o->explain, &how);
	return r;
}
