#include "ingest/batch.h"

#include <poll.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/owner.h"
#include "ingest/input.h"
#include "ingest/levels.h"
#include "labels/service.h"
#include "ingest/sink.h"
#include "push/push.h"
#include "time/time.h"

/* Streams and spellings are forgotten when they take more: they would be, with labels that never
 * come back, without end. */
enum { STREAMS_MEMORY_MAX = 48 << 20 };

/* How long entries wait for more that goes with them in one request. */
#define PUSH_WAIT_NS NS_PER_S
/* The same of what comes by the network without a pause. */
#define LISTEN_WAIT_NS (50 * NS_PER_MS)

static const struct bytes SERVICE_NAME = { "service_name", 12 };
static const struct label JOB_SYSLOG = { { "job", 3 }, { "syslog", 6 } };

/* Adds the labels of the command line, where the entry has none of that name, and service_name. */
static int amend(struct labels *l, struct arena *a, void *data, struct err *e)
{
	const struct ingest *in = data;
	const struct labels *own = &in->opts->labels;
	struct label *v = arena_alloc(a, (l->n + own->n + 1) * sizeof(*v));
	size_t n = l->n;

	if (n)
		memcpy(v, l->v, n * sizeof(*v));
	for (size_t i = 0; i < own->n; i++)
		if (!labels_get_bytes(l, own->v[i].name).p)
			v[n++] = own->v[i];
	if (n == 0 && in->opts->input == INGEST_SYSLOG)
		v[n++] = JOB_SYSLOG;
	*l = (struct labels){ v, n };
	if (labels_normalize(l, e) < 0)
		return -1;
	if ((in->opts->add & INGEST_ADD_SERVICE_NAME) && !labels_get_bytes(l, SERVICE_NAME).p) {
		/* Asked before the new label is counted: it has no name yet. */
		struct bytes service =
			in->n_service_labels
				? service_name_among(l, in->service_label, in->n_service_labels)
				: service_name_of(l);

		l->v[l->n++] = (struct label){ SERVICE_NAME, service };
		return labels_normalize(l, e);
	}
	return 0;
}

static int parse_pairs(struct bytes spelling, struct arena *a, struct labels *ret, struct err *e)
{
	struct push_labels l = { PUSH_LABELS_PAIRS, spelling };

	return push_labels_parse(&l, a, ret, e);
}

static void split_service_labels(struct ingest *in, const char *list)
{
	size_t n = 1;
	char *rest;

	for (const char *p = list; *p; p++)
		n += *p == ',';
	in->service_label = mem_alloc(n * sizeof(*in->service_label));
	buf_add_str(&in->service_text, list);
	rest = (char *)(uintptr_t)buf_str(&in->service_text);
	for (char *name; (name = strsep(&rest, ","));)
		in->service_label[in->n_service_labels++] = name;
}

int ingest_open(const struct ingest_opts *opts, struct ingest **ret, struct err *e)
{
	struct ingest *in;
	struct err why;

	if (labels_check_tenant(opts->tenant, e) < 0 || labels_check(&opts->labels, e) < 0)
		return -1;
	in = mem_alloc(sizeof(*in));
	in->opts = opts;
	pthread_mutex_init(&in->lock, NULL);
	if (sink_open(in, e) < 0) {
		httpc_given_release(&in->given);
		free(in);
		return -1;
	}
	if (!opts->push_url && !opts->quiet && opts->note &&
	    owner_is_other(opts->wal_dir, "lokid-ingest", &why))
		opts->note(&why, opts->data);
	if (opts->service_labels)
		split_service_labels(in, opts->service_labels);
	in->cache = (struct label_cache){ .streams = in->streams, .amend = amend, .data = in };
	if (opts->input == INGEST_SYSLOG)
		in->cache.parse = parse_pairs;
	*ret = in;
	return 0;
}

void batch_submit(struct ingest *in, uint64_t batch_id)
{
	if (in->es.n == 0 && in->copies.n == 0)
		return;
	sink_submit(in, batch_id);
	in->weight = 0;
	if (in->opts->progress)
		in->opts->progress(&in->counts.given, in->opts->data);
	if (in->opts->input != INGEST_FRAMES)
		batch_bound_memory(in);
}

void batch_bound_memory(struct ingest *in)
{
	if (streams_memory(in->streams) + label_cache_memory(&in->cache) <= STREAMS_MEMORY_MAX)
		return;
	sink_forget_streams(in);
	label_cache_reset(&in->cache);
	in->n_forgotten++;
	in->n_leveled = 0;
}

/* Does a label say the level of all of a stream's entries? Asked once per stream. */
enum has_level { LEVEL_UNKNOWN, LEVEL_IN_LABELS, LEVEL_IN_ENTRIES };

static bool has_level(struct ingest *in, uint32_t stream)
{
	if (stream >= in->n_leveled) {
		size_t n = streams_count(in->streams);

		mem_grow(&in->leveled, &in->cap_leveled, n, 1);
		memset(in->leveled + in->n_leveled, LEVEL_UNKNOWN, n - in->n_leveled);
		in->n_leveled = n;
	}
	if (in->leveled[stream] == LEVEL_UNKNOWN) {
		struct labels l = streams_labels(in->streams, stream, &in->arena);

		in->leveled[stream] = level_of_labels(&l).n ? LEVEL_IN_LABELS : LEVEL_IN_ENTRIES;
	}
	return in->leveled[stream] == LEVEL_IN_LABELS;
}

static uint32_t meta_with_level(struct ingest *in, uint32_t stream, struct bytes line,
				const struct label *meta, size_t n_meta)
{
	struct bytes of_stream = { 0 };
	size_t n;

	arena_reset(&in->arena);
	if (has_level(in, stream)) {
		struct labels l = streams_labels(in->streams, stream, &in->arena);

		of_stream = level_of_labels(&l);
	}
	mem_grow(&in->meta, &in->cap_meta, n_meta + 1, sizeof(*in->meta));
	n = level_add(meta, n_meta, of_stream, line, in->meta);
	return metatab_add(&in->es.meta, in->meta, n);
}

void batch_add(struct ingest *in, uint32_t stream, int64_t ts_ns, struct bytes line,
	       const struct label *meta, size_t n_meta)
{
	uint32_t set = 0;

	if (in->es.n == 0 && in->opts->push_url)
		in->due_ns = time_mono_ns() + PUSH_WAIT_NS;
	else if (in->es.n == 0 && in->opts->n_listen)
		in->due_ns = time_mono_ns() + LISTEN_WAIT_NS;
	if (in->opts->add & INGEST_ADD_DETECTED_LEVEL)
		set = meta_with_level(in, stream, line, meta, n_meta);
	else if (n_meta)
		set = metatab_add(&in->es.meta, meta, n_meta);
	entries_add(&in->es, stream, ts_ns, line, set);
	tally(&in->counts.given, 1, line.n);
	in->weight += ENTRY_WEIGHT + line.n;
	for (size_t i = 0; i < n_meta; i++)
		in->weight += meta[i].name.n + meta[i].value.n;
}

void batch_bad(struct ingest *in, const struct err *e)
{
	if (in->opts->report)
		in->opts->report(e, in->opts->data);
}

bool batch_is_over(struct ingest *in)
{
	bool over;

	if (!in->stop)
		return false;
	pthread_mutex_lock(&in->lock);
	over = in->ack_failure.code != ERR_NONE || in->opts->input != INGEST_FRAMES;
	pthread_mutex_unlock(&in->lock);
	return over;
}

bool batch_is_pending(struct ingest *in)
{
	bool pending;

	pthread_mutex_lock(&in->lock);
	pending = in->counts.done.n + in->counts.refused.n < in->counts.given.n;
	pthread_mutex_unlock(&in->lock);
	return pending;
}

int batch_due_ms(const struct ingest *in)
{
	int64_t left_ns = in->due_ns - time_mono_ns();

	if (in->es.n == 0)
		return -1;
	return left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0;
}

/* Waits for input on fd, but no longer than until the log refuses: an input that is silent from
 * then on must not keep the refusal from being told. */
static void wait_for_input(struct ingest *in, int fd)
{
	enum { LOOK_MS = 20 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool pending = true;

	while (pending && !in->stop && poll(&p, 1, LOOK_MS) == 0)
		pending = batch_is_pending(in);
}

/* Is what there is to go on now, although more would have room? Into the log, when the input would
 * make it wait; to a server, when it has waited for more long enough. */
static bool is_due(struct ingest *in, const struct input *input)
{
	struct pollfd p = { .fd = input->fd, .events = POLLIN };

	if (in->es.n == 0)
		return false;
	return in->opts->push_url ? poll(&p, 1, batch_due_ms(in)) == 0 : input_would_wait(input);
}

bool batch_wants_more(struct ingest *in, const struct input *input)
{
	bool full = batch_is_full(in);

	if (full || is_due(in, input))
		batch_submit(in, 0);
	if (!full)
		wait_for_input(in, input->fd);
	return !full;
}

int batch_fill(struct ingest *in, struct input *input, struct err *e)
{
	int rc = input_fill(input, e);

	if ((rc < 0 || input->at_end) && in->opts->interrupted &&
	    in->opts->interrupted(in->opts->data)) {
		input->at = input->buf.n;
		input->at_end = true;
		return 0; /* compressed bytes that end too early are then no damage */
	}
	return rc;
}

unsigned long long ingest_lines_read(const struct ingest *in)
{
	return in->n_lines;
}

int ingest_fd(struct ingest *in, int fd, const char *name, struct err *e)
{
	in->n_lines = 0;
	switch (in->opts->input) {
	case INGEST_LINES:
		return ingest_lines(in, fd, name, e);
	case INGEST_JSONL:
		return ingest_jsonl(in, fd, name, e);
	case INGEST_SYSLOG:
		return ingest_syslog(in, fd, name, e);
	case INGEST_FRAMES:
		return ingest_frames(in, fd, name, e);
	}
	return err_set(e, ERR_BUG, "input %d", in->opts->input);
}

int ingest_close(struct ingest *in, struct ingest_counts *ret, struct err *e)
{
	int rc;

	batch_submit(in, 0);
	rc = sink_close(in, e);
	*ret = in->counts;
	label_cache_release(&in->cache);
	entries_release(&in->es);
	wal_copies_release(&in->copies);
	arena_release(&in->arena);
	buf_release(&in->ack);
	httpc_given_release(&in->given);
	free(in->service_label);
	buf_release(&in->service_text);
	pthread_mutex_destroy(&in->lock);
	free(in->meta);
	free(in->leveled);
	free(in);
	return rc;
}
