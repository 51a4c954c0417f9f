/* The values of texts, made with vector instructions and without: the same ones in the same order;
 * and those of the grams that are looked for one by one.
 */
#include "unit.h"

#include "base/mem.h"

/* The same source once more, without them and under other names. */
#undef __SSE2__
#define folded_release	     plain_folded_release
#define folded_text	     plain_folded_text
#define fold		     plain_fold
#define fold_twins	     plain_fold_twins
#define gram_rows	     plain_rows
#define gram_list_release    plain_list_release
#define gram_scratch_release plain_scratch_release
#define grams_begin	     plain_begin
#define grams_add	     plain_add
#define grams_of_needle	     plain_of_needle
#include "bloom/fold.c"
#include "bloom/grams.c"
#undef gram_list_release
#undef gram_scratch_release
#undef grams_begin
#undef grams_add
#undef grams_of_needle

void gram_list_release(struct gram_list *l);
void gram_scratch_release(struct gram_scratch *s);
void grams_begin(struct gram_scratch *s, struct bytes text);
void grams_add(struct gram_scratch *s, enum gram_kind kind, struct gram_list *ret);

enum { CASES = 4000 };

static uint64_t state;

/* Any bytes, or hex and what stands beside it in ASCII. */
static void make_text(struct buf *b)
{
	static const char often[] = "0123456789abcdef-gzGZAF {}@[`/:,.~\n\x7f\x80";
	size_t n = rnd_below(&state, rnd_below(&state, 8) ? 200 : 4000);
	size_t rare = rnd_below(&state, 3) ? 3 : 40;

	buf_reset(b);
	while (b->n < n) {
		if (rare == 3 && !rnd_below(&state, 20))
			buf_add_str(b, rnd_below(&state, 2) ? "\xe2\x84\xaa" : "\\u0041");
		else if (rnd_below(&state, rare))
			buf_add_char(b, often[rnd_below(&state, 17)]);
		else if (rnd_below(&state, 2))
			buf_add_char(b, often[rnd_below(&state, sizeof(often) - 1)]);
		else
			buf_add_char(b, (char)rnd(&state));
	}
}

static void the_same_values(void **unused)
{
	struct gram_scratch fast = { 0 }, plain = { 0 };
	struct gram_list a = { 0 }, b = { 0 };
	struct buf text = { 0 };

	(void)unused;
	for (int i = 0; i < CASES; i++) {
		make_text(&text);
		grams_begin(&fast, buf_bytes(&text));
		plain_begin(&plain, buf_bytes(&text));
		for (int k = 0; k < GRAM_KINDS; k++) {
			a.n = b.n = 0;
			grams_add(&fast, (enum gram_kind)k, &a);
			plain_add(&plain, (enum gram_kind)k, &b);
			assert_int_equal(a.n, b.n);
			if (a.n)
				assert_memory_equal(a.v, b.v, a.n * sizeof(*a.v));
		}
	}
	gram_list_release(&a);
	plain_list_release(&b);
	gram_scratch_release(&fast);
	plain_scratch_release(&plain);
	buf_release(&text);
}

static bool is_letter(unsigned char c)
{
	return c >= 0x80 || (c >= 'g' && c <= 'z');
}

/* Of a text that is folded already, and has no characters that stand for others. */
static void naive_letters(struct bytes text, struct gram_list *ret)
{
	for (size_t i = 0; i + 4 <= text.n; i++) {
		const char *p = text.p + i;
		uint64_t value, key = 1;
		size_t k = 0;

		for (int at = 3; at >= 0; at--)
			key = key << 8 | (unsigned char)p[at];
		value = hash_of(key);
		if (memchr(p, '\n', 4) ||
		    !(is_letter(p[0]) || is_letter(p[1]) || is_letter(p[2]) || is_letter(p[3])))
			continue;
		while (k < ret->n && ret->v[k] != value)
			k++;
		if (k == ret->n)
			list_add(ret, value);
	}
}

/* Phrases again and again, whole or cut off, with numbers between them. */
static void repeat_phrases(struct buf *b)
{
	static const char phrase[] = "level=info msg=\"request done\" path=/api/orders status=2";
	size_t n = rnd_below(&state, 3000);

	buf_reset(b);
	while (b->n < n) {
		size_t from = rnd_below(&state, 3) ? 0 : rnd_below(&state, sizeof(phrase) - 1);

		buf_add(b, phrase + from, rnd_below(&state, sizeof(phrase) - from));
		buf_addf(b, "%zu%s", rnd_below(&state, 100),
			 rnd_below(&state, 4)	? ""
			 : rnd_below(&state, 2) ? "\n"
						: "\xc3\xa4");
	}
}

static void each_gram_is_found(void **unused)
{
	struct gram_scratch s = { 0 };
	struct gram_list found = { 0 }, naive = { 0 };
	struct buf text = { 0 };

	(void)unused;
	for (int i = 0; i < CASES / 10; i++) {
		repeat_phrases(&text);
		found.n = naive.n = 0;
		grams_begin(&s, buf_bytes(&text));
		grams_add(&s, GRAM_LETTERS, &found);
		naive_letters(buf_bytes(&text), &naive);
		assert_int_equal(found.n, naive.n);
		if (found.n)
			assert_memory_equal(found.v, naive.v, found.n * sizeof(*found.v));
	}
	gram_list_release(&found);
	plain_list_release(&naive);
	gram_scratch_release(&s);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_same_values),
					    cmocka_unit_test(each_gram_is_found) };

	state = env_number("SEED", 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
