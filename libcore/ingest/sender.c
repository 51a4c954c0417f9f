#include "ingest/sender.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "codec/codec.h"
#include "labels/labels.h"
#include "push/encode.h"
#include "time/time.h"

enum { JOBS = 2, RETRY_AFTER_MAX_S = 3600 };

#define WAIT_MIN_NS (NS_PER_S / 2)
#define WAIT_MAX_NS (300 * NS_PER_S)

struct job {
	struct entries es;
	uint64_t batch_id;
};

struct sender {
	struct sender_opts opts;
	struct buf url;
	struct streams *streams;
	pthread_t thread;
	pthread_mutex_t lock;  /* jobs, n_jobs, stop */
	pthread_cond_t work;   /* to the thread */
	pthread_cond_t room;   /* from it: a job is done */
	struct job jobs[JOBS]; /* a ring: [first, first + n_jobs) */
	size_t first, n_jobs;
	bool stop;

	/* The thread's own. */
	struct httpc *http;
	struct codec *codec;
	struct push_encoder encoder;
	struct buf raw, body;
	struct httpc_answer answer;
	uint32_t *order;
	size_t cap_order;
	uint64_t random;
	struct err over; /* why nothing is sent any more */
};

void sender_url(const char *url, struct buf *out)
{
	const char *host = strstr(url, "://");
	size_t n = strlen(url);

	if (host && host[3 + strcspn(host + 3, "/?#")] != '\0' && strcmp(url + n - 1, "/") != 0) {
		buf_add_str(out, url);
		return;
	}
	buf_add(out, url, n - (url[n - 1] == '/'));
	buf_add_str(out, "/loki/api/v1/push");
}

/* The server takes nothing from us, or is none for this. */
static bool is_hopeless(int status)
{
	return status < 400 || status == 401 || status == 403 || status == 404 || status == 405;
}

/* Twice as long each time, less up to a half by chance, so that many who wait do not come at once;
 * and not before the server wants it. */
static int64_t wait_before(struct sender *s, unsigned attempt, int64_t retry_after_s)
{
	int64_t ns = s->opts.wait_min_ns, after = retry_after_s;

	for (unsigned i = 0; i < attempt && ns < s->opts.wait_max_ns; i++)
		ns *= 2;
	ns = ns < s->opts.wait_max_ns ? ns : s->opts.wait_max_ns;
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	ns -= (int64_t)((double)(s->random >> 33) / 0x1p31 * (double)ns / 2);
	after = (after < RETRY_AFTER_MAX_S ? after : RETRY_AFTER_MAX_S) * NS_PER_S;
	return ns > after ? ns : after;
}

static void pause_before(struct sender *s, unsigned attempt, const struct err *why)
{
	int64_t ns = wait_before(s, attempt, s->answer.retry_after_s);
	struct timespec t = { ns / NS_PER_S, ns % NS_PER_S };
	struct err e;

	err_set(&e, why->code, "%s; attempt %u of %u follows in %.1f s", why->msg, attempt + 2,
		s->opts.retries + 1, (double)ns / 1e9);
	if (s->opts.warn)
		s->opts.warn(&e, s->opts.data);
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

/* Sends what is in .body until the server has taken it: 0, or -1. */
static int deliver(struct sender *s, const struct httpc_request *r, struct err *e)
{
	for (unsigned attempt = 0;; attempt++) {
		int rc = httpc_do(s->http, r, &s->answer, e);

		if (rc == 0 && s->answer.status / 100 == 2)
			return 0;
		if (rc < 0 && e->code != ERR_AGAIN) {
			s->over = *e;
			return -1;
		}
		if (rc == 0)
			httpc_refused(buf_str(&s->url), &s->answer, ERR_LIMIT, e);
		if (e->code == ERR_AGAIN && attempt < s->opts.retries) {
			pause_before(s, attempt, e);
			continue;
		}
		if (e->code == ERR_AGAIN || is_hopeless(s->answer.status))
			s->over = *e;
		return -1;
	}
}

static int send_tenant(struct sender *s, const struct entries *es, const uint32_t *order, size_t n,
		       struct err *e)
{
	uint32_t tenant = streams_get(s->streams, es->v[order[0]].stream)->tenant;
	struct bytes name = streams_tenant(s->streams, tenant);
	char header[32 + TENANT_MAX];
	struct httpc_request r = { .method = "POST", .url = buf_str(&s->url) };

	if (s->over.code != ERR_NONE) {
		*e = s->over;
		return -1;
	}
	r.header[r.n_headers++] = "Content-Type: application/x-protobuf";
	if (s->opts.send_tenant || !bytes_is(name, "fake")) {
		snprintf(header, sizeof(header), "X-Scope-OrgID: %.*s", BYTES_ARG(name));
		r.header[r.n_headers++] = header;
	}
	buf_reset(&s->raw);
	buf_reset(&s->body);
	push_encode(&s->encoder, es, order, n, s->streams, &s->raw);
	codec_compress(s->codec, CODEC_SNAPPY, buf_bytes(&s->raw), &s->body);
	r.body = buf_bytes(&s->body);
	return deliver(s, &r, e);
}

struct by_stream {
	const struct entries *es;
	const struct streams *streams;
};

static int by_tenant_and_stream(const void *va, const void *vb, void *data)
{
	const struct by_stream *d = data;
	uint32_t ia = *(const uint32_t *)va, ib = *(const uint32_t *)vb;
	uint32_t a = d->es->v[ia].stream, b = d->es->v[ib].stream, ta, tb;

	if (a == b)
		return ia < ib ? -1 : 1;
	ta = streams_get(d->streams, a)->tenant;
	tb = streams_get(d->streams, b)->tenant;
	return ta != tb ? (ta < tb ? -1 : 1) : a < b ? -1 : 1;
}

/* The entries in s->order, those of a tenant together, those of a stream together, in their order.
 */
static void put_in_order(struct sender *s, const struct entries *es)
{
	struct by_stream d = { es, s->streams };

	mem_grow(&s->order, &s->cap_order, es->n, sizeof(*s->order));
	for (size_t i = 0; i < es->n; i++)
		s->order[i] = (uint32_t)i;
	qsort_r(s->order, es->n, sizeof(*s->order), by_tenant_and_stream, &d);
}

/* A request for each tenant. */
static void run_job(struct sender *s, const struct job *j)
{
	const struct entries *es = &j->es;
	struct sender_result r = { .batch_id = j->batch_id };
	struct err e, first = { 0 };

	put_in_order(s, es);
	for (size_t from = 0, to; from < es->n; from = to) {
		uint32_t tenant = streams_get(s->streams, es->v[s->order[from]].stream)->tenant;
		uint64_t bytes = 0;

		for (to = from; to < es->n; to++) {
			const struct entry_ref *v = &es->v[s->order[to]];

			if (streams_get(s->streams, v->stream)->tenant != tenant)
				break;
			bytes += v->line_len;
		}
		if (send_tenant(s, es, s->order + from, to - from, &e) == 0) {
			r.n_done += to - from;
			r.done_bytes += bytes;
			continue;
		}
		r.n_refused += to - from;
		r.refused_bytes += bytes;
		if (first.code == ERR_NONE)
			first = e;
	}
	r.refused = r.n_refused ? &first : NULL;
	r.is_over = s->over.code != ERR_NONE;
	s->opts.on_result(&r, s->opts.data);
}

static void *run(void *data)
{
	struct sender *s = data;

	pthread_mutex_lock(&s->lock);
	while (s->n_jobs || !s->stop) {
		struct job *j = &s->jobs[s->first];

		if (s->n_jobs == 0) {
			pthread_cond_wait(&s->work, &s->lock);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		run_job(s, j);
		entries_reset(&j->es);
		pthread_mutex_lock(&s->lock);
		s->first = (s->first + 1) % JOBS;
		s->n_jobs--;
		pthread_cond_broadcast(&s->room);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void free_sender(struct sender *s)
{
	for (size_t i = 0; i < JOBS; i++)
		entries_release(&s->jobs[i].es);
	httpc_close(s->http);
	httpc_answer_release(&s->answer);
	push_encoder_release(&s->encoder);
	codec_free(s->codec);
	streams_free(s->streams);
	buf_release(&s->url);
	buf_release(&s->raw);
	buf_release(&s->body);
	free(s->order);
	free(s);
}

/* A connection that the other end closed is told by the failed write alone. */
static int begin_thread(struct sender *s, struct err *e)
{
	sigset_t pipe, before;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	errno = pthread_create(&s->thread, NULL, run, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return errno ? err_sys(e, "cannot start a thread") : 0;
}

int sender_open(const struct sender_opts *opts, struct sender **ret, struct err *e)
{
	struct sender *s = mem_alloc(sizeof(*s));

	s->opts = *opts;
	if (!s->opts.wait_min_ns)
		s->opts.wait_min_ns = WAIT_MIN_NS;
	if (!s->opts.wait_max_ns)
		s->opts.wait_max_ns = WAIT_MAX_NS;
	sender_url(opts->url, &s->url);
	s->random = (uint64_t)time_now_ns() ^ (uint64_t)getpid() << 32;
	s->streams = streams_new();
	s->codec = codec_new(1);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	pthread_cond_init(&s->room, NULL);
	if (httpc_open(&opts->http, &s->http, e) < 0 || begin_thread(s, e) < 0) {
		free_sender(s);
		return -1;
	}
	*ret = s;
	return 0;
}

struct streams *sender_streams(struct sender *s)
{
	return s->streams;
}

void sender_submit(struct sender *s, struct entries *es, uint64_t batch_id)
{
	struct entries empty;
	struct job *j;

	if (es->n == 0)
		return;
	pthread_mutex_lock(&s->lock);
	while (s->n_jobs == JOBS)
		pthread_cond_wait(&s->room, &s->lock);
	j = &s->jobs[(s->first + s->n_jobs++) % JOBS];
	empty = j->es;
	j->es = *es;
	j->batch_id = batch_id;
	*es = empty;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

void sender_drain(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->n_jobs)
		pthread_cond_wait(&s->room, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void sender_forget_streams(struct sender *s)
{
	sender_drain(s);
	streams_reset(s->streams);
}

void sender_close(struct sender *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->room);
	free_sender(s);
}
