/* Whose query runs next: fairness between tenants, places of classes, limits of tenants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/query_queue.h"
#include "time/time.h"

enum { ITEMS = 100 };

struct fixture {
	struct query_queue q;
	struct limits l;
	struct queue_item item[ITEMS];
	size_t n;
	int64_t now_ns;
};

static struct fixture fixture_new(unsigned metadata, unsigned shorts, unsigned longs)
{
	return (struct fixture){ .q.places = { metadata, shorts, longs } };
}

static struct queue_item *add(struct fixture *f, const char *tenant, enum query_class class)
{
	struct queue_item *item = &f->item[f->n++];
	struct err e;

	assert_int_equal(
		query_queue_add(&f->q, bytes_str(tenant), &f->l, class, f->now_ns, item, &e), 0);
	return item;
}

static void refused(struct fixture *f, const char *tenant, const char *why)
{
	struct err e;

	assert_int_equal(query_queue_add(&f->q, bytes_str(tenant), &f->l, QUERY_SHORT, f->now_ns,
					 &f->item[f->n], &e),
			 -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(e.msg, why);
	assert_null(f->item[f->n].tenant);
}

static void is_next(struct fixture *f, const struct queue_item *item)
{
	assert_ptr_equal(query_queue_take(&f->q), item);
}

static void first_come_first_served(void **state)
{
	struct fixture f = fixture_new(1, 1, 1);
	struct queue_item *a = add(&f, "a", QUERY_SHORT), *b = add(&f, "a", QUERY_SHORT);

	(void)state;
	is_next(&f, a);
	is_next(&f, NULL);
	query_queue_end(&f.q, a);
	is_next(&f, b);
	query_queue_end(&f.q, b);
	is_next(&f, NULL);
	assert_int_equal(f.q.waiting, 0);
	assert_int_equal(f.q.running[QUERY_SHORT], 0);
	query_queue_release(&f.q);
}

/* One that asks much does not keep the others from their turn. */
static void no_tenant_is_one_too(void **state)
{
	struct fixture f = fixture_new(1, 1, 1);
	struct queue_item *a = &f.item[0], *b;
	struct err e;

	(void)state;
	assert_int_equal(query_queue_add(&f.q, (struct bytes){ 0 }, &f.l, QUERY_SHORT, 0, a, &e),
			 0);
	f.n = 1;
	b = add(&f, "", QUERY_SHORT);
	is_next(&f, a);
	query_queue_end(&f.q, a);
	is_next(&f, b);
	query_queue_end(&f.q, b);
	query_queue_release(&f.q);
}

static void tenants_take_turns(void **state)
{
	struct fixture f = fixture_new(1, 1, 1);
	struct queue_item *many[6], *b[2], *c;

	(void)state;
	for (int i = 0; i < 6; i++)
		many[i] = add(&f, "many", QUERY_SHORT);
	b[0] = add(&f, "b", QUERY_SHORT);
	b[1] = add(&f, "b", QUERY_SHORT);
	c = add(&f, "c", QUERY_SHORT);
	is_next(&f, many[0]);
	query_queue_end(&f.q, many[0]);
	is_next(&f, b[0]);
	query_queue_end(&f.q, b[0]);
	is_next(&f, c);
	query_queue_end(&f.q, c);
	is_next(&f, many[1]);
	query_queue_end(&f.q, many[1]);
	is_next(&f, b[1]);
	query_queue_end(&f.q, b[1]);
	is_next(&f, many[2]);
	query_queue_release(&f.q);
}

/* Going away and coming back does not put one in front of those that wait. */
static void coming_back_gains_nothing(void **state)
{
	struct fixture f = fixture_new(1, 1, 1);
	struct queue_item *patient[5], *again = NULL;
	size_t served = 0;

	(void)state;
	for (int i = 0; i < 5; i++)
		patient[i] = add(&f, "patient", QUERY_SHORT);
	for (int round = 0; round < 10 && served < 5; round++) {
		struct queue_item *taken;

		if (!again)
			again = add(&f, "again", QUERY_SHORT);
		taken = query_queue_take(&f.q);
		assert_non_null(taken);
		if (taken == again)
			again = NULL;
		else
			assert_ptr_equal(taken, patient[served++]);
		query_queue_end(&f.q, taken);
	}
	assert_int_equal(served, 5);
	query_queue_release(&f.q);
}

static void classes_have_their_own_places(void **state)
{
	struct fixture f = fixture_new(1, 2, 1);
	struct queue_item *scan = add(&f, "a", QUERY_LONG), *other = add(&f, "a", QUERY_LONG),
			  *cheap = add(&f, "a", QUERY_SHORT), *names = add(&f, "b", QUERY_METADATA);

	(void)state;
	is_next(&f, names);
	is_next(&f, cheap);
	is_next(&f, scan);
	is_next(&f, NULL);
	query_queue_end(&f.q, scan);
	is_next(&f, other);
	query_queue_release(&f.q);
}

/* One that turns out to be a scan frees the place it had, and waits behind those before it. */
static void one_becomes_a_scan(void **state)
{
	struct fixture f = fixture_new(1, 1, 1);
	struct queue_item *scan = add(&f, "a", QUERY_LONG), *first = add(&f, "a", QUERY_SHORT),
			  *second = add(&f, "a", QUERY_SHORT);

	(void)state;
	is_next(&f, first);
	is_next(&f, scan);
	query_queue_move(&f.q, QUERY_LONG, first);
	is_next(&f, second);
	is_next(&f, NULL);
	query_queue_end(&f.q, scan);
	is_next(&f, first);
	assert_int_equal(f.q.running[QUERY_LONG], 1);
	query_queue_release(&f.q);
}

static void concurrency_of_a_tenant(void **state)
{
	struct fixture f = fixture_new(8, 8, 8);
	struct queue_item *scan[3], *cheap[2], *other;

	(void)state;
	f.l.max_concurrent_queries = 3;
	for (int i = 0; i < 3; i++)
		scan[i] = add(&f, "a", QUERY_LONG);
	is_next(&f, scan[0]);
	is_next(&f, scan[1]);
	is_next(&f, NULL); /* one place is left for what is short */
	cheap[0] = add(&f, "a", QUERY_SHORT);
	cheap[1] = add(&f, "a", QUERY_METADATA);
	other = add(&f, "b", QUERY_LONG);
	is_next(&f, cheap[1]);
	is_next(&f, other);
	is_next(&f, NULL);
	query_queue_end(&f.q, cheap[1]);
	is_next(&f, cheap[0]);
	query_queue_end(&f.q, cheap[0]);
	query_queue_end(&f.q, scan[0]);
	is_next(&f, scan[2]);
	query_queue_release(&f.q);

	f = fixture_new(8, 8, 8);
	f.l.max_concurrent_queries = 1;
	scan[0] = add(&f, "a", QUERY_LONG);
	is_next(&f, scan[0]); /* who has but one place may use it */
	query_queue_release(&f.q);
}

static void too_many_wait(void **state)
{
	struct fixture f = fixture_new(1, 1, 1);
	struct queue_item *a, *b;

	(void)state;
	f.l.max_outstanding_per_tenant = 2;
	a = add(&f, "a", QUERY_SHORT);
	b = add(&f, "a", QUERY_SHORT);
	refused(&f, "a",
		"too many outstanding requests: 2 wait (limit: max_outstanding_per_tenant 2)");
	add(&f, "b", QUERY_SHORT);
	is_next(&f, a);
	add(&f, "a", QUERY_SHORT);
	query_queue_end(&f.q, b); /* its client has left */
	add(&f, "a", QUERY_SHORT);
	query_queue_release(&f.q);
}

static void rate_of_queries(void **state)
{
	struct fixture f = fixture_new(9, 9, 9);

	(void)state;
	f.now_ns = 1;
	f.l.query_rate = 2;
	for (int i = 0; i < 2; i++)
		query_queue_end(&f.q, add(&f, "a", QUERY_SHORT));
	refused(&f, "a", "too many queries a second (limit: query_rate 2)");
	add(&f, "b", QUERY_SHORT);
	f.now_ns += NS_PER_S / 2;
	add(&f, "a", QUERY_SHORT);
	refused(&f, "a", "too many queries a second (limit: query_rate 2)");
	f.now_ns += 100 * NS_PER_S; /* not more than a second's are saved up */
	add(&f, "a", QUERY_SHORT);
	add(&f, "a", QUERY_SHORT);
	refused(&f, "a", "too many queries a second (limit: query_rate 2)");
	query_queue_release(&f.q);
}

/* Less than one a second is that too. */
static void small_rate(void **state)
{
	struct fixture f = fixture_new(9, 9, 9);

	(void)state;
	f.now_ns = 1;
	f.l.query_rate = 0.5;
	query_queue_end(&f.q, add(&f, "a", QUERY_SHORT));
	query_queue_end(&f.q, add(&f, "b", QUERY_SHORT)); /* a new tenant: the old ones are swept */
	f.now_ns += NS_PER_S;
	refused(&f, "a", "too many queries a second (limit: query_rate 0.5)");
	f.now_ns += NS_PER_S;
	add(&f, "a", QUERY_SHORT);
	query_queue_release(&f.q);
}

static void all_that_wait(void **state)
{
	struct fixture f = fixture_new(1, 1, 1);
	unsigned seen = 0;

	(void)state;
	assert_null(query_queue_waiting(&f.q, NULL));
	add(&f, "a", QUERY_SHORT);
	add(&f, "a", QUERY_SHORT);
	add(&f, "a", QUERY_LONG);
	add(&f, "b", QUERY_METADATA);
	add(&f, "c", QUERY_SHORT);
	assert_non_null(query_queue_take(&f.q)); /* of b */
	for (struct queue_item *i = NULL; (i = query_queue_waiting(&f.q, i));)
		seen |= 1U << (i - f.item);
	assert_int_equal(seen, 0x17);
	query_queue_release(&f.q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(no_tenant_is_one_too),
		cmocka_unit_test(tenants_take_turns),
		cmocka_unit_test(coming_back_gains_nothing),
		cmocka_unit_test(classes_have_their_own_places),
		cmocka_unit_test(one_becomes_a_scan),
		cmocka_unit_test(concurrency_of_a_tenant),
		cmocka_unit_test(too_many_wait),
		cmocka_unit_test(rate_of_queries),
		cmocka_unit_test(small_rate),
		cmocka_unit_test(all_that_wait),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("query_queue", tests, NULL, NULL);
}
