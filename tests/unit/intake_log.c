/* The intake and its log: large pushes, a log that is full, slow, killed or never there, streams
 * without end. */
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>

#include "intake_world.h"

#include "server/intake_active.h"

/* Many bad entries are told of, but not without end. */
static void refusals_are_told_up_to_a_limit(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct buf json = { 0 };

	(void)state;
	w->limits.max_line_size = 1;
	buf_add_str(&json, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[");
	for (int i = 0; i < 1000; i++)
		buf_addf(&json, "%s[\"" T1 "\",\"%.*s\"]", i ? "," : "", 2 + i % 100,
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	buf_add_str(&json, "]}]}");
	push(w, buf_str(&json));
	assert_int_equal(last.status, 400);
	assert_non_null(strstr(last.text, "; 680 more errors"));
	assert_int_equal(last.n_refused, 1000);
	buf_release(&json);
	close_world(w);
}

static void stuck_soon(struct intake_opts *o)
{
	o->stuck_ns = 200 * NS_PER_MS;
}

/* The first takes a push and stands still; what it was sent is to be sent again. */
static void one_that_does_not_answer_is_replaced(void **state)
{
	struct world *w = open_world("begun=${0%/*}/begun\n"
				     "[ -e \"$begun\" ] || { : >\"$begun\"; kill -STOP $$; }\n"
				     "exec \"$REAL\" \"$@\"",
				     stuck_soon);
	int64_t until = time_mono_ns() + DEADLINE_S * NS_PER_S;

	(void)state;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "one")));
	assert_int_equal(last.status, 503);
	assert_true(last.retry_after_s > 0);
	do /* 503 until the next one runs */
		push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "two")));
	while (last.status == 503 && last.retry_after_s && time_mono_ns() < until);
	assert_answer(204, "");
	assert_true(metrics_value(metric_of1(w->metrics, METRIC_CHILD_RESTARTS,
					     BYTES_LIT("lokid-ingest"))) > 0);
	assert_non_null(strstr(logged(w), "two"));
	close_world(w);
}

/* Many batches of what does not get smaller: more than a pipe holds. */
static void large_push(struct world *w, struct buf *json)
{
	static const char letters[65] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
	uint64_t x = 1;

	w->limits.ingestion_burst_bytes = w->limits.per_stream_rate_limit_burst_bytes = 1e9;
	buf_add_str(json, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[");
	for (int i = 0; i < 1000; i++) {
		buf_addf(json, "%s[\"%d\",\"", i ? "," : "", i + 1);
		for (int k = 0; k < 4000; k++) {
			x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			buf_add_char(json, letters[x >> 58]);
		}
		buf_add_str(json, "\"]");
	}
	buf_add_str(json, "]}]}");
	buf_str(json);
}

/* Of the world's lokid-ingest, when it has begun. */
static void read_pid(struct world *w, pid_t *ret)
{
	int64_t until = time_mono_ns() + DEADLINE_S * NS_PER_S;
	struct buf path = { 0 }, text = { 0 };

	buf_addf(&path, "%s/pid", w->dir);
	buf_str(&path);
	while (access(path.p, F_OK) < 0 && time_mono_ns() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_int_equal(io_read_file(path.p, 100, &text, NULL), 0);
	*ret = (pid_t)strtol(buf_str(&text), NULL, 10);
	buf_release(&path);
	buf_release(&text);
}

/* The first never reads, and its input stays open behind SIGKILL, as that of one which waits for a
 * disk that hangs: here another holds it. */
#define NEVER_READS                                                                             \
	"at=${0%/*}\n"                                                                          \
	"[ -e \"$at/pid\" ] || { exec 3<&0; sleep 1000 & echo $! >\"$at/tmp\"; mv \"$at/tmp\" " \
	"\"$at/pid\"; "                                                                         \
	"exec sleep 1000; }\n"                                                                  \
	"exec \"$REAL\" \"$@\""

static void one_that_reads_nothing_keeps_nobody_waiting(void **state)
{
	struct world *w = open_world(NEVER_READS, stuck_soon);
	static struct pushed large, behind;
	struct buf json = { 0 };
	pid_t holder;

	(void)state;
	read_pid(w, &holder);
	large_push(w, &json);
	begin_push(w, &large, "acme", json.p);
	begin_push(w, &behind, "acme", STREAM("{\"c\":\"d\"}", LINE(T1, "behind")));
	wait_answer(&large);
	assert_int_equal(large.status, 503);
	wait_answer(&behind);
	assert_true(behind.status == 503 || behind.status == 204); /* 204: of the next one */
	close_world(w);
	assert_int_equal(kill(holder, SIGKILL), 0);
	buf_release(&json);
}

/* Nor does the daemon's end. */
static void one_that_reads_nothing_is_left_at_the_end(void **state)
{
	struct world *w = open_world(NEVER_READS, NULL);
	static struct pushed large;
	struct buf json = { 0 };
	pid_t holder;

	(void)state;
	read_pid(w, &holder);
	large_push(w, &json);
	begin_push(w, &large, "acme", json.p);
	intake_close(w->in, NS_PER_MS);
	assert_true(large.answered);
	assert_int_equal(large.status, 503);
	close_world(w);
	assert_int_equal(kill(holder, SIGKILL), 0);
	buf_release(&json);
}

static atomic_uint n_polls;

/* libc's, for libcore too: how often anybody looks. */
int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec t = { .tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000 };

	n_polls++;
	return ppoll(fds, n, timeout_ms < 0 ? NULL : &t, NULL);
}

/* As long as it owes no answer nobody looks whether it says something, again and again. */
static void an_idle_one_is_not_looked_at(void **state)
{
	struct world *w;
	pid_t pid;

	(void)state;
	n_polls = 0;
	w = open_world("echo $$ >\"${0%/*}/tmp\"; mv \"${0%/*}/tmp\" \"${0%/*}/pid\"; "
		       "exec \"$REAL\" \"$@\"",
		       NULL);
	read_pid(w, &pid);
	assert_int_equal(n_polls, 0);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	assert_true(n_polls > 0);
	close_world(w);
}

/* One push of more than a batch. */
static void a_large_push_is_whole(void **state)
{
	struct world *w = open_world(NULL, NULL);
	struct buf json = { 0 };
	const char *text;
	size_t n = 0;

	(void)state;
	w->limits.ingestion_burst_bytes = w->limits.per_stream_rate_limit_burst_bytes = 1e9;
	buf_add_str(&json, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[");
	for (int i = 0; i < 20000; i++)
		buf_addf(&json, "%s[\"%d\",\"%0200d\"]", i ? "," : "", i + 1, i);
	buf_add_str(&json, "]}]}");
	push(w, buf_str(&json));
	assert_answer(204, "");
	text = logged(w);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	assert_int_equal(n, 20000);
	buf_release(&json);
	close_world(w);
}

struct gate {
	struct world *w;
	struct pushed pushed; /* its json is what is decoded */
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool inside, open;
	pthread_t thread;
};

static void gate_wait(struct gate *g, const bool *what)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DEADLINE_S;
	while (!*what)
		assert_int_equal(pthread_cond_timedwait(&g->more, &g->lock, &until), 0);
}

static int decode_behind_gate(const struct push_sink *sink, struct arena *a, void *data,
			      struct err *e)
{
	struct gate *g = data;

	pthread_mutex_lock(&g->lock);
	g->inside = true;
	pthread_cond_broadcast(&g->more);
	gate_wait(g, &g->open);
	pthread_mutex_unlock(&g->lock);
	return push_json(bytes_str(g->pushed.json), sink, a, e);
}

static void gate_answered(const struct intake_answer *a, void *data)
{
	answered(a, &((struct gate *)data)->pushed);
}

static void *push_through_gate(void *data)
{
	struct gate *g = data;

	intake_push(g->w->in, &(struct intake_push){ .tenant = BYTES_LIT("acme"),
						     .limits = &g->w->limits,
						     .decode = decode_behind_gate,
						     .answered = gate_answered,
						     .data = g });
	return NULL;
}

/* Begins a push, which is being decoded until the gate is opened. */
static void gate_close(struct world *w, struct gate *g, const char *json)
{
	*g = (struct gate){ .w = w,
			    .pushed = { .lock = PTHREAD_MUTEX_INITIALIZER,
					.more = PTHREAD_COND_INITIALIZER,
					.json = json },
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .more = PTHREAD_COND_INITIALIZER };
	assert_int_equal(pthread_create(&g->thread, NULL, push_through_gate, g), 0);
	pthread_mutex_lock(&g->lock);
	gate_wait(g, &g->inside);
	pthread_mutex_unlock(&g->lock);
}

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->more);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
}

/* Who brings a push while another is decoded does not wait for that. */
static void a_push_is_left_to_wait(void **state)
{
	struct world *w = open_world(NULL, NULL);
	static struct gate g;
	static struct pushed other[3];

	(void)state;
	gate_close(w, &g, STREAM("{\"a\":\"b\"}", LINE(T1, "first")));
	for (int i = 0; i < 3; i++) {
		begin_push(w, &other[i], "acme", STREAM("{\"a\":\"b\"}", LINE(T2, "other")));
		assert_false(other[i].answered);
	}
	gate_open(&g);
	wait_answer(&g.pushed);
	assert_int_equal(g.pushed.status, 204);
	for (int i = 0; i < 3; i++) {
		wait_answer(&other[i]);
		assert_int_equal(other[i].status, 204);
	}
	close_world(w);
}

/* It has packed the runs itself. */
static void runs_are_not_decoded_again(void **state)
{
	struct world *w =
		open_world("case \" $* \" in *' --check=heads '*) exec \"$REAL\" \"$@\";; esac\n"
			   "exit 4",
			   NULL);

	(void)state;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	close_world(w);
}

static void a_full_disk_is_503(void **state)
{
	struct world *w =
		open_world("\"$REAL\" \"$@\" | sed -u 's/ ok$/ full: nothing free/'", NULL);
	struct err e;

	(void)state;
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "there is no room for the log on the disk: nothing free");
	assert_int_equal(last.retry_after_s, 30);
	assert_int_equal(intake_ready(w->in, &e), -1);
	assert_string_equal(e.msg, "there is no room for the log on the disk: nothing free");
	close_world(w);
	w = open_world("\"$REAL\" \"$@\" | sed -u 's/ ok$/ failed: broken/'", NULL);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "the log cannot be written: broken");
	close_world(w);
	w = open_world("\"$REAL\" \"$@\" | sed -u 's/ ok$/ refused: bad/'", NULL);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(500, "the log refuses this: bad");
	assert_int_equal(intake_ready(w->in, &e), 0);
	close_world(w);
	w = open_world("\"$REAL\" \"$@\" | sed -u '1s/ ok$/ full: nothing free/'", NULL);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_int_equal(intake_ready(w->in, &e), -1);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	assert_int_equal(intake_ready(w->in, &e), 0);
	close_world(w);
}

/* How often the text is in what the daemon said. */
static size_t times_said(struct world *w, const char *text)
{
	struct buf path = { 0 }, said = { 0 };
	size_t n = 0;

	buf_addf(&path, "%s/said", w->dir);
	assert_int_equal(io_read_file(buf_str(&path), 1 << 20, &said, NULL), 0);
	for (const char *p = buf_str(&said); (p = strstr(p, text)) != NULL; p++)
		n++;
	buf_release(&path);
	buf_release(&said);
	return n;
}

/* While the file `full` is there every other batch has no room. */
#define NEARLY_FULL                                                                 \
	"at=${0%/*}\n"                                                              \
	"\"$REAL\" \"$@\" | while read -r id word; do\n"                            \
	"[ -e \"$at/full\" ] && [ $((id % 2)) = 0 ] && word='full: nothing free'\n" \
	"echo \"$id $word\"\n"                                                      \
	"done"

static struct world *open_nearly_full(void (*change)(struct intake_opts *o), struct buf *ret_full)
{
	struct world *w = open_world(NEARLY_FULL, change);
	struct buf path = { 0 };
	struct err e;

	buf_addf(&path, "%s/said", w->dir);
	w->log.fd = open(buf_str(&path), O_CREAT | O_WRONLY | O_APPEND, 0600);
	w->log.level = LOG_INFO;
	buf_addf(ret_full, "%s/full", w->dir);
	assert_int_equal(file_replace_bytes(buf_str(ret_full), (struct bytes){ 0 }, &e), 0);
	buf_release(&path);
	return w;
}

static void close_nearly_full(struct world *w)
{
	int fd = w->log.fd;

	close_world(w);
	close(fd);
}

/* Of a large push some batches still fit, and small pushes do: that is no room for the large. */
static void a_nearly_full_disk_is_told_of_once(void **state)
{
	struct buf full = { 0 }, json = { 0 };
	struct world *w = open_nearly_full(NULL, &full);
	unsigned n_refused = 0, n_taken = 0;
	struct err e;

	(void)state;
	large_push(w, &json);
	for (; n_refused < 3; n_refused++) {
		push(w, json.p);
		assert_answer(503, "there is no room for the log on the disk: nothing free");
	}
	while (n_taken < 3) {
		push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
		n_taken += last.status == 204;
		n_refused += last.status == 503;
	}
	assert_int_equal(intake_ready(w->in, &e), -1);
	assert_int_equal(times_said(w, "pushes are refused"), 1);
	assert_int_equal(times_said(w, "pushes are taken again"), 0);
	/* Pushes are counted here, batches there. */
	assert_true(metrics_value(metric_of(w->metrics, METRIC_WAL_DISK_FULL)) == n_refused);
	assert_true(metrics_value(metric_of(w->metrics, METRIC_APPEND_FAILURES)) > n_refused);
	unlink(full.p);
	push(w, json.p);
	assert_answer(204, "");
	assert_int_equal(intake_ready(w->in, &e), 0);
	assert_int_equal(times_said(w, "pushes are refused"), 1);
	assert_int_equal(times_said(w, "pushes are taken again"), 1);
	buf_release(&full);
	buf_release(&json);
	close_nearly_full(w);
}

static void quiet_at_once(struct intake_opts *o)
{
	o->quiet_ns = 1;
}

static void quiet_soon(struct intake_opts *o)
{
	o->quiet_ns = 200 * NS_PER_MS;
}

/* Nobody need come with another one. */
static void a_small_push_is_room_when_none_is_refused_since(void **state)
{
	struct buf full = { 0 }, json = { 0 };
	struct world *w = open_nearly_full(quiet_soon, &full);
	int64_t due_ns;
	struct err e;

	(void)state;
	large_push(w, &json);
	push(w, json.p);
	assert_int_equal(last.status, 503);
	unlink(full.p);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	due_ns = time_mono_ns() + 20 * NS_PER_S;
	while (intake_ready(w->in, &e) < 0)
		assert_true(time_mono_ns() < due_ns);
	buf_release(&full);
	buf_release(&json);
	close_nearly_full(w);
}

/* Nobody need come with one as large again. */
static void a_small_push_is_room_when_none_is_refused_any_more(void **state)
{
	struct buf full = { 0 }, json = { 0 };
	struct world *w = open_nearly_full(quiet_at_once, &full);
	struct err e;

	(void)state;
	large_push(w, &json);
	push(w, json.p);
	assert_int_equal(last.status, 503);
	unlink(full.p);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(204, "");
	assert_int_equal(intake_ready(w->in, &e), 0);
	assert_int_equal(times_said(w, "pushes are taken again"), 1);
	buf_release(&full);
	buf_release(&json);
	close_nearly_full(w);
}

static void small_queue(struct intake_opts *o)
{
	o->queue_max = 1000;
}

/* Does not read, and ends with its input. */
static void a_slow_log_is_503(void **state)
{
	struct world *w = open_world("exec sleep 100", small_queue);
	static struct pushed waits;
	struct buf json = { 0 };

	(void)state;
	buf_addf(&json, STREAM("{\"a\":\"b\"}", "[\"" T1 "\",\"%01000d\"]"), 0);
	begin_push(w, &waits, "acme", buf_str(&json));
	assert_false(waits.answered);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "too much waits for the log: 1285 bytes, the limit is 1000; send it "
			   "again later");
	assert_int_equal(last.retry_after_s, 1);
	intake_close(w->in, NS_PER_MS);
	wait_answer(&waits);
	assert_int_equal(waits.status, 503);
	push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
	assert_answer(503, "the server is stopping");
	intake_rotate(w->in);
	buf_release(&json);
	close_world(w);
}

/* There was room when they came, but not when their turn does. */
static void what_waited_behind_a_large_push_is_503(void **state)
{
	struct world *w = open_world("exec sleep 100", small_queue);
	struct buf json = { 0 };
	static struct gate g;
	static struct pushed other[2];

	(void)state;
	buf_addf(&json, STREAM("{\"a\":\"b\"}", "[\"" T1 "\",\"%01000d\"]"), 0);
	gate_close(w, &g, buf_str(&json));
	for (int i = 0; i < 2; i++)
		begin_push(w, &other[i], "acme", STREAM("{\"a\":\"b\"}", LINE(T2, "other")));
	gate_open(&g);
	for (int i = 0; i < 2; i++) {
		wait_answer(&other[i]);
		assert_int_equal(other[i].status, 503);
		assert_non_null(strstr(other[i].text, "too much waits for the log: "));
	}
	assert_false(g.pushed.answered);
	intake_close(w->in, NS_PER_MS);
	wait_answer(&g.pushed);
	buf_release(&json);
	close_world(w);
}

/* Entries take memory though their lines are empty, and metadata more than its text. */
static void what_waits_is_counted_as_it_is_in_memory(void **state)
{
	static const int n[] = { 40, 6 };
	static struct pushed waits;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world *w = open_world("exec sleep 100", small_queue);
		struct buf json = { 0 };

		w->limits.discover_log_levels = false;
		buf_add_str(&json, "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[");
		for (int k = 0; k < n[i]; k++) {
			buf_addf(&json, "%s[\"%d\",\"\"", k ? "," : "", k + 1);
			if (i)
				buf_addf(&json, ",{\"a\":\"%d\"}", k);
			buf_add_char(&json, ']');
		}
		buf_add_str(&json, "]}]}");
		begin_push(w, &waits, "acme", buf_str(&json));
		push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
		assert_int_equal(last.status, 503);
		assert_non_null(strstr(last.text, "too much waits for the log: "));
		intake_close(w->in, NS_PER_MS);
		wait_answer(&waits);
		buf_release(&json);
		close_world(w);
	}
}

static void a_log_that_never_runs_is_503(void **state)
{
	struct world *w = open_world("exit 4", NULL);
	struct err e;

	(void)state;
	for (int64_t end = time_mono_ns() + DEADLINE_S * NS_PER_S; time_mono_ns() < end;) {
		push(w, STREAM("{\"a\":\"b\"}", LINE(T1, "x")));
		assert_int_equal(last.status, 503);
		if (strstr(last.text, "the log takes nothing now"))
			break;
	}
	assert_answer(503, "the log takes nothing now: lokid-ingest ended with status 4");
	assert_true(intake_ready(w->in, &e) == -1 || e.code == ERR_NONE);
	close_world(w);
}

enum { SENDERS = 8, KILLS = 20, SENT_MAX = 100000 };

struct sender {
	struct world *w;
	atomic_bool *enough;
	unsigned id, n;
	unsigned char *seen;
};

/* One line after the other, each until it is stored. */
static void *send_lines(void *data)
{
	struct sender *s = data;
	struct pushed *p = mem_alloc(sizeof(*p));
	char json[256];

	for (; s->n < SENT_MAX && !(*s->enough && s->n); s->n++) {
		snprintf(json, sizeof(json), STREAM("{\"s\":\"%u\"}", "[\"%u\",\"line %u\"]"),
			 s->id, s->n + 1, s->n);
		do {
			begin_push(s->w, p, "acme", json);
			wait_answer(p);
		} while (p->status == 503);
		assert_int_equal(p->status, 204);
	}
	free(p);
	return NULL;
}

/* Which lines are in the log. */
static void see(struct sender *s, const char *text)
{
	for (const char *p = text; (p = strstr(p, "\"s\":\"")) != NULL; p++) {
		unsigned id = (unsigned)strtoul(p + 5, NULL, 10);
		const char *line = strstr(p, "\"line ");

		assert_true(id < SENDERS && line);
		s[id].seen[strtoul(line + 6, NULL, 10)] = 1;
	}
}

/* A lokid-ingest that is killed again and again loses nothing that was answered with 204. */
static void a_killed_log_loses_nothing(void **state)
{
	struct world *w = open_world("echo $$ >\"${0%/*}/pid.tmp\"; mv \"${0%/*}/pid.tmp\" "
				     "\"${0%/*}/pid\"; exec \"$REAL\" \"$@\"",
				     NULL);
	struct sender s[SENDERS];
	pthread_t t[SENDERS];
	atomic_bool enough = false;
	struct buf path = { 0 };
	double before = 0;

	(void)state;
	w->limits.ingestion_burst_bytes = w->limits.ingestion_rate_bytes = 1e9;
	buf_addf(&path, "%s/pid", w->dir);
	buf_str(&path);
	for (unsigned i = 0; i < SENDERS; i++) {
		s[i] = (struct sender){
			.w = w, .enough = &enough, .id = i, .seen = mem_alloc(SENT_MAX)
		};
		assert_int_equal(pthread_create(&t[i], NULL, send_lines, &s[i]), 0);
	}
	for (int k = 0; k < KILLS;) {
		struct buf pid = { 0 };
		double n = metrics_value(metric_of(w->metrics, METRIC_WAL_RECORDS));

		if (n > before && io_read_file(path.p, 100, &pid, NULL) == 0 && pid.n) {
			unlink(path.p);
			k += kill((pid_t)strtol(buf_str(&pid), NULL, 10), SIGKILL) == 0;
			before = n;
		}
		buf_release(&pid);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	enough = true;
	for (unsigned i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	/* The end of the last may be noticed after the answers that it gave. */
	for (int64_t end = time_mono_ns() + DEADLINE_S * NS_PER_S;
	     counted(w, METRIC_CHILD_RESTARTS, "lokid-ingest", NULL) < KILLS &&
	     time_mono_ns() < end;)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_true(counted(w, METRIC_CHILD_RESTARTS, "lokid-ingest", NULL) >= KILLS);
	see(s, logged(w));
	for (unsigned i = 0; i < SENDERS; i++) {
		assert_null(memchr(s[i].seen, 0, s[i].n));
		free(s[i].seen);
	}
	buf_release(&path);
	close_world(w);
}

/* Labels that never come back do not fill the memory: what is known of streams is forgotten, and
 * described anew. */
static void streams_are_forgotten(void **state)
{
	enum { ROUNDS = 40, STREAMS = 5000 };
	struct world *w = open_world(NULL, NULL);
	struct buf json = { 0 };
	const char *text;
	size_t n = 0;

	(void)state;
	w->limits.max_global_streams_per_user = 0;
	w->limits.ingestion_burst_bytes = w->limits.ingestion_rate_bytes = 1e9;
	for (int r = 0; r < ROUNDS; r++) {
		buf_reset(&json);
		buf_add_str(&json, "{\"streams\":[");
		for (int i = 0; i < STREAMS; i++)
			buf_addf(&json,
				 "%s{\"stream\":{\"s\":\"%0150d\"},\"values\":[[\"1\",\"x\"]]}",
				 i ? "," : "", r * STREAMS + i);
		buf_add_str(&json, "]}");
		push(w, buf_str(&json));
		assert_answer(204, "");
	}
	text = logged(w);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	assert_int_equal(n, ROUNDS * STREAMS);
	buf_release(&json);
	close_world(w);
}

static void active_streams(void **state)
{
	struct active a = { 0 };
	uint32_t count[2] = { 0, 0 };
	struct active_stream *s;

	(void)state;
	assert_true(sizeof(struct active_stream) <= 24);
	assert_null(active_find(&a, 7));
	for (uint64_t i = 0; i < 10000; i++) {
		active_add(&a, i * UINT64_C(0x9e3779b97f4a7c15), (uint32_t)(i % 2), 100,
			   NS_PER_S + (int64_t)i * NS_PER_MS);
		count[i % 2]++;
	}
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(active_find(&a, i * UINT64_C(0x9e3779b97f4a7c15))->tenant, i % 2);
	active_sweep(&a, 5000 * NS_PER_MS, 11 * NS_PER_S, count);
	assert_int_equal(a.n, 4999);
	assert_int_equal(count[0] + count[1], 4999);
	assert_null(active_find(&a, 0));
	s = active_find(&a, 9999 * UINT64_C(0x9e3779b97f4a7c15));
	assert_true(active_take(&a, s, 10, 100, 60, 11 * NS_PER_S));
	assert_false(active_take(&a, s, 10, 100, 60, 11 * NS_PER_S));
	assert_true(active_take(&a, s, 10, 100, 60, 13 * NS_PER_S));
	assert_false(active_take(&a, s, 10, 100, 60, 14 * NS_PER_S));
	assert_true(active_take(&a, s, 0, 0, 1000000, 14 * NS_PER_S));
	active_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals_are_told_up_to_a_limit),
		cmocka_unit_test(one_that_does_not_answer_is_replaced),
		cmocka_unit_test(one_that_reads_nothing_keeps_nobody_waiting),
		cmocka_unit_test(one_that_reads_nothing_is_left_at_the_end),
		cmocka_unit_test(an_idle_one_is_not_looked_at),
		cmocka_unit_test(a_large_push_is_whole),
		cmocka_unit_test(a_push_is_left_to_wait),
		cmocka_unit_test(runs_are_not_decoded_again),
		cmocka_unit_test(a_full_disk_is_503),
		cmocka_unit_test(a_nearly_full_disk_is_told_of_once),
		cmocka_unit_test(a_small_push_is_room_when_none_is_refused_any_more),
		cmocka_unit_test(a_small_push_is_room_when_none_is_refused_since),
		cmocka_unit_test(a_slow_log_is_503),
		cmocka_unit_test(what_waited_behind_a_large_push_is_503),
		cmocka_unit_test(what_waits_is_counted_as_it_is_in_memory),
		cmocka_unit_test(a_log_that_never_runs_is_503),
		cmocka_unit_test(a_killed_log_loses_nothing),
		cmocka_unit_test(streams_are_forgotten),
		cmocka_unit_test(active_streams),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
