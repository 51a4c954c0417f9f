/* The text of a request: one JSON object, which its id is the hash of. */
#include <stdlib.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/utf8.h"
#include "deletes/requests.h"
#include "json/json.h"

enum { VERSION = 1 };

void deletes_set_id(struct delete_request *r)
{
	struct buf b = { 0 };
	char hex[HASH128_HEX + 1];
	struct hash128 h;

	buf_addf(&b, "%lld %lld %lld ", (long long)r->start_ns, (long long)r->end_ns,
		 (long long)r->created_ns);
	buf_add_bytes(&b, r->query);
	h = hash128(buf_bytes(&b));
	hash128_hex(&h, hex);
	memcpy(r->id, hex, DELETES_ID_LEN);
	r->id[DELETES_ID_LEN] = '\0';
	buf_release(&b);
}

void deletes_add_text(struct buf *b, const struct delete_request *r)
{
	buf_addf(b, "{\"version\":%d,\"id\":\"%s\",\"query\":", VERSION, r->id);
	json_add_quoted(b, r->query);
	buf_addf(b, ",\"start\":\"%lld\",\"end\":\"%lld\",\"created\":\"%lld\"}\n",
		 (long long)r->start_ns, (long long)r->end_ns, (long long)r->created_ns);
}

/* The members as they stand, each once. */
struct members {
	struct bytes version, id, query, start, end, created;
};

static struct bytes *member_of(struct members *m, struct bytes name)
{
	return bytes_is(name, "version")   ? &m->version
	       : bytes_is(name, "id")	   ? &m->id
	       : bytes_is(name, "query")   ? &m->query
	       : bytes_is(name, "start")   ? &m->start
	       : bytes_is(name, "end")	   ? &m->end
	       : bytes_is(name, "created") ? &m->created
					   : NULL;
}

/* False: no object, or a member of ours twice. Others are not looked at. */
static bool find_members(struct bytes text, struct members *m)
{
	struct json_at j = json_start(text);
	bool escaped, more;

	if (!json_take(&j, '{'))
		return false;
	do {
		struct bytes name, value, *to;

		json_skip_space(&j);
		if (!json_string(&j, &name, &escaped) || !json_take(&j, ':'))
			return false;
		json_skip_space(&j);
		if (!json_value(&j, &value))
			return false;
		to = member_of(m, name);
		if (to && to->p)
			return false;
		if (to)
			*to = value;
		more = json_take(&j, ',');
	} while (more);
	if (!json_take(&j, '}'))
		return false;
	json_skip_space(&j);
	return j.p == j.end;
}

/* What stands between the quotes. */
static bool read_text(struct bytes value, struct arena *a, struct bytes *ret)
{
	struct json_at j = json_start(value);
	struct buf b = { 0 };
	struct bytes raw;
	bool escaped, ok;

	ok = json_string(&j, &raw, &escaped) && j.p == j.end && json_unescape(raw, &b) &&
	     utf8_valid(buf_bytes(&b));
	if (ok)
		*ret = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return ok;
}

static bool read_ns(struct bytes value, struct arena *a, int64_t *ret)
{
	struct bytes text;

	return read_text(value, a, &text) && num_i64(text, ret);
}

int deletes_parse_text(struct bytes text, const char *id, struct arena *a,
		       struct delete_request *ret, struct err *e)
{
	struct members m = { 0 };
	struct delete_request r = { 0 };
	struct bytes own;
	uint64_t version;

	if (!find_members(text, &m))
		return err_set(e, ERR_CORRUPT, "no request to delete: expected one JSON object");
	if (!num_u64(m.version, &version))
		return err_set(e, ERR_CORRUPT, "no request to delete: it has no version");
	if (version != VERSION)
		return err_set(e, ERR_VERSION,
			       "a request to delete of version %llu; this program knows %d",
			       (unsigned long long)version, VERSION);
	if (!read_text(m.id, a, &own) || !read_text(m.query, a, &r.query) ||
	    !read_ns(m.start, a, &r.start_ns) || !read_ns(m.end, a, &r.end_ns) ||
	    !read_ns(m.created, a, &r.created_ns))
		return err_set(e, ERR_CORRUPT,
			       "no request to delete: expected id, query, start, end and created");
	deletes_set_id(&r);
	if (!bytes_is(own, r.id) || (id && strcmp(id, r.id) != 0))
		return err_set(e, ERR_CORRUPT, "damaged: what it says has the id %s, expected %s",
			       r.id, id ? id : "its own");
	*ret = r;
	return 0;
}
