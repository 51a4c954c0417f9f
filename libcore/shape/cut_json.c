/* Lines that are an object of JSON: the values are strings, numbers, true and false, and arrays;
 * keys, null and what holds all together are the shape. */
#include "base/hash.h"
#include "json/members.h"
#include "shape/cut.h"

enum { DEPTH_MAX = 16 };

struct walk {
	struct cut *cut;
	const char *p, *end;
};

static bool walk_object(struct walk *w, uint64_t field, unsigned depth);

/* The value at w->p, which is moved behind it. */
static bool walk_value(struct walk *w, uint64_t field, unsigned depth)
{
	enum shape_class class = SHAPE_TOKEN;
	const char *q;

	w->p = json_skip(w->p, w->end);
	if (w->p >= w->end)
		return false;
	if (*w->p == '{')
		return walk_object(w, field, depth + 1);
	if (*w->p == '"') {
		class = SHAPE_QUOTED;
		w->p++;
	} else if (*w->p == '[') {
		class = SHAPE_LIST;
	} else if (*w->p == 'n') {
		q = json_token_close(w->p, w->end);
		if (!q || !bytes_is(bytes_of(w->p, (size_t)(q - w->p)), "null"))
			return false;
		w->p = q;
		return true;
	}
	q = cut_value_end(class, w->p, w->end);
	if (!q || !cut_add(w->cut, bytes_of(w->p, (size_t)(q - w->p)), class, field))
		return false;
	w->p = class == SHAPE_QUOTED ? q + 1 : q;
	return true;
}

/* The object at w->p, which is moved behind it; field is what it is called itself. */
static bool walk_object(struct walk *w, uint64_t field, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return false;
	w->p = json_skip(w->p + 1, w->end);
	while (w->p < w->end && *w->p != '}') {
		const char *key = w->p + 1, *close;
		bool escaped;

		if (*w->p != '"')
			return false;
		close = json_string_close(key, w->end, &escaped);
		if (!close)
			return false;
		w->p = json_skip(close + 1, w->end);
		if (w->p >= w->end || *w->p++ != ':')
			return false;
		if (!walk_value(w, field * 31 + hash64(bytes_of(key, (size_t)(close - key))),
				depth))
			return false;
		w->p = json_skip(w->p, w->end);
		if (w->p < w->end && *w->p == ',')
			w->p = json_skip(w->p + 1, w->end);
		else
			break;
	}
	if (w->p >= w->end || *w->p != '}')
		return false;
	w->p++;
	return true;
}

bool cut_json(struct bytes line, struct cut *c)
{
	struct walk w = { c, line.p, line.p + line.n };

	/* What stands behind the object may be anything, so only blanks are the shape's. */
	return walk_object(&w, 0, 0) && json_skip(w.p, w.end) == w.end && c->n > 0;
}
