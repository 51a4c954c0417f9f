#include "query/explain_scan.h"

#include "base/num.h"
#include "labels/quote.h"
#include "logql/print.h"
#include "time/time.h"

static bool analyzed(const struct explain *x)
{
	return x->how == EXPLAIN_ANALYZE;
}

static void add_counted(struct buf *b, uint64_t n, const char *one, const char *many)
{
	explain_add_count(b, n);
	buf_addf(b, " %s", num_word(n, one, many));
}

/* "3 of 40 streams" */
static void add_part(struct buf *b, uint64_t n, uint64_t of, const char *one, const char *many)
{
	explain_add_count(b, n);
	buf_add_str(b, " of ");
	add_counted(b, of, one, many);
}

/* The buffer as a note; it is empty again. */
static void note(struct explain_node *n, struct buf *b)
{
	explain_note_bytes(n, buf_bytes(b));
	buf_reset(b);
}

/* --- what is read ---------------------------------------------------------------------------- */

static void note_times(struct explain_node *n, const struct plan *p)
{
	struct buf b = { 0 };

	buf_add_str(&b, "times: ");
	if (p->from == INT64_MIN && p->to == INT64_MAX)
		buf_add_str(&b, "all");
	if (p->from != INT64_MIN) {
		buf_add_str(&b, "from ");
		time_add_rfc3339(&b, p->from);
		buf_add_str(&b, p->to != INT64_MAX ? " " : "");
	}
	if (p->to != INT64_MAX) {
		buf_add_str(&b, "until before ");
		time_add_rfc3339(&b, p->to);
	}
	explain_text(n, "times", bytes_sub(buf_bytes(&b), 7, b.n));
	note(n, &b);
	buf_release(&b);
}

static const struct kind {
	const char *key, *piece, *pieces;
	bool exact; /* bytes are known, not estimated */
} kinds[SOURCE_KINDS] = {
	[SOURCE_STORE] = { "store", "block", "blocks", true },
	[SOURCE_WAL] = { "wal", "part of a batch", "parts of batches", false },
	[SOURCE_CHUNKS] = { "chunks", "block", "blocks", true },
	[SOURCE_ENTRIES] = { "entries", "run of entries", "runs of entries", true },
	[SOURCE_LINES] = { "lines", "piece", "pieces", false },
};

static void add_name(struct buf *b, const char *path)
{
	buf_add_char(b, ' ');
	quote_add(b, bytes_str(path));
}

/* What the sources of the kind are, and what of them an index or a head tells. */
static void note_kind(struct explain_node *n, enum source_kind kind, const struct source_seen *s,
		      const struct source_opts *o)
{
	struct buf b = { 0 };

	switch (kind) {
	case SOURCE_STORE:
		buf_add_str(&b, "store");
		add_name(&b, o->store);
		buf_add_str(&b, ": ");
		add_part(&b, s->days_in, s->days, "day", "days");
		buf_add_str(&b, ", ");
		add_counted(&b, s->files, "index", "indexes");
		note(n, &b);
		buf_add_str(&b, "  the index leaves ");
		add_part(&b, s->streams_in, s->streams, "stream", "streams");
		buf_add_str(&b, ", ");
		add_part(&b, s->chunks_in, s->chunks, "chunk", "chunks");
		buf_add_str(&b, ", ");
		add_part(&b, s->packs_in, s->packs, "pack", "packs");
		break;
	case SOURCE_WAL:
		buf_add_str(&b, "log");
		if (o->wal)
			add_name(&b, o->wal);
		buf_add_str(&b, ": ");
		add_counted(&b, s->files, "segment", "segments");
		note(n, &b);
		buf_add_str(&b, "  sidecars and heads leave ");
		add_part(&b, s->streams_in, s->streams, "stream", "streams");
		break;
	case SOURCE_CHUNKS:
		add_counted(&b, s->files, "file", "files");
		buf_add_str(&b, " of chunks, whose heads leave ");
		add_part(&b, s->chunks_in, s->chunks, "chunk", "chunks");
		break;
	default:
		add_counted(&b, s->files, "file", "files");
		buf_add_str(&b, kind == SOURCE_LINES ? " of raw lines" : " of JSON lines");
		break;
	}
	note(n, &b);
	buf_release(&b);
}

static void add_left_out(struct buf *b, uint64_t n, const char *why, bool *any)
{
	if (n == 0)
		return;
	buf_add_str(b, *any ? ", " : "; left out: ");
	explain_add_count(b, n);
	buf_addf(b, " %s", why);
	*any = true;
}

/* How many of what is read, and what of them. */
static void note_some(struct explain_node *n, uint64_t count, const struct kind *k,
		      const char *what)
{
	struct buf b = { 0 };

	buf_add_str(&b, "  ");
	add_counted(&b, count, k->piece, k->pieces);
	buf_addf(&b, " %s", what);
	note(n, &b);
	buf_release(&b);
}

static void note_pieces(struct explain_node *n, enum source_kind kind, const struct source_seen *s)
{
	const struct kind *k = &kinds[kind];
	struct buf b = { 0 };
	bool any = false;

	buf_add_str(&b, "  ");
	add_part(&b, s->pieces_in,
		 s->pieces_in + s->by_labels + s->by_time + s->by_covered + s->by_age +
			 s->by_filter,
		 k->piece, k->pieces);
	buf_addf(&b, ", %s", k->exact ? "" : "about ");
	num_add_size(&b, s->bytes_in);
	buf_add_str(&b, " of lines");
	add_left_out(&b, s->by_labels, "of other streams", &any);
	add_left_out(&b, s->by_time, "of other times", &any);
	add_left_out(&b, s->by_covered, "that the store has", &any);
	add_left_out(&b, s->by_age, "that expired", &any);
	add_left_out(&b, s->by_filter, "that filters rule out", &any);
	note(n, &b);
	if (s->hides)
		note_some(n, s->hides, k, "may hold what requests to delete mean");
	if (s->unfiltered && s->bytes_in >= EXPLAIN_WORTH_A_FILTER)
		note_some(n, s->unfiltered, k,
			  s->unfiltered == 1 ? "is in packs without a filter that can be read"
					     : "are in packs without a filter that can be read");
	buf_release(&b);
}

static void add_source_json(struct buf *b, const struct source_seen *s)
{
	const struct {
		const char *key;
		uint64_t n;
	} v[] = {
		{ "files", s->files },
		{ "days", s->days },
		{ "days_needed", s->days_in },
		{ "streams", s->streams },
		{ "streams_needed", s->streams_in },
		{ "chunks", s->chunks },
		{ "chunks_needed", s->chunks_in },
		{ "packs", s->packs },
		{ "packs_needed", s->packs_in },
		{ "blocks_needed", s->pieces_in },
		{ "blocks_of_other_streams", s->by_labels },
		{ "blocks_of_other_times", s->by_time },
		{ "blocks_that_the_store_has", s->by_covered },
		{ "blocks_that_expired", s->by_age },
		{ "blocks_that_filters_rule_out", s->by_filter },
		{ "blocks_without_filters", s->unfiltered },
		{ "blocks_that_requests_to_delete_touch", s->hides },
		{ "line_bytes", s->bytes_in },
	};

	buf_add_char(b, '{');
	for (size_t i = 0; i < sizeof(v) / sizeof(*v); i++)
		buf_addf(b, "%s\"%s\":%llu", i ? "," : "", v[i].key, (unsigned long long)v[i].n);
	buf_add_char(b, '}');
}

void explain_sources(struct explain_node *n, const struct plan *p, const struct source_opts *o)
{
	bool any = false;

	note_times(n, p);
	buf_add_str(&n->json, ",\"sources\":{");
	for (enum source_kind k = 0; k < SOURCE_KINDS; k++) {
		const struct source_seen *s = &p->seen[k];

		if (s->files == 0 && !(k == SOURCE_STORE && o->store && s->days))
			continue;
		note_kind(n, k, s, o);
		note_pieces(n, k, s);
		buf_addf(&n->json, "%s\"%s\":", any ? "," : "", kinds[k].key);
		add_source_json(&n->json, s);
		any = true;
	}
	buf_add_char(&n->json, '}');
	if (!any)
		explain_note(n, "nothing there is to be read");
}

/* Whether there are blocks whose columns are decoded as they are needed: in chunks they lie apart.
 */
static bool by_columns(const struct scan *s)
{
	const struct source_seen *seen = s->plan->seen;

	return seen[SOURCE_STORE].pieces_in + seen[SOURCE_CHUNKS].pieces_in > 0 &&
	       s->stats.blocks > s->stats.from_tables + s->stats.merged_blocks;
}

/* What need not be decoded of the blocks that are needed. */
static void note_savings(struct explain_node *n, const struct scan *s)
{
	const struct scan_stats *t = &s->stats;
	unsigned want = scan_first_want(s);
	struct buf b = { 0 };

	if (t->from_tables) {
		explain_add_count(&b, t->from_tables);
		buf_add_str(&b, " of ");
		add_counted(&b, t->blocks, "block", "blocks");
		buf_add_str(&b, " counted from tables, unread: each lies within one window");
		note(n, &b);
	}
	if (t->merged_units) {
		add_counted(&b, t->merged_blocks, "block", "blocks");
		buf_add_str(&b, " to be merged, out of order or overlapping others in time: equal "
				"entries count once");
		note(n, &b);
	}
	if (by_columns(s)) {
		if (!((want | s->sink.want_later) & (WANT_LINES | WANT_SHAPES)))
			explain_note(n, t->merged_blocks
						? "lines of the others are not decoded: "
						  "nothing looks at them"
						: "lines are not decoded: nothing looks at "
						  "them");
		else if (!(want & (WANT_TS | WANT_META)))
			explain_note(n, "lines are decoded first; times and metadata only of "
					"blocks that the first filter leaves lines in");
	}
	explain_number(n, "blocks", t->blocks);
	explain_number(n, "blocks_from_tables", t->from_tables);
	explain_number(n, "blocks_merged", t->merged_blocks);
	buf_release(&b);
}

/* "12.3 ms   45%" of the work */
static void set_work(struct explain_node *n, int64_t ns, const struct probe *p)
{
	struct buf share = { 0 };

	explain_add_share(&share, (double)ns, (double)probe_work(p));
	explain_add_time(&n->cost, ns);
	buf_addf(&n->cost, "  %4s", buf_str(&share));
	buf_release(&share);
}

static void note_reading(struct explain_node *n, const struct explain_scan *x)
{
	const struct scan_stats *t = &x->scan->stats;
	const struct probe *p = &x->scan->probe;
	uint64_t done = t->read + t->from_tables + t->damaged;
	struct buf b = { 0 };

	set_work(n, p->load.ns, p);
	add_counted(&b, t->read, "block", "blocks");
	buf_add_str(&b, " read, ");
	add_counted(&b, t->entries, "entry", "entries");
	if (p->load.bytes_out) {
		buf_add_str(&b, ", ");
		num_add_size(&b, p->load.bytes_out);
		buf_add_str(&b, " of lines");
	}
	note(n, &b);
	if (by_columns(x->scan)) {
		buf_add_str(&b, "decoded: lines of ");
		explain_add_count(&b, p->lines_loaded);
		if (p->apart_loaded) {
			buf_add_str(&b, ", fields of ");
			explain_add_count(&b, p->apart_loaded);
		}
		buf_add_str(&b, ", times of ");
		explain_add_count(&b, p->ts_loaded);
		buf_add_str(&b, ", metadata of ");
		add_counted(&b, p->meta_loaded, "block", "blocks");
		note(n, &b);
	}
	if (t->blocks > done) {
		add_part(&b, t->blocks - done, t->blocks, "block", "blocks");
		buf_add_str(&b, x->failed ? " not read when it failed"
					  : " not read: the answer was complete");
		note(n, &b);
	}
	if (t->damaged) {
		add_counted(&b, t->damaged, "block is", "blocks are");
		buf_add_str(&b, " damaged");
		note(n, &b);
	}
	buf_add_str(&b, x->is_stream ? "waiting for input and planning took " : "planning took ");
	explain_add_time(&b, x->plan_ns);
	note(n, &b);
	explain_seconds(n, "seconds", p->load.ns);
	explain_seconds(n, "planning_seconds", x->plan_ns);
	explain_number(n, "blocks_read", t->read);
	explain_number(n, "blocks_not_read", t->blocks > done ? t->blocks - done : 0);
	explain_number(n, "blocks_damaged", t->damaged);
	explain_number(n, "entries_out", t->entries);
	explain_number(n, "line_bytes_decoded", p->load.bytes_out);
	buf_release(&b);
}

static void explain_read(struct explain *x, const struct explain_scan *s)
{
	struct explain_node *n = explain_begin(x, "read");

	buf_add_str(&n->title, "read ");
	logql_print_selector(&n->title, s->log);
	explain_sources(n, s->scan->plan, &s->o->source);
	if (s->is_stream && !analyzed(x))
		explain_note(n, "of a pipe only the beginning is known here");
	note_savings(n, s->scan);
	if (analyzed(x))
		note_reading(n, s);
	explain_end(x);
}

/* --- what is done with it -------------------------------------------------------------------- */

static void note_step(struct explain_node *n, const struct probe_step *t, const struct probe *p)
{
	struct buf b = { 0 };

	set_work(n, t->ns, p);
	explain_add_count(&b, t->entries_in);
	buf_add_str(&b, " to ");
	add_counted(&b, t->entries_out, "entry", "entries");
	buf_add_str(&b, " (");
	explain_add_share(&b, (double)t->entries_out, (double)t->entries_in);
	buf_add_char(&b, ')');
	if (t->bytes_in || t->bytes_out) {
		buf_add_str(&b, ", ");
		num_add_size(&b, t->bytes_in);
		buf_add_str(&b, " to ");
		num_add_size(&b, t->bytes_out);
		buf_add_str(&b, " of lines");
	}
	note(n, &b);
	if (t->emptied) {
		buf_add_str(&b, "nothing is left of ");
		add_part(&b, t->emptied, t->blocks, "block", "blocks");
		note(n, &b);
	}
	explain_seconds(n, "seconds", t->ns);
	explain_number(n, "blocks_in", t->blocks);
	explain_number(n, "blocks_emptied", t->emptied);
	explain_number(n, "entries_in", t->entries_in);
	explain_number(n, "entries_out", t->entries_out);
	explain_number(n, "line_bytes_in", t->bytes_in);
	explain_number(n, "line_bytes_out", t->bytes_out);
	buf_release(&b);
}

static void explain_merge(struct explain *x, const struct scan *s)
{
	struct explain_node *n = explain_begin(x, "merge");

	buf_add_str(&n->title, "merge by time");
	if (analyzed(x))
		note_step(n, &s->probe.merge, &s->probe);
	explain_end(x);
}

/* A stage that stands behind others in the text was moved before them. */
static bool was_moved(const struct pipeline *p, size_t i)
{
	for (size_t k = i + 1; k < p->n_stages; k++)
		if (p->stage[k].tree < p->stage[i].tree)
			return true;
	return false;
}

static void explain_stage(struct explain *x, const struct scan *s, size_t i)
{
	const struct stage *st = &s->pipeline->stage[i];
	struct explain_node *n = explain_begin(x, "stage");

	logql_print_stage(&n->title, st->tree);
	if (analyzed(x))
		note_step(n, &s->probe.stage[i], &s->probe);
	if (was_moved(s->pipeline, i))
		explain_note(n, "goes before stages that it stands behind: it is cheaper");
	if (st->ops->explain)
		st->ops->explain(st, n);
	explain_end(x);
}

/* Stages that nobody would see the work of. */
static void explain_absent(struct explain *x, const struct explain_scan *s)
{
	const struct pipeline *p = s->scan->pipeline;

	for (size_t i = 0; i < s->log->n_stages; i++) {
		struct explain_node *n;
		size_t k = 0;

		while (k < p->n_stages && p->stage[k].tree != &s->log->stages[i])
			k++;
		if (k < p->n_stages)
			continue;
		n = explain_begin(x, "stage");
		logql_print_stage(&n->title, &s->log->stages[i]);
		explain_note(n, "left out: the answer does not depend on its lines");
		explain_end(x);
	}
}

static void note_taking(struct explain_node *n, const struct scan *s)
{
	const struct probe *p = &s->probe;
	struct buf b = { 0 };

	set_work(n, p->take.ns + p->done_ns, p);
	add_counted(&b, p->take.entries_in, "entry", "entries");
	if (s->stats.table_entries) {
		buf_add_str(&b, ", and ");
		explain_add_count(&b, s->stats.table_entries);
		buf_add_str(&b, " that tables tell");
	}
	note(n, &b);
	if (s->stats.hidden) {
		add_counted(&b, s->stats.hidden, "other entry", "other entries");
		buf_add_str(&b, " that requests to delete mean");
		note(n, &b);
	}
	explain_number(n, "entries_hidden", s->stats.hidden);
	explain_number(n, "entries_from_tables", s->stats.table_entries);
	explain_seconds(n, "seconds", p->take.ns + p->done_ns);
	explain_number(n, "entries_in", p->take.entries_in);
	explain_number(n, "line_bytes_in", p->take.bytes_in);
	buf_release(&b);
}

struct explain_node *explain_scan(struct explain *x, const struct explain_scan *s)
{
	struct explain_node *n;

	explain_read(x, s);
	x->blocks += s->scan->stats.blocks - s->scan->stats.from_tables;
	for (size_t k = 0; k < SOURCE_KINDS; k++)
		x->line_bytes += s->scan->plan->seen[k].bytes_in;
	x->line_bytes -= s->scan->stats.table_bytes;
	if (s->scan->stats.merged_units)
		explain_merge(x, s->scan);
	for (size_t i = 0; i < s->scan->pipeline->n_stages; i++)
		explain_stage(x, s->scan, i);
	explain_absent(x, s);
	explain_advise(x, s);
	n = explain_begin(x, "answer");
	if (analyzed(x))
		note_taking(n, s->scan);
	explain_end(x);
	return n;
}
