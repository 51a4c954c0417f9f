/* proto: what is read quickly is what is read with care, at whatever byte a message ends. */
#include "unit.h"

#include "base/buf.h"
#include "base/rd.h"
#include "proto_build.h"
#include "push/proto.h"

/* Some fields as they are, or with bytes that are none. */
static void add_field(uint64_t *seed, struct buf *b)
{
	static const unsigned bits[] = { 3, 7, 8, 14, 21, 28, 31, 35, 56, 57, 63, 64 };
	unsigned number = 1 + (unsigned)rnd_below(seed, rnd_below(seed, 4) ? 15 : 5000);
	uint64_t v = rnd(seed) >> (64 - bits[rnd_below(seed, sizeof(bits) / sizeof(*bits))]);
	char text[300] = { 0 };

	switch (rnd_below(seed, 8)) {
	case 0:
		wr_uvarint(b, number << 3 | rnd_below(seed, 8));
		break;
	case 1:
		wr_u8(b, (uint8_t)rnd_below(seed, 256));
		break;
	case 2:
		wr_uvarint(b, number << 3 | PROTO_BYTES);
		wr_uvarint(b, v); /* longer than what is there */
		break;
	case 3:
	case 4:
		add_number(b, number, v);
		break;
	default:
		add_bytes(b, number, bytes_of(text, rnd_below(seed, sizeof(text))));
	}
}

static void assert_same(const struct rd *a, const struct proto_field *x, const struct rd *b,
			const struct proto_field *y)
{
	assert_int_equal(a->off, b->off);
	assert_int_equal(x->number, y->number);
	assert_int_equal(x->wire, y->wire);
	if (x->wire == PROTO_BYTES) {
		assert_ptr_equal(x->bytes.p, y->bytes.p);
		assert_int_equal(x->bytes.n, y->bytes.n);
	} else {
		assert_int_equal(x->value, y->value);
	}
}

static void fields_are_what_they_are(void **state)
{
	uint64_t seed = 1;
	size_t n_fields = 0, n_failed = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf b = { 0 };
		size_t n = 1 + rnd_below(&seed, 6), cut;
		char *message;
		struct rd a, r;
		struct proto_field x, y;

		while (n-- > 0)
			add_field(&seed, &b);
		cut = rnd_below(&seed, 3) ? b.n : rnd_below(&seed, b.n + 1);
		message = malloc(cut + 1); /* so that asan sees what is read behind it */
		memcpy(message, b.p, cut);
		message = realloc(message, cut ? cut : 1);
		a = r = rd_init(bytes_of(message, cut));
		while (proto_next(&a, &x)) {
			assert_true(proto_next_any(&r, &y));
			assert_same(&a, &x, &r, &y);
			n_fields++;
		}
		assert_false(proto_next_any(&r, &y));
		assert_int_equal(a.failed, r.failed);
		assert_int_equal(a.off, r.off);
		n_failed += a.failed;
		free(message);
		buf_release(&b);
	}
	assert_true(n_fields > 20000);
	assert_true(n_failed > 2000 && n_failed < 18000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_what_they_are),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
