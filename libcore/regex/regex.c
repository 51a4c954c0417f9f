/*
 * PCRE2 keeps what a match needs in a match_data block. Making one per call costs more than a short
 * match, so each thread keeps one, and a JIT stack, for as long as it lives.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex/regex.h"

#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	MATCH_LIMIT = 1000000,
	PATTERN_MAX = 64 << 10,
	JIT_STACK_FIRST = 32 << 10,
	JIT_STACK_MAX = 1 << 20
};

struct regex {
	pcre2_code *code;
	struct buf pattern;
};

struct scratch {
	pcre2_match_data *data;
	pcre2_match_data *groups; /* with room for them; made when first asked for */
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *p)
{
	struct scratch *s = p;

	pcre2_match_data_free(s->data);
	pcre2_match_data_free(s->groups);
	pcre2_match_context_free(s->context);
	pcre2_jit_stack_free(s->stack);
	free(s);
}

static void scratch_init(void)
{
	if (pthread_key_create(&scratch_key, scratch_free) != 0)
		abort();
}

/* This thread's scratch. */
static struct scratch *scratch_get(void)
{
	struct scratch *s;

	pthread_once(&scratch_once, scratch_init);
	s = pthread_getspecific(scratch_key);
	if (s)
		return s;
	s = mem_alloc(sizeof(*s));
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	s->stack = pcre2_jit_stack_create(JIT_STACK_FIRST, JIT_STACK_MAX, NULL);
	if (!s->data || !s->context || !s->stack || pthread_setspecific(scratch_key, s) != 0)
		abort();
	pcre2_set_match_limit(s->context, MATCH_LIMIT);
	pcre2_jit_stack_assign(s->context, NULL, s->stack);
	return s;
}

/* Behind the ']' of the class that begins at p, or the end. */
static const char *class_end(const char *p, const char *end)
{
	p++;
	if (p < end && *p == '^')
		p++;
	if (p < end && *p == ']')
		p++;
	while (p < end && *p != ']') {
		if (*p == '\\' && p + 1 < end) {
			p += 2;
		} else if (*p == '[' && p + 1 < end && p[1] == ':') {
			const char *close = memmem(p, (size_t)(end - p), ":]", 2);

			p = close ? close + 2 : p + 1;
		} else {
			p++;
		}
	}
	return p < end ? p + 1 : end;
}

/*
 * The pattern as PCRE2 gets it: \S, \D and \W outside of classes as classes, which mean the same.
 * PCRE2 10.42's JIT lets these three miss every character above ASCII when PCRE2_MATCH_INVALID_UTF
 * is on.
 */
static void translate(struct bytes pattern, struct buf *out)
{
	const char *p = pattern.p, *end = pattern.p + pattern.n;

	while (p < end) {
		const char *next = p + 1;

		if (*p == '[') {
			next = class_end(p, end);
		} else if (*p == '\\' && p + 1 < end) {
			next = p + 2;
			if (p[1] == 'Q') {
				next = memmem(p, (size_t)(end - p), "\\E", 2);
				next = next ? next + 2 : end;
			}
			if (p[1] == 'S' || p[1] == 'D' || p[1] == 'W') {
				buf_add_str(out, p[1] == 'S'   ? "[^\\t\\n\\f\\r ]"
						 : p[1] == 'D' ? "[^0-9]"
							       : "[^0-9A-Za-z_]");
				p = next;
				continue;
			}
		}
		buf_add(out, p, (size_t)(next - p));
		p = next;
	}
}

struct regex *regex_new(struct bytes pattern, enum regex_anchor anchor, struct err *e)
{
	/* as RE2: $ is the very end, bytes that are not UTF-8 do not stop a match, \d and kin are
	 * ASCII */
	uint32_t flags = PCRE2_DOLLAR_ENDONLY | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
			 PCRE2_NEVER_BACKSLASH_C;
	struct buf text = { 0 };
	struct regex *r;
	int code;
	size_t at;

	if (pattern.n > PATTERN_MAX) {
		err_set(e, ERR_LIMIT, "regular expression of %zu bytes, at most %d", pattern.n,
			PATTERN_MAX);
		return NULL;
	}
	if (anchor == REGEX_ANCHORED)
		flags |= PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL;
	r = mem_alloc(sizeof(*r));
	buf_add_bytes(&r->pattern, pattern);
	translate(pattern, &text);
	r->code = pcre2_compile((PCRE2_SPTR)buf_str(&text), text.n, flags, &code, &at, NULL);
	buf_release(&text);
	if (!r->code) {
		char why[128];

		pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
		err_set(e, ERR_QUERY, "regular expression '%.*s': at byte %zu: %s",
			BYTES_ARG(pattern), at, why);
		regex_free(r);
		return NULL;
	}
	pcre2_jit_compile(r->code,
			  PCRE2_JIT_COMPLETE); /* where there is no JIT, matching is interpreted */
	return r;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	buf_release(&r->pattern);
	free(r);
}

static int match(const struct regex *r, const struct scratch *s, pcre2_match_data *data,
		 struct bytes text, size_t from, struct err *e)
{
	int rc = pcre2_match(r->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, from, 0, data,
			     s->context);
	char why[128];

	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc >= 0)
		return 1;
	pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why));
	return err_set(e, ERR_LIMIT, "regular expression '%.*s': gave up: %s",
		       BYTES_ARG(buf_bytes(&r->pattern)), why);
}

int regex_match(struct regex *r, struct bytes text, size_t ret_at[2], struct err *e)
{
	struct scratch *s = scratch_get();
	int found = match(r, s, s->data, text, 0, e);

	if (found == 1 && ret_at) {
		const PCRE2_SIZE *v = pcre2_get_ovector_pointer(s->data);

		ret_at[0] = v[0];
		ret_at[1] = v[1];
	}
	return found;
}

size_t regex_n_groups(const struct regex *r)
{
	uint32_t n = 0;

	pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &n);
	return n;
}

/* PCRE2's table: rows of one width, two bytes of the group's number, then its name with a NUL. */
struct bytes regex_group_name(const struct regex *r, size_t i)
{
	uint32_t n = 0, width = 0;
	PCRE2_SPTR row = NULL;

	pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &width);
	pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, (void *)&row);
	for (; n > 0; n--, row += width)
		if (((size_t)row[0] << 8 | row[1]) == i)
			return bytes_str((const char *)row + 2);
	return (struct bytes){ 0 };
}

int regex_match_groups(struct regex *r, struct bytes text, struct bytes *ret, size_t n,
		       struct err *e)
{
	return regex_match_from(r, text, 0, ret, n, e);
}

int regex_match_from(struct regex *r, struct bytes text, size_t from, struct bytes *ret, size_t n,
		     struct err *e)
{
	struct scratch *s = scratch_get();
	const PCRE2_SIZE *v;
	int found;

	if (!s->groups)
		s->groups = pcre2_match_data_create(REGEX_GROUPS_MAX + 1, NULL);
	if (!s->groups)
		return err_set(e, ERR_NOMEM, "no memory for a match");
	found = match(r, s, s->groups, text, from, e);
	if (found != 1)
		return found;
	v = pcre2_get_ovector_pointer(s->groups);
	for (size_t i = 0; i <= n; i++) {
		bool in = i < pcre2_get_ovector_count(s->groups) && i <= regex_n_groups(r) &&
			  v[2 * i] != PCRE2_UNSET;

		ret[i] = in ? bytes_of(text.p + v[2 * i], v[2 * i + 1] - v[2 * i])
			    : (struct bytes){ 0 };
	}
	return 1;
}

struct bytes regex_pattern(const struct regex *r)
{
	return buf_bytes(&r->pattern);
}
