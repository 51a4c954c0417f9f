/* lokid-ingest - take log lines into the write-ahead log. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/cli.h"
#include "ingest/ingest.h"
#include "ingest/listen.h"
#include "ingest/options.h"
#include "time/time.h"

enum { REPORTS_MAX = 10, PROGRESS_EVERY_MS = 250, NOTE_EVERY_MS = 10000 };

struct args {
	struct cli *cli;
	struct ingest_opts ingest;
	struct ingest *in;
	bool over, cut; /* cut: a signal left some of the files unread */
	pthread_mutex_t printing;
	bool shown; /* progress is; under .printing, as the notes */
	uint64_t n_notes, n_reported;
	int64_t noted_ns, begun_ns, shown_ns;
};

/* A signal ends reading by putting an empty file in the input's place: no moment is too early. */
static volatile sig_atomic_t input_fd = -1, ended;
static int empty_fd = -1;

static void end_input(int sig)
{
	ended = sig;
	if (input_fd >= 0)
		dup2(empty_fd, input_fd);
}

/* *ret: those that end the input. A second one ends us at once, if that may take long: for a push.
 */
static void catch_signals(const struct ingest_opts *o, sigset_t *ret)
{
	struct sigaction end = { .sa_handler = end_input }, ignore = { .sa_handler = SIG_IGN };

	end.sa_flags = o->push_url ? (int)SA_RESETHAND : 0;
	empty_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGXFSZ, &ignore, NULL); /* a file size limit is then an error like a full disk */
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
}

/* SIGHUP is blocked in all threads, from the first moment on, and waited for in one of its own: so
 * it interrupts nothing. SIGUSR1 ends that one. */
static sigset_t block_hup(void)
{
	sigset_t waited;

	sigemptyset(&waited);
	sigaddset(&waited, SIGHUP);
	sigaddset(&waited, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &waited, NULL);
	return waited;
}

static void *end_segments(void *in)
{
	sigset_t waited = block_hup();
	int sig;

	while (sigwait(&waited, &sig) == 0 && sig == SIGHUP)
		ingest_end_segment(in);
	return NULL;
}

static void erase_progress(struct args *a)
{
	if (a->shown)
		fputs("\r\033[K", stderr);
	a->shown = false;
}

static void clear_progress(struct args *a)
{
	pthread_mutex_lock(&a->printing);
	erase_progress(a);
	pthread_mutex_unlock(&a->printing);
}

static void report(const struct err *e, void *data)
{
	struct args *a = data;

	clear_progress(a);
	if (++a->n_reported <= REPORTS_MAX)
		cli_report(a->cli, e);
	if (a->n_reported == REPORTS_MAX)
		cli_note(a->cli, "further bad entries are only counted");
}

/* What may come again and again for days: after some only one in a while. From any thread. */
static void note(const struct err *e, void *data)
{
	struct args *a = data;
	int64_t now = time_mono_ns();

	pthread_mutex_lock(&a->printing);
	if (++a->n_notes <= REPORTS_MAX || now - a->noted_ns >= NOTE_EVERY_MS * NS_PER_MS) {
		erase_progress(a);
		cli_warn(a->cli, "%s", e->msg);
		a->noted_ns = now;
	}
	pthread_mutex_unlock(&a->printing);
}

/* What of a pipe came before the signal is taken as it is: nobody could give it again. */
static bool interrupted(void *data)
{
	(void)data;
	return ended && input_fd != STDIN_FILENO;
}

static void show_progress(const struct ingest_tally *given, void *data)
{
	struct args *a = data;
	int64_t now = time_mono_ns();
	struct buf b = { 0 };

	if (now - a->shown_ns < PROGRESS_EVERY_MS * NS_PER_MS)
		return;
	a->shown_ns = now;
	num_add_size(&b, given->n_bytes);
	pthread_mutex_lock(&a->printing);
	a->shown = true;
	fprintf(stderr, "\r%llu entries, %s, %.0f MB/s\033[K", (unsigned long long)given->n,
		buf_str(&b), (double)given->n_bytes * 1e3 / (double)(now - a->begun_ns + 1));
	pthread_mutex_unlock(&a->printing);
	buf_release(&b);
}

static void summary(struct args *a, const struct ingest_counts *c)
{
	struct buf b = { 0 };

	clear_progress(a);
	if (a->ingest.quiet)
		return;
	ingest_counts_add(&b, c, (double)(time_mono_ns() - a->begun_ns) / 1e9);
	cli_note(a->cli, "%s", buf_str(&b));
	buf_release(&b);
}

static void check_options(struct args *a)
{
	struct err e;

	if (ingest_check_opts(&a->ingest, &e) < 0)
		cli_usage(a->cli, "%s", e.msg);
	if (a->ingest.n_listen && a->cli->n_operands)
		cli_usage(a->cli, "--listen reads no file: '%s'", a->cli->operand[0]);
	if (a->ingest.hint.code != ERR_NONE)
		cli_warn(a->cli, "%s", a->ingest.hint.msg);
	if (!a->ingest.quiet && (a->ingest.show_progress || isatty(STDERR_FILENO)))
		a->ingest.progress = show_progress;
}

static void cut_short(struct args *a, const char *name, bool begun)
{
	clear_progress(a);
	a->cut = true;
	if (!begun)
		cli_note(a->cli, "'%s': not begun", name);
	else if (a->ingest.input == INGEST_FRAMES)
		cli_note(a->cli, "interrupted in '%s'", name);
	else
		cli_note(a->cli, "interrupted in '%s' after line %llu", name,
			 ingest_lines_read(a->in));
}

static int ingest_one(int fd, const char *name, void *data, struct err *e)
{
	struct args *a = data;
	bool begun;
	int rc;

	input_fd = fd;
	begun = !ended; /* in this order: a signal is seen here, or ends the input */
	if (a->over)
		return 0;
	rc = begun ? ingest_fd(a->in, fd, name, e) : 0;
	input_fd = -1;
	a->over = rc > 0;
	/* SIGTERM is the usual end of a pipe, SIGINT a person's: who may ask how far it came. */
	if (rc == 0 && ended && (fd != STDIN_FILENO || (begun && ended == SIGINT)))
		cut_short(a, name, begun);
	return rc < 0 ? -1 : 0;
}

/* Who waits for us is to see the signal; but SIGTERM is the usual end of a pipe. */
static int end(struct args *a)
{
	int status = cli_exit(a->cli);

	if (a->cut || ended == SIGINT) {
		signal(ended, SIG_DFL);
		raise(ended);
	}
	return status;
}

static void say_address(const char *url, void *data)
{
	struct args *a = data;

	if (!a->ingest.quiet)
		cli_note(a->cli, "listening on %s", url);
}

/* Until a signal ends a pipe that nobody writes to. */
static void listen_all(struct args *a)
{
	struct err e;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0) {
		err_sys(&e, "pipe");
		cli_report(a->cli, &e);
		return;
	}
	input_fd = fds[0];
	if (!ended && ingest_listen(a->in, fds[0], say_address, a, &e) < 0)
		cli_report(a->cli, &e);
	input_fd = -1;
}

/* All operands into the log. */
static void take_all(struct args *a)
{
	struct ingest_counts counts;
	pthread_t hup;
	sigset_t ends;
	struct err e;

	catch_signals(&a->ingest, &ends);
	pthread_sigmask(SIG_BLOCK, &ends, NULL); /* this thread alone takes them */
	if (ingest_open(&a->ingest, &a->in, &e) < 0) {
		cli_report(a->cli, &e);
		return;
	}
	errno = pthread_create(&hup, NULL, end_segments, a->in);
	if (errno) {
		err_sys(&e, "cannot start a thread");
		cli_report(a->cli, &e);
	} else {
		pthread_sigmask(SIG_UNBLOCK, &ends, NULL);
		if (a->ingest.n_listen)
			listen_all(a);
		else
			cli_each_input(a->cli, ingest_one, a);
		pthread_kill(hup, SIGUSR1);
		pthread_join(hup, NULL);
	}
	if (ingest_close(a->in, &counts, &e) < 0)
		cli_report(a->cli, &e);
	summary(a, &counts);
}

int main(int argc, char **argv)
{
	struct cli cli = {
		.prog = "lokid-ingest",
		.operands = "[FILE]...",
		.about = "Take log lines into the write-ahead log, or to a server.",
		.taken = ingest_options,
		.examples = "  lokid-ingest -l app=web -l env=prod < web.log\n"
			    "  lokid-ingest --listen udp://127.0.0.1:1514",
	};
	struct args a = {
		.cli = &cli,
		.begun_ns = time_mono_ns(),
		.printing = PTHREAD_MUTEX_INITIALIZER,
		.ingest = { .retries = 10,
			    .ack_fd = -1,
			    .report = report,
			    .note = note,
			    .warn = note,
			    .interrupted = interrupted,
			    .data = &a },
	};

	block_hup();
	cli.data = &a.ingest;
	cli_next(&cli, argc, argv);
	check_options(&a);
	take_all(&a);
	return end(&a);
}
