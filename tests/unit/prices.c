/* Price files: what they may say, which price a day has, what quantities cost. */
#include "unit.h"

#include "cost/prices.h"
#include "time/time.h"

static int32_t day_of(const char *text)
{
	int32_t day;

	assert_true(time_day_parse(bytes_str(text), &day));
	return day;
}

static const char sheet[] = "currency: USD\n"
			    "prices:\n"
			    "- {name: storage.standard, price: 0.023, per: GB-month}\n"
			    "- {name: storage.binary, price: 0.023, per: GiB-month}\n"
			    "- {name: storage.tera, price: 23, per: TiB-month}\n"
			    "- {name: requests.put, price: 0.005, per: 1000}\n"
			    "- {name: transfer.out, price: 0.09, per: GB, from: 2024-01-01}\n"
			    "- {name: transfer.out, price: 0.11, per: GB, from: 2023-01-01}\n"
			    "- {name: transfer.old, price: 1, per: GB, to: 2023-01-01}\n"
			    "- {name: compute.hour, price: 0.01, per: hour}\n"
			    "- {name: compute.day, price: 1, per: day}\n"
			    "- {name: compute.node, price: 8.00, per: month, currency: USD}\n";

static void costs(const char *name, const char *day, struct exact quantity, int64_t of_day,
		  int64_t of_month)
{
	struct arena mem = { 0 };
	struct prices p;
	const struct price *price;
	struct err e;
	int64_t nano;

	if (prices_read(bytes_str(sheet), "p.yaml", &mem, &p, &e) < 0)
		fail_msg("%s", e.msg);
	price = prices_need(&p, name, day_of(day), &e);
	if (!price)
		fail_msg("%s", e.msg);
	assert_int_equal(0, price_of_day(price, quantity, day_of(day), &nano, &e));
	assert_int_equal(of_day, nano);
	assert_int_equal(0, price_of_month(price, quantity, &nano, &e));
	assert_int_equal(of_month, nano);
	arena_release(&mem);
}

static void a_quantity_costs_what_the_unit_says(void **unused)
{
	const struct exact half = { .units = 5, .scale = 1 };

	(void)unused;
	/* 31 days, 30, 29: the days of a month cost what the month does. */
	costs("storage.standard", "2024-01-15", price_count(31000000000), 23000000, 713000000);
	costs("storage.standard", "2024-04-15", price_count(30000000000), 23000000, 690000000);
	costs("storage.standard", "2024-02-29", price_count(29000000000), 23000000, 667000000);
	costs("storage.standard", "2023-02-28", price_count(28000000000), 23000000, 644000000);
	costs("storage.binary", "2024-04-15", price_count(UINT64_C(1) << 30), 766667, 23000000);
	costs("storage.tera", "2024-04-15", price_count(UINT64_C(1) << 40), 766666667,
	      INT64_C(23000000000));
	costs("requests.put", "2024-01-15", price_count(500000), 2500000000, 2500000000);
	costs("transfer.out", "2023-12-31", price_count(1000000000), 110000000, 110000000);
	costs("transfer.out", "2024-01-01", price_count(1000000000), 90000000, 90000000);
	costs("transfer.old", "2022-12-31", price_count(1), 1, 1);
	costs("compute.hour", "2024-01-15", price_count(2), 480000000, INT64_C(14600000000));
	costs("compute.day", "2024-01-15", price_count(1), 1000000000, INT64_C(30416666667));
	costs("compute.node", "2024-02-15", half, 137931034, 4000000000);
}

/* Any bytes, each day of any month: the sum is the month's, but for half a billionth a day. */
static void days_add_up_to_their_month(void **unused)
{
	uint64_t seed = env_number("SEED", 1);
	struct arena mem = { 0 };
	struct prices p;
	struct err e;

	(void)unused;
	assert_int_equal(0, prices_read(bytes_str(sheet), "p.yaml", &mem, &p, &e));
	for (int i = 0; i < 1000; i++) {
		int32_t first = day_of(i % 2 ? "2024-02-01" : "2023-12-01");
		int n = i % 2 ? 29 : 31;
		struct exact bytes = price_count(rnd(&seed) >> (16 + rnd_below(&seed, 40)));
		const struct price *price = prices_need(&p, "storage.standard", first, &e);
		int64_t sum = 0, of_day, of_month;

		for (int d = 0; d < n; d++) {
			assert_int_equal(0, price_of_day(price, bytes, first + d, &of_day, &e));
			sum += of_day;
		}
		assert_int_equal(0, price_of_month(price, bytes, &of_month, &e));
		assert_true(llabs(sum - of_month) <= n / 2 + 1);
	}
	arena_release(&mem);
}

static void what_is_not_there_is_said(void **unused)
{
	struct arena mem = { 0 };
	struct prices p;
	struct err e;
	int64_t nano;

	(void)unused;
	assert_int_equal(0, prices_read(bytes_str(sheet), "p.yaml", &mem, &p, &e));
	assert_null(prices_need(&p, "storage.cold", 0, &e));
	assert_string_equal("p.yaml: it has no price of 'storage.cold'", e.msg);
	assert_int_equal(ERR_USAGE, e.code);
	assert_null(prices_need(&p, "transfer.out", day_of("2022-12-31"), &e));
	assert_string_equal("p.yaml: it has no price of 'transfer.out' for 2022-12-31, only for "
			    "other days",
			    e.msg);
	assert_null(prices_need(&p, "transfer.old", day_of("2023-01-01"), &e));
	assert_int_equal(-1, price_of_month(prices_need(&p, "compute.node", 0, &e),
					    price_count(UINT64_MAX), &nano, &e));
	assert_int_equal(ERR_LIMIT, e.code);
	assert_string_equal("an amount of 'compute.node' is too large", e.msg);
	assert_int_equal(-1, price_of_day(prices_need(&p, "compute.hour", 0, &e),
					  price_count(UINT64_MAX), 0, &nano, &e));
	arena_release(&mem);
}

static void faults_are_named_with_their_place(void **unused)
{
#define USD(rows) "currency: USD\nprices:\n" rows
	static const struct {
		const char *text, *message;
	} faults[] = {
		{ "", "p.yaml:1:1: expected a map" },
		{ "[1]", "p.yaml:1:1: expected a map" },
		{ "prices: []", "p.yaml:1:1: 'currency' is missing" },
		{ "currency: USD", "p.yaml:1:1: 'prices' is missing" },
		{ "currency: usd\nprices: []",
		  "p.yaml:1:11: 'currency': expected three capital letters as USD, found 'usd'" },
		{ "currency: USD\nprice: []", "p.yaml:2:1: unknown key 'price'; did you mean "
					      "'prices'?" },
		{ "currency: USD\nprices: 7", "p.yaml:2:9: 'prices': expected a list" },
		{ USD("- 7"), "p.yaml:3:3: 'prices[0]': expected a map" },
		{ USD("- {price: 1, per: GB}"), "p.yaml:3:3: 'prices[0].name' is missing" },
		{ USD("- {name: transfer.a, per: GB}"),
		  "p.yaml:3:3: 'prices[0].price' is missing" },
		{ USD("- {name: transfer.a, price: 1}"), "p.yaml:3:3: 'prices[0].per' is missing" },
		{ USD("- {name: transfer.a, price: 1, pre: GB}"),
		  "p.yaml:3:32: unknown key 'prices[0].pre'; did you mean 'per'?" },
		{ USD("- {name: disk, price: 1, per: GB}"),
		  "p.yaml:3:10: 'prices[0].name': expected storage., requests., transfer. or "
		  "compute. "
		  "and what it is, found 'disk'" },
		{ USD("- {name: storage., price: 1, per: GB-month}"),
		  "p.yaml:3:10: 'prices[0].name': expected storage., requests., transfer. or "
		  "compute. "
		  "and what it is, found 'storage.'" },
		{ USD("- {name: storage.a, price: 1, per: GB}"),
		  "p.yaml:3:36: 'prices[0].per': expected one of GB-month, GiB-month, TB-month, "
		  "TiB-month, found 'GB'" },
		{ USD("- {name: storage.a, price: -1, per: GB-month}"),
		  "p.yaml:3:28: 'prices[0].price': expected a number, not negative, found '-1'" },
		{ USD("- {name: storage.a, price: .nan, per: GB-month}"),
		  "p.yaml:3:28: 'prices[0].price': expected a number, not negative, found '.nan'" },
		{ USD("- {name: storage.a, price: 1e-10, per: GB-month}"),
		  "p.yaml:3:28: 'prices[0].price': expected an amount of at most 9 digits behind "
		  "the "
		  "point, found '1e-10'" },
		{ USD("- {name: storage.a, price: 1e10, per: GB-month}"),
		  "p.yaml:3:28: 'prices[0].price': expected an amount below 9,223,372,036, found "
		  "'1e10'" },
		{ USD("- {name: storage.a, price: 1, per: GB-month, from: 2023-02-29}"),
		  "p.yaml:3:52: 'prices[0].from': expected a day as 2026-01-15, found "
		  "'2023-02-29'" },
		{ USD("- {name: storage.a, price: 1, per: GB-month, from: 2023-01-02, to: "
		      "2023-01-02}"),
		  "p.yaml:3:68: 'prices[0].to': expected a day behind 'from', which is the first "
		  "that "
		  "it is not for" },
		{ USD("- {name: storage.a, price: 1, per: GB-month, currency: EUR}"),
		  "p.yaml:3:56: 'prices[0].currency': EUR among prices in USD" },
		{ USD("- {name: storage.a, price: 1, per: GB-month}\n"
		      "- {name: storage.a, price: 2, per: GB-month}"),
		  "p.yaml:4:1: 'storage.a' has a price for the same days on line 3" },
		{ USD("- {name: storage.a, price: 1, per: GB-month, from: 2024-01-01, to: "
		      "2024-03-01}\n"
		      "- {name: storage.b, price: 2, per: GB-month, from: 2024-02-01}\n"
		      "- {name: storage.a, price: 2, per: GB-month, from: 2024-02-01}"),
		  "p.yaml:5:1: 'storage.a' has a price for 2024-02-01 on line 3 already" },
		{ USD("- {name: storage.a, price: 1, per: GB-month, from: 2024-02-01}\n"
		      "- {name: storage.a, price: 2, per: GB-month, from: 2024-02-01}"),
		  "p.yaml:4:1: 'storage.a' has a price for 2024-02-01 on line 3 already" },
		{ "currency: USD\nprices: []\n---\na: 1", "p.yaml:3:1: a second document, which is "
							  "not read" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct arena mem = { 0 };
		struct prices p;
		struct err e = { 0 };

		assert_int_equal(-1,
				 prices_read(bytes_str(faults[i].text), "p.yaml", &mem, &p, &e));
		assert_string_equal(faults[i].message, e.msg);
		assert_int_equal(ERR_USAGE, e.code);
		arena_release(&mem);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quantity_costs_what_the_unit_says),
		cmocka_unit_test(days_add_up_to_their_month),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(faults_are_named_with_their_place),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
