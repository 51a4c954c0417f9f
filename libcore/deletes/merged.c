#include "deletes/merged.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"

enum { VERSION = 1 };

void merged_add_text(struct buf *b, const struct merged *m)
{
	buf_addf(b, "{\"version\":%d,\"replaces\":[", VERSION);
	for (size_t i = 0; i < m->n_replaces; i++) {
		buf_add_str(b, i ? "," : "");
		json_add_quoted(b, m->replaces[i]);
	}
	buf_add_str(b, "],\"requests\":[\n");
	for (size_t i = 0; i < m->n; i++) {
		deletes_add_text(b, &m->v[i]);
		b->n--; /* its newline */
		buf_add_str(b, i + 1 < m->n ? ",\n" : "\n");
	}
	buf_add_str(b, "]}\n");
}

/* ---- read ---- */

/* Calls each with the values of an array, as they stand. */
typedef int value_fn(struct bytes value, void *data, struct err *e);

static int each_value(struct bytes array, value_fn *each, void *data, struct err *e)
{
	struct json_at j = json_start(array);
	struct bytes value;
	bool more = json_take(&j, '[');

	json_skip_space(&j);
	if (!more)
		return err_set(e, ERR_CORRUPT, "expected an array");
	if (json_take(&j, ']'))
		return 0;
	while (more) {
		json_skip_space(&j);
		if (!json_value(&j, &value))
			return err_set(e, ERR_CORRUPT, "a value of an array is none");
		if (each(value, data, e) < 0)
			return -1;
		more = json_take(&j, ',');
	}
	if (!json_take(&j, ']'))
		return err_set(e, ERR_CORRUPT, "expected ',' or ']' behind a value");
	return 0;
}

struct parsing {
	struct arena *a;
	struct merged m;
	size_t cap, cap_replaces;
};

static int add_request(struct bytes value, void *data, struct err *e)
{
	struct parsing *p = data;
	struct merged *m = &p->m;

	mem_grow(&m->v, &p->cap, m->n + 1, sizeof(*m->v));
	if (deletes_parse_text(value, NULL, p->a, &m->v[m->n], e) < 0)
		return -1;
	if (m->n && strcmp(m->v[m->n - 1].id, m->v[m->n].id) >= 0)
		return err_set(e, ERR_CORRUPT, "request %s is not in its place", m->v[m->n].id);
	m->n++;
	return 0;
}

static int add_replaced(struct bytes value, void *data, struct err *e)
{
	struct bytes name = value.n < 2 ? value : bytes_sub(value, 1, value.n - 2), id;
	struct parsing *p = data;
	struct merged *m = &p->m;

	switch (deletes_parse_name(name, &id)) {
	case DELETES_REQUEST:
	case DELETES_MERGED:
		break;
	default:
		return err_set(e, ERR_CORRUPT, "it replaces what is no file of requests");
	}
	if (m->n_replaces && bytes_cmp(m->replaces[m->n_replaces - 1], name) >= 0)
		return err_set(e, ERR_CORRUPT, "the files that it replaces are not in order");
	mem_grow(&m->replaces, &p->cap_replaces, m->n_replaces + 1, sizeof(*m->replaces));
	m->replaces[m->n_replaces++] = arena_copy(p->a, name);
	return 0;
}

static int check_hash(struct bytes text, struct bytes hex, struct err *e)
{
	struct hash128 h = hash128(text);
	char found[HASH128_HEX + 1];

	hash128_hex(&h, found);
	if (hex.n == 0 || bytes_is(hex, found))
		return 0;
	return err_set(e, ERR_CORRUPT, "damaged: its bytes have the hash %s", found);
}

static int parse(struct bytes text, struct parsing *p, struct err *e)
{
	struct bytes raw, version, replaces, requests;
	struct json_at j = json_start(text);
	uint64_t n;

	json_skip_space(&j);
	if (j.p == j.end || *j.p != '{' || !json_value(&j, &raw))
		return err_set(e, ERR_CORRUPT, "no requests to delete: expected a JSON object");
	json_skip_space(&j);
	if (j.p != j.end)
		return err_set(e, ERR_CORRUPT, "something stands behind its object");
	if (!json_member(raw, "version", &version) || !num_u64(version, &n))
		return err_set(e, ERR_CORRUPT, "no requests to delete: it has no version");
	if (n != VERSION)
		return err_set(e, ERR_VERSION,
			       "requests to delete of version %llu; this program knows %d",
			       (unsigned long long)n, VERSION);
	if (!json_member(raw, "replaces", &replaces) || !json_member(raw, "requests", &requests))
		return err_set(e, ERR_CORRUPT, "expected replaces and requests");
	if (each_value(replaces, add_replaced, p, e) < 0)
		return err_wrap(e, "replaces");
	if (each_value(requests, add_request, p, e) < 0)
		return err_wrap(e, "requests");
	return 0;
}

static void *copy_to(struct arena *a, const void *v, size_t size)
{
	void *ret = arena_alloc(a, size + 1);

	if (size)
		memcpy(ret, v, size);
	return ret;
}

int merged_parse_text(struct bytes text, struct bytes hex, struct arena *a, struct merged *ret,
		      struct err *e)
{
	struct parsing p = { .a = a };
	int rc = check_hash(text, hex, e);

	if (rc == 0)
		rc = parse(text, &p, e);
	if (rc == 0) {
		*ret = p.m;
		ret->v = copy_to(a, p.m.v, p.m.n * sizeof(*p.m.v));
		ret->replaces = copy_to(a, p.m.replaces, p.m.n_replaces * sizeof(*p.m.replaces));
	}
	free(p.m.v);
	free(p.m.replaces);
	return rc;
}
