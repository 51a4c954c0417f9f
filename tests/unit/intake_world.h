/* What the tests of the intake share: one with its children, metrics and limits in a folder of its
 * own; pushes to it that are waited for; what is in its log.
 */
#ifndef TESTS_INTAKE_WORLD_H
#define TESTS_INTAKE_WORLD_H

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>

#include "unit.h"

#include "base/io.h"
#include "base/mem.h"
#include "server/child.h"
#include "server/intake.h"
#include "server/log.h"
#include "server/server_metrics.h"
#include "time/time.h"

enum { DEADLINE_S = 60 };

struct world {
	char *dir, *wal;
	struct children *children;
	struct metrics *metrics;
	struct limits_set *set;
	struct limits limits;
	struct log log;
	struct intake *in;
};

/* --- the daemon's programs --- */

static inline void bin_dir(struct buf *b)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	buf_addf(b, "%s/../bin", self);
	buf_str(b);
}

/* A lokid-ingest of the test's own, in w->dir: a shell script, with $REAL the real one. */
static inline void write_program(struct world *w, const char *script)
{
	struct buf path = { 0 }, text = { 0 }, bin = { 0 };
	struct err e;

	bin_dir(&bin);
	buf_addf(&path, "%s/lokid-ingest", w->dir);
	buf_addf(&text, "#!/bin/sh\nREAL='%s/lokid-ingest'\n%s\n", bin.p, script);
	assert_int_equal(file_replace_bytes(buf_str(&path), buf_bytes(&text), &e), 0);
	assert_int_equal(chmod(path.p, 0755), 0);
	buf_release(&path);
	buf_release(&text);
	buf_release(&bin);
}

/* script: NULL for the real lokid-ingest. change: of the options. */
static inline struct world *open_world(const char *script, void (*change)(struct intake_opts *o))
{
	struct world *w = mem_alloc(sizeof(*w));
	struct intake_opts o = { 0 };
	struct buf wal = { 0 }, bin = { 0 };
	struct err e;

	signal(SIGPIPE, SIG_IGN);
	w->dir = new_folder();
	buf_addf(&wal, "%s/wal", w->dir);
	w->wal = strdup(buf_str(&wal));
	bin_dir(&bin);
	if (script)
		write_program(w, script);
	assert_int_equal(children_open(script ? w->dir : bin.p, &w->children, &e), 0);
	w->metrics = metrics_new();
	server_metrics_register(w->metrics);
	w->set = limits_set_new();
	w->limits = *limits_of(w->set, BYTES_LIT("acme"));
	w->limits.reject_old_samples = false;
	w->log = (struct log){ .fd = -1, .level = LOG_ERROR };
	o = (struct intake_opts){ .children = w->children,
				  .metrics = w->metrics,
				  .log = &w->log,
				  .wal_dir = w->wal,
				  .sync = "none" };
	if (change)
		change(&o);
	assert_int_equal(intake_open(&o, &w->in, &e), 0);
	buf_release(&wal);
	buf_release(&bin);
	return w;
}

static inline void close_intake(struct world *w)
{
	if (w->in)
		intake_close(w->in, DEADLINE_S * NS_PER_S);
	intake_free(w->in);
	w->in = NULL;
}

static inline void close_world(struct world *w)
{
	close_intake(w);
	children_close(w->children);
	metrics_free(w->metrics);
	limits_set_drop(w->set);
	remove_folder(w->dir);
	free(w->wal);
	free(w);
}

/* --- pushes --- */

struct pushed {
	pthread_mutex_t lock;
	pthread_cond_t more;
	const char *json;
	bool answered;
	int status;
	unsigned retry_after_s, n_refused;
	uint64_t refused_sum;
	char text[16384];
};

static inline int decode(const struct push_sink *sink, struct arena *a, void *data, struct err *e)
{
	struct pushed *p = data;

	return push_json(bytes_str(p->json), sink, a, e);
}

static inline void refused(uint64_t entry, int status, struct bytes why, void *data)
{
	struct pushed *p = data;

	assert_true(status >= 400 && why.n);
	p->n_refused++;
	p->refused_sum += entry;
}

static inline void answered(const struct intake_answer *a, void *data)
{
	struct pushed *p = data;

	pthread_mutex_lock(&p->lock);
	assert_false(p->answered);
	p->answered = true;
	p->status = a->status;
	p->retry_after_s = a->retry_after_s;
	snprintf(p->text, sizeof(p->text), "%.*s", BYTES_ARG(a->text));
	pthread_cond_broadcast(&p->more);
	pthread_mutex_unlock(&p->lock);
}

static inline void begin_push(struct world *w, struct pushed *p, const char *tenant,
			      const char *json)
{
	*p = (struct pushed){ .lock = PTHREAD_MUTEX_INITIALIZER,
			      .more = PTHREAD_COND_INITIALIZER,
			      .json = json };
	intake_push(w->in, &(struct intake_push){ .tenant = bytes_str(tenant),
						  .limits = &w->limits,
						  .decode = decode,
						  .refused = refused,
						  .answered = answered,
						  .data = p });
}

static inline void wait_answer(struct pushed *p)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	pthread_mutex_lock(&p->lock);
	while (!p->answered)
		assert_int_equal(pthread_cond_timedwait(&p->more, &p->lock, &until), 0);
	pthread_mutex_unlock(&p->lock);
}

static struct pushed last;

static inline void push_as(struct world *w, const char *tenant, const char *json)
{
	begin_push(w, &last, tenant, json);
	wait_answer(&last);
}

static inline void push(struct world *w, const char *json)
{
	push_as(w, "acme", json);
}

#define STREAM(labels, values) "{\"streams\":[{\"stream\":" labels ",\"values\":[" values "]}]}"
#define LINE(ts, line)	       "[\"" ts "\",\"" line "\"]"
#define T1		       "1768471200000000001"
#define T2		       "1768471200000000002"
#define T3		       "1768471200000000003"

#define assert_answer(st, words)                         \
	do {                                             \
		assert_string_equal(last.text, (words)); \
		assert_int_equal(last.status, (st));     \
	} while (0)

/* What is in the log, as JSON lines in the order of time. Ends the intake. */
static inline const char *logged(struct world *w)
{
	static struct buf out;
	struct buf cmd = { 0 };
	char piece[4096];
	FILE *f;
	size_t n;

	close_intake(w);
	bin_dir(&cmd);
	buf_addf(&cmd, "/walreplay '%s' | sort", w->wal);
	f = popen(buf_str(&cmd), "r");
	assert_non_null(f);
	buf_reset(&out);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&out, piece, n);
	assert_int_equal(pclose(f), 0);
	buf_release(&cmd);
	return buf_str(&out);
}

static inline double counted(struct world *w, enum server_metric which, const char *a,
			     const char *b)
{
	return metrics_value(b ? metric_of2(w->metrics, which, bytes_str(a), bytes_str(b))
			       : metric_of1(w->metrics, which, bytes_str(a)));
}

#endif
