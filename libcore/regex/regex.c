/*
 * PCRE2 keeps what a match needs in a match_data block. Making one per call costs more than a short
 * match, so each thread keeps one, a JIT stack and a VM for as long as it lives.
 *
 * There are two ways in which a backtracker's work grows: in each place where a match may begin
 * (PCRE2's match limit holds for one of them), and with the number of places. Short texts, whose
 * number of places is small, are matched by the plain code. For long ones there is a second code
 * with callouts wherever a repeat begins, which count; patterns without choices need none.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex/regex.h"

#include <pcre2.h>
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "regex/literal.h"
#include "regex/pcre_pattern.h"
#include "regex/prog.h"

enum {
	PATTERN_MAX = 64 << 10,
	CAPTURES_MAX = 4 << 20, /* of the VM: places in all threads */
	JIT_STACK_FIRST = 32 << 10,
	JIT_STACK_MAX = 1 << 20,

	SHORT_TEXT = 512,
	SHORT_LIMIT = 1000, /* PCRE2's match limit, for one place of a short text */
	LONG_LIMIT = 4,	    /* for a long one, by byte */
	HEAP_LIMIT = 16 << 10,
	/* What callouts may count in all, and by byte. A scan over the rest of the text counts one
	 * for each SCAN_UNIT bytes. */
	BUDGET = 4096,
	BUDGET_PER_BYTE = 16,
	SCAN_UNIT = 256,
	/* PCRE2's own language: there is no other matcher behind it. */
	PCRE_LIMIT = 100 * 1000,
	PCRE_BUDGET = 2 * 1000 * 1000,
	PCRE_BUDGET_PER_BYTE = 100
};

struct regex {
	struct buf pattern;
	bool pcre;
	struct tree tree;
	struct prog prog;
	struct literals literals;
	bool finds_same; /* PCRE2's matches and captures are RE2's */
	pcre2_code *code;
	pcre2_code *guarded; /* NULL when it needs none */
	bool jit;	     /* both are machine code, which may be called without further ado */
	/* The shortest text for which PCRE2 gave up. */
	_Atomic size_t too_long;
};

struct scratch {
	pcre2_match_data *data;
	pcre2_match_data *groups; /* with room for them; made when first asked for */
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	int64_t budget;
	struct buf text; /* made UTF-8 */
	struct vm vm;
	size_t *at; /* captures of the VM */
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
	buf_release(&s->text);
	vm_release(&s->vm);
	free(s->at);
	free(s);
}

static void scratch_init(void)
{
	if (pthread_key_create(&scratch_key, scratch_free) != 0)
		abort();
}

/* PCRE2 calls this where the pattern of a guarded code says so. */
static int count(pcre2_callout_block *b, void *data)
{
	struct scratch *s = data;

	s->budget--;
	if (b->callout_number == CALLOUT_SCAN)
		s->budget -= (int64_t)((b->subject_length - b->current_position) / SCAN_UNIT);
	return s->budget < 0 ? PCRE2_ERROR_CALLOUT : 0;
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
	s->at = mem_alloc((REGEX_GROUPS_MAX + 1) * 2 * sizeof(*s->at));
	if (!s->data || !s->context || !s->stack || pthread_setspecific(scratch_key, s) != 0)
		abort();
	pcre2_set_heap_limit(s->context, HEAP_LIMIT);
	pcre2_set_callout(s->context, count, s);
	pcre2_jit_stack_assign(s->context, NULL, s->stack);
	return s;
}

static pcre2_code *compile(struct bytes pattern, uint32_t flags, int *ret_error, size_t *ret_at)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;

	if (!context || pcre2_set_newline(context, PCRE2_NEWLINE_LF) != 0)
		abort();
	code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n,
			     flags | PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C, ret_error, ret_at,
			     context);
	pcre2_compile_context_free(context);
	if (code) /* where there is no JIT, matching is interpreted */
		pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

/* The tree as PCRE2's code; NULL when that is too much for PCRE2, and the VM does it alone. */
static pcre2_code *compile_tree(const struct tree *t, enum pcre_guard guard)
{
	struct buf text = { 0 };
	pcre2_code *code;
	size_t at;
	int error;

	pcre_pattern(t, guard, &text);
	code = compile(buf_bytes(&text), PCRE2_DOTALL | PCRE2_ALT_CIRCUMFLEX, &error, &at);
	buf_release(&text);
	return code;
}

static int make_re2(struct regex *r, unsigned how, struct err *e)
{
	struct bytes pattern = buf_bytes(&r->pattern);
	size_t n_caps;

	if (tree_parse(&r->tree, pattern, how == REGEX_ANCHORED ? TREE_DOT_ALL : 0, e) < 0)
		return -1;
	if (how == REGEX_LINE)
		literals_lower(&r->tree);
	if (how != REGEX_ANCHORED)
		literals_find_texts(&r->literals, &r->tree,
				    how == REGEX_WHOLE ? TEXTS_BY_FORM : TEXTS_BY_MEANING);
	if (how == REGEX_ANCHORED || how == REGEX_WHOLE)
		tree_anchor(&r->tree);
	literals_find(&r->literals, &r->tree);
	prog_make(&r->prog, &r->tree);
	n_caps = r->tree.n_groups < REGEX_GROUPS_MAX ? r->tree.n_groups : REGEX_GROUPS_MAX;
	if ((n_caps + 1) * 2 * r->prog.n > CAPTURES_MAX)
		return err_set(e, ERR_QUERY, "error parsing regexp: expression too large: `%.*s`",
			       BYTES_ARG(pattern));
	r->finds_same = pcre_finds_same(&r->tree);
	r->code = compile_tree(&r->tree, PCRE_PLAIN);
	if (r->code && pcre_needs_guard(&r->tree)) {
		r->guarded = compile_tree(&r->tree, PCRE_GUARDED);
		if (!r->guarded) {
			pcre2_code_free(r->code);
			r->code = NULL;
		}
	}
	return 0;
}

static int make_pcre(struct regex *r, unsigned how, struct err *e)
{
	struct bytes pattern = buf_bytes(&r->pattern);
	uint32_t flags = how == REGEX_ANCHORED ? PCRE2_DOTALL : 0;
	char why[128];
	size_t at = 0;
	int error = 0;

	if (how == REGEX_ANCHORED || how == REGEX_WHOLE)
		flags |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
	r->finds_same = true;
	r->code = compile(pattern, flags, &error, &at);
	if (r->code)
		r->guarded = compile(pattern, flags | PCRE2_AUTO_CALLOUT, &error, &at);
	if (r->guarded)
		return 0;
	pcre2_get_error_message(error, (PCRE2_UCHAR *)why, sizeof(why));
	return err_set(e, ERR_QUERY, "error parsing regexp: %s at byte %zu: `%.*s`", why, at,
		       BYTES_ARG(pattern));
}

static int check_length(struct bytes pattern, struct err *e)
{
	if (pattern.n <= PATTERN_MAX)
		return 0;
	return err_set(e, ERR_LIMIT, "regular expression of %zu bytes, at most %d", pattern.n,
		       PATTERN_MAX);
}

static bool is_jit(const pcre2_code *code)
{
	size_t size = 0;

	return code && pcre2_pattern_info(code, PCRE2_INFO_JITSIZE, &size) == 0 && size > 0;
}

struct regex *regex_new(struct bytes pattern, unsigned how, struct err *e)
{
	struct regex *r;
	int rc;

	if (check_length(pattern, e) < 0)
		return NULL;
	r = mem_alloc(sizeof(*r));
	buf_add_bytes(&r->pattern, pattern);
	buf_str(&r->pattern); /* not NULL */
	atomic_init(&r->too_long, SIZE_MAX);
	r->pcre = (how & REGEX_PCRE) != 0;
	rc = r->pcre ? make_pcre(r, how & ~(unsigned)REGEX_PCRE, e) : make_re2(r, how, e);
	r->jit = is_jit(r->code) && (!r->guarded || is_jit(r->guarded));
	if (rc == 0)
		return r;
	regex_free(r);
	return NULL;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	pcre2_code_free(r->guarded);
	tree_release(&r->tree);
	buf_release(&r->pattern);
	free(r);
}

int regex_check(struct bytes pattern, unsigned how, struct regex_facts *ret, struct err *e)
{
	struct tree t;
	struct regex *r;

	if (check_length(pattern, e) < 0)
		return -1;
	if (how & REGEX_PCRE) {
		r = regex_new(pattern, how, e);
		if (!r)
			return -1;
		*ret = (struct regex_facts){ regex_match(r, BYTES_LIT(""), NULL, NULL) != 0,
					     regex_n_groups(r) };
		regex_free(r);
		return 0;
	}
	if (tree_parse(&t, pattern, 0, e) < 0)
		return -1;
	*ret = (struct regex_facts){ tree_matches_empty(&t), t.n_groups };
	tree_release(&t);
	return 0;
}

/* Where offset at of the text that was made UTF-8 is in the text itself. */
static size_t place_in(struct bytes text, size_t at)
{
	size_t i = 0, made = 0;

	while (made < at && i < text.n) {
		size_t n = utf8_len(bytes_sub(text, i, text.n));

		i += n ? n : 1;
		made += n ? n : 3;
	}
	return i;
}

/* And the other way round. */
static size_t place_made(struct bytes text, size_t at)
{
	size_t i = 0, made = 0;

	while (i < at) {
		size_t n = utf8_len(bytes_sub(text, i, text.n));

		i += n ? n : 1;
		made += n ? n : 3;
	}
	return made;
}

/* PCRE2's answer: 1, 0, or -1 when it gave up. */
static int pcre_run(const struct regex *r, struct scratch *s, pcre2_match_data *data,
		    struct bytes text, size_t from)
{
	const pcre2_code *code = r->code;
	uint32_t limit = r->pcre ? PCRE_LIMIT : SHORT_LIMIT;
	size_t n = text.n - from;
	int rc;

	if (n > SHORT_TEXT && r->guarded) {
		size_t per_byte = r->pcre ? PCRE_BUDGET_PER_BYTE : BUDGET_PER_BYTE;

		code = r->guarded;
		s->budget = (int64_t)((r->pcre ? PCRE_BUDGET : BUDGET) + n * per_byte);
	}
	if (n > SHORT_TEXT)
		limit += (uint32_t)(n < UINT32_MAX / 8 ? n * LONG_LIMIT : UINT32_MAX / 2);
	pcre2_set_match_limit(s->context, limit);
	rc = r->jit ? pcre2_jit_match(code, (PCRE2_SPTR)text.p, text.n, from, 0, data, s->context)
		    : pcre2_match(code, (PCRE2_SPTR)text.p, text.n, from, PCRE2_NO_UTF_CHECK, data,
				  s->context);
	return rc >= 0 ? 1 : rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

/* PCRE2 with text that may not be UTF-8. ret gets n_ret places, as vm_run() gives them. */
static int pcre_find(const struct regex *r, struct scratch *s, struct bytes text, size_t from,
		     size_t *ret, size_t n_ret)
{
	pcre2_match_data *data = n_ret > 2 ? s->groups : s->data;
	struct bytes made = text;
	const PCRE2_SIZE *v;
	int found;

	if (!utf8_valid(text)) {
		buf_reset(&s->text);
		utf8_add_valid(&s->text, text);
		made = buf_bytes(&s->text);
	}
	if (!made.p)
		made.p = "";
	found = pcre_run(r, s, data, made, made.p == text.p ? from : place_made(text, from));
	if (found != 1)
		return found;
	v = pcre2_get_ovector_pointer(data);
	for (size_t i = 0; i < n_ret; i++) {
		bool in = i / 2 < pcre2_get_ovector_count(data) && i / 2 <= regex_n_groups(r);

		ret[i] = in && v[i] != PCRE2_UNSET ? v[i] : VM_NOWHERE;
		if (ret[i] != VM_NOWHERE && made.p == s->text.p)
			ret[i] = place_in(text, ret[i]);
	}
	return 1;
}

static int find(const struct regex *r, struct bytes text, size_t from, size_t *ret, size_t n_ret,
		struct err *e)
{
	int found = n_ret == 0 ? literals_match(&r->literals, text, from) : -1;
	_Atomic size_t *too_long = (_Atomic size_t *)&r->too_long;
	struct scratch *s;

	if (found >= 0)
		return found;
	s = scratch_get();
	if (n_ret > 2 && !s->groups) {
		s->groups = pcre2_match_data_create(REGEX_GROUPS_MAX + 1, NULL);
		if (!s->groups)
			abort();
	}
	if (r->code && (r->finds_same || n_ret == 0) &&
	    text.n - from < atomic_load_explicit(too_long, memory_order_relaxed)) {
		found = pcre_find(r, s, text, from, ret, n_ret);
		if (found >= 0)
			return found;
		if (!r->pcre)
			atomic_store_explicit(too_long, text.n - from, memory_order_relaxed);
	}
	if (r->pcre)
		return err_set(e, ERR_LIMIT,
			       "regular expression '%.*s': match given up: too many steps in a "
			       "text of %zu bytes",
			       BYTES_ARG(buf_bytes(&r->pattern)), text.n);
	return vm_run(&s->vm, &r->prog, text, from, ret, n_ret);
}

int regex_match(const struct regex *r, struct bytes text, size_t ret_at[2], struct err *e)
{
	return find(r, text, 0, ret_at, ret_at ? 2 : 0, e);
}

int regex_match_behind(const struct regex *r, struct bytes text, size_t from, struct err *e)
{
	return find(r, text, from, NULL, 0, e);
}

int regex_match_from(const struct regex *r, struct bytes text, size_t from, struct bytes *ret,
		     size_t n, struct err *e)
{
	size_t *at = scratch_get()->at;
	int found = find(r, text, from, at, 2 * (n + 1), e);

	if (found != 1)
		return found;
	for (size_t i = 0; i <= n; i++) {
		size_t begin = i <= regex_n_groups(r) ? at[2 * i] : VM_NOWHERE;

		ret[i] = begin == VM_NOWHERE
				 ? (struct bytes){ 0 }
				 : bytes_of(text.p ? text.p + begin : "", at[2 * i + 1] - begin);
	}
	return 1;
}

int regex_match_groups(const struct regex *r, struct bytes text, struct bytes *ret, size_t n,
		       struct err *e)
{
	return regex_match_from(r, text, 0, ret, n, e);
}

size_t regex_n_groups(const struct regex *r)
{
	uint32_t n = r->tree.n_groups;

	if (r->pcre)
		pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &n);
	return n;
}

/* PCRE2's table: rows of one width, two bytes of the group's number, then its name with a NUL. */
static struct bytes pcre_group_name(const pcre2_code *code, size_t i)
{
	uint32_t n = 0, width = 0;
	PCRE2_SPTR row = NULL;

	pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &width);
	pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, (void *)&row);
	for (; n > 0; n--, row += width)
		if (((size_t)row[0] << 8 | row[1]) == i)
			return bytes_str((const char *)row + 2);
	return (struct bytes){ 0 };
}

struct bytes regex_group_name(const struct regex *r, size_t i)
{
	if (r->pcre)
		return pcre_group_name(r->code, i);
	return i <= r->tree.n_groups ? r->tree.names[i] : (struct bytes){ 0 };
}

struct bytes regex_pattern(const struct regex *r)
{
	return buf_bytes(&r->pattern);
}

size_t regex_needed(const struct regex *r, struct bytes ret[REGEX_NEEDED_MAX], bool *ret_fold)
{
	static_assert((int)REGEX_NEEDED_MAX == (int)LITERALS_NEEDED_MAX, "all of them");

	*ret_fold = r->literals.fold;
	memcpy(ret, r->literals.needed, sizeof(r->literals.needed));
	return r->literals.n_needed;
}

size_t regex_required(const struct regex *r, enum regex_letters letters,
		      struct regex_required ret[REGEX_REQUIRED_MAX])
{
	static_assert((int)REGEX_REQUIRED_MAX == (int)LITERALS_REQUIRED_MAX, "all of them");
	static_assert((int)REGEX_REQUIRED_LENGTH == (int)LITERALS_REQUIRED_LENGTH, "as told");
	static_assert((int)REGEX_LETTERS_OF_ALL == (int)LETTERS_OF_ALL, "the same");

	for (size_t i = 0; i < r->literals.n_required[letters]; i++) {
		const struct literal_required *l = &r->literals.required[letters][i];

		ret[i] = (struct regex_required){ l->text, l->fold };
	}
	return r->literals.n_required[letters];
}

bool regex_begins_with_needed(const struct regex *r)
{
	return r->literals.begins;
}

size_t regex_texts(const struct regex *r, struct regex_text *ret, size_t max, bool *ret_fold)
{
	const struct literals *l = &r->literals;

	*ret_fold = l->texts_fold;
	if (l->n_texts > max)
		return 0;
	for (size_t i = 0; i < l->n_texts; i++)
		ret[i] = (struct regex_text){ l->texts[i].text, l->texts[i].around };
	return l->n_texts;
}
