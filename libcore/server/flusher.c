/*
 * All of this happens on the children's thread, but for what flusher_flush and flusher_look share
 * with other threads, under the lock, and for what waits for a disk: a thread of the flusher's own
 * looks at the log's folder and at new index files, another at the cache. Others wait for the
 * children's thread, so it waits for nothing.
 *
 * A round: look at the log's folder; closed segments are there, so a pipe of three is started; when
 * the last of the three has ended, what is covered is pruned. When the first met damage, what is
 * damaged is mended before that, and the pipe is run once more. Looks come by the clock, after each
 * round, and when somebody asks for a flush: that waits for a round that began when no segment of
 * its time was open any more.
 *
 * What no mending helps, as a segment of a later version or one that we may not read, stays. It is
 * told once, and no round begins for it by the clock until there is another segment.
 */
#include "server/flusher.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "server/config.h"
#include "server/flush_output.h"
#include "server/intake.h"
#include "server/leftover.h"
#include "server/program.h"
#include "server/server_metrics.h"
#include "server/store_watch.h"
#include "server/syslog.h"
#include "server/tasks.h"
#include "store/cache.h"
#include "time/time.h"

enum {
	LOOK_SOON_MS = 20,	   /* from one look to the next, while somebody waits */
	OTHERS_S = 5,		   /* writers that are not ours end their segments when they like */
	TIMEOUT_S = 3600,	   /* of one program: it is stuck */
	TO_PACK_BYTES = 256 << 10, /* of the pipe of what is replayed */
	BACKOFF_MAX_S = 60,
};

enum stage { REPLAY, PACK, INDEX, MEND, PRUNE, N_STAGES };

struct waiting {
	void (*done)(int rc, const struct err *e, void *data);
	void *data;
	int64_t asked_ns; /* segments begun before are its own */
	bool in_round;	  /* the round under way packs all of them */
	struct waiting *next;
};

/* Names of index files whose chunks are to be counted. */
struct counting {
	struct task task;
	struct flusher *f;
	int names_fd;
};

struct flusher {
	struct server *server;
	struct tasks *disk;
	struct tasks *cache;   /* waits for nothing that hangs in the log or the store */
	pthread_mutex_t lock;  /* asked, over and state */
	struct waiting *asked; /* by other threads, not looked at yet */
	bool over;	       /* nobody looks any more */
	struct flusher_state state;

	struct waiting *waiting; /* from here on the children's thread alone */
	bool looks_soon;	 /* it is due already */
	struct task looking;	 /* on the other thread, */
	bool is_looking;	 /* while this is set */
	bool looks_again;	 /* somebody came meanwhile */
	int look_rc;		 /* -1: it could not */
	struct err look_error;
	struct flush_sight sight;	 /* what it saw, */
	struct leftover leftover;	 /* and what rounds have left of it */
	bool had_folder;		 /* of that thread: the log's folder was there */
	void (*seen)(struct flusher *f); /* what is done then */
	struct program program[N_STAGES];
	int names_fd;		/* what INDEX prints, while it runs; -1: it is lost */
	int mended_fd;		/* the same of MEND */
	unsigned n_running;	/* of the round's programs, and the task between them */
	bool damaged;		/* the round's REPLAY met damage that is to be mended; */
	bool mended;		/* that was tried, or is known to be in vain */
	bool met_damage;	/* that stays; */
	bool met_else;		/* something else failed */
	struct task forgetting; /* on the other thread, */
	struct err forgot;	/* what came of it */
	int nice;		/* the programs' */
	struct err failure;	/* the round's first */
	int64_t round_begun_ns;
	int64_t not_before_ns;	 /* of time_mono_ns: the next round, after one that failed, or that
				    left what it found */
	int64_t oldest_found_ns; /* of the closed segments when the round began */
};

static void set_failure(struct flusher *f, const struct err *e)
{
	if (f->failure.code == ERR_NONE)
		f->failure = *e;
}

/* Tells those whom the round that ended served, or all when the daemon ends. */
static void tell_waiting(struct flusher *f, int rc, const struct err *e, bool all)
{
	struct waiting **at = &f->waiting;

	while (*at) {
		struct waiting *w = *at;

		if (!w->in_round && !all) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		w->done(rc, e, w->data);
		free(w);
	}
}

static void look(void *data);

static void look_again(void *data)
{
	struct flusher *f = data;

	f->looks_soon = false;
	look(f);
}

/* While somebody waits; how many is all one. */
static void look_soon(struct flusher *f)
{
	if (!f->waiting || f->looks_soon)
		return;
	f->looks_soon = true;
	children_later(f->server->children, LOOK_SOON_MS * NS_PER_MS, look_again, f);
}

static void looked(void *data)
{
	struct flusher *f = data;

	f->is_looking = false;
	f->seen(f);
	if (!f->looks_again)
		return;
	f->looks_again = false;
	look(f);
}

static void run_look(struct task *t)
{
	struct flusher *f = (struct flusher *)((char *)t - offsetof(struct flusher, looking));

	f->look_rc = flush_sight_look(f->server, &f->leftover, &f->had_folder, &f->sight,
				      &f->look_error);
	if (f->look_rc == 0) {
		pthread_mutex_lock(&f->lock);
		f->state.log = f->sight;
		pthread_mutex_unlock(&f->lock);
	}
	children_later(f->server->children, 0, looked, f);
}

/* On the thread that may wait for a disk; then seen is called, on this one. At the end of the
 * daemon nothing happens any more. */
static void begin_look(struct flusher *f, void (*seen)(struct flusher *f))
{
	f->seen = seen;
	f->looking.run = run_look;
	f->is_looking = tasks_add(f->disk, &f->looking);
}

/* Takes over what other threads have asked for. */
static void take_asked(struct flusher *f)
{
	struct waiting *w;

	pthread_mutex_lock(&f->lock);
	w = f->asked;
	f->asked = NULL;
	pthread_mutex_unlock(&f->lock);
	while (w) {
		struct waiting *next = w->next;

		w->next = f->waiting;
		f->waiting = w;
		w = next;
	}
}

static void tell_round(struct flusher *f)
{
	bool failed = f->failure.code != ERR_NONE;

	if (!failed && f->look_rc < 0)
		log_event(&f->server->log, LOG_WARN, "cannot look at the log", "err",
			  f->look_error.msg, NULL);
	tell_waiting(f, failed ? -1 : 0, &f->failure, false);
	take_asked(f); /* a look during the round left them */
	look_soon(f);
}

static void round_ended(struct flusher *f)
{
	int64_t now = time_mono_ns();
	bool told = leftover_end(&f->leftover, f->met_damage && !f->met_else, &f->failure);
	bool failed = f->failure.code != ERR_NONE, again, ran;
	struct err why = f->failure;

	pthread_mutex_lock(&f->lock);
	again = f->state.n_failed > 0;
	ran = f->state.running; /* else it failed before it began */
	f->state.running = false;
	f->state.n_failed = failed ? f->state.n_failed + 1 : 0;
	f->state.failure = why;
	if (failed) {
		unsigned n = f->state.n_failed < 7 ? f->state.n_failed : 7;
		int64_t s = INT64_C(1) << (n - 1);

		f->not_before_ns = now + (s < BACKOFF_MAX_S ? s : BACKOFF_MAX_S) * NS_PER_S;
	} else {
		f->state.last_success_ns = time_now_ns();
		f->not_before_ns = 0;
	}
	pthread_mutex_unlock(&f->lock);
	metrics_add(metric_of1(f->server->metrics, METRIC_FLUSH_ROUNDS,
			       bytes_str(failed ? "failed" : "ok")),
		    1);
	if (ran)
		metrics_observe(metric_of(f->server->metrics, METRIC_FLUSH_SECONDS),
				(double)(now - f->round_begun_ns) / 1e9);
	if (failed) /* at the end it is cut off, and the next daemon goes on with it */
		log_event(&f->server->log,
			  told || atomic_load(&f->server->stopping) ? LOG_DEBUG : LOG_ERROR,
			  "flush failed", "err", why.msg, NULL);
	else
		log_event(&f->server->log, again ? LOG_INFO : LOG_DEBUG,
			  again ? "flushing works again" : "flushed", NULL);
	/* So that those who ask from now on see how much is left. */
	if (failed)
		tell_round(f);
	else
		begin_look(f, tell_round);
}

static void count_stored(struct task *t)
{
	struct counting *c = (struct counting *)t; /* its first member */

	flush_output_indexed(c->f->server, c->names_fd);
	free(c);
}

/* Before the look that follows the round: who waited for it sees what it has made. */
static void begin_count(struct flusher *f, int names_fd)
{
	struct counting *c = mem_alloc(sizeof(*c));

	*c = (struct counting){ .task.run = count_stored, .f = f, .names_fd = names_fd };
	if (tasks_add(f->disk, &c->task))
		return;
	close(names_fd); /* the daemon ends, and its metrics with it */
	free(c);
}

static void count_end(struct flusher *f, enum stage stage, const struct child_end *end)
{
	struct metrics *m = f->server->metrics;

	if (stage == REPLAY && end->status == err_exit_code(ERR_CORRUPT))
		metrics_add(metric_of1(m, METRIC_WAL_CORRUPTIONS, BYTES_LIT("segment")), 1);
	if (stage != INDEX)
		return;
	if (end->status == 0)
		metrics_observe(metric_of(m, METRIC_INDEX_UPLOAD_SECONDS),
				(double)end->run_ns / 1e9);
	if (f->names_fd >= 0)
		begin_count(f, f->names_fd);
}

static void start(struct flusher *f, enum stage stage, int in, int out);

static void set_over(struct err *e)
{
	err_set(e, ERR_AGAIN, "the daemon ends");
}

static void forgotten(void *data)
{
	struct flusher *f = data;

	f->n_running--;
	if (f->forgot.code == ERR_NONE) {
		start(f, PRUNE, -1, -1);
		return;
	}
	set_failure(f, &f->forgot);
	f->met_else = true;
	round_ended(f);
}

static void run_forget(struct task *t)
{
	struct flusher *f = (struct flusher *)((char *)t - offsetof(struct flusher, forgetting));

	if (cache_forget_answers(f->server->cache, &f->forgot) < 0)
		err_wrap(&f->forgot, "the cache");
	children_later(f->server->children, 0, forgotten, f);
}

/* Queries are to find in the store what is about to leave the log. What is packed is pruned, also
 * when a part of it could not be. */
static void begin_prune(struct flusher *f)
{
	f->forgot = (struct err){ 0 };
	f->forgetting.run = run_forget;
	f->n_running++;
	if (f->server->cache && tasks_add(f->cache, &f->forgetting))
		return;
	if (f->server->cache)
		set_over(&f->forgot);
	forgotten(f);
}

static bool is_unread(const struct flusher *f, const struct child_end *end)
{
	return f->sight.unread.code != ERR_NONE && end->status == err_exit_code(ERR_IO);
}

/* What is to be done about it is done once in a round: what is damaged then stays so. */
static bool is_to_be_mended(struct flusher *f, enum stage stage, const struct child_end *end,
			    const struct err *failure)
{
	bool met = end->status == err_exit_code(ERR_CORRUPT), unread = is_unread(f, end);

	if (stage != REPLAY || f->mended || !met) {
		f->met_damage |= stage == REPLAY && (met || unread);
		/* What stays in the log cannot be pruned either. */
		f->met_else |= !(met || unread) || (stage != REPLAY && stage != PRUNE);
		return false;
	}
	log_event(&f->server->log, leftover_was_told(&f->leftover, failure) ? LOG_DEBUG : LOG_ERROR,
		  "a flush met damage", "err", failure->msg, NULL);
	f->damaged = true;
	return true;
}

static void start_pipe(struct flusher *f);

static void ended(struct program *p, const struct child_end *end, const struct err *failure)
{
	struct flusher *f = p->data;
	enum stage stage = (enum stage)(p - f->program);
	bool lost =
		stage == MEND && (end->status == err_exit_code(ERR_CORRUPT) || is_unread(f, end));

	count_end(f, stage, end);
	if (failure->code != ERR_NONE && !lost && !is_to_be_mended(f, stage, end, failure))
		set_failure(f, failure);
	if (--f->n_running)
		return;
	if (stage == MEND && f->mended_fd >= 0)
		flush_output_mended(f->server, f->mended_fd);
	if (stage == PRUNE)
		round_ended(f);
	else if (stage == MEND && f->failure.code == ERR_NONE)
		start_pipe(f);
	else if (f->damaged && !f->mended && f->failure.code == ERR_NONE)
		start(f, MEND, -1, -1);
	else
		begin_prune(f);
}

/* What a program prints, into memory. Without, it works all the same. */
static int keep_output(struct flusher *f, int *ret_ours)
{
	int child = -1;
	struct err e;

	if (program_output(ret_ours, &child, &e) < 0)
		log_event(&f->server->log, LOG_WARN, "what a flush prints is lost", "err", e.msg,
			  NULL);
	return child;
}

/*
 * Pushes and queries come first, but what waits in the log makes queries dear: a busy machine that
 * left the flush behind would get busier by it. So it comes before queries when much waits.
 */
static int flush_nice(uint64_t n_closed)
{
	if (n_closed >= 16)
		return 0;
	return n_closed >= 4 ? 4 : 10; /* 4: as short queries */
}

/* chunkpack's options, from what the settings say of chunks. */
struct pack_args {
	const char *argv[18];
	size_t n;
	char memory[24], chunk_size[24], block_size[24], level[24];
};

static void add_number(struct pack_args *a, const char *option, uint64_t n, char text[24])
{
	if (!n)
		return;
	snprintf(text, 24, "%llu", (unsigned long long)n);
	a->argv[a->n++] = option;
	a->argv[a->n++] = text;
}

static void make_pack_args(const struct config *c, struct pack_args *a)
{
	*a = (struct pack_args){ .argv = { "chunkpack", "--store", c->store, "--encoding",
					   c->flush.encoding },
				 .n = 5 };
	add_number(a, "--memory", c->flush.memory_bytes, a->memory);
	if (strcmp(c->flush.encoding, "zstd") == 0)
		add_number(a, "--level", c->flush.level, a->level);
	add_number(a, "--chunk-size", c->flush.chunk_bytes, a->chunk_size);
	add_number(a, "--block-size", c->flush.block_bytes, a->block_size);
	a->argv[a->n++] = "--filter";
	a->argv[a->n++] = c->flush.filter;
	a->argv[a->n++] = "--lines";
	a->argv[a->n++] = c->flush.lines;
}

static void start(struct flusher *f, enum stage stage, int in, int out)
{
	struct server *s = f->server;
	struct pack_args pack;
	const char *const replay[] = { "walreplay",	 "--frames",	 "--unpacked", "--store",
				       s->config->store, s->config->wal, NULL };
	const char *const index[] = { "idxbuild", "--store", s->config->store, NULL };
	const char *const mend[] = { "walreplay", "--mend", s->config->wal, NULL };
	const char *const prune[] = { "walreplay",	"--prune",	"-q", "--store",
				      s->config->store, s->config->wal, NULL };
	const char *const *const argv[] = { replay, pack.argv, index, mend, prune };

	make_pack_args(s->config, &pack);
	if (stage == INDEX)
		out = keep_output(f, &f->names_fd);
	if (stage == MEND) {
		f->mended = true;
		out = keep_output(f, &f->mended_fd);
	}
	f->n_running++;
	program_start(&f->program[stage], &(struct child_opts){ .argv = argv[stage],
								.fd = { in, out, -1, -1 },
								.timeout_ns = TIMEOUT_S * NS_PER_S,
								.nice = f->nice });
}

static void fail_pipe(struct flusher *f)
{
	struct err e;

	err_sys(&e, "pipe");
	set_failure(f, &e);
	round_ended(f);
}

static void start_pipe(struct flusher *f)
{
	int to_pack[2], to_index[2];

	if (pipe2(to_pack, O_CLOEXEC) < 0) {
		fail_pipe(f);
		return;
	}
	if (pipe2(to_index, O_CLOEXEC) < 0) {
		fail_pipe(f);
		close(to_pack[0]);
		close(to_pack[1]);
		return;
	}
	io_widen_pipe(to_pack[1], TO_PACK_BYTES);
	start(f, REPLAY, -1, to_pack[1]);
	start(f, PACK, to_pack[0], to_index[1]);
	start(f, INDEX, to_index[0], -1);
}

static void start_round(struct flusher *f)
{
	f->failure = (struct err){ 0 };
	f->damaged = f->met_damage = f->met_else = false;
	f->mended = !leftover_has_new(&f->leftover); /* who asked is told why */
	leftover_begin(&f->leftover);
	f->round_begun_ns = time_mono_ns();
	pthread_mutex_lock(&f->lock);
	f->nice = flush_nice(f->sight.n_closed);
	f->oldest_found_ns = f->sight.oldest_unflushed_ns;
	f->state.running = true;
	f->state.begun_mono_ns = f->round_begun_ns;
	pthread_mutex_unlock(&f->lock);
	start_pipe(f);
}

/* What is to be done about what was seen. */
static void decide(struct flusher *f)
{
	const struct flush_sight *seen = &f->sight;
	bool served = false;

	if (f->look_rc < 0) {
		f->failure = f->look_error;
		for (struct waiting *w = f->waiting; w; w = w->next)
			w->in_round = true;
		round_ended(f);
		return;
	}
	/* 0: no round has begun yet, or it was of one whose header tells no time. */
	if (seen->n_closed && f->oldest_found_ns &&
	    f->oldest_found_ns == seen->oldest_unflushed_ns && !f->not_before_ns)
		f->not_before_ns = time_mono_ns() + BACKOFF_MAX_S * NS_PER_S;
	for (struct waiting *w = f->waiting; w; w = w->next) {
		w->in_round = seen->oldest_open_ns > w->asked_ns ||
			      time_now_ns() - w->asked_ns > OTHERS_S * NS_PER_S;
		served |= w->in_round;
	}
	/* Who asks for a flush is told why there is none. */
	if (seen->n_closed &&
	    (served || (leftover_has_new(&f->leftover) && time_mono_ns() >= f->not_before_ns &&
			!store_watch_look(f->server->watch).away))) {
		start_round(f);
		return;
	}
	if (!seen->n_closed)
		tell_waiting(f, seen->unread.code == ERR_NONE ? 0 : -1, &seen->unread, false);
	look_soon(f);
}

static void look(void *data)
{
	struct flusher *f = data;

	if (f->n_running)
		return;
	if (f->is_looking) {
		f->looks_again = true;
		return;
	}
	take_asked(f);
	begin_look(f, decide);
}

static void tick(void *data)
{
	struct flusher *f = data;

	children_later(f->server->children, f->server->config->flush.check_period_ns, tick, f);
	look(f);
}

static void hurry(void *data)
{
	struct flusher *f = data;

	f->not_before_ns = 0;
	f->oldest_found_ns = 0; /* and not because that was left */
	leftover_forget(&f->leftover);
	look(f);
}

void flusher_hurry(struct flusher *f)
{
	children_later(f->server->children, 0, hurry, f);
}

int flusher_open(struct server *s, struct flusher **ret, struct err *e)
{
	static const char *const names[N_STAGES] = { "walreplay", "chunkpack", "idxbuild",
						     "walreplay", "walreplay" };
	struct flusher *f = mem_alloc(sizeof(*f));

	*f = (struct flusher){ .server = s };
	for (int i = 0; i < N_STAGES; i++)
		f->program[i] = (struct program){
			.server = s, .name = names[i], .ended = ended, .data = f
		};
	if (tasks_open(1, &f->disk, e) < 0 || tasks_open(1, &f->cache, e) < 0) {
		tasks_close(f->disk);
		free(f);
		return -1;
	}
	pthread_mutex_init(&f->lock, NULL);
	children_later(s->children, 0, tick, f);
	*ret = f;
	return 0;
}

void flusher_flush(struct flusher *f, void (*done)(int rc, const struct err *e, void *data),
		   void *data)
{
	struct waiting *w = mem_alloc(sizeof(*w));
	struct err e;
	bool over;

	*w = (struct waiting){ .done = done, .data = data, .asked_ns = time_now_ns() };
	if (f->server->intake)
		intake_rotate(f->server->intake);
	syslog_rotate(f->server->syslog);
	pthread_mutex_lock(&f->lock);
	over = f->over;
	if (!over) {
		w->next = f->asked;
		f->asked = w;
		children_later(f->server->children, 0, look, f);
	}
	pthread_mutex_unlock(&f->lock);
	if (!over)
		return;
	free(w);
	set_over(&e);
	done(-1, &e, data);
}

struct flusher_state flusher_look(struct flusher *f)
{
	struct flusher_state ret;

	pthread_mutex_lock(&f->lock);
	ret = f->state;
	pthread_mutex_unlock(&f->lock);
	return ret;
}

void flusher_stop(struct flusher *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->over = true;
	pthread_mutex_unlock(&f->lock);
	tasks_stop(f->disk);
	tasks_stop(f->cache);
}

void flusher_give_up(struct flusher *f)
{
	struct err e;

	if (!f)
		return;
	set_over(&e);
	take_asked(f);
	tell_waiting(f, -1, &e, true);
}

void flusher_close(struct flusher *f)
{
	if (!f)
		return;
	flusher_give_up(f);
	tasks_close(f->disk);
	tasks_close(f->cache);
	pthread_mutex_destroy(&f->lock);
	leftover_release(&f->leftover);
	free(f);
}
