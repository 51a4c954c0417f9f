/* Requests: headers, signing, trying again, and what an answer that is no success means. */
#include <stdlib.h>
#include <time.h>

#include "base/interrupt.h"
#include "base/mem.h"
#include "httpc/sha256.h"
#include "store/s3.h"
#include "time/time.h"
#include "xml/xml.h"

enum {
	BODY_MAX = 64 << 10,
	PAUSE_MS = 100, /* before the second try; each further one doubles it */
	PAUSE_MAX_MS = 5000,
	PAUSE_ASKED_MAX_S = 30, /* by Retry-After */
	NAP_MS = 50,
	CREDS_EARLY_S = 300, /* keys are fetched anew so long before they expire, */
	CREDS_PAUSE_S = 60,  /* so long after the time before, as long as they are still good */
	TEXT_MAX = 160,
};

static const char *const method_of[] = {
	[S3_GET] = "GET",   [S3_HEAD] = "HEAD",	    [S3_PUT] = "PUT",
	[S3_POST] = "POST", [S3_DELETE] = "DELETE", [S3_LIST] = "GET"
};

static const char *const kept_name[S3_KEPT] = {
	[S3_ETAG] = "etag",	      [S3_LENGTH] = "content-length",
	[S3_RANGE] = "content-range", [S3_MODIFIED] = "last-modified",
	[S3_DATE] = "date",	      [S3_REGION] = "x-amz-bucket-region",
};

void s3_call_release(struct s3_call *c)
{
	buf_release(&c->answer);
}

/* ---- clients and keys ---- */

static struct httpc_many *take_client(struct s3_store *s, struct err *e)
{
	const struct httpc_opts opts = { .ca_file = s->place.ca_file,
					 .timeout_ms = s->place.timeout_ms };
	struct httpc_many *m = NULL;

	pthread_mutex_lock(&s->lock);
	if (s->n_idle)
		m = s->idle[--s->n_idle];
	pthread_mutex_unlock(&s->lock);
	if (m || httpc_many_open(&opts, s->resolve, &m, e) == 0)
		return m;
	return NULL;
}

static void give_client(struct s3_store *s, struct httpc_many *m)
{
	pthread_mutex_lock(&s->lock);
	mem_grow(&s->idle, &s->cap_idle, s->n_idle + 1, sizeof(struct httpc_many *));
	s->idle[s->n_idle++] = m;
	pthread_mutex_unlock(&s->lock);
}

enum freshness { KEYS_ANY, KEYS_NEW };

/* Whoever gives keys is not asked before each request, be it that he gives none just now, or keys
 * that are good for a short time alone. */
static bool are_creds_due(const struct s3_store *s)
{
	int64_t left_s;

	if (!s->have_creds)
		return true;
	if (s->creds.expires_s == INT64_MAX)
		return false;
	left_s = s->creds.expires_s - time_now_ns() / NS_PER_S;
	return left_s <= 0 || (left_s < CREDS_EARLY_S &&
			       time_mono_ns() - s->creds_asked_ns >= CREDS_PAUSE_S * NS_PER_S);
}

/* A copy, which the caller releases. */
static int take_creds(struct s3_store *s, enum freshness how, struct s3_creds *ret, struct err *e)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (how == KEYS_NEW || are_creds_due(s)) {
		struct s3_creds c;

		rc = s3_creds_get(s->place.profile, s->place.region, &c, e);
		if (rc == 0) {
			s3_creds_release(&s->creds);
			s->creds = c;
			s->have_creds = true;
		} else if (s->have_creds && how == KEYS_ANY &&
			   s->creds.expires_s > time_now_ns() / NS_PER_S) {
			rc = 0; /* those that are there still do */
		}
		s->creds_asked_ns = time_mono_ns();
	}
	if (rc == 0) {
		*ret = (struct s3_creds){ .key = strdup(s->creds.key),
					  .secret = strdup(s->creds.secret),
					  .token = s->creds.token ? strdup(s->creds.token) : NULL };
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

/* ---- one round ---- */

/* What a request is made of, beside what its caller has. */
struct made {
	struct buf url, hash, token;
	const char *header[S3_HEADERS_MAX + 4];
	size_t n_headers;
};

static void made_release(struct made *m)
{
	buf_release(&m->url);
	buf_release(&m->hash);
	buf_release(&m->token);
}

static int make(const struct s3_store *s, const struct s3_call *c, const struct s3_creds *creds,
		struct made *m, struct err *e)
{
	char hex[SHA256_HEX + 1];

	s3_url_add(&m->url, &s->place, c->name, c->query);
	if (sha256_hex(c->body, hex, e) < 0)
		return -1;
	buf_addf(&m->hash, "x-amz-content-sha256: %s", hex);
	m->header[m->n_headers++] = buf_str(&m->hash);
	if (creds->token) {
		buf_addf(&m->token, "x-amz-security-token: %s", creds->token);
		m->header[m->n_headers++] = buf_str(&m->token);
	}
	if (c->kind == S3_PUT || c->kind == S3_POST)
		m->header[m->n_headers++] = "Content-Type: application/octet-stream";
	for (size_t i = 0; i < c->n_headers; i++)
		m->header[m->n_headers++] = c->header[i];
	return 0;
}

static void count(struct s3_store *s, const struct s3_call *c)
{
	switch (c->kind) {
	case S3_GET:
		s->base.gets++;
		break;
	case S3_HEAD:
		s->base.heads++;
		break;
	case S3_LIST:
		s->base.lists++;
		break;
	case S3_DELETE:
		s->base.deletes++;
		break;
	default:
		s->base.puts++;
		s->base.bytes_written += c->body.n;
	}
	if (c->n_tried > 0)
		s->base.retries++;
}

/* Makes those that are not done yet once. */
static int round_of(struct s3_store *s, struct httpc_many *client, const struct s3_creds *creds,
		    struct s3_call **todo, struct httpc_job *job, size_t n, struct err *e)
{
	const struct httpc_signer signer = { .region = s->place.region,
					     .service = "s3",
					     .key = creds->key,
					     .secret = creds->secret };
	struct made *made = mem_alloc(n * sizeof(*made));
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct s3_call *c = todo[i];

		rc = make(s, c, creds, &made[i], e);
		for (size_t k = 0; k < S3_KEPT; k++)
			c->kept[k].name = kept_name[k];
		job[i] = (struct httpc_job){ .method = method_of[c->kind],
					     .url = buf_str(&made[i].url),
					     .body = c->body,
					     .header = made[i].header,
					     .n_headers = made[i].n_headers,
					     .into = c->into,
					     .into_n = c->into_n,
					     .body_max = c->body_max ? c->body_max : BODY_MAX,
					     .kept = c->kept,
					     .n_kept = S3_KEPT };
	}
	if (rc == 0) {
		for (size_t i = 0; i < n; i++)
			count(s, todo[i]);
		httpc_many_do(client, &signer, job, n, S3_PARALLEL,
			      atomic_load(&s->base.deadline_ns));
	}
	for (size_t i = 0; i < n; i++)
		made_release(&made[i]);
	free(made);
	return rc;
}

/* ---- what an answer means ---- */

struct error_text {
	struct buf code, message, region;
};

static int take_error(const struct xml_at *at, void *data, struct err *e)
{
	struct error_text *t = data;

	(void)e;
	if (!at->end)
		return 0;
	if (strcmp(at->path, "/Error/Code") == 0)
		buf_add_bytes(&t->code, at->text);
	else if (strcmp(at->path, "/Error/Message") == 0)
		buf_add_bytes(&t->message, bytes_sub(at->text, 0, TEXT_MAX));
	else if (strcmp(at->path, "/Error/Region") == 0)
		buf_add_bytes(&t->region, bytes_sub(at->text, 0, TEXT_MAX));
	return 0;
}

static const char *region_of(const struct s3_call *c, struct error_text *t)
{
	return t->region.n ? buf_str(&t->region) : c->kept[S3_REGION].value;
}

/* What to do about it, for people. */
static void add_advice(const struct s3_store *s, const struct s3_call *c, struct error_text *t,
		       struct buf *b)
{
	static const struct {
		const char *code, *advice;
	} table[] = {
		{ "SignatureDoesNotMatch", "the secret key is wrong" },
		{ "InvalidAccessKeyId", "the server does not know the access key" },
		{ "AccessDenied", "no permission for this" },
		{ "AllAccessDisabled", "no permission for this" },
		{ "NoSuchBucket", "there is no such bucket" },
		{ "InvalidBucketName", "that is no name of a bucket" },
		{ "ExpiredToken", "the session token has expired" },
		{ "InvalidToken", "the session token is not valid" },
		{ "NoSuchUpload", "somebody has ended the upload: the next run begins it anew" },
		{ "InvalidStorageClass", "the server has no such storage class" },
		{ "InvalidObjectState", "archived: it has to be restored first" },
		{ "EntityTooLarge", "the object is too large for the server" },
		{ "QuotaExceeded", "the quota of the bucket or of its owner is used up" },
	};
	const char *region = region_of(c, t);

	if (strcmp(c->code, "RequestTimeTooSkewed") == 0) {
		struct buf now = { 0 };

		time_add_rfc3339(&now, time_now_ns() / NS_PER_S * NS_PER_S);
		buf_addf(b, "the clock here (%s) and the server's (%s) are too far apart",
			 buf_str(&now), c->kept[S3_DATE].value);
		buf_release(&now);
		return;
	}
	if (region[0] && strcmp(region, s->place.region) != 0) {
		buf_addf(b, "the bucket is in region '%s', not '%s': say region=%s", region,
			 s->place.region, region);
		return;
	}
	if (strcmp(c->code, "AuthorizationHeaderMalformed") == 0 ||
	    strcmp(c->code, "PermanentRedirect") == 0 || c->status == 301) {
		buf_addf(b, "the bucket is probably not in region '%s'", s->place.region);
		return;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(c->code, table[i].code) == 0) {
			buf_add_str(b, table[i].advice);
			return;
		}
	if (t->message.n)
		buf_add_bytes(b, buf_bytes(&t->message));
	else if (c->status == 403)
		buf_add_str(b, "a wrong key, or no permission");
	else if (c->status == 404 && c->name)
		buf_add_str(b, "no such object");
	else if (c->status == 404)
		buf_add_str(b, "no object store answers there");
	else
		buf_add_str(b, "the server refuses");
}

/* Of an object that was asked for, or is to be copied. Whoever knows nothing of a bucket, or of a
 * place to put something, is no object store, or another one. */
static bool is_gone(const struct s3_call *c)
{
	if (c->status != 404 || !c->name)
		return false;
	return (c->kind != S3_PUT && c->kind != S3_POST) || strcmp(c->code, "NoSuchKey") == 0;
}

/* Of an upload in parts that somebody has ended. */
static bool has_no_upload(const struct s3_call *c)
{
	return c->status == 404 && strcmp(c->code, "NoSuchUpload") == 0;
}

static enum err_code code_of(const struct s3_call *c)
{
	if (strcmp(c->code, "NoSuchBucket") == 0)
		return ERR_IO;
	if (strcmp(c->code, "InvalidObjectState") == 0)
		return ERR_VERSION; /* of this object alone, and as little use as one too new */
	if (is_gone(c))
		return ERR_NO;
	if (has_no_upload(c))
		return ERR_AGAIN;
	if (c->status == 416)
		return ERR_CORRUPT;
	if (strcmp(c->code, "QuotaExceeded") == 0 || c->status == 507)
		return ERR_FULL;
	if (c->status / 100 == 5 || c->status == 429 || c->status == 412 || c->status == 409)
		return c->status == 501 ? ERR_IO : ERR_AGAIN;
	return ERR_IO;
}

static void say(const struct s3_store *s, struct s3_call *c)
{
	struct error_text t = { 0 };
	struct buf advice = { 0 }, url = { 0 };

	if (c->answer.n && xml_read(buf_bytes(&c->answer), take_error, &t, NULL) == 0)
		snprintf(c->code, sizeof(c->code), "%.*s", BYTES_ARG(buf_bytes(&t.code)));
	add_advice(s, c, &t, &advice);
	buf_addf(&url, "%s%s%s", s->place.path, c->name ? "/" : "", c->name ? c->name : "");
	err_set(&c->err, code_of(c), "'%s': %s (status %d%s%s)", buf_str(&url), buf_str(&advice),
		c->status, c->code[0] ? ", " : "", c->code);
	buf_release(&t.code);
	buf_release(&t.message);
	buf_release(&t.region);
	buf_release(&advice);
	buf_release(&url);
}

/* A body that is not what was asked for: why the server found out too late, if it says so. */
static void say_late(const struct s3_store *s, struct s3_call *c)
{
	struct err why = c->err;

	say(s, c);
	if (c->code[0] == '\0') {
		c->err = why;
		err_wrap(&c->err, "'%s': answer of the object store", s->place.path);
	} else if (c->err.code == ERR_IO) {
		c->err.code = ERR_AGAIN;
	}
}

/* Whoever asked waits no longer. */
static bool is_given_up(const struct s3_store *s)
{
	const int64_t deadline_ns = atomic_load(&s->base.deadline_ns);

	return interrupt_waits() || (deadline_ns && time_mono_ns() >= deadline_ns);
}

/* Takes up the answer: true when it may be otherwise at the next try. */
static bool settle(struct s3_store *s, struct s3_call *c, struct httpc_job *j)
{
	c->n_tried++;
	c->code[0] = '\0';
	c->status = j->err.code == ERR_NONE ? j->answer.status : 0;
	buf_release(&c->answer);
	c->answer = j->answer.body;
	j->answer.body = (struct buf){ 0 };
	c->err.code = ERR_NONE;
	s->base.bytes_read += c->kind == S3_GET && c->status / 100 == 2
				      ? (c->into ? j->into_got : c->answer.n)
				      : 0;
	if (j->err.code != ERR_NONE) {
		c->err = j->err;
		err_wrap(&c->err, "'%s'", s->place.path);
		return j->err.code == ERR_AGAIN && !is_given_up(s);
	}
	if (c->status / 100 != 2) {
		say(s, c);
		return (c->err.code == ERR_AGAIN && c->status != 412 && !has_no_upload(c)) ||
		       strcmp(c->code, "RequestTimeout") == 0;
	}
	if (c->into && c->kind == S3_GET && j->into_got != c->into_n)
		err_set(&c->err, ERR_AGAIN, "'%s/%s': expected %zu bytes, %zu came", s->place.path,
			c->name, c->into_n, j->into_got);
	else if (c->accept && c->accept(c, &c->err) < 0)
		say_late(s, c);
	return c->err.code != ERR_NONE;
}

/* ---- trying again ---- */

/* splitmix64 */
static uint64_t random_of(struct s3_store *s)
{
	uint64_t z;

	pthread_mutex_lock(&s->lock);
	z = s->seed += UINT64_C(0x9e3779b97f4a7c15);
	pthread_mutex_unlock(&s->lock);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Half of it for sure, the rest by chance. */
static void pause_before(struct s3_store *s, unsigned tried, int64_t asked_s)
{
	uint64_t ms = PAUSE_MS;

	for (unsigned i = 1; i < tried && ms < PAUSE_MAX_MS; i++)
		ms *= 2;
	ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
	ms = ms / 2 + random_of(s) % (ms / 2 + 1);
	if (asked_s > 0 && (uint64_t)asked_s * 1000 > ms)
		ms = (uint64_t)(asked_s < PAUSE_ASKED_MAX_S ? asked_s : PAUSE_ASKED_MAX_S) * 1000;
	while (ms > 0 && !is_given_up(s)) {
		const uint64_t nap = ms < NAP_MS ? ms : NAP_MS;
		const struct timespec t = { .tv_nsec = (long)(nap * 1000000) };

		nanosleep(&t, NULL);
		ms -= nap;
	}
}

/* All that are still to be done get the error. */
static void fail_all(struct s3_call **todo, size_t n, const struct err *why)
{
	for (size_t i = 0; i < n; i++)
		todo[i]->err = *why;
}

/* Did it end without an answer, other than that there is none now? */
static bool had_no_answer(const struct s3_call *c)
{
	return c->err.code == ERR_AGAIN && (c->status == 0 || c->status / 100 != 4);
}

/* An answer to HEAD has no text that could say so. */
static bool has_expired(const struct s3_call *c, bool has_token)
{
	return strcmp(c->code, "ExpiredToken") == 0 ||
	       (has_token && c->kind == S3_HEAD && c->status == 400);
}

static void make_all(struct s3_store *s, struct s3_call *v, size_t n)
{
	struct s3_call **todo = mem_alloc((n + 1) * sizeof(struct s3_call *));
	struct httpc_job *job = mem_alloc((n + 1) * sizeof(*job));
	enum freshness keys = KEYS_ANY;
	bool renewed = false;
	struct httpc_many *client;
	struct err why;

	for (size_t i = 0; i < n; i++)
		todo[i] = &v[i];
	client = take_client(s, &why);
	if (!client)
		fail_all(todo, n, &why);
	for (unsigned tried = 1; client && n > 0; tried++) {
		struct s3_creds creds = { 0 };
		int64_t asked_s = 0;
		size_t left = 0;
		bool has_token;

		if (take_creds(s, keys, &creds, &why) < 0 ||
		    round_of(s, client, &creds, todo, job, n, &why) < 0) {
			fail_all(todo, n, &why);
			s3_creds_release(&creds);
			break;
		}
		has_token = creds.token != NULL;
		s3_creds_release(&creds);
		keys = KEYS_ANY;
		for (size_t i = 0; i < n; i++) {
			bool again = settle(s, todo[i], &job[i]);

			if (!renewed && has_expired(todo[i], has_token)) {
				again = true;
				keys = KEYS_NEW;
			}
			if (again && job[i].answer.retry_after_s > asked_s)
				asked_s = job[i].answer.retry_after_s;
			if (again)
				todo[left++] = todo[i];
		}
		renewed |= keys == KEYS_NEW;
		n = left;
		if (tried >= s->place.tries && keys != KEYS_NEW)
			break;
		if (n)
			pause_before(s, tried, asked_s);
	}
	if (client)
		give_client(s, client);
	free(todo);
	free(job);
}

void s3_do(struct s3_store *s, struct s3_call *v, size_t n)
{
	bool away = false;

	store_round_begin(&s->base);
	make_all(s, v, n);
	store_round_end(&s->base);
	for (size_t i = 0; i < n; i++)
		away |= had_no_answer(&v[i]);
	if (n && !is_given_up(s))
		atomic_store(&s->base.away, away);
}

int s3_do_one(struct s3_store *s, struct s3_call *c, struct err *e)
{
	s3_do(s, c, 1);
	return c->err.code == ERR_NONE ? 0 : err_set(e, c->err.code, "%s", c->err.msg);
}

int64_t s3_date(struct s3_store *s, const char *text)
{
	struct httpc_many *m = text[0] ? take_client(s, NULL) : NULL;
	int64_t t = -1;

	if (m) {
		t = httpc_many_date(m, text);
		give_client(s, m);
	}
	return t < 0 ? -1 : t * NS_PER_S;
}
