/*
 * The parser, one function a construct. What it takes and how it names what it does not take are
 * Go's, because Loki shows Go's texts; that includes its quirks: flags alone, as in a(?i)*, are
 * nothing, so the * repeats the a.
 */
#include "base/utf8.h"
#include "regex/syntax.h"

int(syntax_fail)(struct parser *p, const char *what, struct bytes where)
{
	return err_set(p->e, ERR_QUERY, "error parsing regexp: %s: `%.*s`", what, BYTES_ARG(where));
}

struct bytes syntax_since(const struct parser *p, struct bytes from)
{
	return bytes_sub(from, 0, from.n - p->rest.n);
}

static uint32_t decode(const char *text, size_t n)
{
	uint32_t c = (unsigned char)text[0];

	if (n == 1)
		return c;
	c &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)text[i] & 0x3f);
	return c;
}

int syntax_rune(struct parser *p, uint32_t *ret)
{
	size_t n = utf8_len(p->rest);

	if (n == 0)
		return syntax_fail(p, "invalid UTF-8", p->rest);
	*ret = decode(p->rest.p, n);
	p->rest = bytes_sub(p->rest, n, p->rest.n);
	return 0;
}

int syntax_check_utf8(struct parser *p, struct bytes text)
{
	for (size_t n; text.n; text = bytes_sub(text, n, text.n)) {
		n = utf8_len(text);
		if (n == 0)
			return syntax_fail(p, "invalid UTF-8", text);
	}
	return 0;
}

void syntax_push(struct parser *p, struct node *n)
{
	node_add(p->top->items, n);
}

static void push_char(struct parser *p, uint32_t c)
{
	struct node *n = node_new(p->tree, NODE_CHAR);

	n->fold = (p->flags & FLAG_FOLD) && rune_fold_next(c) != c;
	n->c = n->fold ? rune_fold_first(c) : c;
	syntax_push(p, n);
}

int syntax_push_set(struct parser *p, const struct runes *set, struct bytes property)
{
	enum { RANGES_MAX = 2 << 20 };
	struct node *n = node_new(p->tree, NODE_SET);

	p->n_ranges += set->n;
	if (p->n_ranges > RANGES_MAX)
		return syntax_fail(p, "expression too large", p->whole);
	if (set->n == 1 && set->v[0].lo == set->v[0].hi) {
		n->op = NODE_CHAR;
		n->c = set->v[0].lo;
	} else {
		n->set = runes_keep(&p->tree->mem, set);
		n->property = property;
	}
	syntax_push(p, n);
	return 0;
}

static int push_dot(struct parser *p)
{
	struct runes all = { 0 };
	int rc;

	if (p->flags & FLAG_DOT_ALL) {
		runes_add(&all, 0, RUNE_MAX);
	} else {
		runes_add(&all, 0, '\n' - 1);
		runes_add(&all, '\n' + 1, RUNE_MAX);
	}
	rc = syntax_push_set(p, &all, (struct bytes){ 0 });
	if (rc == 0)
		p->top->items->last->no_newline = !(p->flags & FLAG_DOT_ALL);
	runes_release(&all);
	return rc;
}

/* Takes digits without a leading zero; at most RE2's largest count plus one. */
static bool take_count(struct parser *p, int *ret)
{
	struct bytes t = p->rest;
	int n = 0;
	size_t i = 0;

	for (; i < t.n && t.p[i] >= '0' && t.p[i] <= '9'; i++)
		n = n > TREE_REPEAT_MAX ? n : n * 10 + (t.p[i] - '0');
	if (i == 0 || (i > 1 && t.p[0] == '0'))
		return false;
	p->rest = bytes_sub(t, i, t.n);
	*ret = n;
	return true;
}

static bool skip(struct parser *p, char c)
{
	if (p->rest.n == 0 || p->rest.p[0] != c)
		return false;
	p->rest = bytes_sub(p->rest, 1, p->rest.n);
	return true;
}

/* {n} {n,} {n,m}; false, with nothing taken, when it is not of that form. */
static bool take_counts(struct parser *p, int *ret_min, int *ret_max)
{
	struct bytes before = p->rest;
	bool ok = skip(p, '{') && take_count(p, ret_min);

	if (ok) {
		*ret_max = *ret_min;
		if (skip(p, ',')) {
			*ret_max = NODE_NO_MAX;
			ok = (p->rest.n && p->rest.p[0] == '}') || take_count(p, ret_max);
		}
	}
	if (ok && skip(p, '}'))
		return true;
	p->rest = before;
	return false;
}

/* The counts of a {n,m} and of those inside, multiplied, are at most n. */
static bool counts_fit(const struct node *r, int n)
{
	if (r->op == NODE_REPEAT && r->max != 1) {
		int m = r->max == NODE_NO_MAX ? r->min : r->max;

		if (r->max == 0)
			return true;
		if (m > n)
			return false;
		if (m > 0)
			n /= m;
	}
	for (const struct node *c = r->sub; c; c = c->next)
		if (!counts_fit(c, n))
			return false;
	return true;
}

/* What was pushed last becomes a repeat of itself. before: from the operator on. last: the same of
 * a repeat that ended right before it. */
static int repeat(struct parser *p, int min, int max, struct bytes before, struct bytes last)
{
	struct node *n = p->top->items->last, *sub;
	bool lazy = (p->flags & FLAG_LAZY) != 0;

	if (skip(p, '?'))
		lazy = !lazy;
	if (last.n)
		return syntax_fail(p, "invalid nested repetition operator", syntax_since(p, last));
	if (!n)
		return syntax_fail(p, "missing argument to repetition operator",
				   syntax_since(p, before));
	sub = node_new(p->tree, NODE_EMPTY);
	*sub = *n;
	*n = (struct node){ .op = NODE_REPEAT, .min = min, .max = max, .lazy = lazy };
	node_add(n, sub);
	node_measure(n);
	if (syntax_check_limits(p, n) < 0)
		return -1;
	if ((min >= 2 || max >= 2) && !counts_fit(n, TREE_REPEAT_MAX))
		return syntax_fail(p, "invalid repeat count", syntax_since(p, before));
	return 0;
}

/* \Q..\E */
static int quoted(struct parser *p)
{
	struct bytes t = bytes_sub(p->rest, 2, p->rest.n);
	const char *end = memmem(t.p, t.n, "\\E", 2);
	size_t n = end ? (size_t)(end - t.p) : t.n;
	uint32_t c;

	for (p->rest = bytes_sub(t, 0, n); p->rest.n;) {
		if (syntax_rune(p, &c) < 0)
			return -1;
		push_char(p, c);
	}
	p->rest = bytes_sub(t, end ? n + 2 : n, t.n);
	return 0;
}

static int backslash(struct parser *p)
{
	struct runes set = { 0 };
	struct bytes property;
	uint32_t c;
	int rc;

	if (p->rest.n >= 2) {
		enum node_op op = NODE_EMPTY;

		switch (p->rest.p[1]) {
		case 'A':
			op = NODE_BEGIN_TEXT;
			break;
		case 'b':
			op = NODE_WORD;
			break;
		case 'B':
			op = NODE_NOT_WORD;
			break;
		case 'z':
			op = NODE_END_TEXT;
			break;
		case 'C':
			return syntax_fail(p, "invalid escape sequence", bytes_sub(p->rest, 0, 2));
		case 'Q':
			return quoted(p);
		default:
			break;
		}
		if (op != NODE_EMPTY) {
			syntax_push(p, node_new(p->tree, op));
			p->rest = bytes_sub(p->rest, 2, p->rest.n);
			return 0;
		}
	}
	rc = syntax_class_escape(p, &set, &property);
	if (rc > 0) {
		runes_clean(&set);
		rc = syntax_push_set(p, &set, property);
	} else if (rc == 0) {
		rc = syntax_escape(p, &c);
		if (rc == 0)
			push_char(p, c);
	}
	runes_release(&set);
	return rc;
}

/* One item. *ret_repeat: when it was a repeat, from its operator on. */
static int item(struct parser *p, struct bytes last, struct bytes *ret_repeat)
{
	struct bytes before = p->rest;
	char first = before.p[0];
	int min = first == '+', max = first == '?' ? 1 : NODE_NO_MAX;
	bool lines = (p->flags & FLAG_LINES) != 0;
	uint32_t c;

	*ret_repeat = (struct bytes){ 0 };
	switch (first) {
	case '(':
		if (before.n >= 2 && before.p[1] == '?')
			return syntax_perl(p);
		skip(p, '(');
		syntax_open(p, ++p->tree->n_groups);
		return 0;
	case ')':
		return syntax_close(p);
	case '[':
		return syntax_class(p);
	case '\\':
		return backslash(p);
	case '|':
		syntax_bar(p);
		return 0;
	case '{':
		if (!take_counts(p, &min, &max))
			break;
		if (min > TREE_REPEAT_MAX || max > TREE_REPEAT_MAX ||
		    (max != NODE_NO_MAX && min > max))
			return syntax_fail(p, "invalid repeat count", syntax_since(p, before));
		*ret_repeat = before;
		return repeat(p, min, max, before, last);
	case '*':
	case '+':
	case '?':
		skip(p, first);
		*ret_repeat = before;
		return repeat(p, min, max, before, last);
	case '^':
		skip(p, first);
		syntax_push(p, node_new(p->tree, lines ? NODE_BEGIN_LINE : NODE_BEGIN_TEXT));
		return 0;
	case '$':
		skip(p, first);
		syntax_push(p, node_new(p->tree, lines ? NODE_END_LINE : NODE_END_TEXT));
		return 0;
	case '.':
		skip(p, first);
		return push_dot(p);
	default:
		break;
	}
	if (syntax_rune(p, &c) < 0)
		return -1;
	push_char(p, c);
	return 0;
}

int tree_parse(struct tree *t, struct bytes pattern, unsigned flags, struct err *e)
{
	struct parser p = { .tree = t, .whole = pattern, .rest = pattern, .e = e };
	struct bytes last = { 0 };

	p.flags = flags & TREE_DOT_ALL ? FLAG_DOT_ALL : 0;
	*t = (struct tree){ .names = NULL };
	syntax_open(&p, 0);
	while (p.rest.n)
		if (item(&p, last, &last) < 0)
			goto fail;
	if (p.top->up) {
		syntax_fail(&p, "missing closing )", pattern);
		goto fail;
	}
	t->root = syntax_finish(&p, p.top);
	if (t->root) {
		tree_set_names(t);
		return 0;
	}
fail:
	tree_release(t);
	return -1;
}
