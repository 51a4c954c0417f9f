#include "entry/jsonl.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "json/json.h"

/* Members, as bits, so that one that comes twice is seen. */
enum { M_TS = 1, M_TENANT = 2, M_LABELS = 4, M_LINE = 8, M_LINE_B64 = 16, M_METADATA = 32 };

void jsonl_reader_release(struct jsonl_reader *r)
{
	buf_release(&r->line);
	buf_release(&r->tenant);
	arena_release(&r->meta);
	free(r->metas);
	*r = (struct jsonl_reader){ 0 };
}

static unsigned member_of(struct bytes name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} members[] = {
		{ "ts", M_TS },		{ "line", M_LINE },	    { "labels", M_LABELS },
		{ "tenant", M_TENANT }, { "metadata", M_METADATA }, { "line_b64", M_LINE_B64 }
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (bytes_is(name, members[i].name))
			return members[i].bit;
	return 0;
}

static bool read_ts(struct json_at *j, struct jsonl_entry *ret)
{
	struct bytes raw;
	bool escaped;

	ret->has_ts = true;
	if (json_string(j, &raw, &escaped))
		return num_i64(raw, &ret->ts_ns);
	return json_value(j, &raw) && num_i64(raw, &ret->ts_ns);
}

/* A string whose value is borrowed from the text, or lies in scratch when it had escapes. */
static bool read_string(struct json_at *j, struct buf *scratch, struct bytes *ret)
{
	bool escaped;

	if (!json_string(j, ret, &escaped))
		return false;
	if (!escaped)
		return true;
	buf_reset(scratch);
	if (!json_unescape(*ret, scratch))
		return false;
	*ret = buf_bytes(scratch);
	return true;
}

static bool read_line_b64(struct json_at *j, struct buf *scratch, struct bytes *ret)
{
	struct bytes text;

	if (!read_string(j, scratch, &text))
		return false;
	buf_reset(scratch);
	if (!base64_decode(text, scratch))
		return false;
	*ret = buf_bytes(scratch);
	return true;
}

static bool read_meta_string(struct json_at *j, struct jsonl_reader *r, struct bytes *ret)
{
	struct buf scratch = { 0 };
	bool escaped, good = true;

	if (!json_string(j, ret, &escaped))
		return false;
	if (escaped) {
		good = json_unescape(*ret, &scratch);
		*ret = arena_copy(&r->meta, buf_bytes(&scratch));
		buf_release(&scratch);
	}
	return good;
}

static bool read_metadata(struct json_at *j, struct jsonl_reader *r, struct jsonl_entry *ret)
{
	size_t n = 0;

	arena_reset(&r->meta);
	if (!json_take(j, '{'))
		return false;
	if (json_take(j, '}'))
		return true;
	do {
		if (n == LABELS_MAX)
			return false;
		mem_grow(&r->metas, &r->cap_metas, n + 1, sizeof(*r->metas));
		if (!read_meta_string(j, r, &r->metas[n].name) || !json_take(j, ':') ||
		    !read_meta_string(j, r, &r->metas[n].value))
			return false;
		n++;
	} while (json_take(j, ','));
	ret->meta = r->metas;
	ret->n_meta = n;
	return json_take(j, '}');
}

static bool read_member(unsigned member, struct json_at *j, struct jsonl_reader *r,
			struct jsonl_entry *ret)
{
	switch (member) {
	case M_TS:
		return read_ts(j, ret);
	case M_TENANT:
		return read_string(j, &r->tenant, &ret->tenant) && ret->tenant.n;
	case M_LABELS:
		json_skip_space(j);
		return j->p < j->end && *j->p == '{' && json_value(j, &ret->labels);
	case M_LINE:
		return read_string(j, &r->line, &ret->line);
	case M_LINE_B64:
		return read_line_b64(j, &r->line, &ret->line);
	case M_METADATA:
		return read_metadata(j, r, ret);
	default:
		return false;
	}
}

static const char *expected_of(unsigned member)
{
	switch (member) {
	case M_TS:
		return "nanoseconds as a whole number";
	case M_TENANT:
		return "a string that is not empty";
	case M_LABELS:
		return "an object of labels";
	case M_METADATA:
		return "an object of strings";
	case M_LINE_B64:
		return "base64 in a string";
	default:
		return "a string";
	}
}

int jsonl_parse(struct jsonl_reader *r, struct bytes text, struct jsonl_entry *ret, struct err *e)
{
	struct jsonl_entry entry = { 0 };
	struct json_at j = json_start(text);
	unsigned seen = 0;

	r->is_foreign = false;
	if (!json_take(&j, '{'))
		return err_set(e, ERR_CORRUPT,
			       "column 1: expected an entry as {\"ts\":..,\"line\":..}");
	do {
		struct bytes name;
		bool escaped;
		unsigned member;
		size_t column = (size_t)(j.p - text.p) + 1;

		if (!json_string(&j, &name, &escaped) || !json_take(&j, ':'))
			return err_set(e, ERR_CORRUPT, "column %zu: expected \"name\":", column);
		member = escaped ? 0 : member_of(name);
		r->is_foreign = !member;
		if (!member)
			return err_set(e, ERR_CORRUPT, "column %zu: unknown member '%.*s'", column,
				       BYTES_ARG(name));
		if (seen & member)
			return err_set(e, ERR_CORRUPT, "column %zu: member '%.*s' is there twice",
				       column, BYTES_ARG(name));
		seen |= member;
		column = (size_t)(j.p - text.p) + 1;
		if (!read_member(member, &j, r, &entry))
			return err_set(e, ERR_CORRUPT, "column %zu: member '%.*s': expected %s",
				       column, BYTES_ARG(name), expected_of(member));
	} while (json_take(&j, ','));
	if (!json_take(&j, '}'))
		return err_set(e, ERR_CORRUPT, "column %zu: expected , or }",
			       (size_t)(j.p - text.p) + 1);
	json_skip_space(&j);
	if (j.p != j.end)
		return err_set(e, ERR_CORRUPT, "column %zu: something behind the entry",
			       (size_t)(j.p - text.p) + 1);
	if (!(seen & (M_LINE | M_LINE_B64)) || (seen & M_LINE && seen & M_LINE_B64))
		return err_set(e, ERR_CORRUPT, "expected one of line and line_b64");
	*ret = entry;
	return 0;
}

static void add_metadata(struct buf *b, const struct metaview *meta, uint32_t set)
{
	for (size_t i = 0; i < meta_n_pairs(meta, set); i++) {
		struct label l = meta_pair(meta, set, i);

		buf_add_str(b, i == 0 ? ",\"metadata\":{" : ",");
		json_add_quoted(b, l.name);
		buf_add_char(b, ':');
		json_add_quoted(b, l.value);
	}
	if (set)
		buf_add_char(b, '}');
}

void jsonl_add(struct buf *b, int64_t ts_ns, struct bytes tenant, struct bytes labels_json,
	       struct bytes line, const struct metaview *meta, uint32_t meta_set)
{
	buf_add_str(b, "{\"ts\":\"");
	num_add_i64(b, ts_ns);
	buf_add_char(b, '"');
	if (tenant.n) {
		buf_add_str(b, ",\"tenant\":");
		json_add_quoted(b, tenant);
	}
	buf_add_str(b, ",\"labels\":");
	buf_add_bytes(b, labels_json);
	if (utf8_valid(line)) {
		buf_add_str(b, ",\"line\":");
		json_add_quoted(b, line);
	} else {
		buf_add_str(b, ",\"line_b64\":\"");
		base64_add(b, line);
		buf_add_char(b, '"');
	}
	if (meta_set)
		add_metadata(b, meta, meta_set);
	buf_add_str(b, "}\n");
}
