#include "ingest/sink.h"

#include "base/io.h"
#include "base/num.h"
#include "ingest/batch.h"
#include "ingest/sender.h"

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

/* The first one is told at the end. Under the lock. */
static void keep_refusal(struct ingest *in, const struct err *why)
{
	if (in->refusal.code == ERR_NONE)
		in->refusal = *why;
}

/* In the log's thread. */
static void on_result(const struct wal_result *r, void *data)
{
	struct ingest *in = data;

	pthread_mutex_lock(&in->lock);
	if (r->refused) {
		tally(&in->counts.refused, r->n_entries, r->line_bytes);
		keep_refusal(in, r->refused);
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

static void on_warning(const struct err *e, void *data)
{
	const struct ingest *in = data;

	if (in->opts->note)
		in->opts->note(e, in->opts->data);
}

/* In the sender's thread. */
static void on_sent(const struct sender_result *r, void *data)
{
	struct ingest *in = data;

	pthread_mutex_lock(&in->lock);
	tally(&in->counts.done, r->n_done, r->done_bytes);
	tally(&in->counts.refused, r->n_refused, r->refused_bytes);
	if (r->refused)
		keep_refusal(in, r->refused);
	if (r->refused && !r->is_over)
		on_warning(r->refused, in);
	in->stop |= r->is_over;
	answer(in, r->batch_id, r->refused);
	tell_answers(in);
	pthread_mutex_unlock(&in->lock);
}

static void drain(struct ingest *in)
{
	if (in->sender)
		sender_drain(in->sender);
	else
		wal_writer_drain(in->writer);
}

void batch_answer(struct ingest *in, uint64_t batch_id, const struct err *refused)
{
	drain(in);
	pthread_mutex_lock(&in->lock);
	answer(in, batch_id, refused);
	tell_answers(in);
	pthread_mutex_unlock(&in->lock);
}

static int open_log(struct ingest *in, struct err *e)
{
	const struct ingest_opts *opts = in->opts;
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
		.data = in,
	};

	if (wal_writer_open(&w, &in->writer, e) < 0)
		return -1;
	in->streams = wal_writer_streams(in->writer);
	return 0;
}

static int open_sender(struct ingest *in, struct err *e)
{
	const struct ingest_opts *o = in->opts;
	struct sender_opts s = {
		.url = o->push_url,
		.send_tenant = o->tenant_given,
		.retries = (unsigned)o->retries,
		.on_result = on_sent,
		.warn = on_warning,
		.data = in,
	};

	in->given = o->http;
	if (httpc_given_read(&in->given, e) < 0)
		return -1;
	s.http = in->given.http;
	if (sender_open(&s, &in->sender, e) < 0)
		return -1;
	in->streams = sender_streams(in->sender);
	in->counts.sent = true;
	return 0;
}

int sink_open(struct ingest *in, struct err *e)
{
	return in->opts->push_url ? open_sender(in, e) : open_log(in, e);
}

void sink_submit(struct ingest *in, uint64_t batch_id)
{
	if (in->sender) {
		sender_submit(in->sender, &in->es, batch_id);
		return;
	}
	wal_writer_copy(in->writer, &in->copies);
	wal_writer_submit(in->writer, &in->es, batch_id);
}

void sink_forget_streams(struct ingest *in)
{
	if (in->sender)
		sender_forget_streams(in->sender);
	else
		wal_writer_forget_streams(in->writer);
}

void ingest_end_segment(struct ingest *in)
{
	if (in->writer)
		wal_writer_end_segment(in->writer);
}

int sink_close(struct ingest *in, struct err *e)
{
	int rc = 0;

	drain(in);
	if (in->sender)
		sender_close(in->sender);
	else
		rc = wal_writer_close(in->writer, e);
	if (in->ack_failure.code != ERR_NONE)
		rc = err_set(e, in->ack_failure.code, "%s", in->ack_failure.msg);
	if (in->refusal.code != ERR_NONE)
		rc = err_set(e, in->refusal.code, "%llu %s refused, %llu %s: %s",
			     (unsigned long long)in->counts.refused.n,
			     num_word(in->counts.refused.n, "entry was", "entries were"),
			     (unsigned long long)in->counts.done.n,
			     in->counts.sent ? "were taken" : "are in the log", in->refusal.msg);
	return rc;
}
