/*
 * A push in the lane: decoded into the open batch and, should that get full, into others behind it;
 * when all of it is known, and what its tenant may, it stays there or is taken out again.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "ingest/levels.h"
#include "push/normal.h"
#include "server/intake_run.h"
#include "time/time.h"

enum { NO_STATUS = 0, STATUS_STORED = 204 };

/* --- batches --- */

static void close_open(struct intake *in)
{
	struct batch *b = in->lane.open;

	in->lane.open = NULL;
	if (b->es.n)
		outlet_add(in, b);
	else
		batch_free(in, b);
}

static void begin_words(struct intake *in)
{
	struct lane *lane = &in->lane;

	if (lane->words && words_memory(lane->words) <= WORDS_MEMORY_MAX)
		return;
	if (lane->open)
		close_open(in);
	words_drop(lane->words);
	lane->words = words_new(++lane->n_words);
}

static void begin_run(struct push_run *r)
{
	struct lane *lane = &r->in->lane;

	begin_words(r->in);
	if (!lane->open)
		lane->open = batch_new(r->in);
	r->first = r->last = lane->open;
	r->first_n = r->first->es.n;
	r->first_text = r->first->es.text.n;
	r->first_weight = r->first->weight;
	r->words_max = words_memory(lane->words) + PUSH_LABELS_MAX;
}

/* Nothing of this push is in any batch. But sets of metadata, which cannot be taken out: a batch
 * does not gather those of many pushes that are refused. */
static void take_back(struct push_run *r)
{
	struct batch *b = r->first->next;

	while (b) {
		struct batch *next = b->next;

		batch_free(r->in, b);
		b = next;
	}
	r->first->next = NULL;
	r->first->es.n = r->first_n;
	r->first->es.text.n = r->first_text;
	r->first->weight = r->first_weight;
	if (r->first_n == 0 || metatab_memory(&r->first->es.meta) > BATCH_SEALED)
		close_open(r->in);
}

static size_t begin_of(const struct push_run *r, const struct batch *b)
{
	return b == r->first ? r->first_n : 0;
}

struct run_entries run_entries_of(const struct run_stream *s)
{
	return (struct run_entries){ s->batch, s->at, s->n };
}

struct entry_ref *run_entries_next(struct run_entries *it)
{
	if (!it->left--)
		return NULL;
	while (it->at == it->batch->es.n) {
		it->batch = it->batch->next;
		it->at = 0;
	}
	return &it->batch->es.v[it->at++];
}

/* Takes out the entries of streams that were refused. */
static void drop_refused(struct push_run *r)
{
	for (size_t i = 0; i < r->n_streams; i++) {
		struct run_entries it = run_entries_of(&r->stream[i]);
		struct entry_ref *v;

		if (!r->stream[i].refused)
			continue;
		while ((v = run_entries_next(&it)) != NULL)
			v->stream = STREAM_NONE;
	}
	for (struct batch *b = r->first; b; b = b->next) {
		size_t n = begin_of(r, b);

		for (size_t i = n; i < b->es.n; i++)
			if (b->es.v[i].stream != STREAM_NONE)
				b->es.v[n++] = b->es.v[i];
		b->es.n = n;
	}
}

/* --- what is refused --- */

static void run_complain(struct push_run *r, struct bytes why)
{
	for (size_t i = 0; i < r->n_complaints; i++) {
		if (bytes_eq(r->complaint[i].text, why)) {
			r->complaint[i].n++;
			return;
		}
	}
	if (r->n_complaints == COMPLAINTS_MAX ||
	    (r->n_complaints && r->complaint_bytes + why.n > COMPLAINTS_BYTES_MAX)) {
		r->n_untold++;
		return;
	}
	r->complaint[r->n_complaints++] =
		(struct complaint){ arena_copy(&r->in->lane.kept, why), 1 };
	r->complaint_bytes += why.n;
}

void run_refuse_entry(struct push_run *r, enum intake_reason reason, struct bytes why,
		      uint64_t n_bytes)
{
	r->discarded[reason].n++;
	r->discarded[reason].n_bytes += n_bytes;
	run_complain(r, why);
	if (r->push->refused)
		r->push->refused(r->n_entries, 400, why, r->push->data);
}

/* "2 errors like: A; 1 errors like: B", or A alone. */
static void tell_complaints(const struct push_run *r, struct buf *out)
{
	bool many = r->n_complaints > 1 || r->complaint[0].n > 1 || r->n_untold;

	for (size_t i = 0; i < r->n_complaints; i++) {
		if (i)
			buf_add_str(out, "; ");
		if (many)
			buf_addf(out, "%llu errors like: ", (unsigned long long)r->complaint[i].n);
		buf_add_bytes(out, r->complaint[i].text);
	}
	if (r->n_untold)
		buf_addf(out, "; %llu more errors", (unsigned long long)r->n_untold);
}

/* --- the sink --- */

/* Looks up the labels that the decoder gave last, if that was not done yet. */
static int take_labels(struct push_run *r, struct err *e)
{
	struct lane *lane = &r->in->lane;
	const struct push_labels *l = &r->labels;
	struct run_stream *s;
	uint32_t stream = STREAM_NONE;
	bool bad;

	if (!r->labels_wait)
		return 0;
	r->labels_wait = false;
	bad = words_stream(lane->words, &r->words, l, &r->labels_key, &stream, e) < 0;
	if (words_memory(lane->words) > r->words_max)
		return err_set(e, ERR_LIMIT,
			       "the labels of a push's streams take more than %d bytes",
			       PUSH_LABELS_MAX);
	if (r->n_streams && r->stream[r->n_streams - 1].first == r->n_entries)
		r->n_streams--; /* nothing came for it */
	mem_grow(&r->stream, &r->cap_streams, r->n_streams + 1, sizeof(*r->stream));
	s = &r->stream[r->n_streams++];
	*s = (struct run_stream){ .stream = stream, .first = r->n_entries, .end = r->n_entries };
	if (bad)
		limits_refuse_labels(r, l, e);
	r->bad_stream = bad || !limits_take_stream(r, stream);
	return 0;
}

/* The labels are looked up with the first entry, or behind the stream when it has none: what that
 * needs of memory comes while the entry is read. */
static int on_stream(void *data, const struct push_labels *l, struct err *e)
{
	struct push_run *r = data;
	struct lane *lane = &r->in->lane;

	if (take_labels(r, e) < 0)
		return -1;
	buf_reset(&lane->spelling);
	buf_add_bytes(&lane->spelling, l->spelling);
	r->labels = (struct push_labels){ l->form, buf_bytes(&lane->spelling) };
	r->labels_key = words_expect(lane->words, &r->words, &r->labels);
	r->labels_wait = true;
	return 0;
}

/* The set of an entry's metadata, its names as Loki stores them: of those that come twice the last
 * counts. */
static uint32_t meta_set(struct push_run *r, struct batch *b, const struct label *meta, size_t n,
			 struct bytes of_stream, struct bytes line)
{
	struct lane *lane = &r->in->lane;
	size_t n_kept = 0;

	arena_reset(&lane->names);
	mem_grow(&lane->meta, &lane->cap_meta, 2 * n + 1, sizeof(*lane->meta));
	for (size_t i = 0; i < n; i++) {
		struct bytes name = push_normal_name(meta[i].name, &lane->names);
		size_t at = 0;

		while (at < n_kept && !bytes_eq(lane->meta[at].name, name))
			at++;
		lane->meta[at] = (struct label){ name, meta[i].value };
		n_kept += at == n_kept;
	}
	if (!r->limits->discover_log_levels || !r->limits->allow_structured_metadata)
		return metatab_add(&b->es.meta, lane->meta, n_kept);
	n = level_add(lane->meta, n_kept, of_stream, line, lane->meta + n_kept);
	return metatab_add(&b->es.meta, lane->meta + n_kept, n);
}

/* The same for an entry that has none: the levels of a batch are few, and point to the same text.
 */
static uint32_t level_set(struct push_run *r, struct batch *b, struct bytes of_stream,
			  struct bytes line)
{
	struct label l[1];
	uint32_t set;

	if (!r->limits->discover_log_levels || !r->limits->allow_structured_metadata)
		return 0;
	level_add(NULL, 0, of_stream, line, l);
	if (r->level_batch != b) {
		r->level_batch = b;
		r->n_levels = 0;
	}
	for (size_t i = 0; i < r->n_levels; i++)
		if (r->level[i].level == l[0].value.p)
			return r->level[i].set;
	set = metatab_add(&b->es.meta, l, 1);
	if (r->n_levels < sizeof(r->level) / sizeof(*r->level)) {
		r->level[r->n_levels].level = l[0].value.p;
		r->level[r->n_levels++].set = set;
	}
	return set;
}

/* Loki moves an entry one nanosecond on when it has the time of the one before, and another line.
 */
static int64_t apart(struct push_run *r, const struct run_stream *s, int64_t ts_ns,
		     struct bytes line)
{
	const struct entries *es = &r->last->es;

	if (!r->limits->increment_duplicate_timestamp)
		return ts_ns;
	if (s->n > 1 && !bytes_eq(entries_line(es, es->n - 1), line) &&
	    (ts_ns == r->prev_ts_ns || ts_ns == r->last_ts_ns) && r->last_ts_ns != INT64_MAX)
		ts_ns = r->last_ts_ns + 1;
	else
		r->prev_ts_ns = ts_ns;
	r->last_ts_ns = ts_ns;
	return ts_ns;
}

static void add_entry(struct push_run *r, struct run_stream *s, int64_t ts_ns, struct bytes line,
		      const struct label *meta, size_t n_meta, size_t meta_bytes)
{
	struct batch *b = r->last;
	struct bytes of_stream = r->in->lane.words->facts[s->stream].level;
	size_t tables;
	uint32_t set;

	s->n++;
	s->n_bytes += line.n;
	s->n_meta_bytes += meta_bytes;
	r->good_bytes += line.n + meta_bytes;
	if (!limits_may_take_push(r))
		return; /* it is only counted now: all of the push will be refused */
	ts_ns = apart(r, s, ts_ns, line);
	if (b->weight >= BATCH_SEALED) {
		b->next = batch_new(r->in);
		b = r->last = b->next;
	}
	if (s->n == 1) {
		s->batch = b;
		s->at = b->es.n;
	}
	tables = metatab_tables(&b->es.meta);
	set = n_meta ? meta_set(r, b, meta, n_meta, of_stream, line)
		     : level_set(r, b, of_stream, line);
	entries_add(&b->es, s->stream, ts_ns, line, set);
	b->weight += sizeof(*b->es.v) + line.n + meta_bytes + metatab_tables(&b->es.meta) - tables;
	b->weight++; /* the line's newline */
	entry_ages_add(&r->ages, r->now_ns > ts_ns ? r->now_ns - ts_ns : 0);
}

static int on_entry(void *data, int64_t ts_ns, struct bytes line, const struct label *meta,
		    size_t n_meta, struct err *e)
{
	struct push_run *r = data;
	struct run_stream *s;
	size_t meta_bytes = 0;

	if (take_labels(r, e) < 0)
		return -1;
	if (!r->n_streams)
		return err_set(e, ERR_BUG, "an entry of no stream");
	if (r->n_entries == PUSH_ENTRIES_MAX)
		return err_set(e, ERR_LIMIT, "more than %d entries in a push", PUSH_ENTRIES_MAX);
	s = &r->stream[r->n_streams - 1];
	for (size_t i = 0; i < n_meta; i++)
		meta_bytes += meta[i].name.n + meta[i].value.n;
	r->received.n++;
	r->received.n_bytes += line.n + meta_bytes;
	r->received_meta_bytes += meta_bytes;
	if (r->bad_stream) {
		r->discarded[r->bad_reason].n++;
		r->discarded[r->bad_reason].n_bytes += line.n + meta_bytes;
		if (s->end == s->first)
			run_complain(r, r->bad_text);
		if (r->push->refused)
			r->push->refused(r->n_entries, 400, r->bad_text, r->push->data);
	} else if (limits_take_entry(r, ts_ns, &line, n_meta, meta_bytes)) {
		add_entry(r, s, ts_ns, line, meta, n_meta, meta_bytes);
	}
	s->end = ++r->n_entries;
	return 0;
}

/* --- a whole push --- */

/* Into the batches: the answer comes when all of them are in the log. */
static void commit(struct push_run *r, int status, struct buf *text)
{
	struct intake *in = r->in;
	struct lane *lane = &in->lane;
	struct waiter *w = mem_alloc(sizeof(*w));
	uint64_t weight = 0;

	*w = (struct waiter){ .answered = r->push->answered,
			      .data = r->push->data,
			      .status = status,
			      .text = *text,
			      .tenant = r->tenant,
			      .ages = r->ages,
			      .n_bytes = r->received.n_bytes,
			      .decoded_ns = r->mono_ns };
	*text = (struct buf){ 0 };
	atomic_fetch_add(&r->tenant->held, 1);
	for (struct batch *b = r->first; b; b = b->next) {
		uint64_t before = b == r->first ? r->first_weight : 0;

		if (b->es.n == begin_of(r, b)) { /* all of it was refused */
			b->weight = before;
			continue;
		}
		weight += b->weight - before;
		batch_add_waiter(b, w);
		w->pending++;
	}
	outlet_grow(in, weight, false);
	lane->open = NULL;
	for (struct batch *b = r->first, *next; b; b = next) {
		next = b->next;
		b->next = NULL;
		if (!next && b->weight < BATCH_SEALED)
			lane->open = b;
		else if (b->es.n)
			outlet_add(in, b);
		else
			batch_free(in, b);
	}
	if (lane->open && lane->open->es.n)
		outlet_grow(in, 0, true);
}

static struct intake_tally good_of(const struct push_run *r)
{
	struct intake_tally t = { 0 };

	for (size_t i = 0; i < r->n_streams; i++) {
		if (r->stream[i].refused)
			continue;
		t.n += r->stream[i].n;
		t.n_bytes += r->stream[i].n_bytes + r->stream[i].n_meta_bytes;
	}
	return t;
}

static void tell_refused_streams(const struct push_run *r, int status)
{
	if (!r->push->refused)
		return;
	for (size_t i = 0; i < r->n_streams; i++)
		for (uint64_t n = r->stream[i].first; n < r->stream[i].end; n++)
			if (r->stream[i].refused)
				r->push->refused(n, status, buf_bytes(&r->text), r->push->data);
}

/* What is left of a push that was decoded: the status of the answer, with its text in *text, or
 * NO_STATUS when it is committed. */
static int decide(struct push_run *r, struct buf *text)
{
	struct intake_tally good = good_of(r);
	int status;

	if (r->bad_labels.p) {
		memset(r->discarded, 0, sizeof(r->discarded));
		r->discarded[REASON_BAD_LABELS] = r->received;
		buf_add_bytes(text, r->bad_labels);
		return 400;
	}
	if (!r->n_streams) {
		buf_add_str(text, "error at least one valid stream is required for ingestion");
		return 422;
	}
	if (r->n_complaints)
		tell_complaints(r, text);
	if (!good.n)
		return r->n_complaints ? 400 : STATUS_STORED;
	status = limits_take_push(r, good);
	if (status) {
		buf_reset(text);
		buf_add_bytes(text, buf_bytes(&r->text));
		return status;
	}
	status = limits_take_streams(r);
	if (status) {
		buf_reset(text);
		buf_add_bytes(text, buf_bytes(&r->text));
		drop_refused(r);
		tell_refused_streams(r, status);
		if (!good_of(r).n)
			return status;
	} else {
		status = r->n_complaints ? 400 : STATUS_STORED;
	}
	commit(r, status, text);
	return NO_STATUS;
}

static int status_of(const struct err *e)
{
	switch (e->code) {
	case ERR_LIMIT:
		return 413;
	case ERR_BUG:
		return 500;
	default:
		return 400;
	}
}

int lane_take(struct intake *in, const struct intake_push *p, struct buf *text)
{
	struct lane *lane = &in->lane;
	int64_t mono_ns = time_mono_ns();
	struct push_run r = { .in = in,
			      .push = p,
			      .limits = p->limits,
			      .tenant = lane_tenant(in, p->tenant, mono_ns),
			      .now_ns = time_now_ns(),
			      .mono_ns = mono_ns,
			      .oldest_ns = INT64_MIN,
			      .labels_of = STREAM_NONE,
			      .stream = lane->stream,
			      .cap_streams = lane->cap_streams,
			      .text = lane->text };
	struct push_sink sink = { on_stream, on_entry, &r };
	struct err e;
	int status;

	r.words = (struct words_of){ .tenant = r.tenant->name, .serial = r.tenant->serial };
	if (p->limits->discover_service_name) {
		r.words.service = p->limits->service_name_labels.name;
		r.words.n_service = p->limits->service_name_labels.n;
	}
	words_of_init(&r.words);
	atomic_fetch_add(&r.tenant->held, 1);
	if (p->limits->reject_old_samples)
		r.oldest_ns = r.now_ns - p->limits->reject_old_samples_max_age_ns;
	r.newest_ns = r.now_ns + p->limits->creation_grace_period_ns;
	arena_reset(&lane->kept);
	begin_run(&r);
	if (p->decode(&sink, &lane->scratch, p->data, &e) < 0 || take_labels(&r, &e) < 0) {
		status = status_of(&e);
		buf_add_str(text, e.msg);
	} else {
		status = decide(&r, text);
		intake_metrics_decoded(in, &r);
	}
	if (status)
		take_back(&r);
	atomic_fetch_sub(&r.tenant->held, 1);
	if (lane->spelling.cap > SPELLING_KEPT)
		buf_release(&lane->spelling);
	if (r.cap_streams > STREAMS_KEPT) {
		free(r.stream);
		r.stream = NULL;
		r.cap_streams = 0;
	}
	lane->stream = r.stream;
	lane->cap_streams = r.cap_streams;
	lane->text = r.text;
	return status;
}

struct batch *lane_take_open(struct intake *in)
{
	struct batch *b;

	pthread_mutex_lock(&in->lane.lock);
	b = in->lane.open;
	if (b && b->es.n)
		in->lane.open = NULL;
	else
		b = NULL;
	pthread_mutex_unlock(&in->lane.lock);
	return b;
}

void lane_release(struct intake *in)
{
	struct lane *lane = &in->lane;

	if (lane->open)
		batch_free(in, lane->open);
	words_drop(lane->words);
	lane_tenants_release(lane);
	arena_release(&lane->scratch);
	arena_release(&lane->names);
	arena_release(&lane->kept);
	free(lane->meta);
	free(lane->stream);
	buf_release(&lane->text);
	buf_release(&lane->bad);
	buf_release(&lane->labels);
	buf_release(&lane->spelling);
	pthread_mutex_destroy(&lane->lock);
}
