/* Bundles that are kept for who reads other chunks of them: one thread unpacks each, the others
 * wait; what nobody uses is bounded. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "query/bundle_cache.h"

enum { BUNDLES = 20, LEN = 1000, KEPT = 3 * LEN, THREADS = 4, ROUNDS = 200 };

static struct pack_bundle rows[BUNDLES];

struct shared {
	struct bundle_shelf shelf;
	struct bundle_place place[BUNDLES];
	atomic_uint unpacking[BUNDLES]; /* threads that are at it */
	atomic_uint unpacked, failed, wrong;
};

static void init(struct shared *s)
{
	*s = (struct shared){ .shelf = { .cache = bundle_cache_new(KEPT),
					 .bundles = { rows, BUNDLES } } };
	s->shelf.place = s->place;
}

static void fill(struct buf *raw, size_t i)
{
	buf_reset(raw);
	for (size_t k = 0; k < LEN; k++)
		buf_add_char(raw, (char)i);
}

static size_t n_held(const struct shared *s)
{
	size_t n = 0;

	for (size_t i = 0; i < BUNDLES; i++)
		n += s->place[i].held != NULL;
	return n;
}

/* Every third attempt at an even one fails. */
static struct bundle_held *get(struct shared *s, size_t i, struct buf *raw)
{
	const struct pack_bundle *b = &rows[i];
	struct bundle_held *h;

	while (!(h = bundle_take_or_begin(&s->shelf, b))) {
		if (atomic_fetch_add(&s->unpacking[i], 1) != 0)
			atomic_fetch_add(&s->wrong, 1);
		fill(raw, i);
		atomic_fetch_sub(&s->unpacking[i], 1);
		if (i % 2 == 0 && atomic_fetch_add(&s->failed, 1) % 3 == 0) {
			bundle_fail(&s->shelf, b);
			continue;
		}
		atomic_fetch_add(&s->unpacked, 1);
		return bundle_put(&s->shelf, b, raw);
	}
	return h;
}

static void *ask_for_all(void *data)
{
	struct shared *s = data;
	struct buf raw = { 0 };

	for (size_t r = 0; r < ROUNDS * BUNDLES; r++) {
		size_t i = r % BUNDLES;
		struct bundle_held *h = get(s, i, &raw);
		struct bytes b = bundle_held_bytes(h);

		if (b.n != LEN || b.p[0] != (char)i || b.p[LEN - 1] != (char)i)
			atomic_fetch_add(&s->wrong, 1);
		bundle_give_back(h);
	}
	buf_release(&raw);
	return NULL;
}

static void one_thread_unpacks_and_the_others_wait(void **state)
{
	pthread_t t[THREADS];
	struct shared s;

	(void)state;
	init(&s);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, ask_for_all, &s), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(s.wrong, 0);
	assert_true(s.unpacked >= BUNDLES && s.unpacked <= THREADS * ROUNDS * BUNDLES);
	assert_true(n_held(&s) <= THREADS); /* those in use are kept */
	bundle_cache_free(s.shelf.cache);
}

static void the_oldest_that_nobody_uses_goes(void **state)
{
	struct bundle_held *in_use;
	struct buf raw = { 0 };
	struct shared s;

	(void)state;
	init(&s);
	in_use = get(&s, 1, &raw);
	for (size_t i = 3; i < BUNDLES; i += 2)
		bundle_give_back(get(&s, i, &raw));
	assert_ptr_equal(bundle_take(&s.shelf, &rows[1]), in_use);
	bundle_give_back(in_use);
	assert_null(bundle_take(&s.shelf, &rows[3]));
	assert_non_null(s.place[BUNDLES - 1].held);
	assert_int_equal(n_held(&s), KEPT / LEN);
	bundle_give_back(in_use);
	buf_release(&raw);
	bundle_cache_free(s.shelf.cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_unpacks_and_the_others_wait),
		cmocka_unit_test(the_oldest_that_nobody_uses_goes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
