#include "query/expected.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "json/json.h"
#include "labels/quote.h"

enum { SHARE_DIGITS = 15 };
__extension__ typedef unsigned __int128 wide;

/* ---- shares ---- */

static int bad_share(struct bytes text, struct err *e)
{
	return err_set(e, ERR_USAGE, "expected a share from 0 to 1, as 0.95 or 95%%, found '%.*s'",
		       BYTES_ARG(text));
}

int share_read(struct bytes text, struct share *ret, struct err *e)
{
	struct share s = { 0, 1 };
	bool percent = text.n && text.p[text.n - 1] == '%', point = false;
	size_t n_digits = 0;

	for (size_t i = 0; i < text.n - percent; i++) {
		if (text.p[i] == '.' && !point) {
			point = true;
			continue;
		}
		if (text.p[i] < '0' || text.p[i] > '9' || ++n_digits > SHARE_DIGITS)
			return bad_share(text, e);
		s.num = s.num * 10 + (uint64_t)(text.p[i] - '0');
		s.den *= point ? 10 : 1;
	}
	s.den *= percent ? 100 : 1;
	if (n_digits == 0 || s.num > s.den)
		return bad_share(text, e);
	*ret = s;
	return 0;
}

bool expected_is_short(uint64_t stored, uint64_t expected, struct share threshold)
{
	return (wide)stored * threshold.den < (wide)expected * threshold.num;
}

static uint64_t counted(const struct expected_source *s)
{
	return s->stored < s->expected ? s->stored : s->expected;
}

struct expected_sum expected_sum(const struct expected *x, struct share threshold)
{
	struct expected_sum sum = { 0 };

	for (size_t i = 0; i < x->n; i++) {
		sum.expected += x->v[i].expected;
		sum.stored += counted(&x->v[i]);
		sum.n_short += expected_is_short(x->v[i].stored, x->v[i].expected, threshold);
	}
	return sum;
}

void expected_add_ratio(struct buf *b, uint64_t stored, uint64_t expected)
{
	const uint64_t parts = 1000000;
	wide ratio = expected ? (wide)stored * parts / expected : parts;
	uint64_t whole = (uint64_t)(ratio / parts), rest = (uint64_t)(ratio % parts);
	size_t n;

	buf_addf(b, "%" PRIu64 ".%06" PRIu64, whole, rest);
	for (n = b->n; b->p[n - 1] == '0'; n--)
		;
	b->n = b->p[n - 1] == '.' ? n - 1 : n;
}

/* ---- reading ---- */

struct reading {
	struct expected *x;
	struct bytes label;
	uint64_t total;
	uint64_t line;
	struct buf text; /* of a field */
};

/* A selector, or {label="name"}. */
static struct bytes selector_of(struct reading *r, struct bytes name)
{
	struct buf b = { 0 };
	struct bytes ret;

	if (name.p[0] == '{')
		return name;
	buf_addf(&b, "{%.*s=", BYTES_ARG(r->label));
	quote_add(&b, name);
	buf_add_char(&b, '}');
	ret = arena_copy(&r->x->mem, buf_bytes(&b));
	buf_release(&b);
	return ret;
}

static int add(struct reading *r, struct bytes name, uint64_t n, struct err *e)
{
	struct expected *x = r->x;
	const uint64_t h = hash64(name);
	uint32_t i;

	if (name.n == 0)
		return err_set(e, ERR_CORRUPT, "line %" PRIu64 ": the source is empty", r->line);
	if (n > INT64_MAX || r->total + n > INT64_MAX)
		return err_set(e, ERR_LIMIT, "line %" PRIu64 ": too many lines are expected",
			       r->line);
	r->total += n;
	i = map_get(&x->by_name, h, name);
	if (i == MAP_NONE) {
		i = (uint32_t)x->n;
		name = arena_copy(&x->mem, name);
		map_put(&x->by_name, h, name, i);
		mem_grow(&x->v, &x->cap, x->n + 1, sizeof(*x->v));
		x->v[x->n++] =
			(struct expected_source){ .name = name, .selector = selector_of(r, name) };
	}
	x->v[i].expected += n;
	return 0;
}

static int bad_json(const struct reading *r, struct err *e)
{
	return err_set(e, ERR_CORRUPT,
		       "line %" PRIu64 ": expected {\"source\":\"...\",\"expected\":N}", r->line);
}

static int read_json(struct reading *r, struct bytes line, struct err *e)
{
	struct json_at j = json_start(line);
	bool has_source = false, has_number = false, more, escaped;
	struct bytes name, value;
	uint64_t n = 0;

	buf_reset(&r->text);
	more = json_take(&j, '{');
	if (!more)
		return bad_json(r, e);
	for (; more; more = json_take(&j, ',')) {
		json_skip_space(&j);
		if (!json_string(&j, &name, &escaped) || !json_take(&j, ':'))
			return bad_json(r, e);
		json_skip_space(&j);
		if (bytes_is(name, "source")) {
			if (has_source || !json_string(&j, &value, &escaped) ||
			    !json_unescape(value, &r->text))
				return bad_json(r, e);
			has_source = true;
		} else if (!json_value(&j, &value)) {
			return bad_json(r, e);
		} else if (bytes_is(name, "expected")) {
			if (has_number || !num_u64(value, &n))
				return bad_json(r, e);
			has_number = true;
		}
	}
	if (!json_take(&j, '}') || (json_skip_space(&j), j.p < j.end) || !has_source || !has_number)
		return bad_json(r, e);
	return add(r, buf_bytes(&r->text), n, e);
}

/* "SOURCE",NUMBER: the source into r->text. Behind its quote and comma, or .p is NULL. */
static struct bytes take_quoted(struct reading *r, struct bytes line)
{
	size_t i = 1;

	for (; i < line.n; i++) {
		if (line.p[i] == '"' && (++i == line.n || line.p[i] != '"'))
			break;
		buf_add_char(&r->text, line.p[i]);
	}
	if (i >= line.n || line.p[i] != ',')
		return (struct bytes){ 0 };
	return bytes_sub(line, i + 1, line.n);
}

/* SOURCE,NUMBER: a selector may hold commas, too. */
static struct bytes take_plain(struct reading *r, struct bytes line)
{
	size_t i = line.n;

	while (i > 0 && line.p[i - 1] != ',')
		i--;
	if (i == 0)
		return (struct bytes){ 0 };
	buf_add_bytes(&r->text, bytes_trim(bytes_sub(line, 0, i - 1)));
	return bytes_sub(line, i, line.n);
}

static int read_csv(struct reading *r, struct bytes line, bool first, struct err *e)
{
	struct bytes number;
	uint64_t n;

	buf_reset(&r->text);
	number = line.p[0] == '"' ? take_quoted(r, line) : take_plain(r, line);
	number = bytes_trim(number);
	if (first && bytes_is(number, "expected"))
		return 0; /* names of the columns */
	if (!number.p || !num_u64(number, &n))
		return err_set(e, ERR_CORRUPT, "line %" PRIu64 ": expected SOURCE,NUMBER", r->line);
	return add(r, buf_bytes(&r->text), n, e);
}

/* A selector begins as JSON does, but not with a string. */
static bool is_json(struct bytes line)
{
	struct json_at j = json_start(line);

	if (!json_take(&j, '{'))
		return false;
	json_skip_space(&j);
	return j.p < j.end && (*j.p == '"' || *j.p == '}');
}

int expected_read(struct bytes text, struct bytes label, struct expected *ret, struct err *e)
{
	struct reading r = { .x = ret, .label = label };
	bool first = true;
	struct bytes line;
	int rc = 0;

	for (size_t i = 0; i < ret->n; i++)
		r.total += ret->v[i].expected;
	while (rc == 0 && bytes_split(&text, '\n', &line)) {
		r.line++;
		line = bytes_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		rc = is_json(line) ? read_json(&r, line, e) : read_csv(&r, line, first, e);
		first = false;
	}
	buf_release(&r.text);
	return rc;
}

void expected_release(struct expected *x)
{
	free(x->v);
	map_release(&x->by_name);
	arena_release(&x->mem);
	*x = (struct expected){ 0 };
}
