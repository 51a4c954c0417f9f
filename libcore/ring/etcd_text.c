#include "ring/etcd_text.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "ring/text.h"

/* ---- what is said ---- */

static void add_base64(struct buf *b, const char *name, struct bytes value)
{
	buf_addf(b, "\"%s\":\"", name);
	base64_add(b, value);
	buf_add_char(b, '"');
}

/* Of a range of all that begins with prefix the end is the same with its last byte one higher. */
static void add_prefix(struct buf *b, struct bytes prefix)
{
	struct buf end = { 0 };

	add_base64(b, "key", prefix);
	buf_add(&end, prefix.p, prefix.n - 1);
	buf_add_char(&end, (char)(prefix.p[prefix.n - 1] + 1));
	buf_add_char(b, ',');
	add_base64(b, "range_end", buf_bytes(&end));
	buf_release(&end);
}

void etcd_ask_prefix(struct buf *b, struct bytes prefix)
{
	buf_add_char(b, '{');
	add_prefix(b, prefix);
	buf_add_char(b, '}');
}

void etcd_ask_key(struct buf *b, struct bytes key)
{
	buf_add_char(b, '{');
	add_base64(b, "key", key);
	buf_add_char(b, '}');
}

void etcd_txn_release(struct etcd_txn *t)
{
	buf_release(&t->compare);
	buf_release(&t->success);
	*t = (struct etcd_txn){ 0 };
}

void etcd_txn_if_mod(struct etcd_txn *t, struct bytes key, int64_t mod)
{
	buf_add_str(&t->compare, t->compare.n ? ",{" : "{");
	add_base64(&t->compare, "key", key);
	buf_addf(&t->compare, ",\"target\":\"MOD\",\"result\":\"EQUAL\",\"mod_revision\":\"%lld\"}",
		 (long long)mod);
}

void etcd_txn_put(struct etcd_txn *t, struct bytes key, struct bytes value, int64_t lease)
{
	t->n_operations++;
	buf_add_str(&t->success, t->success.n ? ",{\"request_put\":{" : "{\"request_put\":{");
	add_base64(&t->success, "key", key);
	buf_add_char(&t->success, ',');
	add_base64(&t->success, "value", value);
	if (lease)
		buf_addf(&t->success, ",\"lease\":\"%lld\"", (long long)lease);
	buf_add_str(&t->success, "}}");
}

void etcd_txn_delete(struct etcd_txn *t, struct bytes key)
{
	t->n_operations++;
	buf_add_str(&t->success,
		    t->success.n ? ",{\"request_delete_range\":{" : "{\"request_delete_range\":{");
	add_base64(&t->success, "key", key);
	buf_add_str(&t->success, "}}");
}

void etcd_ask_txn(struct buf *b, const struct etcd_txn *t)
{
	buf_add_str(b, "{\"compare\":[");
	buf_add_bytes(b, buf_bytes(&t->compare));
	buf_add_str(b, "],\"success\":[");
	buf_add_bytes(b, buf_bytes(&t->success));
	buf_add_str(b, "]}");
}

void etcd_ask_grant(struct buf *b, int64_t ttl_s)
{
	buf_addf(b, "{\"TTL\":\"%lld\"}", (long long)ttl_s);
}

void etcd_ask_keepalive(struct buf *b, int64_t lease)
{
	buf_addf(b, "{\"ID\":\"%lld\"}", (long long)lease);
}

void etcd_ask_watch(struct buf *b, struct bytes prefix, int64_t from_revision)
{
	buf_add_str(b, "{\"create_request\":{");
	add_prefix(b, prefix);
	buf_addf(b, ",\"start_revision\":\"%lld\"}}", (long long)from_revision);
}

void etcd_ask_token(struct buf *b, const char *user, const char *password)
{
	buf_add_str(b, "{\"name\":");
	json_add_quoted(b, bytes_str(user));
	buf_add_str(b, ",\"password\":");
	json_add_quoted(b, bytes_str(password));
	buf_add_char(b, '}');
}

/* ---- what is answered ---- */

static int no_answer(const char *what, struct bytes found, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "expected %s, found '%.*s'", what,
		       BYTES_ARG(bytes_sub(found, 0, 80)));
}

/* A number, as text or not; one that is not there is 0. */
static int read_number(struct bytes object, const char *name, int64_t *ret, struct err *e)
{
	struct bytes raw, text;

	*ret = 0;
	if (!json_member(object, name, &raw))
		return 0;
	text = raw;
	if (raw.n >= 2 && raw.p[0] == '"')
		text = bytes_of(raw.p + 1, raw.n - 2);
	if (!num_i64(text, ret) || *ret < 0)
		return err_set(e, ERR_CORRUPT, "%s: expected a whole number, found '%.*s'", name,
			       BYTES_ARG(bytes_sub(raw, 0, 40)));
	return 0;
}

static int read_base64(struct bytes object, const char *name, struct arena *a, struct bytes *ret,
		       struct err *e)
{
	struct buf b = { 0 };
	struct bytes raw;
	int rc = 0;

	*ret = bytes_of(NULL, 0);
	if (!json_member(object, name, &raw))
		return 0;
	if (raw.n < 2 || raw.p[0] != '"' || !base64_decode(bytes_of(raw.p + 1, raw.n - 2), &b))
		rc = err_set(e, ERR_CORRUPT, "%s: expected base64, found '%.*s'", name,
			     BYTES_ARG(bytes_sub(raw, 0, 40)));
	else
		*ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return rc;
}

static int read_kv(struct bytes object, struct arena *a, struct etcd_kv *ret, struct err *e)
{
	if (read_base64(object, "key", a, &ret->key, e) < 0 ||
	    read_base64(object, "value", a, &ret->value, e) < 0 ||
	    read_number(object, "mod_revision", &ret->mod, e) < 0 ||
	    read_number(object, "lease", &ret->lease, e) < 0)
		return -1;
	if (ret->key.n == 0 || ret->mod == 0)
		return no_answer("a key and its mod_revision", object, e);
	return 0;
}

static int read_kvs(struct bytes list, struct arena *a, struct etcd_range *ret, struct err *e)
{
	struct json_at j = json_start(list);
	struct etcd_kv *v = NULL;
	size_t cap = 0;
	struct bytes raw;
	int rc = 0;

	if (!json_take(&j, '['))
		return no_answer("a list of keys", list, e);
	do {
		if (!json_value(&j, &raw))
			break;
		mem_grow(&v, &cap, ret->n + 1, sizeof(*v));
		rc = read_kv(raw, a, &v[ret->n], e);
		ret->n += rc == 0;
	} while (rc == 0 && json_take(&j, ','));
	ret->v = arena_alloc(a, ret->n * sizeof(*v));
	if (v)
		memcpy(ret->v, v, ret->n * sizeof(*v));
	free(v);
	if (rc == 0 && !json_take(&j, ']'))
		return no_answer("the end of a list of keys", bytes_of(j.p, (size_t)(j.end - j.p)),
				 e);
	return rc;
}

/* The whole answer as one object. */
static int read_object(struct bytes answer, struct bytes *ret, struct err *e)
{
	struct json_at j = json_start(answer);

	if (!json_value(&j, ret) || ret->p[0] != '{')
		return no_answer("an object of JSON", answer, e);
	json_skip_space(&j);
	if (j.p != j.end)
		return no_answer("nothing behind the answer", bytes_of(j.p, (size_t)(j.end - j.p)),
				 e);
	return 0;
}

/* Every answer of a store has a header with its revision. */
static int read_header(struct bytes answer, struct bytes *ret, int64_t *ret_revision, struct err *e)
{
	struct bytes header;

	if (read_object(answer, ret, e) < 0)
		return -1;
	if (!json_member(*ret, "header", &header))
		return no_answer("a header", *ret, e);
	return read_number(header, "revision", ret_revision, e);
}

int etcd_read_range(struct bytes answer, struct arena *a, struct etcd_range *ret, struct err *e)
{
	struct bytes object, list;

	*ret = (struct etcd_range){ 0 };
	if (read_header(answer, &object, &ret->revision, e) < 0)
		return -1;
	if (ret->revision == 0)
		return no_answer("the revision of the store", object, e);
	return json_member(object, "kvs", &list) ? read_kvs(list, a, ret, e) : 0;
}

int etcd_read_txn(struct bytes answer, bool *ret, struct err *e)
{
	struct bytes object, done;
	int64_t revision;

	if (read_header(answer, &object, &revision, e) < 0)
		return -1;
	*ret = json_member(object, "succeeded", &done) && bytes_is(done, "true");
	return 0;
}

int etcd_read_grant(struct bytes answer, int64_t *ret, int64_t *ret_ttl_s, struct err *e)
{
	struct bytes object;

	if (read_object(answer, &object, e) < 0 || read_number(object, "ID", ret, e) < 0 ||
	    read_number(object, "TTL", ret_ttl_s, e) < 0)
		return -1;
	return *ret ? 0 : no_answer("the ID of a lease", object, e);
}

/* Of a stream. One that etcd breaks off, as when it goes down, has an error in its place. */
static int read_result(struct bytes answer, struct bytes *ret, struct err *e)
{
	struct bytes object, broken;

	if (read_object(answer, &object, e) < 0)
		return -1;
	if (json_member(object, "result", ret))
		return 0;
	if (!json_member(object, "error", &broken))
		return no_answer("a result", object, e);
	return err_set(e, ERR_AGAIN, "etcd broke off: %.*s", BYTES_ARG(bytes_sub(broken, 0, 200)));
}

int etcd_read_keepalive(struct bytes answer, int64_t *ret, struct err *e)
{
	struct bytes result;

	if (read_result(answer, &result, e) < 0)
		return -1;
	return read_number(result, "TTL", ret, e);
}

int etcd_read_watch(struct bytes line, bool *ret, struct err *e)
{
	struct bytes result, raw;

	if (read_result(line, &result, e) < 0)
		return -1;
	*ret = json_member(result, "events", &raw) ||
	       (json_member(result, "canceled", &raw) && bytes_is(raw, "true"));
	return 0;
}

int etcd_read_token(struct bytes answer, struct buf *ret, struct err *e)
{
	struct bytes object, raw;

	if (read_object(answer, &object, e) < 0)
		return -1;
	/* It becomes a header. */
	if (!json_member(object, "token", &raw) || raw.n < 3 || raw.p[0] != '"')
		return err_set(e, ERR_CORRUPT, "expected a token");
	raw = bytes_of(raw.p + 1, raw.n - 2);
	for (size_t i = 0; i < raw.n; i++)
		if ((unsigned char)raw.p[i] <= ' ' || (unsigned char)raw.p[i] >= 0x7f ||
		    raw.p[i] == '\\')
			return err_set(e, ERR_CORRUPT, "expected a token of visible characters");
	buf_add_bytes(ret, raw);
	return 0;
}

struct bytes etcd_read_error(struct bytes answer)
{
	struct bytes object, raw;
	struct err e;

	if (read_object(answer, &object, &e) < 0)
		return bytes_of(NULL, 0);
	if ((!json_member(object, "message", &raw) && !json_member(object, "error", &raw)) ||
	    raw.n < 2 || raw.p[0] != '"')
		return bytes_of(NULL, 0);
	return bytes_of(raw.p + 1, raw.n - 2);
}

/* ---- the ring ---- */

/* What stands behind prefix and folder in the key, when it begins so. */
static bool below(struct bytes key, struct bytes prefix, const char *folder, struct bytes *ret)
{
	size_t n = strlen(folder);

	if (!bytes_starts(key, prefix) ||
	    !bytes_starts(bytes_sub(key, prefix.n, key.n), bytes_of(folder, n)))
		return false;
	*ret = bytes_sub(key, prefix.n + n, key.n);
	return true;
}

static int add_instance(const struct etcd_kv *kv, struct bytes name, struct ring *r, struct err *e)
{
	struct ring_instance *in;

	if (ring_parse_instance(kv->value, r, &in, e) < 0)
		return err_wrap(e, "key '%.*s'", BYTES_ARG(kv->key));
	if (!bytes_eq(in->name, name))
		return err_set(e, ERR_CORRUPT, "key '%.*s': it has instance '%.*s'",
			       BYTES_ARG(kv->key), BYTES_ARG(in->name));
	in->mod = kv->mod;
	in->lease = RING_LEASE_ENDED; /* until it is found */
	return 0;
}

int etcd_ring_of(const struct etcd_range *range, struct bytes prefix, struct ring *ret,
		 int64_t *ret_settings_mod, struct err *e)
{
	struct bytes name;
	struct ring r;
	int64_t mod = 0;
	int rc = 0;

	ring_init(&r);
	for (size_t i = 0; i < range->n && rc == 0; i++) {
		const struct etcd_kv *kv = &range->v[i];

		if (below(kv->key, prefix, "instances/", &name)) {
			rc = add_instance(kv, name, &r, e);
		} else if (below(kv->key, prefix, "settings", &name) && name.n == 0) {
			mod = kv->mod;
			rc = ring_parse_settings(kv->value, &r, e);
			if (rc < 0)
				err_wrap(e, "key '%.*s'", BYTES_ARG(kv->key));
		}
	}
	for (size_t i = 0; i < range->n && rc == 0; i++) {
		struct ring_instance *in;

		if (!below(range->v[i].key, prefix, "alive/", &name))
			continue;
		in = ring_find(&r, name);
		if (in)
			in->lease = RING_LEASE_LIVES;
	}
	if (rc == 0 && mod == 0)
		rc = err_set(e, ERR_NO, "there is no ring");
	if (rc == 0)
		rc = ring_check_tokens(&r, e);
	if (rc < 0) {
		ring_release(&r);
		return -1;
	}
	*ret_settings_mod = mod;
	*ret = r;
	return 0;
}
