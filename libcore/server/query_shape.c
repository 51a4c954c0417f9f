#include "server/query_shape.h"

#include "base/io.h"
#include "base/num.h"
#include "json/json.h"
#include "labels/quote.h"
#include "time/time.h"

enum { PIECE = 64 << 10 };

/* --- where it goes --- */

static int pass_on(struct shape_out *out, struct err *e)
{
	if (io_write(out->fd, out->text.p, out->text.n, e) < 0)
		return -1;
	out->n += out->text.n;
	buf_reset(&out->text);
	return 0;
}

int shape_out_end(struct shape_out *out, struct err *e)
{
	return pass_on(out, e);
}

void shape_out_release(struct shape_out *out)
{
	buf_release(&out->text);
}

/* Of any length. */
static int add(struct shape_out *out, struct bytes b, struct err *e)
{
	for (;;) {
		struct bytes piece = bytes_sub(b, 0, PIECE);

		buf_add_bytes(&out->text, piece);
		if (out->text.n >= PIECE && pass_on(out, e) < 0)
			return -1;
		if (piece.n == b.n)
			return 0;
		b = bytes_sub(b, piece.n, b.n);
	}
}

/* --- the answer of logql --- */

/* A walk over what stands between the brackets of an object or array. */
struct walk {
	struct json_at at;
	bool any; /* a member was taken */
};

static bool walk_begin(struct bytes json, char open, struct walk *w)
{
	*w = (struct walk){ json_start(json), false };
	return json_take(&w->at, open);
}

static bool next_value(struct walk *w, struct bytes *ret)
{
	if (w->any && !json_take(&w->at, ','))
		return false;
	w->any = true;
	return json_value(&w->at, ret);
}

/* key as it stands between its quotes. */
static bool next_member(struct walk *w, struct bytes *ret_key, struct bytes *ret)
{
	bool escaped;

	if (w->any && !json_take(&w->at, ','))
		return false;
	w->any = true;
	json_skip_space(&w->at);
	return json_string(&w->at, ret_key, &escaped) && json_take(&w->at, ':') &&
	       json_value(&w->at, ret);
}

/* A member of an object; p is NULL when it has none. */
static struct bytes member(struct bytes object, const char *name)
{
	struct bytes key, value;
	struct walk w;

	if (walk_begin(object, '{', &w))
		while (next_member(&w, &key, &value))
			if (bytes_is(key, name))
				return value;
	return (struct bytes){ 0 };
}

/* Between its quotes, escapes resolved. */
static bool unquote(struct bytes string, struct buf *out)
{
	return string.n >= 2 && json_unescape(bytes_sub(string, 1, string.n - 2), out);
}

static int unexpected(struct err *e)
{
	return err_set(e, ERR_BUG, "an answer of logql is not as expected");
}

int query_shape_old_values(struct bytes json, struct shape_out *out, struct err *e)
{
	struct bytes data = member(json, "data");

	if (!member(json, "status").p)
		return unexpected(e);
	buf_add_char(&out->text, '{');
	if (data.p) {
		buf_add_str(&out->text, "\"values\":");
		if (add(out, data, e) < 0)
			return -1;
	}
	buf_add_str(&out->text, "}\n");
	return 0;
}

static int add_labels(struct bytes stream, struct buf *out, struct err *e)
{
	struct buf text = { 0 }, value = { 0 };
	struct bytes k, v;
	struct walk w;
	bool good = walk_begin(stream, '{', &w);

	buf_add_char(&text, '{');
	while (good && next_member(&w, &k, &v)) {
		if (text.n > 1)
			buf_add_str(&text, ", ");
		buf_reset(&value);
		good = json_unescape(k, &text) && unquote(v, &value);
		buf_add_char(&text, '=');
		quote_add(&text, buf_bytes(&value));
	}
	buf_add_char(&text, '}');
	json_add_quoted(out, buf_bytes(&text));
	buf_release(&text);
	buf_release(&value);
	return good ? 0 : unexpected(e);
}

static int add_entry(struct bytes pair, struct shape_out *out, struct err *e)
{
	struct bytes ts, line;
	struct walk w;
	int64_t ts_ns;

	if (!walk_begin(pair, '[', &w) || !next_value(&w, &ts) || !next_value(&w, &line) ||
	    ts.n < 2 || !num_i64(bytes_sub(ts, 1, ts.n - 2), &ts_ns))
		return unexpected(e);
	buf_add_str(&out->text, "{\"ts\":\"");
	time_add_rfc3339(&out->text, ts_ns);
	buf_add_str(&out->text, "\",\"line\":");
	if (add(out, line, e) < 0)
		return -1;
	buf_add_char(&out->text, '}');
	return 0;
}

static int add_stream(struct bytes item, struct shape_out *out, struct err *e)
{
	struct bytes pair;
	struct walk w;
	size_t n = 0;

	if (!walk_begin(member(item, "values"), '[', &w))
		return unexpected(e);
	buf_add_str(&out->text, "{\"labels\":");
	if (add_labels(member(item, "stream"), &out->text, e) < 0)
		return -1;
	buf_add_str(&out->text, ",\"entries\":[");
	while (next_value(&w, &pair)) {
		if (n++)
			buf_add_char(&out->text, ',');
		if (add_entry(pair, out, e) < 0)
			return -1;
	}
	buf_add_str(&out->text, "]}");
	return 0;
}

int query_shape_old_streams(struct bytes json, struct shape_out *out, struct err *e)
{
	struct bytes data = member(json, "data"), type = member(data, "resultType"), item;
	struct bytes stats = member(data, "stats");
	struct walk w;
	size_t n = 0;

	if (type.n < 2 || !walk_begin(member(data, "result"), '[', &w))
		return unexpected(e);
	if (!bytes_is(type, "\"streams\""))
		return err_set(e, ERR_QUERY,
			       "legacy endpoints only support streams result type, current type is "
			       "%.*s",
			       BYTES_ARG(bytes_sub(type, 1, type.n - 2)));
	buf_add_str(&out->text, "{\"streams\":[");
	while (next_value(&w, &item)) {
		if (n++)
			buf_add_char(&out->text, ',');
		if (add_stream(item, out, e) < 0)
			return -1;
	}
	buf_add_str(&out->text, "],\"stats\":");
	if (add(out, stats.p ? stats : BYTES_LIT("{}"), e) < 0)
		return -1;
	buf_add_str(&out->text, "}\n");
	return 0;
}

int query_shape_shards(struct bytes json, struct shape_out *out, struct err *e)
{
	struct bytes stats = bytes_trim(json);

	if (!member(stats, "entries").p)
		return unexpected(e);
	buf_add_str(&out->text,
		    "{\"shards\":[{\"bounds\":{\"min\":0,\"max\":18446744073709551615},");
	buf_add_str(&out->text, "\"stats\":");
	if (add(out, stats, e) < 0)
		return -1;
	buf_add_str(&out->text, "}]}\n");
	return 0;
}
