#include "ingest/batch.h"

#include <poll.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "ingest/input.h"
#include "ingest/levels.h"
#include "ingest/service.h"
#include "time/time.h"

/* Streams and spellings are forgotten when they take more: they would be, with labels that never
 * come back, without end. */
enum { STREAMS_MEMORY_MAX = 48 << 20 };

static const struct bytes SERVICE_NAME = { "service_name", 12 };

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
	*l = (struct labels){ v, n };
	if (labels_normalize(l, e) < 0)
		return -1;
	if ((in->opts->add & INGEST_ADD_SERVICE_NAME) && !labels_get_bytes(l, SERVICE_NAME).p) {
		/* Asked before the new label is counted: it has no name yet. */
		struct bytes service = service_name_of(l);

		l->v[l->n++] = (struct label){ SERVICE_NAME, service };
		return labels_normalize(l, e);
	}
	return 0;
}

/* What a sender can do about it: send it again when there is room, when somebody has looked at the
 * system, or never. */
static const char *word_of(const struct err *refused)
{
	switch (refused->code) {
	case ERR_FULL:
		return "full";
	case ERR_CORRUPT:
	case ERR_VERSION:
	case ERR_LIMIT:
	case ERR_USAGE:
		return "refused";
	default:
		return "failed";
	}
}

/* Writes the answers that were put together. Under the lock. */
static void tell_answers(struct ingest *in)
{
	if (in->opts->ack_fd >= 0 && in->ack.n && in->ack_failure.code == ERR_NONE &&
	    io_write(in->opts->ack_fd, in->ack.p, in->ack.n, &in->ack_failure) < 0) {
		err_wrap(&in->ack_failure, "cannot tell what was committed");
		in->stop = true;
	}
	buf_reset(&in->ack);
}

/* What became of a batch, to be told. Under the lock. */
static void answer(struct ingest *in, uint64_t batch_id, const struct err *refused)
{
	if (in->opts->input == INGEST_FRAMES && refused)
		buf_addf(&in->ack, "%llu %s: %s\n", (unsigned long long)batch_id, word_of(refused),
			 refused->msg);
	else if (in->opts->input == INGEST_FRAMES)
		buf_addf(&in->ack, "%llu ok\n", (unsigned long long)batch_id);
	else if (!refused)
		buf_addf(&in->ack, "%llu\n", (unsigned long long)in->counts.done.n);
}

/* In the log's thread. */
static void on_result(const struct wal_result *r, void *data)
{
	struct ingest *in = data;

	pthread_mutex_lock(&in->lock);
	if (r->refused) {
		tally(&in->counts.refused, r->n_entries, r->line_bytes);
		if (in->refusal.code == ERR_NONE)
			in->refusal = *r->refused;
		in->stop = true;
	} else {
		tally(&in->counts.done, r->n_entries, r->line_bytes);
	}
	answer(in, r->batch_id, r->refused);
	pthread_mutex_unlock(&in->lock);
}

static void on_settled(void *data)
{
	struct ingest *in = data;

	pthread_mutex_lock(&in->lock);
	tell_answers(in);
	pthread_mutex_unlock(&in->lock);
}

void batch_answer(struct ingest *in, uint64_t batch_id, const struct err *refused)
{
	wal_writer_drain(in->writer);
	pthread_mutex_lock(&in->lock);
	answer(in, batch_id, refused);
	tell_answers(in);
	pthread_mutex_unlock(&in->lock);
}

int ingest_open(const struct ingest_opts *opts, struct ingest **ret, struct err *e)
{
	struct wal_writer_opts w = {
		.dir = opts->wal_dir,
		.sync = opts->sync,
		.interval_ns = opts->sync_interval_ns,
		.segment_bytes = opts->segment_bytes,
		.segment_age_ns = opts->segment_age_ns,
		.reserve = opts->reserve,
		.after_refusal =
			opts->input == INGEST_FRAMES ? WAL_REFUSED_GO_ON : WAL_REFUSED_STOP,
		.on_result = on_result,
		.on_settled = on_settled,
	};
	struct ingest *in;

	if (labels_check_tenant(opts->tenant, e) < 0 || labels_check(&opts->labels, e) < 0)
		return -1;
	in = mem_alloc(sizeof(*in));
	in->opts = opts;
	w.data = in;
	pthread_mutex_init(&in->lock, NULL);
	if (wal_writer_open(&w, &in->writer, e) < 0) {
		free(in);
		return -1;
	}
	in->streams = wal_writer_streams(in->writer);
	in->cache = (struct label_cache){ .streams = in->streams, .amend = amend, .data = in };
	*ret = in;
	return 0;
}

void batch_submit(struct ingest *in, uint64_t batch_id)
{
	if (in->es.n == 0 && in->copies.n == 0)
		return;
	wal_writer_copy(in->writer, &in->copies);
	wal_writer_submit(in->writer, &in->es, batch_id);
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
	wal_writer_forget_streams(in->writer);
	label_cache_reset(&in->cache);
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

void batch_wait(struct ingest *in, int fd)
{
	enum { LOOK_MS = 20 };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	bool pending = true;

	while (pending && !in->stop && poll(&p, 1, LOOK_MS) == 0) {
		pthread_mutex_lock(&in->lock);
		pending = in->counts.done.n + in->counts.refused.n < in->counts.given.n;
		pthread_mutex_unlock(&in->lock);
	}
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
	case INGEST_FRAMES:
		return ingest_frames(in, fd, name, e);
	}
	return err_set(e, ERR_BUG, "input %d", in->opts->input);
}

void ingest_end_segment(struct ingest *in)
{
	wal_writer_end_segment(in->writer);
}

int ingest_close(struct ingest *in, struct ingest_counts *ret, struct err *e)
{
	int rc;

	batch_submit(in, 0);
	wal_writer_drain(in->writer);
	rc = wal_writer_close(in->writer, e);
	*ret = in->counts;
	if (in->ack_failure.code != ERR_NONE)
		rc = err_set(e, in->ack_failure.code, "%s", in->ack_failure.msg);
	if (in->refusal.code != ERR_NONE)
		rc = err_set(e, in->refusal.code, "%llu %s refused, %llu are in the log: %s",
			     (unsigned long long)in->counts.refused.n,
			     num_word(in->counts.refused.n, "entry was", "entries were"),
			     (unsigned long long)in->counts.done.n, in->refusal.msg);
	label_cache_release(&in->cache);
	entries_release(&in->es);
	wal_copies_release(&in->copies);
	arena_release(&in->arena);
	buf_release(&in->ack);
	pthread_mutex_destroy(&in->lock);
	free(in->meta);
	free(in->leveled);
	free(in);
	return rc;
}
