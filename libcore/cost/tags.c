#include "cost/tags.h"

#include <strings.h>

#include "json/json.h"

enum { SHOWN = 40 };

/* How well a key fits: less is better. */
enum rank { RANK_SAME, RANK_PREFIXED, RANK_ALIKE, RANK_NONE };

struct found {
	struct bytes name; /* that is looked for */
	enum rank rank;
	bool twice;	  /* of this rank */
	struct bytes raw; /* the value */
};

bool tags_alike(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

static enum rank rank_of(struct bytes key, struct bytes name)
{
	struct bytes own = key;

	if (bytes_eq(key, name))
		return RANK_SAME;
	if (bytes_starts(key, BYTES_LIT("user_")) || bytes_starts(key, BYTES_LIT("user:")))
		own = bytes_sub(key, 5, key.n);
	if (bytes_eq(own, name))
		return RANK_PREFIXED;
	return tags_alike(own, name) || tags_alike(key, name) ? RANK_ALIKE : RANK_NONE;
}

static void look_at(struct found *f, struct bytes key, struct bytes raw)
{
	enum rank rank = rank_of(key, f->name);

	if (rank > f->rank || rank == RANK_NONE)
		return;
	f->twice = rank == f->rank;
	f->rank = rank;
	f->raw = raw;
}

/* A string without its quotes; false on a bad escape. */
static bool text_of(struct bytes raw, bool escaped, struct arena *scratch, struct bytes *ret)
{
	char *to;

	*ret = raw;
	if (!escaped)
		return true;
	to = arena_alloc(scratch, raw.n + 1);
	ret->p = to;
	return json_unescape_to(raw, to, &ret->n);
}

/* False: it is no object. */
static bool look_in_object(struct bytes all, struct arena *scratch, struct found *f)
{
	struct json_at j = json_start(all);

	if (!json_take(&j, '{'))
		return false;
	if (!json_take(&j, '}')) {
		do {
			struct bytes key, raw;
			bool escaped;

			json_skip_space(&j);
			if (!json_string(&j, &key, &escaped) ||
			    !text_of(key, escaped, scratch, &key) || !json_take(&j, ':') ||
			    !json_value(&j, &raw))
				return false;
			look_at(f, key, raw);
		} while (json_take(&j, ','));
		if (!json_take(&j, '}'))
			return false;
	}
	json_skip_space(&j);
	return j.p == j.end;
}

/* Up to the next ", ", which is stepped over. */
static struct bytes take_piece(struct bytes *rest)
{
	const char *comma = rest->n ? memmem(rest->p, rest->n, ", ", 2) : NULL;
	struct bytes piece = bytes_sub(*rest, 0, comma ? (size_t)(comma - rest->p) : rest->n);

	*rest = bytes_sub(*rest, piece.n + 2, rest->n);
	return piece;
}

/* A piece without a sign = is more of the value before, which has a comma. False: it is no map. */
static bool look_in_map(struct bytes all, struct found *f)
{
	struct bytes rest = bytes_sub(all, 1, all.n - 2), key = { 0 }, value = { 0 };

	if (all.n < 2 || all.p[0] != '{' || all.p[all.n - 1] != '}')
		return false;
	if (bytes_starts(bytes_trim(rest), BYTES_LIT("\""))) /* JSON, if broken */
		return false;
	while (rest.n > 0) {
		struct bytes piece = take_piece(&rest);
		const char *equals = piece.n ? memchr(piece.p, '=', piece.n) : NULL;

		if (!equals) {
			if (!key.n)
				return false;
			value.n = (size_t)(piece.p + piece.n - value.p);
			continue;
		}
		if (key.n)
			look_at(f, key, value);
		key = bytes_of(piece.p, (size_t)(equals - piece.p));
		value = bytes_of(equals + 1, piece.n - key.n - 1);
	}
	if (key.n)
		look_at(f, key, value);
	return key.n > 0;
}

static bool is_plain(struct bytes raw)
{
	return bytes_is(raw, "true") || bytes_is(raw, "false") ||
	       json_number_end(raw.p, raw.p + raw.n) == raw.p + raw.n;
}

static int settle(const struct found *f, bool is_map, struct arena *scratch, struct bytes *ret,
		  struct err *e)
{
	struct bytes raw = f->raw;

	if (f->twice)
		return err_set(e, ERR_CORRUPT, "two tags are called '%.*s'",
			       BYTES_ARG(bytes_sub(f->name, 0, SHOWN)));
	if (raw.n == 0 || bytes_is(raw, "null"))
		return 0;
	if (is_map || is_plain(raw)) {
		*ret = arena_copy(scratch, raw);
		return 0;
	}
	if (raw.p[0] != '"')
		return err_set(e, ERR_CORRUPT,
			       "'%.*s': expected a string, a number, true or false, found '%.*s'",
			       BYTES_ARG(bytes_sub(f->name, 0, SHOWN)),
			       BYTES_ARG(bytes_sub(raw, 0, SHOWN)));
	if (!text_of(bytes_sub(raw, 1, raw.n - 2), true, scratch, ret))
		return err_set(e, ERR_CORRUPT, "a bad escape in '%.*s'",
			       BYTES_ARG(bytes_sub(raw, 0, SHOWN)));
	return 0;
}

int tags_find(struct bytes all, struct bytes name, struct arena *scratch, struct bytes *ret,
	      struct err *e)
{
	struct found in_object = { .name = name, .rank = RANK_NONE }, in_map = in_object;

	*ret = (struct bytes){ 0 };
	if (all.n == 0 || bytes_is(all, "null"))
		return 0;
	if (look_in_object(all, scratch, &in_object))
		return settle(&in_object, false, scratch, ret, e);
	if (look_in_map(all, &in_map))
		return settle(&in_map, true, scratch, ret, e);
	return err_set(e, ERR_CORRUPT, "expected a JSON object or {key=value}, found '%.*s'",
		       BYTES_ARG(bytes_sub(all, 0, SHOWN)));
}
