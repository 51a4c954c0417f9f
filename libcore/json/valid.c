#include "base/num.h"
#include "json/json.h"

enum { DEPTH_MAX = 1000 };

struct nest {
	struct json_at at;
	unsigned depth;
	bool is_object[DEPTH_MAX];
};

static bool is_escape(const char *p, const char *end)
{
	if (*p != 'u')
		return memchr("\"\\/bfnrt", *p, 8) != NULL;
	if (end - p < 5)
		return false;
	for (int i = 1; i < 5; i++)
		if (num_hex_digit(p[i]) < 0)
			return false;
	return true;
}

static bool take_string(struct nest *n)
{
	struct bytes raw;
	bool escaped;

	if (!json_string(&n->at, &raw, &escaped))
		return false;
	for (size_t i = 0; i < raw.n; i++) {
		if ((unsigned char)raw.p[i] < ' ')
			return false;
		if (raw.p[i] == '\\' && !is_escape(raw.p + ++i, raw.p + raw.n))
			return false;
	}
	return true;
}

static bool take_name(struct nest *n)
{
	return take_string(n) && json_take(&n->at, ':');
}

static bool take_plain(struct nest *n)
{
	static const struct bytes words[] = { { "true", 4 }, { "false", 5 }, { "null", 4 } };
	struct bytes rest = bytes_of(n->at.p, (size_t)(n->at.end - n->at.p));
	const char *end = json_number_end(n->at.p, n->at.end);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words) && !end; i++)
		if (bytes_starts(rest, words[i]))
			end = n->at.p + words[i].n;
	if (end)
		n->at.p = end;
	return end;
}

static char closing(const struct nest *n)
{
	return n->is_object[n->depth - 1] ? '}' : ']';
}

/* A string, number or word, behind what opens before it; or an empty object or array. */
static bool take_first(struct nest *n)
{
	for (;;) {
		json_skip_space(&n->at);
		if (n->at.p == n->at.end)
			return false;
		if (*n->at.p == '"')
			return take_string(n);
		if (*n->at.p != '{' && *n->at.p != '[')
			return take_plain(n);
		if (n->depth == DEPTH_MAX)
			return false;
		n->is_object[n->depth++] = *n->at.p == '{';
		n->at.p++;
		if (json_take(&n->at, closing(n))) {
			n->depth--;
			return true;
		}
		if (n->is_object[n->depth - 1] && !take_name(n))
			return false;
	}
}

/* Behind a value: 1 when another one follows, 0 when all is closed, -1 when neither. */
static int take_end(struct nest *n)
{
	while (n->depth) {
		if (json_take(&n->at, ','))
			return !n->is_object[n->depth - 1] || take_name(n) ? 1 : -1;
		if (!json_take(&n->at, closing(n)))
			return -1;
		n->depth--;
	}
	return 0;
}

bool json_is_value(struct bytes text)
{
	struct nest n = { .at = json_start(text) };
	int more;

	do {
		if (!take_first(&n))
			return false;
		more = take_end(&n);
	} while (more > 0);
	json_skip_space(&n.at);
	return more == 0 && n.at.p == n.at.end;
}
