/* Small parts of the daemon: Loki's flags, routes, where to listen, events, systemd's socket. */
#include "server/config_override.h"
#include "server/health.h"
#include "server/log.h"
#include "server/loki_flags.h"
#include "server/notify.h"
#include "server/route.h"
#include "server/said.h"
#include "time/time.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "unit.h"

/* --- Loki's flags --- */

enum { ARGS_MAX = 8 };

static void assert_flags(const char *given, const char *want)
{
	char text[256], *argv[ARGS_MAX + 1] = { "lokid" };
	struct arena a = { 0 };
	struct buf got = { 0 };
	int argc = 1;
	struct err e;

	snprintf(text, sizeof(text), "%s", given);
	for (char *save, *p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save))
		argv[argc++] = p;
	argv[argc] = NULL;
	argc = loki_flags_rewrite(argc, argv, &a, &e);
	if (argc < 0) {
		buf_add_str(&got, e.msg);
	} else {
		assert_null(argv[argc]);
		for (int i = 1; i < argc; i++)
			buf_addf(&got, "%s%s", i > 1 ? " " : "", argv[i]);
	}
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
	arena_release(&a);
}

static void test_flags(void **state)
{
	(void)state;
	assert_flags("-config.file=/etc/loki.yaml -config.expand-env=true",
		     "--config=/etc/loki.yaml --expand-env");
	assert_flags("-config.file /etc/loki.yaml --target=all", "--config=/etc/loki.yaml");
	assert_flags("--config.expand-env=false --verify-config", "--check-config");
	assert_flags("-server.http-listen-port=80 -log.level=warn",
		     "--listen=:80 --log-level=warn");
	assert_flags("--config x --data y -- -config.file=z", "--config x --data y -- --config=z");
	assert_flags("-h --version", "-h --version");
	assert_flags("-config.file", "--config=");
	assert_flags("-version", "--version");
	assert_flags("-help", "--help");
	assert_flags("-ingester.wal-enabled=false",
		     "flag '-ingester.wal-enabled=false': what it sets is a key in the file of "
		     "--config, lokid.yaml(5)");
	assert_flags("--limits.query-timeout 5m",
		     "flag '--limits.query-timeout': what it sets is a key in the file of "
		     "--config, lokid.yaml(5)");
	assert_flags("--data=./a.b -- a.b", "--data=./a.b -- a.b");
	assert_flags("-target=querier",
		     "target 'querier': lokid is one process tree that does it all");
}

/* --- routes --- */

static void assert_route(const char *path, enum http_method m, int want_status, const char *want)
{
	struct bytes name[ROUTE_NAMES] = { 0 };
	int status = 200;
	const struct route *r = route_find(bytes_str(path), m, name, &status);

	if (!r) {
		assert_int_equal(status, want_status);
		return;
	}
	assert_int_equal(want_status, 200);
	assert_true(bytes_is(name[0], want));
}

static void test_routes(void **state)
{
	(void)state;
	assert_route("/ready", HTTP_GET, 200, "");
	assert_route("/ready", HTTP_HEAD, 200, "");
	assert_route("/ready", HTTP_POST, 405, NULL);
	assert_route("/ready/", HTTP_GET, 404, NULL);
	assert_route("/", HTTP_GET, 404, NULL);
	assert_route("", HTTP_GET, 404, NULL);
	assert_route("/loki/api/v1/push", HTTP_POST, 200, "");
	assert_route("/loki/api/v1/push", HTTP_GET, 405, NULL);
	assert_route("/loki/api/v1/query_range", HTTP_HEAD, 405, NULL);
	assert_route("/loki/api/v1/query_range", HTTP_OTHER, 405, NULL);
	assert_route("/loki/api/v1/label/app/values", HTTP_GET, 200, "app");
	assert_route("/loki/api/v1/label/a%2Fb/values", HTTP_GET, 200, "a%2Fb");
	assert_route("/loki/api/v1/label//values", HTTP_GET, 404, NULL);
	assert_route("/loki/api/v1/label/", HTTP_GET, 404, NULL);
	assert_route("/loki/api/v1/label/app/value", HTTP_GET, 404, NULL);
	assert_route("/loki/api/v1/label/app/values/", HTTP_GET, 404, NULL);
	assert_route("//loki/api/v1/push", HTTP_POST, 404, NULL);
}

/* --- where to listen --- */

static void assert_listen(const char *text, const char *address, int port)
{
	struct config c;
	struct err e;
	int rc;

	config_init(&c);
	rc = config_set_listen(&c, text, &e);
	if (address) {
		assert_int_equal(rc, 0);
		assert_string_equal(c.server.address, address);
		assert_int_equal(c.server.port, port);
	} else {
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_USAGE);
	}
	config_release(&c);
}

static void test_listen(void **state)
{
	(void)state;
	assert_listen("127.0.0.1:3100", "127.0.0.1", 3100);
	assert_listen(":0", "", 0);
	assert_listen("80", "", 80);
	assert_listen("[::1]:3100", "::1", 3100);
	assert_listen("", NULL, 0);
	assert_listen("localhost", NULL, 0);
	assert_listen(":65536", NULL, 0);
	assert_listen(":-1", NULL, 0);
	assert_listen("127.0.0.1:", NULL, 0);
}

/* --- events --- */

static void assert_event(bool json, enum log_level level, const char *value, const char *want)
{
	char got[512];
	struct log l = { .json = json };
	int fd[2];
	ssize_t n;

	assert_int_equal(pipe(fd), 0);
	l.fd = fd[1];
	atomic_store(&l.level, LOG_INFO);
	log_event(&l, level, "it happened", "why", value, NULL);
	close(fd[1]);
	n = read(fd[0], got, sizeof(got) - 1);
	close(fd[0]);
	got[n < 0 ? 0 : n] = '\0';
	if (*want) {
		assert_non_null(strstr(got, want));
		assert_int_equal(got[n - 1], '\n');
	} else {
		assert_int_equal(n, 0);
	}
}

static void test_events(void **state)
{
	(void)state;
	assert_event(false, LOG_INFO, "plain", " level=info msg=\"it happened\" why=plain\n");
	assert_event(false, LOG_ERROR, "a \"b\"\n=", " why=\"a \\\"b\\\"\\n=\"\n");
	assert_event(false, LOG_WARN, "", " why=\"\"\n");
	assert_event(true, LOG_WARN, "a\nb",
		     ",\"level\":\"warn\",\"msg\":\"it happened\",\"why\":\"a\\nb\"}\n");
	assert_event(false, LOG_DEBUG, "plain", "");
}

/* --- systemd --- */

static void test_notify(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char got[64] = { 0 };
	struct err e;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_say("READY=1", &e), 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/lokid-notify.%d", (int)getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	assert_int_equal(notify_say("READY=1", &e), 0);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 7);
	assert_string_equal(got, "READY=1");
	close(fd);
	unlink(at.sun_path);
	assert_int_equal(notify_say("READY=1", &e), -1);
	assert_int_equal(e.code, ERR_IO);
	unsetenv("NOTIFY_SOCKET");

	setenv("WATCHDOG_USEC", "3000000", 1);
	assert_int_equal(notify_watchdog_ns(), 1500000000);
	setenv("WATCHDOG_USEC", "often", 1);
	assert_int_equal(notify_watchdog_ns(), 0);
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_PID", "1", 1);
	assert_int_equal(notify_listen_fd(), -1); /* another's */
}

/* --- health --- */

static void test_flush_is_stuck(void **state)
{
	const int64_t begun = 1000 * NS_PER_S;
	struct flusher_state st = { .begun_mono_ns = begun };
	struct err e;

	(void)state;
	assert_int_equal(health_of_flush(&st, begun + 10000 * NS_PER_S, &e), 0);
	st.running = true;
	assert_int_equal(health_of_flush(&st, begun + 899 * NS_PER_S, &e), 0);
	assert_int_equal(health_of_flush(&st, begun + 900 * NS_PER_S, &e), -1);
	assert_int_equal(e.code, ERR_AGAIN);
	assert_string_equal(e.msg, "a flush has been running for 900 s");
	st = (struct flusher_state){ .n_failed = 4 };
	assert_int_equal(health_of_flush(&st, begun, &e), 0);
	st.n_failed = 5;
	err_set(&st.failure, ERR_IO, "no room");
	assert_int_equal(health_of_flush(&st, begun, &e), -1);
	assert_string_equal(e.msg, "the last 5 flushes failed: no room");
}

/* --- what a program says --- */

static void test_said(void **state)
{
	char got[16384], longer[SAID_LINE_MAX + 101];
	struct log l = { 0 };
	struct said said = { .log = &l, .program = "lokid-ingest" };
	int log[2], child, watch;
	ssize_t n;

	(void)state;
	assert_int_equal(pipe2(log, O_CLOEXEC | O_NONBLOCK), 0);
	l.fd = log[1];
	atomic_store(&l.level, LOG_INFO);
	said_open(&l, &child, &watch);
	assert_true(said_read(watch, &said)); /* nothing has come, and it does not wait */
	dprintf(child,
		"lokid-ingest: error: one\n\nlokid-ingest: warning: two\nlokid-ingest: 3 ent");
	assert_true(said_read(watch, &said));
	n = read(log[0], got, sizeof(got));
	assert_true(n > 0);
	got[n] = '\0';
	assert_non_null(strstr(got, " level=error msg=lokid-ingest said=one\n"));
	assert_non_null(strstr(got, " level=warn msg=lokid-ingest said=two\n"));
	assert_null(strstr(got, "ent"));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	dprintf(child, "ries\n%s\nlast", longer);
	close(child);
	assert_false(said_read(watch, &said));
	n = read(log[0], got, sizeof(got) - 1);
	assert_true(n > SAID_LINE_MAX);
	got[n] = '\0';
	assert_non_null(strstr(got, " level=info msg=lokid-ingest said=\"3 entries\"\n"));
	assert_non_null(strstr(got, "xx\n"));
	assert_non_null(strstr(got, " level=info msg=lokid-ingest said=last\n"));
	close(watch);
	close(log[0]);
	close(log[1]);
}

static void test_compaction_is_stuck(void **state)
{
	const int64_t begun = 1000 * NS_PER_S;
	struct upkeep_state st = { .begun_mono_ns = begun, .n_failed = 2 };
	struct err e;

	(void)state;
	assert_int_equal(health_of_upkeep(&st, begun + 100000 * NS_PER_S, &e), 0);
	st.running = true;
	assert_int_equal(health_of_upkeep(&st, begun + 21599 * NS_PER_S, &e), 0);
	assert_int_equal(health_of_upkeep(&st, begun + 21600 * NS_PER_S, &e), -1);
	assert_string_equal(e.msg, "a compaction has been running for 21600 s");
	st = (struct upkeep_state){ .n_failed = 3 };
	err_set(&st.failure, ERR_IO, "no room");
	assert_int_equal(health_of_upkeep(&st, begun, &e), -1);
	assert_string_equal(e.msg, "the last 3 compactions failed: no room");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_listen),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_flush_is_stuck),
		cmocka_unit_test(test_compaction_is_stuck),
		cmocka_unit_test(test_said),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
