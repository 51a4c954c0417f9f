#include "template/json_value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "json/json.h"

enum { DEPTH_MAX = 500 };

static bool read_value(struct template_run *r, struct json_at *j, unsigned depth,
		       struct value *ret);

static bool has_control(struct bytes s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ')
			return true;
	return false;
}

static bool read_string(struct template_run *r, struct json_at *j, struct bytes *ret)
{
	struct buf b = { 0 }, valid = { 0 };
	struct bytes raw;
	bool escaped, ok;

	ok = json_string(j, &raw, &escaped) && !has_control(raw);
	if (ok && !escaped && utf8_valid(raw)) {
		*ret = raw;
		return true;
	}
	ok = ok && json_unescape(raw, &b);
	if (ok) {
		utf8_add_valid(&valid, buf_bytes(&b));
		*ret = arena_copy(&r->mem, buf_bytes(&valid));
	}
	buf_release(&b);
	buf_release(&valid);
	return ok;
}

static bool read_list(struct template_run *r, struct json_at *j, unsigned depth, struct value *ret)
{
	struct value *v = NULL;
	size_t n = 0, cap = 0;
	bool ok = true;

	if (!json_take(j, ']')) {
		do {
			mem_grow(&v, &cap, n + 1, sizeof(*v));
			ok = read_value(r, j, depth, &v[n]);
			n += ok;
		} while (ok && json_take(j, ','));
		ok = ok && json_take(j, ']');
	}
	if (ok) {
		*ret = (struct value){ .type = T_LIST, .u.list.n = n };
		ret->u.list.v = arena_alloc(&r->mem, (n + 1) * sizeof(*v));
		if (n)
			memcpy(ret->u.list.v, v, n * sizeof(*v));
	}
	free(v);
	return ok;
}

struct member {
	struct pair pair;
	size_t place; /* among those read */
};

static int cmp_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = bytes_cmp(x->pair.key, y->pair.key);

	return c ? c : (x->place > y->place) - (x->place < y->place);
}

static struct value dict_of(struct template_run *r, struct member *v, size_t n)
{
	struct value ret = { .type = T_MAP };

	if (n)
		qsort(v, n, sizeof(*v), cmp_members);
	ret.u.dict.v = arena_alloc(&r->mem, (n + 1) * sizeof(*ret.u.dict.v));
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || !bytes_eq(v[i].pair.key, v[i + 1].pair.key))
			ret.u.dict.v[ret.u.dict.n++] = v[i].pair;
	return ret;
}

static bool read_map(struct template_run *r, struct json_at *j, unsigned depth, struct value *ret)
{
	struct member *v = NULL;
	size_t n = 0, cap = 0;
	bool ok = true;

	if (!json_take(j, '}')) {
		do {
			mem_grow(&v, &cap, n + 1, sizeof(*v));
			json_skip_space(j);
			v[n].place = n;
			v[n].pair.value = arena_alloc(&r->mem, sizeof(struct value));
			ok = read_string(r, j, &v[n].pair.key) && json_take(j, ':') &&
			     read_value(r, j, depth, v[n].pair.value);
			n += ok;
		} while (ok && json_take(j, ','));
		ok = ok && json_take(j, '}');
	}
	if (ok)
		*ret = dict_of(r, v, n);
	free(v);
	return ok;
}

static size_t skip_digits(struct bytes s, size_t i)
{
	while (i < s.n && isdigit((unsigned char)s.p[i]))
		i++;
	return i;
}

/* JSON's numbers, strictly. */
static bool is_number(struct bytes s)
{
	size_t i = s.n && s.p[0] == '-', start = i;

	i = i < s.n && s.p[i] == '0' ? i + 1 : skip_digits(s, i);
	if (i == start)
		return false;
	if (i < s.n && s.p[i] == '.') {
		start = ++i;
		i = skip_digits(s, i);
		if (i == start)
			return false;
	}
	if (i < s.n && (s.p[i] | 0x20) == 'e') {
		i++;
		i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
		start = i;
		i = skip_digits(s, i);
		if (i == start)
			return false;
	}
	return i == s.n;
}

static bool read_word(struct bytes raw, struct value *ret)
{
	double f;

	/* A number of the right form that is too large is nil. */
	if (bytes_is(raw, "null"))
		*ret = value_nil();
	else if (bytes_is(raw, "true") || bytes_is(raw, "false"))
		*ret = value_bool(raw.p[0] == 't');
	else if (is_number(raw) && num_double(raw, &f))
		*ret = isinf(f) ? value_nil() : value_float(f);
	else
		return false;
	return true;
}

static bool read_value(struct template_run *r, struct json_at *j, unsigned depth, struct value *ret)
{
	struct bytes s;
	bool ok;

	if (depth > DEPTH_MAX || r->mem.total > TEMPLATE_MEMORY_MAX)
		return false;
	json_skip_space(j);
	if (json_take(j, '{')) {
		ok = read_map(r, j, depth + 1, ret);
	} else if (json_take(j, '[')) {
		ok = read_list(r, j, depth + 1, ret);
	} else if (j->p < j->end && *j->p == '"') {
		ok = read_string(r, j, &s);
		if (ok)
			*ret = value_string(s);
	} else {
		ok = json_value(j, &s) && read_word(s, ret);
	}
	if (ok)
		ret->is_boxed = true;
	return ok;
}

struct value json_value_read(struct template_run *r, struct bytes text)
{
	struct json_at j = json_start(text);
	struct value v;

	if (!read_value(r, &j, 0, &v))
		return value_nil();
	json_skip_space(&j);
	return j.p == j.end ? v : value_nil();
}
