#include "bloom/values.h"

#include <stdlib.h>

#include "base/mem.h"

static const char *const what_name[] = {
	[BLOOM_NONE] = "none",
	[BLOOM_SMALL] = "small",
	[BLOOM_FULL] = "full",
};

bool bloom_what_parse(struct bytes text, enum bloom_what *ret)
{
	for (size_t i = 0; i < sizeof(what_name) / sizeof(what_name[0]); i++) {
		if (bytes_is(text, what_name[i])) {
			*ret = (enum bloom_what)i;
			return true;
		}
	}
	return false;
}

const char *bloom_what_name(enum bloom_what what)
{
	return what_name[what];
}

void bloom_values_release(struct bloom_values *v)
{
	for (int k = 0; k < GRAM_KINDS; k++)
		gram_list_release(&v->of[k]);
	gram_scratch_release(&v->scratch);
	free(v->block);
	*v = (struct bloom_values){ .what = v->what };
}

void bloom_values_reset(struct bloom_values *v)
{
	for (int k = 0; k < GRAM_KINDS; k++)
		v->of[k].n = 0;
	v->n = 0;
}

/* A column is best when half of its bits are set: then a value takes as many as its rows, by 1/ln
 * 2. */
uint64_t bloom_bits(enum gram_kind kind, uint64_t n)
{
	return n * gram_rows[kind] * 1443 / 1000;
}

/* Parts of a text's bytes that its column takes at most. */
static const uint8_t cost_max[] = { [BLOOM_NONE] = 1, [BLOOM_SMALL] = 16, [BLOOM_FULL] = 10 };

bool bloom_is_worth(enum bloom_what what, uint64_t bits, uint64_t bytes)
{
	return bits / 8 <= bytes / cost_max[what];
}

static bool has(const struct bloom_block *b, enum gram_kind kind)
{
	return b->kinds >> kind & 1;
}

static void add(struct bloom_values *v, struct bloom_block *b, enum gram_kind kind)
{
	size_t before = v->of[kind].n;

	grams_add(&v->scratch, kind, &v->of[kind]);
	b->n[kind] += (uint32_t)(v->of[kind].n - before);
	b->kinds |= (uint8_t)(1U << kind);
}

static void drop(struct bloom_values *v, struct bloom_block *b, enum gram_kind kind)
{
	v->of[kind].n -= b->n[kind];
	b->n[kind] = 0;
	b->kinds &= (uint8_t) ~(1U << kind);
}

static uint64_t bits_of(const struct bloom_block *b)
{
	uint64_t sum = 0;

	for (int k = 0; k < GRAM_KINDS; k++)
		sum += bloom_bits((enum gram_kind)k, b->n[k]);
	return sum;
}

/* Some kinds less, or a sparser one. */
static void give_up_some(struct bloom_values *v, struct bloom_block *b, const struct bytes text[2])
{
	uint64_t hex = bloom_bits(GRAM_HEX, b->n[GRAM_HEX]);

	if (has(b, GRAM_REST)) {
		drop(v, b, GRAM_REST);
	} else if (has(b, GRAM_HEX) && bloom_bits(GRAM_LETTERS, b->n[GRAM_LETTERS]) < hex) {
		drop(v, b, GRAM_HEX);
	} else if (has(b, GRAM_LETTERS)) {
		drop(v, b, GRAM_LETTERS);
		for (int i = 0; i < 2; i++) {
			grams_begin(&v->scratch, text[i]);
			add(v, b, GRAM_SPARSE);
		}
	} else {
		for (int k = 0; k < GRAM_KINDS; k++)
			drop(v, b, (enum gram_kind)k);
	}
}

void bloom_values_add(struct bloom_values *v, struct bytes lines, struct bytes metadata)
{
	const struct bytes text[2] = { lines, metadata };
	struct bloom_block *b;

	mem_grow(&v->block, &v->cap, v->n + 1, sizeof(*v->block));
	b = &v->block[v->n++];
	*b = (struct bloom_block){ .bytes = lines.n + metadata.n };
	for (int k = 0; k < GRAM_KINDS; k++)
		b->first[k] = (uint32_t)v->of[k].n;
	for (int i = 0; i < 2 && v->what != BLOOM_NONE; i++) {
		if (text[i].n == 0 && i > 0)
			break;
		grams_begin(&v->scratch, text[i]);
		add(v, b, GRAM_LETTERS);
		add(v, b, GRAM_HEX);
		add(v, b, GRAM_ESCAPE);
		if (v->what == BLOOM_FULL)
			add(v, b, GRAM_REST);
	}
	while (b->kinds && b->bytes >= BLOOM_SPAN_BYTES &&
	       !bloom_is_worth(v->what, bits_of(b), b->bytes))
		give_up_some(v, b, text);
}
