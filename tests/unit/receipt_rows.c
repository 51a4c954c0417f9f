/* Receipts as text: what is one, and what two of them make. */
#include "unit.h"

#include "deletes/receipt_rows.h"

#define ID "0123456789abcdef"
#define HEAD                          \
	"{\"version\":1,\"id\":\"" ID \
	"\",\"tenant\":\"t\",\"query\":\"{a=\\\"b,\\\"}\",\"more\":[1]"
#define ROW(before, after, chunks, entries, bytes)                                       \
	"{\"day\":\"2026-01-15\",\"before\":\"" before "0000000000000000000000000000\"," \
	"\"after\":\"" after "0000000000000000000000000000\",\"entries\":" #entries      \
	",\"bytes\":" #bytes ",\"chunks\":" #chunks "}"
#define A ROW("aaaa", "a1a1", 1, 10, 100)
#define B ROW("bbbb", "b1b1", 2, 20, 200)
#define C ROW("aaaa", "c1c1", 3, 30, 300) /* of the pack of A, made into another one */
#define SUMS(packs, chunks, entries, bytes)                                                       \
	",\"packs\":" #packs ",\"chunks\":" #chunks ",\"entries\":" #entries ",\"bytes\":" #bytes \
	",\"rows\":["

static const struct bytes id = { ID, sizeof(ID) - 1 };

static struct receipt_text read_text(const char *text)
{
	struct receipt_text r;
	struct err e;

	if (receipt_read(bytes_str(text), id, &r, &e) < 0)
		fail_msg("%s: %s", e.msg, text);
	return r;
}

/* expected NULL: the first has all. */
static void check_merge(const char *there, const char *more, const char *expected)
{
	struct receipt_text a = read_text(there), b = read_text(more);
	struct buf both = { 0 };

	assert_int_equal(receipt_merge(&a, &b, &both), expected != NULL);
	assert_string_equal(buf_str(&both), expected ? expected : "");
	buf_release(&both);
}

#define EMPTY	 HEAD SUMS(0, 0, 0, 0) "\n]}\n"
#define ONLY_A	 HEAD SUMS(1, 1, 10, 100) "\n" A "\n]}\n"
#define ONLY_B	 HEAD SUMS(1, 2, 20, 200) "\n" B "\n]}\n"
#define A_THEN_B HEAD SUMS(2, 3, 30, 300) "\n" A ",\n" B "\n]}\n"

static void rows_of_both_stand_once_in_the_target(void **state)
{
	(void)state;
	check_merge(ONLY_A, ONLY_B, A_THEN_B);
	check_merge(EMPTY, ONLY_A, ONLY_A);
	check_merge(ONLY_A, A_THEN_B, A_THEN_B);
	check_merge(ONLY_A, HEAD SUMS(1, 3, 30, 300) "\n" C "\n]}\n",
		    HEAD SUMS(2, 4, 40, 400) "\n" A ",\n" C "\n]}\n");
}

static void what_is_all_there_makes_nothing(void **state)
{
	(void)state;
	check_merge(A_THEN_B, ONLY_B, NULL);
	check_merge(A_THEN_B, A_THEN_B, NULL);
	check_merge(ONLY_A, EMPTY, NULL);
	check_merge(EMPTY, EMPTY, NULL);
}

static void the_sums_are_those_of_the_rows(void **state)
{
	(void)state;
	check_merge(HEAD SUMS(1, 7, 7, 7) "\n" A "\n]}\n", ONLY_B, A_THEN_B);
}

static void it_is_finished_when_the_later_was(void **state)
{
	(void)state;
#define FINISHED(rows, ns) HEAD rows "\n],\"finished\":\"" #ns "\"}\n"
#define ROWS_A		   SUMS(1, 1, 10, 100) "\n" A
#define ROWS_B		   SUMS(1, 2, 20, 200) "\n" B
#define ROWS_AB		   SUMS(2, 3, 30, 300) "\n" A ",\n" B
	check_merge(FINISHED(ROWS_A, 5), FINISHED(ROWS_B, 9), FINISHED(ROWS_AB, 9));
	check_merge(FINISHED(ROWS_A, 9), FINISHED(ROWS_B, 5), FINISHED(ROWS_AB, 9));
	check_merge(FINISHED(ROWS_A, 9), ONLY_B, FINISHED(ROWS_AB, 9));
	check_merge(ONLY_A, FINISHED(ROWS_B, 5), FINISHED(ROWS_AB, 5));
	check_merge(FINISHED(ROWS_A, 5), FINISHED(ROWS_A, 9), NULL);
}

static void refuse(const char *text, enum err_code code, const char *msg)
{
	struct receipt_text r;
	struct err e;

	assert_int_equal(receipt_read(bytes_str(text), id, &r, &e), -1);
	assert_int_equal(e.code, code);
	assert_string_equal(e.msg, msg);
}

static void what_cannot_be_merged_is_refused(void **state)
{
	(void)state;
	refuse("", ERR_CORRUPT, "no receipt: expected a JSON object");
	refuse(ONLY_A "x", ERR_CORRUPT, "no receipt: something stands behind its object");
	refuse(HEAD SUMS(2, 1, 10, 100) "\n" A "\n]}\n", ERR_CORRUPT,
	       "it says 2 packs, and has rows of 1");
	refuse("{\"version\":1,\"id\":\"x\",\"packs\":0}", ERR_CORRUPT,
	       "it has another id than its name");
	refuse("{\"version\":2,\"id\":\"" ID "\",\"packs\":0}", ERR_VERSION,
	       "it is not of version 1");
	refuse("{\"version\":1,\"id\":\"" ID "\"}", ERR_CORRUPT,
	       "its sums are not where they belong");
	refuse("{\"version\":1,\"id\":\"" ID "\", \"packs\":0}", ERR_CORRUPT,
	       "its sums are not where they belong");
	refuse("{\"version\":1,\"packs\":0,\"id\":\"" ID "\"}", ERR_CORRUPT,
	       "its first line does not say which request it is of");
	refuse("{\"version\":1,\n\"id\":\"" ID "\",\"packs\":0}", ERR_CORRUPT,
	       "its first line does not say which request it is of");
	refuse(HEAD SUMS(1, 1, 1, 1) "\n{\"day\":\"2026-01-15\"}\n]}\n", ERR_CORRUPT,
	       "a row does not say which packs it is about");
	refuse(HEAD SUMS(1, 1, 1, 1) "\n" A " ,1\n]}\n", ERR_CORRUPT,
	       "a row does not say which packs it is about");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_both_stand_once_in_the_target),
		cmocka_unit_test(what_is_all_there_makes_nothing),
		cmocka_unit_test(the_sums_are_those_of_the_rows),
		cmocka_unit_test(it_is_finished_when_the_later_was),
		cmocka_unit_test(what_cannot_be_merged_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
