#include "cost/iam.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"

/* A policy has a few hundred states at most; each costs a step of all patterns for each letter. */
enum { STATES_MAX = 4096, STEPS_MAX = 1 << 22 };

void iam_release(struct iam *p)
{
	free(p->v);
	arena_release(&p->mem);
	*p = (struct iam){ 0 };
}

/* All patterns at once, over names that go on byte by byte, shortest first. */
struct walk {
	const struct iam_statement **st; /* those about the action */
	size_t n_st;
	size_t words; /* of the places of all their patterns */
	unsigned char letter[256];
	size_t n_letters;
	struct state {
		const uint64_t *set;
		uint32_t from;
		unsigned char c;
	} * state;
	size_t n, cap;
	struct map known;
	struct arena mem;
};

static bool is_about(const struct iam_statement *s, struct bytes action)
{
	for (size_t i = 0; i < s->action.n; i++)
		if (iam_glob_matches(&s->action.v[i], action, IAM_ANY_CASE))
			return !s->action.is_not;
	return s->action.is_not;
}

enum holds { NEVER, MAYBE, ALWAYS };

/* *set is moved behind the places of the statement's patterns. */
static enum holds holds(const struct iam_statement *s, const uint64_t **set)
{
	bool certain = false, maybe = false;
	enum holds ret;

	for (size_t i = 0; i < s->resource.n; i++) {
		const struct iam_glob *g = &s->resource.v[i];

		if (iam_glob_ends(g, *set)) {
			certain |= g->certain;
			maybe |= !g->certain;
		}
		*set += iam_glob_words(g);
	}
	if (s->resource.is_not)
		ret = certain ? NEVER : maybe ? MAYBE : ALWAYS;
	else
		ret = certain ? ALWAYS : maybe ? MAYBE : NEVER;
	return ret == ALWAYS && s->depends_on ? MAYBE : ret;
}

static enum iam_state judge(const struct walk *w, const uint64_t *set,
			    const struct iam_statement **ret_by)
{
	/* The first of each kind. */
	const struct iam_statement *allow[3] = { 0 }, *deny[3] = { 0 };

	for (size_t i = 0; i < w->n_st; i++) {
		const struct iam_statement *s = w->st[i];
		const struct iam_statement **of = s->allows ? allow : deny;
		enum holds h = holds(s, &set);

		if (!of[h])
			of[h] = s;
	}
	*ret_by = deny[ALWAYS]			 ? deny[ALWAYS]
		  : allow[ALWAYS] && deny[MAYBE] ? deny[MAYBE]
		  : allow[ALWAYS]		 ? allow[ALWAYS]
						 : allow[MAYBE];
	return deny[ALWAYS]    ? IAM_DENIED
	       : allow[ALWAYS] ? deny[MAYBE] ? IAM_GRANTED_UNLESS : IAM_GRANTED
	       : allow[MAYBE]  ? IAM_PERHAPS
			       : IAM_MISSING;
}

/* Only letters that patterns have make a difference, and one that none of them has. */
static void find_letters(struct walk *w)
{
	static const char others[] =
		"xyzabcdefghijklmnopqrstuvw0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	bool has[256] = { false };

	for (size_t s = 0; s < w->n_st; s++)
		for (size_t i = 0; i < w->st[s]->resource.n; i++) {
			const struct iam_glob *g = &w->st[s]->resource.v[i];

			for (uint32_t k = 0; k < g->n; k++)
				if (g->sym[k] < 256)
					has[g->sym[k]] = true;
		}
	for (const char *c = others; *c; c++)
		if (!has[(unsigned char)*c]) {
			w->letter[w->n_letters++] = (unsigned char)*c;
			break;
		}
	for (unsigned c = 1; c < 256; c++)
		if (has[c] || (w->n_letters == 0 && c == 255))
			w->letter[w->n_letters++] = (unsigned char)c;
}

static uint64_t *step(struct walk *w, const uint64_t *from, unsigned char c)
{
	uint64_t *to = arena_zalloc(&w->mem, w->words * sizeof(*to)), *at = to;

	for (size_t s = 0; s < w->n_st; s++)
		for (size_t i = 0; i < w->st[s]->resource.n; i++) {
			const struct iam_glob *g = &w->st[s]->resource.v[i];

			iam_glob_step(g, from, c, at);
			from += iam_glob_words(g);
			at += iam_glob_words(g);
		}
	return to;
}

static const uint64_t *start(struct walk *w, struct bytes text)
{
	uint64_t *set = arena_zalloc(&w->mem, w->words * sizeof(*set)), *at = set;
	const uint64_t *now = set;

	for (size_t s = 0; s < w->n_st; s++)
		for (size_t i = 0; i < w->st[s]->resource.n; i++) {
			iam_glob_start(&w->st[s]->resource.v[i], at);
			at += iam_glob_words(&w->st[s]->resource.v[i]);
		}
	for (size_t i = 0; i < text.n; i++)
		now = step(w, now, (unsigned char)text.p[i]);
	return now;
}

/* False: it was there before. */
static bool add_state(struct walk *w, const uint64_t *set, uint32_t from, unsigned char c)
{
	struct bytes key = bytes_of(set, w->words * sizeof(*set));
	uint64_t h = hash64(key);

	if (map_get(&w->known, h, key) != MAP_NONE)
		return false;
	map_put(&w->known, h, key, (uint32_t)w->n);
	mem_grow(&w->state, &w->cap, w->n + 1, sizeof(*w->state));
	w->state[w->n++] = (struct state){ set, from, c };
	return true;
}

/* resource, and what was read behind it until the state was come to. */
static struct bytes text_of(const struct walk *w, struct bytes resource, uint32_t state,
			    struct arena *a)
{
	size_t n = resource.n;
	char *p;

	for (uint32_t k = state; k != 0; k = w->state[k].from)
		n++;
	p = arena_alloc(a, n);
	if (resource.n)
		memcpy(p, resource.p, resource.n);
	for (size_t at = n; state != 0; state = w->state[state].from)
		p[--at] = (char)w->state[state].c;
	return bytes_of(p, n);
}

static void note(const struct walk *w, struct bytes resource, uint32_t i, const uint64_t *set,
		 struct arena *a, struct iam_answer *ret)
{
	const struct iam_statement *by;
	enum iam_state s = judge(w, set, &by);

	if (ret->seen[s])
		return;
	ret->seen[s] = true;
	ret->of[s].by = by;
	ret->of[s].resource = text_of(w, resource, i, a);
}

/* State 0 is what all names begin with; it may be come to again, by a name that goes on. */
static void walk_below(struct walk *w, struct bytes resource, const uint64_t *first,
		       struct arena *a, struct iam_answer *ret)
{
	size_t n_steps = 0;

	w->state = mem_alloc(sizeof(*w->state));
	w->state[0] = (struct state){ .set = first };
	w->n = w->cap = 1;
	for (uint32_t i = 0; i < w->n; i++) {
		for (size_t k = 0; k < w->n_letters; k++) {
			const uint64_t *to = step(w, w->state[i].set, w->letter[k]);

			n_steps += w->words;
			if (!add_state(w, to, i, w->letter[k]))
				continue;
			note(w, resource, (uint32_t)w->n - 1, to, a, ret);
		}
		if (w->n > STATES_MAX || n_steps > STEPS_MAX) {
			ret->too_intricate = true;
			return;
		}
	}
}

void iam_ask(const struct iam *p, struct bytes action, struct bytes resource, enum iam_reach reach,
	     struct arena *a, struct iam_answer *ret)
{
	struct walk w = { .words = 1 };
	const uint64_t *first;

	*ret = (struct iam_answer){ 0 };
	w.st = arena_alloc(&w.mem, (p->n + 1) * sizeof(*w.st));
	for (size_t i = 0; i < p->n; i++) {
		if (!is_about(&p->v[i], action))
			continue;
		w.st[w.n_st++] = &p->v[i];
		for (size_t k = 0; k < p->v[i].resource.n; k++)
			w.words += iam_glob_words(&p->v[i].resource.v[k]);
	}
	find_letters(&w);
	first = start(&w, resource);
	if (reach == IAM_ALONE)
		note(&w, resource, 0, first, a, ret);
	else
		walk_below(&w, resource, first, a, ret);
	map_release(&w.known);
	free(w.state);
	arena_release(&w.mem);
}

/* Whether the statement is about this resource: as holds, of a text that is known. */
static enum holds is_on(const struct iam_statement *s, struct bytes resource)
{
	bool certain = false, maybe = false;

	for (size_t i = 0; i < s->resource.n; i++) {
		const struct iam_glob *g = &s->resource.v[i];

		if (iam_glob_matches(g, resource, IAM_EXACT_CASE)) {
			certain |= g->certain;
			maybe |= !g->certain;
		}
	}
	if (s->resource.is_not)
		return certain ? NEVER : maybe ? MAYBE : ALWAYS;
	return certain ? ALWAYS : maybe ? MAYBE : NEVER;
}

/* Statements about the bucket become ones about what is listed in it. */
void iam_ask_listings(const struct iam *p, struct bytes action, struct bytes resource,
		      struct bytes begin, struct arena *a, struct iam_answer *ret)
{
	const struct iam_glob all = iam_glob_of(BYTES_LIT("*"), IAM_NO_VARIABLES, a);
	struct iam listed = { .v = arena_alloc(a, (p->n + 1) * sizeof(*listed.v)) };
	struct iam_glob *any = arena_alloc(a, sizeof(*any));
	struct iam_answer below;

	*any = all;
	for (size_t i = 0; i < p->n; i++) {
		struct iam_statement s = p->v[i];
		enum holds h = is_on(&s, resource);

		if (h == NEVER)
			continue;
		s.resource = s.has_listing ? s.listing : (struct iam_globs){ any, 1, false };
		if (s.has_listing)
			s.depends_on = NULL;
		if (h == MAYBE && !s.depends_on)
			s.depends_on = "its variable";
		listed.v[listed.n++] = s;
	}
	iam_ask(&listed, action, begin, IAM_ALONE, a, ret);
	iam_ask(&listed, action, begin, IAM_ALL_BELOW, a, &below);
	ret->too_intricate |= below.too_intricate;
	for (int s = 0; s < IAM_STATES; s++)
		if (below.seen[s] && !ret->seen[s]) {
			ret->seen[s] = true;
			ret->of[s] = below.of[s];
		}
}

bool iam_is_granted(const struct iam_answer *a)
{
	return !a->too_intricate && !a->seen[IAM_PERHAPS] && !a->seen[IAM_MISSING] &&
	       !a->seen[IAM_DENIED];
}
