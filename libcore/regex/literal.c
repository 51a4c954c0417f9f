#include "regex/literal.h"

#include "base/buf.h"
#include "base/utf8.h"

enum { COUNT_MAX = 16 }; /* a repeat that is written out */

struct run {
	struct arena *mem;
	struct buf text; /* being put together: exact bytes, or in lower case when fold */
	struct buf best;
	bool fold, exact; /* text has a letter of either case, one of only one case */
	bool best_fold;
	bool plain; /* nothing but text was seen */
	bool moved; /* something stands before text, or may: */
	bool best_moved;
	/* The alternatives whose shortest text is the longest, when each has one. */
	struct bytes alt[LITERALS_NEEDED_MAX];
	size_t n_alts, alt_len;
	bool alt_fold;
	enum literals_letters letters;
	struct literal_required *required; /* NULL: nobody asks */
	size_t n_required;
};

static void run_release(struct run *r)
{
	buf_release(&r->text);
	buf_release(&r->best);
}

static void make_lower(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] |= 0x20;
}

static bool is_letter(uint32_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether the set is those two characters, or with a third these three. */
static bool is_set(const struct runes *s, uint32_t a, uint32_t b, uint32_t third)
{
	const uint32_t c[] = { a, b, third };

	if (s->n != (third ? 3U : 2U))
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].lo != c[i] || s->v[i].hi != c[i])
			return false;
	return true;
}

/* The lower case of the one ASCII letter that n is in both cases and nothing else, but of
 * LETTERS_OF_ALL what Unicode takes for it; or 0. */
static uint32_t letter_of(const struct node *n, enum literals_letters letters)
{
	const struct runes *s = n->set;
	uint32_t c = n->op == NODE_CHAR ? n->c : n->op == NODE_SET && s->n ? s->v[0].lo : 0;
	uint32_t low = c | 0x20, third = low == 'k' ? 0x212a : low == 's' ? 0x17f : 0;

	if (!is_letter(c))
		return 0;
	if (n->op == NODE_CHAR)
		return n->fold && (!third || letters == LETTERS_OF_ALL) ? low : 0;
	if (is_set(s, c, low, 0) ||
	    (third && letters == LETTERS_OF_ALL && is_set(s, c, low, third)))
		return low;
	return 0;
}

static void end_run(struct run *r)
{
	if (r->fold)
		make_lower(r->text.p, r->text.n);
	if (r->required && r->text.n >= LITERALS_REQUIRED_LENGTH &&
	    r->n_required < LITERALS_REQUIRED_MAX)
		r->required[r->n_required++] =
			(struct literal_required){ arena_copy(r->mem, buf_bytes(&r->text)),
						   r->fold };
	if (r->text.n > r->best.n) {
		buf_reset(&r->best);
		buf_add_bytes(&r->best, buf_bytes(&r->text));
		r->best_fold = r->fold;
		r->best_moved = r->moved;
	}
	if (r->fold && r->exact)
		r->plain = false;
	buf_reset(&r->text);
	r->fold = r->exact = false;
	r->moved = true;
}

static void other(struct run *r)
{
	r->plain = false;
	end_run(r);
}

static void collect(struct run *r, const struct node *n);

/* What each of the alternatives needs, unless others are longer. */
static void collect_alts(struct run *r, const struct node *alt)
{
	struct bytes v[LITERALS_NEEDED_MAX];
	size_t n = 0, shortest = SIZE_MAX;
	bool fold = false;

	for (const struct node *c = alt->sub; c; c = c->next) {
		struct run sub = { .mem = r->mem };
		bool fits;

		collect(&sub, c);
		end_run(&sub);
		shortest = sub.best.n < shortest ? sub.best.n : shortest;
		fold |= sub.best_fold;
		fits = n < LITERALS_NEEDED_MAX && shortest > r->alt_len;
		if (fits)
			v[n++] = arena_copy(r->mem, buf_bytes(&sub.best));
		run_release(&sub);
		if (!fits)
			return;
	}
	for (size_t i = 0; i < n; i++) {
		if (fold)
			make_lower((char *)(uintptr_t)v[i].p, v[i].n);
		r->alt[i] = v[i];
	}
	r->n_alts = n;
	r->alt_len = shortest;
	r->alt_fold = fold;
}

static void collect(struct run *r, const struct node *n)
{
	uint32_t letter = letter_of(n, r->letters);

	switch (n->op) {
	case NODE_EMPTY:
		break;
	case NODE_CHAR:
	case NODE_SET:
		if (letter) {
			r->fold = true;
			buf_add_char(&r->text, (char)letter);
		} else if (n->op == NODE_CHAR && !n->fold && (n->c < 0xd800 || n->c > 0xdfff) &&
			   (n->c != UTF8_REPLACEMENT || n->bytes)) {
			r->exact |= is_letter(n->c);
			utf8_add(&r->text, n->c);
		} else {
			other(r); /* U+FFFD may be a byte that is no UTF-8 */
		}
		break;
	case NODE_CAT:
		for (const struct node *c = n->sub; c; c = c->next)
			collect(r, c);
		break;
	case NODE_GROUP:
		collect(r, n->sub);
		break;
	case NODE_REPEAT:
		if (n->min == n->max && n->max <= COUNT_MAX) {
			for (int i = 0; i < n->min; i++)
				collect(r, n->sub);
			break;
		}
		r->plain = false;
		if (n->min > 0)
			collect(r, n->sub);
		end_run(r);
		break;
	case NODE_ALT:
		other(r);
		collect_alts(r, n);
		break;
	default:
		r->plain = false; /* an assertion: what stands around it is together */
	}
}

/* .* */
static bool is_anything(const struct node *n)
{
	return n->op == NODE_REPEAT && n->min == 0 && n->max == NODE_NO_MAX &&
	       n->sub->op == NODE_SET && n->sub->no_newline;
}

/* What is called for each alternative, a list of nodes from first up to end, without the .* around
 * it. */
typedef void alt_fn(void *arg, struct node *first, const struct node *end, bool around);

static void each_alt(const struct node *n, alt_fn *fn, void *arg)
{
	struct node *first;
	const struct node *end = NULL;

	while (n->op == NODE_GROUP)
		n = n->sub;
	if (n->op == NODE_ALT) {
		for (const struct node *c = n->sub; c; c = c->next)
			each_alt(c, fn, arg);
		return;
	}
	if (n->op != NODE_CAT) {
		fn(arg, (struct node *)n, n->next, false);
		return;
	}
	first = n->sub;
	if (is_anything(first))
		first = first->next;
	if (first != n->last && is_anything(n->last))
		end = n->last;
	fn(arg, first, end, first != n->sub || end);
}

struct texts {
	struct tree *tree;
	struct literals *ret;
	enum literals_how how;
	size_t cap;
	bool fold, ok;
};

/* Whether these nodes are written as one text. */
static bool has_form(const struct node *first, const struct node *end)
{
	if (first != end && first->op == NODE_GROUP && first->next == end) {
		const struct node *sub = first->sub;

		return sub->op == NODE_CAT ? has_form(sub->sub, NULL) : has_form(sub, sub->next);
	}
	for (const struct node *n = first; n != end; n = n->next)
		if (n->op != NODE_CHAR && n->op != NODE_SET)
			return false;
	return true;
}

static void add_text(void *arg, struct node *first, const struct node *end, bool around)
{
	struct texts *t = arg;
	struct literals *l = t->ret;
	struct run r = { .mem = &t->tree->mem, .plain = true };
	struct literal_text *v;

	t->ok = t->ok && (t->how == TEXTS_BY_MEANING || has_form(first, end));
	for (const struct node *n = first; n != end; n = n->next)
		collect(&r, n);
	end_run(&r);
	if (l->n_texts == 0)
		t->fold = r.best_fold;
	t->ok = t->ok && r.plain && r.best.n > 0 && r.best_fold == t->fold;
	if (t->ok && l->n_texts == t->cap) {
		t->cap = t->cap * 2 + 4;
		v = arena_alloc(&t->tree->mem, t->cap * sizeof(*v));
		if (l->n_texts)
			memcpy(v, l->texts, l->n_texts * sizeof(*v));
		l->texts = v;
	}
	if (t->ok)
		l->texts[l->n_texts++] =
			(struct literal_text){ arena_copy(&t->tree->mem, buf_bytes(&r.best)),
					       around };
	run_release(&r);
}

void literals_find_texts(struct literals *ret, struct tree *t, enum literals_how how)
{
	struct texts texts = { .tree = t, .ret = ret, .how = how, .ok = true };

	each_alt(t->root, add_text, &texts);
	if (!texts.ok)
		ret->n_texts = 0;
	ret->texts_fold = texts.fold;
}

/* A text that is found in few places is better than several, each of which is searched for. */
enum { GOOD_LENGTH = 3, ALTS_LENGTH_MIN = 2 };

static void find_needed(struct literals *ret, struct tree *t)
{
	struct run r = { .mem = &t->mem };

	collect(&r, t->root);
	end_run(&r);
	if (r.best.n >= GOOD_LENGTH || (r.best.n > 0 && r.best.n >= r.alt_len)) {
		ret->n_needed = 1;
		ret->needed[0] = arena_copy(&t->mem, buf_bytes(&r.best));
		ret->fold = r.best_fold;
		ret->begins = !r.best_moved;
	} else if (r.alt_len >= ALTS_LENGTH_MIN) {
		ret->n_needed = r.n_alts;
		memcpy(ret->needed, r.alt, sizeof(r.alt));
		ret->fold = r.alt_fold;
	}
	run_release(&r);
}

static void find_required(struct literals *ret, struct tree *t, enum literals_letters letters)
{
	struct run r = { .mem = &t->mem, .letters = letters, .required = ret->required[letters] };

	collect(&r, t->root);
	end_run(&r);
	ret->n_required[letters] = r.n_required;
	run_release(&r);
}

static void add_piece(struct literals *ret, struct run *r)
{
	struct find *f = &ret->piece[ret->n_pieces];
	struct bytes text;

	buf_reset(&r->best);
	end_run(r);
	if (r->best.n == 0)
		return;
	text = arena_copy(r->mem, buf_bytes(&r->best));
	if (r->best_fold)
		find_init_fold(f, text);
	else
		find_init(f, text);
	ret->n_pieces++;
}

static void find_pieces(struct literals *ret, struct tree *t)
{
	struct run r = { .mem = &t->mem, .plain = true };
	const struct node *n = t->root;
	size_t max = 1;

	while (n->op == NODE_GROUP)
		n = n->sub;
	if (n->op != NODE_CAT)
		return;
	for (const struct node *c = n->sub; c; c = c->next)
		max += is_anything(c);
	ret->piece = arena_alloc(&t->mem, max * sizeof(*ret->piece));
	for (const struct node *c = n->sub; c; c = c->next) {
		if (is_anything(c))
			add_piece(ret, &r);
		else
			collect(&r, c);
	}
	add_piece(ret, &r);
	if (!r.plain || ret->n_pieces < 2)
		ret->n_pieces = 0;
	run_release(&r);
}

void literals_find(struct literals *ret, struct tree *t)
{
	find_needed(ret, t);
	find_required(ret, t, LETTERS_OF_ASCII);
	find_required(ret, t, LETTERS_OF_ALL);
	find_pieces(ret, t);
}

/* The first place of each behind the one before leaves the most room for the rest. */
int literals_match(const struct literals *l, struct bytes text, size_t from)
{
	size_t end = from, first_end = from;
	int64_t at = 0;

	if (l->n_pieces == 0)
		return -1;
	for (size_t i = 0; i < l->n_pieces; i++) {
		at = find_next(&l->piece[i], text, end);
		if (at < 0)
			return 0;
		end = (size_t)at + l->piece[i].needle.n;
		if (i == 0)
			first_end = end;
	}
	return memchr(text.p + first_end, '\n', (size_t)at - first_end) ? -1 : 1;
}

struct lower {
	struct tree *tree;
	struct buf rings;     /* what differs only in case from the texts' characters */
	struct runes letters; /* of these, those in lower case */
	bool ok;
};

static void add_ring(struct lower *l, uint32_t first)
{
	uint32_t c = first;

	do {
		utf8_add(&l->rings, c);
		c = rune_fold_next(c);
	} while (c != first);
}

/* Is it text, which Loki does not match as a regex? */
static void check_text(void *arg, struct node *first, const struct node *end, bool around)
{
	struct lower *l = arg;

	(void)around;
	for (const struct node *n = first; n != end && l->ok; n = n->next) {
		l->ok = n->op == NODE_CHAR;
		if (l->ok && n->fold)
			add_ring(l, n->c);
	}
}

static char first_byte(uint32_t c)
{
	struct buf b = { 0 };
	char ret;

	utf8_add(&b, c);
	ret = b.p[0];
	buf_release(&b);
	return ret;
}

/* What c, the first of its ring, is in lower case. */
static uint32_t lower_of(const struct lower *l, uint32_t c)
{
	if (c ==
	    0x3a3) /* of two that are lower case the ring has first the one for ends of words */
		return 0x3c3;
	for (uint32_t f = c;;) {
		if (runes_has(&l->letters, f))
			return f;
		f = rune_fold_next(f);
		if (f == c)
			return c;
	}
}

static void lower_text(void *arg, struct node *first, const struct node *end, bool around)
{
	struct lower *l = arg;

	(void)around;
	for (struct node *n = first; n != end; n = n->next) {
		struct runes set = { 0 };
		uint32_t low, c = n->c;

		if (!n->fold) {
			n->bytes = true;
			continue;
		}
		low = lower_of(l, c);
		do {
			bool fits = c == low || !runes_has(&l->letters, c);
			uint32_t same_case = c < 0x80 ? c | 0x20 : c;

			if (fits && (n != first || first_byte(same_case) == first_byte(low)))
				runes_add(&set, c, c);
			c = rune_fold_next(c);
		} while (c != n->c);
		runes_clean(&set);
		n->op = NODE_SET;
		n->set = runes_keep(&l->tree->mem, &set);
		runes_release(&set);
	}
}

void literals_lower(struct tree *t)
{
	struct lower l = { .tree = t, .ok = true };

	each_alt(t->root, check_text, &l);
	if (l.ok) {
		runes_add_lower(&l.letters, buf_bytes(&l.rings));
		runes_clean(&l.letters);
		each_alt(t->root, lower_text, &l);
	}
	runes_release(&l.letters);
	buf_release(&l.rings);
}
