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
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *p)
{
	struct scratch *s = p;

	pcre2_match_data_free(s->data);
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

struct regex *regex_new(struct bytes pattern, enum regex_anchor anchor, struct err *e)
{
	/* as RE2: $ is the very end, bytes that are not UTF-8 do not stop a match, \d and kin are
	 * ASCII */
	uint32_t flags = PCRE2_DOLLAR_ENDONLY | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |
			 PCRE2_NEVER_BACKSLASH_C;
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
	r->code =
		pcre2_compile((PCRE2_SPTR)buf_str(&r->pattern), pattern.n, flags, &code, &at, NULL);
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

int regex_match(struct regex *r, struct bytes text, size_t ret_at[2], struct err *e)
{
	struct scratch *s = scratch_get();
	int rc = pcre2_match(r->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, s->data,
			     s->context);

	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc < 0) {
		char why[128];

		pcre2_get_error_message(rc, (PCRE2_UCHAR *)why, sizeof(why));
		return err_set(e, ERR_LIMIT, "regular expression '%s': gave up: %s", r->pattern.p,
			       why);
	}
	if (ret_at) {
		const PCRE2_SIZE *v = pcre2_get_ovector_pointer(s->data);

		ret_at[0] = v[0];
		ret_at[1] = v[1];
	}
	return 1;
}

struct bytes regex_pattern(const struct regex *r)
{
	return buf_bytes(&r->pattern);
}
