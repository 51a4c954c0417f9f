/* Answers as gzip: what goes in comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "codec/gzip.h"
#include "codec/unpack.h"

enum { MAX = 4 << 20 };

static void comes_back(size_t n)
{
	FILE *f = tmpfile();
	char *text = malloc(n + 1);
	struct buf packed = { 0 }, out = { 0 };
	uint32_t random = 7;
	uint64_t n_packed;
	struct err e;

	assert_non_null(f);
	for (size_t i = 0; i < n; i++) {
		random = random * 1664525 + 1013904223;
		text[i] = (char)("{\"a\":12}"[i % 8] + (random >> 31));
	}
	assert_int_equal(codec_gzip(bytes_of(text, n), fileno(f), &n_packed, &e), 0);
	buf_reserve(&packed, n_packed + 1);
	/* No more than it says. */
	assert_int_equal(io_pread(fileno(f), packed.p, n_packed + 1, 0, &e), n_packed);
	assert_int_equal(
		codec_unpack(CODEC_UNPACK_GZIP, bytes_of(packed.p, n_packed), MAX, &out, &e), 0);
	assert_int_equal(out.n, n);
	if (n)
		assert_memory_equal(out.p, text, n);
	buf_release(&packed);
	buf_release(&out);
	free(text);
	fclose(f);
}

static void round_trip(void **state)
{
	(void)state;
	comes_back(0);
	comes_back(1);
	comes_back((64 << 10) - 1);
	comes_back(3 << 20);
}

static void full_disk(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	uint64_t n;
	struct err e;

	(void)state;
	assert_non_null(f);
	assert_int_equal(codec_gzip(BYTES_LIT("text"), fileno(f), &n, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(full_disk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
