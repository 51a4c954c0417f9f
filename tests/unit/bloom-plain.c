/* The values of texts, made with vector instructions and without: the same ones in the same order.
 */
#include "unit.h"

#include "base/mem.h"

/* The same source once more, without them and under other names. */
#undef __SSE2__
#define gram_rows	     plain_rows
#define gram_list_release    plain_list_release
#define gram_scratch_release plain_scratch_release
#define grams_begin	     plain_begin
#define grams_add	     plain_add
#define grams_of_needle	     plain_of_needle
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_same_values) };

	state = env_number("SEED", 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
