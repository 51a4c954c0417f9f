#include "yaml/key.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "cli/verbs.h"
#include "json/json.h"
#include "time/time.h"

enum { NAMES_MAX = 1000 };

static const double MiB = 1 << 20;

static bool read_bool(struct bytes t, bool *ret)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (t.n != strlen(words[i]) || strncasecmp(t.p, words[i], t.n) != 0)
			continue;
		*ret = i % 2;
		return true;
	}
	return false;
}

/* Bytes, with a unit or without. */
static bool read_size(struct bytes t, double *ret)
{
	static const char steps[] = "BKMGTPE";
	size_t n = 0, step;
	const char *at;
	double v;

	while (n < t.n && !isalpha((unsigned char)t.p[n]))
		n++;
	if (!num_double(bytes_trim(bytes_sub(t, 0, n)), &v) || !(v >= 0) || isinf(v))
		return false;
	t = bytes_sub(t, n, t.n);
	if (t.n == 0) {
		*ret = v;
		return true;
	}
	at = strchr(steps, toupper((unsigned char)t.p[0]));
	step = at ? (size_t)(at - steps) : 0;
	if (!at || t.n > 3 || (step == 0 && t.n > 1))
		return false;
	if (t.n > 1 && strncasecmp(t.p + 1, t.n == 2 ? "B" : "iB", t.n - 1) != 0)
		return false;
	*ret = ldexp(v, (int)(10 * step));
	return true;
}

/* With units; a bare number would be nanoseconds to some and seconds to others. */
static bool read_duration(struct bytes t, int64_t *ret)
{
	double v;

	if (num_double(t, &v) && v != 0)
		return false;
	return time_parse_duration(t, ret, NULL) == 0 && *ret >= 0;
}

static bool read_time(struct bytes t, int64_t *ret)
{
	if (bytes_is(t, "0")) {
		*ret = 0;
		return true;
	}
	return t.n && time_scan_rfc3339(t, ret) == t.n;
}

static bool read_word(const char *const *words, struct bytes t, int *ret)
{
	for (int i = 0; words[i]; i++) {
		if (!bytes_is(t, words[i]))
			continue;
		*ret = i;
		return true;
	}
	return false;
}

static bool read_float(struct bytes t, double *ret)
{
	double v;

	if (!num_double(t, &v) || !(v >= 0) || isinf(v))
		return false;
	*ret = v;
	return true;
}

static bool read_whole(struct bytes t, uint64_t max, uint64_t *ret)
{
	uint64_t v;

	if (!num_u64(t, &v) || v > max)
		return false;
	*ret = v;
	return true;
}

/* What a value of the type looks like. */
static void add_expected(const struct key *k, struct buf *out)
{
	static const char *const expected[] = {
		[KEY_OTHER] = "",
		[KEY_BOOL] = "true or false",
		[KEY_COUNT] = "a whole number",
		[KEY_SMALL] = "a whole number",
		[KEY_PORT] = "a port, 0 to 65535",
		[KEY_FLOAT] = "a number, not negative",
		[KEY_SIZE] = "a size as 256KB",
		[KEY_RATE] = "a size as 3MB",
		[KEY_MEGABYTES] = "a number of megabytes",
		[KEY_DURATION] = "a duration as 30s or 1h30m",
		[KEY_TIME] = "a time as 2026-01-15T10:00:00Z",
		[KEY_TEXT] = "a text",
		[KEY_NAMES] = "a list of texts",
	};

	if (k->type != KEY_WORD) {
		buf_add_str(out, expected[k->type]);
		return;
	}
	for (int i = 0; k->words[i]; i++) {
		const char *gap = out->n == 0 ? "" : k->words[i + 1] ? ", " : " or ";

		if (*k->words[i]) /* one that is empty is said by saying nothing */
			buf_addf(out, "%s%s", gap, k->words[i]);
	}
}

static int fail_value(const struct key *k, const char *name, const struct yaml_node *v,
		      struct err *e)
{
	struct buf b = { 0 };

	add_expected(k, &b);
	if (v->kind == YAML_SCALAR)
		yaml_fail(v, e, ERR_USAGE, "'%s': expected %s, found '%.*s'", name, buf_str(&b),
			  BYTES_ARG(bytes_sub(v->text, 0, 100)));
	else
		yaml_fail(v, e, ERR_USAGE, "'%s': expected %s, found a %s", name, buf_str(&b),
			  v->kind == YAML_MAP ? "map" : "list");
	buf_release(&b);
	return -1;
}

static const char *copy_text(struct arena *a, struct bytes t)
{
	char *p = arena_zalloc(a, t.n + 1);

	if (t.n)
		memcpy(p, t.p, t.n);
	return p;
}

static bool read_scalar(const struct key *k, struct bytes t, void *at, struct arena *a)
{
	uint64_t whole;
	double v;

	switch (k->type) {
	case KEY_BOOL:
		return read_bool(t, at);
	case KEY_COUNT:
		return read_whole(t, UINT64_MAX, at);
	case KEY_SMALL:
		if (!read_whole(t, INT32_MAX, &whole))
			return false;
		*(unsigned *)at = (unsigned)whole;
		return true;
	case KEY_PORT:
		if (!read_whole(t, UINT16_MAX, &whole))
			return false;
		*(uint16_t *)at = (uint16_t)whole;
		return true;
	case KEY_FLOAT:
		return read_float(t, at);
	case KEY_SIZE:
		if (!read_size(t, &v) || v >= 0x1p63)
			return false;
		*(uint64_t *)at = (uint64_t)v;
		return true;
	case KEY_RATE:
		return read_size(t, at);
	case KEY_MEGABYTES:
		if (!read_float(t, &v))
			return false;
		*(double *)at = v * MiB;
		return true;
	case KEY_DURATION:
		return read_duration(t, at);
	case KEY_TIME:
		return read_time(t, at);
	case KEY_WORD:
		return read_word(k->words, t, at);
	case KEY_TEXT:
		*(const char **)at = copy_text(a, t);
		return true;
	case KEY_NAMES:
	case KEY_OTHER:
		break;
	}
	return true;
}

static int split_names(struct bytes rest, struct arena *a, struct key_names *ret)
{
	struct bytes one;
	const char **name;
	size_t n = 1;

	for (size_t i = 0; i < rest.n; i++)
		n += rest.p[i] == ',';
	if (n > NAMES_MAX)
		return -1;
	name = arena_alloc(a, n * sizeof(*name));
	*ret = (struct key_names){ name, 0 };
	while (bytes_split(&rest, ',', &one)) {
		one = bytes_trim(one);
		if (one.n)
			name[ret->n++] = copy_text(a, one);
	}
	return 0;
}

int key_read_names(const struct yaml_node *v, struct arena *a, struct key_names *ret, struct err *e)
{
	struct key_names names = { 0 };
	const char **name;

	if (v->kind == YAML_SCALAR) {
		if (split_names(v->text, a, &names) < 0)
			return yaml_fail(v, e, ERR_LIMIT, "more than %d names", NAMES_MAX);
		*ret = names;
		return 0;
	}
	if (v->kind == YAML_MAP)
		return yaml_fail(v, e, ERR_USAGE, "expected a list of texts, found a map");
	if (v->n > NAMES_MAX)
		return yaml_fail(v, e, ERR_LIMIT, "more than %d names", NAMES_MAX);
	name = arena_alloc(a, v->n * sizeof(*name));
	names.name = name;
	for (; names.n < v->n; names.n++) {
		if (v->item[names.n]->kind != YAML_SCALAR)
			return yaml_fail(v->item[names.n], e, ERR_USAGE, "expected a text");
		name[names.n] = copy_text(a, v->item[names.n]->text);
	}
	*ret = names;
	return 0;
}

int key_read(const struct key *k, const char *name, const struct yaml_node *v, void *base,
	     struct arena *a, struct err *e)
{
	void *at = (char *)base + k->at;

	if (k->type == KEY_OTHER || yaml_is_null(v))
		return 0;
	if (k->type == KEY_NAMES)
		return key_read_names(v, a, at, e);
	if (v->kind != YAML_SCALAR || !read_scalar(k, v->text, at, a))
		return fail_value(k, name, v, e);
	return 0;
}

void key_add_size(struct buf *out, uint64_t v)
{
	num_add_whole_size(out, v, "");
}

/* As Prometheus does: years and weeks only when nothing is left over. */
static void add_duration(struct buf *out, int64_t ns)
{
	static const struct {
		const char *name;
		int64_t ms;
		bool alone;
	} units[] = { { "y", INT64_C(31536000000), true },
		      { "w", 604800000, true },
		      { "d", 86400000, false },
		      { "h", 3600000, false },
		      { "m", 60000, false },
		      { "s", 1000, false },
		      { "ms", 1, false } };
	int64_t ms = ns / NS_PER_MS;

	if (ns % NS_PER_MS || ns == 0) {
		time_add_duration(out, ns);
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (ms < units[i].ms || (units[i].alone && ms % units[i].ms))
			continue;
		buf_addf(out, "%lld%s", (long long)(ms / units[i].ms), units[i].name);
		ms %= units[i].ms;
	}
}

static void add_text(struct buf *out, struct bytes text, enum key_form form)
{
	if (form == KEY_JSON)
		json_add_quoted(out, text);
	else
		yaml_add_text(out, text);
}

static void add_names(struct buf *out, const struct key_names *names, enum key_form form)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < names->n; i++) {
		buf_add_str(out, i == 0 ? "" : form == KEY_JSON ? "," : ", ");
		add_text(out, bytes_str(names->name[i]), form);
	}
	buf_add_char(out, ']');
}

/* What is a number or a word in either form. */
static bool add_bare(const struct key *k, const void *at, struct buf *out)
{
	switch (k->type) {
	case KEY_BOOL:
		buf_add_str(out, *(const bool *)at ? "true" : "false");
		return true;
	case KEY_COUNT:
		buf_addf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
		return true;
	case KEY_SMALL:
		buf_addf(out, "%u", *(const unsigned *)at);
		return true;
	case KEY_PORT:
		buf_addf(out, "%u", *(const uint16_t *)at);
		return true;
	case KEY_FLOAT:
		num_add_double(out, *(const double *)at);
		return true;
	case KEY_MEGABYTES:
		num_add_double(out, *(const double *)at / MiB);
		return true;
	default:
		return false;
	}
}

void key_add_value(const struct key *k, const void *base, enum key_form form, struct buf *out)
{
	const void *at = (const char *)base + k->at;
	const char *const *text = at;
	struct buf b = { 0 };

	if (add_bare(k, at, out))
		return;
	if (k->type == KEY_NAMES) {
		add_names(out, at, form);
		return;
	}
	if (k->type == KEY_SIZE)
		key_add_size(&b, *(const uint64_t *)at);
	else if (k->type == KEY_RATE)
		key_add_size(&b, (uint64_t) * (const double *)at);
	else if (k->type == KEY_DURATION)
		add_duration(&b, *(const int64_t *)at);
	else if (k->type == KEY_TIME && *(const int64_t *)at != 0)
		time_add_rfc3339(&b, *(const int64_t *)at);
	else if (k->type == KEY_TIME)
		buf_add_char(&b, '0');
	else
		buf_add_str(&b, k->type == KEY_WORD ? k->words[*(const int *)at]
				: *text		    ? *text
						    : "");
	if (form == KEY_JSON || k->type == KEY_TEXT || k->type == KEY_WORD)
		add_text(out, buf_bytes(&b), form);
	else
		buf_add_bytes(out, buf_bytes(&b));
	buf_release(&b);
}

const struct key *key_find(const struct key *table, struct bytes name)
{
	for (const struct key *k = table; k->name; k++)
		if (bytes_is(name, k->name))
			return k;
	return NULL;
}

const char *key_most_like(const struct key *table, struct bytes prefix, struct bytes word,
			  struct arena *a)
{
	const char **names = NULL, *ret;
	size_t n = 0, cap = 0;

	for (const struct key *k = table; k->name; k++) {
		struct bytes name = bytes_str(k->name);
		const char *copy;

		if (!bytes_starts(name, prefix))
			continue;
		name = bytes_sub(name, prefix.n, name.n);
		copy = copy_text(a, bytes_sub(name, 0, strcspn(name.p, ".")));
		if (*copy == '*' || (n && strcmp(names[n - 1], copy) == 0))
			continue;
		mem_grow(&names, &cap, n + 1, sizeof(*names));
		names[n++] = copy;
	}
	ret = cli_most_like(names, n, copy_text(a, word));
	free(names);
	return ret;
}
