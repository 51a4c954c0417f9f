#include "bloom/ask.h"

#include <stdlib.h>

#include "base/mem.h"

static void release_clause(struct bloom_clause *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (int k = 0; k < GRAM_KINDS; k++)
			gram_list_release(&c->v[i].of[k]);
	free(c->v);
}

void bloom_ask_release(struct bloom_ask *a)
{
	for (size_t i = 0; i < a->n; i++)
		release_clause(&a->v[i]);
	free(a->v);
	gram_scratch_release(&a->scratch);
	*a = (struct bloom_ask){ 0 };
}

void bloom_ask_clause(struct bloom_ask *a)
{
	mem_grow(&a->v, &a->cap, a->n + 1, sizeof(*a->v));
	a->v[a->n++] = (struct bloom_clause){ 0 };
}

static struct bloom_text *add_text(struct bloom_ask *a)
{
	struct bloom_clause *c = &a->v[a->n - 1];

	mem_grow(&c->v, &c->cap, c->n + 1, sizeof(*c->v));
	c->v[c->n] = (struct bloom_text){ 0 };
	return &c->v[c->n++];
}

static void take(struct bloom_ask *a, struct bloom_text *t, struct bytes text, enum gram_case how)
{
	for (int k = 0; k < GRAM_KINDS; k++)
		if (k != GRAM_ESCAPE)
			grams_of_needle(&a->scratch, (enum gram_kind)k, text, how, &t->of[k]);
}

void bloom_ask_text(struct bloom_ask *a, struct bytes text, enum gram_case how)
{
	take(a, add_text(a), text, how);
}

void bloom_ask_also(struct bloom_ask *a, struct bytes text, enum gram_case how)
{
	struct bloom_clause *c = &a->v[a->n - 1];

	take(a, &c->v[c->n - 1], text, how);
}

void bloom_ask_anything(struct bloom_ask *a)
{
	add_text(a);
}

/* Stands in JSON and logfmt as it is, unless it is written as \u00XX, for which there is a value of
 * its own. */
static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f && !strchr("\"\\/<>&'", c);
}

void bloom_ask_value(struct bloom_ask *a, struct bytes value, enum gram_case how)
{
	struct bloom_text *t = add_text(a);

	for (size_t at = 0, end; at < value.n; at = end + 1) {
		end = at;
		while (end < value.n && is_plain(value.p[end]))
			end++;
		take(a, t, bytes_sub(value, at, end - at), how);
	}
	t = add_text(a);
	grams_of_needle(&a->scratch, GRAM_ESCAPE, BYTES_LIT("\\u0061"), GRAM_CASE_AS_IS,
			&t->of[GRAM_ESCAPE]);
}

static bool is_everywhere(const struct bloom_clause *c)
{
	for (size_t i = 0; i < c->n; i++) {
		size_t n = 0;

		for (int k = 0; k < GRAM_KINDS; k++)
			n += c->v[i].of[k].n;
		if (n == 0)
			return true;
	}
	return false;
}

void bloom_ask_end(struct bloom_ask *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (is_everywhere(&a->v[i]))
			release_clause(&a->v[i]);
		else
			a->v[n++] = a->v[i];
	}
	a->n = n;
}
