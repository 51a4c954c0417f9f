/*
 * One curl multi handle, which keeps the connections, and as many easy handles as were ever at work
 * at once. What SigV4 of libcurl 7.88 wants: the payload's hash as a header of the caller's, no
 * header taken away ("Expect:"), path and query as they are signed; see curl(3)'s
 * CURLOPT_AWS_SIGV4. Bodies go as POSTFIELDS, so that whoever holds them may be read again when a
 * kept connection turns out to be dead.
 */
#include "httpc/many.h"

#include <stdlib.h>
#include <strings.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "httpc/curl_lib.h"
#include "time/time.h"

enum {
	CONNECT_TIMEOUT_MS = 5000,
	STALL_MS = 20000,
	SPEED_MIN = 1024, /* bytes a second; a connection that brings less so long is stalled */
	POLL_MS = 250,
	CONNECTIONS_MAX = 64,
	REFUSAL_MAX = 64 << 10
};

struct worker {
	struct httpc_many *m;
	CURL *curl;
	struct curl_slist *headers;
	struct httpc_job *job; /* NULL: idle */
	bool head_is_whole;    /* of the answer */
	char why[CURL_ERROR_SIZE];
};

struct httpc_many {
	struct curl_lib lib;
	CURLM *multi;
	struct httpc_opts opts;
	struct curl_slist *resolve;
	struct worker **worker;
	size_t n_workers, cap;
};

int httpc_many_open(const struct httpc_opts *opts, const char *resolve, struct httpc_many **ret,
		    struct err *e)
{
	struct httpc_many *m = mem_alloc(sizeof(*m));

	m->opts = *opts;
	if (curl_lib_load(&m->lib, e) < 0) {
		free(m);
		return -1;
	}
	m->lib.global_init(CURL_GLOBAL_DEFAULT);
	m->multi = m->lib.multi_init();
	if (resolve)
		m->resolve = m->lib.slist_append(NULL, resolve);
	if (!m->multi || (resolve && !m->resolve)) {
		httpc_many_close(m);
		return err_set(e, ERR_IO, "libcurl cannot begin");
	}
	*ret = m;
	return 0;
}

void httpc_many_close(struct httpc_many *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->n_workers; i++) {
		m->lib.easy_cleanup(m->worker[i]->curl);
		free(m->worker[i]);
	}
	free(m->worker);
	if (m->multi)
		m->lib.multi_cleanup(m->multi);
	m->lib.slist_free_all(m->resolve);
	m->lib.global_cleanup();
	free(m);
}

int64_t httpc_many_date(const struct httpc_many *m, const char *text)
{
	return (int64_t)m->lib.getdate(text, NULL);
}

static int status_of(const struct worker *w)
{
	long status = 0;

	w->m->lib.easy_getinfo(w->curl, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static size_t on_body(char *p, size_t size, size_t n, void *data)
{
	const struct worker *w = data;
	struct httpc_job *j = w->job;
	size_t len = size * n;

	if (j->into && status_of(w) / 100 == 2) {
		size_t room = j->into_got < j->into_n ? j->into_n - j->into_got : 0;

		if (room)
			memcpy((char *)j->into + j->into_got, p, len < room ? len : room);
		j->into_got += len;
		return j->into_got <= j->into_n ? len : 0;
	}
	if (status_of(w) / 100 != 2) { /* of what went wrong the beginning tells enough */
		size_t room = j->answer.body.n < REFUSAL_MAX ? REFUSAL_MAX - j->answer.body.n : 0;

		buf_add(&j->answer.body, p, len < room ? len : room);
		return len;
	}
	if (len > j->body_max || j->answer.body.n > j->body_max - len) {
		err_set(&j->err, ERR_LIMIT, "%s: the answer has more than %zu bytes", j->url,
			j->body_max);
		return 0;
	}
	buf_add(&j->answer.body, p, len);
	return len;
}

static size_t on_header(char *p, size_t size, size_t n, void *data)
{
	struct worker *w = data;
	struct bytes line = bytes_of(p, size * n), name, value;

	if (!memchr(p, ':', line.n)) { /* the status line: of an answer after "100 Continue" too; */
		w->head_is_whole = bytes_trim(line).n == 0; /* or the empty one at the end */
		return line.n;
	}
	value = line;
	bytes_split(&value, ':', &name);
	value = bytes_trim(value);
	for (size_t i = 0; i < w->job->n_kept; i++) {
		struct httpc_kept *k = &w->job->kept[i];

		if (name.n != strlen(k->name) || strncasecmp(name.p, k->name, name.n) != 0)
			continue;
		value = bytes_sub(value, 0, sizeof(k->value) - 1);
		if (value.n)
			memcpy(k->value, value.p, value.n);
		k->value[value.n] = '\0';
	}
	return line.n;
}

static void set_connection(const struct worker *w)
{
	__typeof__(curl_easy_setopt) *set = w->m->lib.easy_setopt;
	const struct httpc_opts *o = &w->m->opts;
	int64_t stall_ms = o->timeout_ms ? o->timeout_ms : STALL_MS;
	CURL *c = w->curl;

	set(c, CURLOPT_NOSIGNAL, 1L);
	set(c, CURLOPT_PROTOCOLS_STR, "http,https");
	set(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	set(c, CURLOPT_PATH_AS_IS, 1L);
	set(c, CURLOPT_PROXY, o->proxy ? o->proxy : "");
	set(c, CURLOPT_USERAGENT, "lokid");
	set(c, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)(o->connect_timeout_ms ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS));
	set(c, CURLOPT_LOW_SPEED_LIMIT, (long)SPEED_MIN);
	set(c, CURLOPT_LOW_SPEED_TIME, (long)((stall_ms + 999) / 1000));
	set(c, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
	set(c, CURLOPT_TCP_KEEPALIVE, 1L);
	if (w->m->resolve)
		set(c, CURLOPT_RESOLVE, w->m->resolve);
	if (o->ca_file)
		set(c, CURLOPT_CAINFO, o->ca_file);
}

static void sign(const struct worker *w, const struct httpc_signer *s)
{
	__typeof__(curl_easy_setopt) *set = w->m->lib.easy_setopt;
	struct buf how = { 0 };

	buf_addf(&how, "aws:amz:%s:%s", s->region, s->service);
	set(w->curl, CURLOPT_AWS_SIGV4, buf_str(&how));
	set(w->curl, CURLOPT_USERNAME, s->key);
	set(w->curl, CURLOPT_PASSWORD, s->secret);
	buf_release(&how);
}

static void end(struct worker *w, CURLcode rc)
{
	const struct curl_lib *lib = &w->m->lib;
	struct httpc_job *j = w->job;
	curl_off_t after = -1;

	lib->multi_remove_handle(w->m->multi, w->curl);
	j->answer.status = status_of(w);
	if (j->err.code == ERR_NONE && j->into_got > j->into_n)
		err_set(&j->err, ERR_IO, "%s: more came than was asked for", j->url);
	else if (j->err.code == ERR_NONE && rc != CURLE_OK)
		curl_lib_failure(lib, rc, w->why, j->url, &j->err);
	else if (j->err.code == ERR_NONE && !w->head_is_whole) /* which libcurl takes for one */
		err_set(&j->err, ERR_AGAIN, "%s: the answer was cut short", j->url);
	if (lib->easy_getinfo(w->curl, CURLINFO_RETRY_AFTER, &after) == CURLE_OK && after > 0)
		j->answer.retry_after_s = (int64_t)after;
	lib->slist_free_all(w->headers);
	w->headers = NULL;
	w->job = NULL;
}

/* Gives the worker its job; false: that has ended already. */
static bool begin(struct worker *w, const struct httpc_signer *signer, struct httpc_job *j)
{
	const struct curl_lib *lib = &w->m->lib;
	__typeof__(curl_easy_setopt) *set = lib->easy_setopt;
	CURL *c = w->curl;

	w->job = j;
	w->why[0] = '\0';
	w->head_is_whole = false;
	buf_reset(&j->answer.body);
	j->answer.status = 0;
	j->answer.retry_after_s = -1;
	j->into_got = 0;
	j->err.code = ERR_NONE;
	for (size_t i = 0; i < j->n_kept; i++)
		j->kept[i].value[0] = '\0';
	lib->easy_reset(c);
	set_connection(w);
	if (signer)
		sign(w, signer);
	for (size_t i = 0; i < j->n_headers; i++)
		w->headers = lib->slist_append(w->headers, j->header[i]);
	set(c, CURLOPT_HTTPHEADER, w->headers);
	set(c, CURLOPT_URL, j->url);
	if (strcmp(j->method, "HEAD") == 0) {
		set(c, CURLOPT_NOBODY, 1L);
	} else if (strcmp(j->method, "PUT") == 0 || strcmp(j->method, "POST") == 0) {
		set(c, CURLOPT_POST, 1L);
		set(c, CURLOPT_POSTFIELDS, j->body.n ? j->body.p : "");
		set(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)j->body.n);
	}
	set(c, CURLOPT_CUSTOMREQUEST, j->method);
	if (j->timeout_ms)
		set(c, CURLOPT_TIMEOUT_MS, (long)j->timeout_ms);
	set(c, CURLOPT_ERRORBUFFER, w->why);
	set(c, CURLOPT_WRITEFUNCTION, on_body);
	set(c, CURLOPT_WRITEDATA, w);
	set(c, CURLOPT_HEADERFUNCTION, on_header);
	set(c, CURLOPT_HEADERDATA, w);
	set(c, CURLOPT_PRIVATE, w);
	if (lib->multi_add_handle(w->m->multi, c) == CURLM_OK)
		return true;
	end(w, CURLE_FAILED_INIT);
	return false;
}

/* The worker that has nothing to do; NULL when `parallel` are at work. */
static struct worker *idle(struct httpc_many *m, unsigned parallel)
{
	struct worker *w;

	for (size_t i = 0; i < m->n_workers && i < parallel; i++)
		if (!m->worker[i]->job)
			return m->worker[i];
	if (m->n_workers >= parallel)
		return NULL;
	w = mem_alloc(sizeof(*w));
	w->m = m;
	w->curl = m->lib.easy_init();
	if (!w->curl) {
		free(w);
		return NULL;
	}
	mem_grow(&m->worker, &m->cap, m->n_workers + 1, sizeof(*m->worker));
	m->worker[m->n_workers++] = w;
	return w;
}

/* Takes up what has ended; how many. */
static size_t reap(struct httpc_many *m)
{
	size_t n = 0;
	CURLMsg *msg;
	int left;

	while ((msg = m->lib.multi_info_read(m->multi, &left)) != NULL) {
		struct worker *w = NULL;
		CURLcode rc = msg->data.result;

		if (msg->msg != CURLMSG_DONE)
			continue;
		m->lib.easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&w);
		end(w, rc);
		n++;
	}
	return n;
}

/* Ends what is under way, and says so of that and of the rest. */
static void give_up(struct httpc_many *m, struct httpc_job *rest, size_t n, const struct err *why)
{
	for (size_t i = 0; i < m->n_workers; i++) {
		struct httpc_job *j = m->worker[i]->job;

		if (!j)
			continue;
		end(m->worker[i], CURLE_ABORTED_BY_CALLBACK);
		j->err = *why;
	}
	for (size_t i = 0; i < n; i++)
		rest[i].err = *why;
}

/* Is it to end: interrupted, or too late? */
static int check_end(int64_t deadline_ns, struct err *e)
{
	if (interrupt_check(e) < 0)
		return -1;
	if (deadline_ns && time_mono_ns() >= deadline_ns)
		return err_set(e, ERR_AGAIN, "no answer came in the time that was given");
	return 0;
}

/* So long nothing need be looked at but what comes. */
static int poll_ms(int64_t deadline_ns)
{
	int64_t left_ms = deadline_ns ? (deadline_ns - time_mono_ns()) / NS_PER_MS + 1 : POLL_MS;

	return left_ms < POLL_MS ? (int)(left_ms > 0 ? left_ms : 0) : POLL_MS;
}

void httpc_many_do(struct httpc_many *m, const struct httpc_signer *signer, struct httpc_job *v,
		   size_t n, unsigned parallel, int64_t deadline_ns)
{
	size_t begun = 0, ended = 0;
	struct worker *w;
	struct err why;
	int running;

	while (ended < n) {
		CURLMcode rc;

		while (begun < n && (w = idle(m, parallel)) != NULL)
			ended += !begin(w, signer, &v[begun++]);
		if (begun == ended) {
			err_set(&why, ERR_IO, "libcurl cannot begin");
			give_up(m, v + begun, n - begun, &why);
			return;
		}
		rc = m->lib.multi_perform(m->multi, &running);
		ended += reap(m);
		if (rc == CURLM_OK && ended < n && running)
			rc = m->lib.multi_poll(m->multi, NULL, 0, poll_ms(deadline_ns), NULL);
		if (rc != CURLM_OK) {
			err_set(&why, ERR_IO, "libcurl: %s", m->lib.multi_strerror(rc));
			give_up(m, v + begun, n - begun, &why);
			return;
		}
		if (ended < n && check_end(deadline_ns, &why) < 0) {
			give_up(m, v + begun, n - begun, &why);
			return;
		}
	}
}
