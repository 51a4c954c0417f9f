/* What a server has answered to logql --addr: no more than was asked for, nor of another time. */
#include "unit.h"

#include "query/remote.h"
#include "time/time.h"

#define STREAMS "{\"status\":\"success\",\"data\":{\"resultType\":\"streams\",\"result\":["
#define LIST	"{\"status\":\"success\",\"data\":["
#define END	"]}}"

static const struct remote_page all = { FORWARD, INT64_MIN, INT64_MAX, UINT64_MAX };

struct fixture {
	struct arena mem;
	struct remote_entries es;
	struct buf body;
	struct err e;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_release(&f->mem);
	free(f->es.v);
	buf_release(&f->body);
	free(f);
	return 0;
}

static int read_entries(struct fixture *f, const struct remote_page *asked, const char *body)
{
	return remote_read_entries(bytes_str(body), asked, &f->mem, &f->es, &f->e);
}

static void is_refused(struct fixture *f, enum err_code code, const char *why)
{
	assert_int_equal(code, f->e.code);
	assert_string_equal(why, f->e.msg);
}

static void entries_come_in_the_order_asked_for(void **state)
{
	static const struct remote_page asked[] = { { FORWARD, 1, 9, 3 }, { BACKWARD, 1, 9, 3 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(
			0, read_entries(f, &asked[i],
					STREAMS
					"{\"stream\":{\"b\":\"c\",\"a\":\"\\u00e9\"},\"values\":"
					"[[\"5\",\"x\"],[\"8\",\"y\",{\"parsed\":{\"aa\":\"1\"}}]]"
					"},{\"stream\":{},\"values\":[[\"1\",\"z\"]]}" END));
		assert_int_equal(3, f->es.n);
		assert_int_equal(5, f->es.v[1].ts_ns);
		assert_int_equal(i ? 8 : 1, f->es.v[0].ts_ns);
		assert_int_equal(3, f->es.v[i ? 0 : 2].labels->n);
		assert_int_equal(LABEL_PARSED, f->es.v[i ? 0 : 2].labels->v[1].kind);
		assert_bytes(f->es.v[1].labels->v[0].value, "é");
	}
}

static void more_than_was_asked_for_is_refused(void **state)
{
	static const struct remote_page three = { BACKWARD, 0, 100, 3 };
	struct fixture *f = *state;

	assert_int_equal(-1,
			 read_entries(f, &three,
				      STREAMS "{\"stream\":{},\"values\":[[\"1\",\"a\"]]},"
					      "{\"stream\":{\"a\":\"b\"},\"values\":[[\"2\",\"a\"],"
					      "[\"3\",\"a\"],[\"4\",\"a\"]]}" END));
	is_refused(f, ERR_CORRUPT,
		   "the server's answer: stream 2, entry 3: asked for 3 entries, found more");
	assert_true(f->es.cap < 1000);
}

static void another_time_is_refused(void **state)
{
	static const struct remote_page asked = { FORWARD, 1000000000, 2000000000, 9 };
	static const struct remote_page endless = { FORWARD, 1000000000, INT64_MAX, 9 };
	struct fixture *f = *state;

	assert_int_equal(0,
			 read_entries(f, &asked,
				      STREAMS "{\"stream\":{},\"values\":[[\"1000000000\",\"a\"],"
					      "[\"1999999999\",\"a\"]]}" END));
	assert_int_equal(-1,
			 read_entries(f, &asked,
				      STREAMS "{\"stream\":{},\"values\":[[\"1500000000\",\"a\"],"
					      "[\"2000000000\",\"a\"]]}" END));
	is_refused(f, ERR_CORRUPT,
		   "the server's answer: stream 1, entry 2: asked for times from "
		   "1970-01-01T00:00:01Z to before 1970-01-01T00:00:02Z, found "
		   "1970-01-01T00:00:02Z");
	assert_int_equal(
		-1, read_entries(f, &asked,
				 STREAMS "{\"stream\":{},\"values\":[[\"999999999\",\"a\"]]}" END));
	is_refused(f, ERR_CORRUPT,
		   "the server's answer: stream 1, entry 1: asked for times from "
		   "1970-01-01T00:00:01Z to before 1970-01-01T00:00:02Z, found "
		   "1970-01-01T00:00:00.999999999Z");
	assert_int_equal(0, read_entries(f, &endless,
					 STREAMS "{\"stream\":{},\"values\":"
						 "[[\"9223372036854775807\",\"a\"]]}" END));
}

static void what_are_no_entries_is_refused(void **state)
{
	static const char *const bodies[] = {
		"",
		"{\"data\":{\"resultType\":\"vector\",\"result\":[]}}",
		STREAMS,
		STREAMS "1" END,
		STREAMS "{\"stream\":{\"a\":1},\"values\":[]}" END,
		STREAMS "{\"stream\":{},\"values\":[[1,\"a\"]]}" END,
		STREAMS "{\"stream\":{},\"values\":[[\"1\",\"a\",{},{}]]}" END,
		STREAMS "{\"stream\":{},\"values\":[[\"1\",\"a\",{\"parsed\":[]}]]}" END,
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		assert_int_equal(-1, read_entries(f, &all, bodies[i]));
		assert_int_equal(ERR_CORRUPT, f->e.code);
		assert_non_null(strstr(f->e.msg, "none of Loki's API: expected "));
	}
}

#define MATRIX "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":["

static void points_lie_on_steps(void **state)
{
	static const char body[] =
		MATRIX "{\"metric\":{},\"values\":[[10,\"1\"]]},"
		       "{\"metric\":{\"a\":\"b\"},\"values\":[[40,\"4\"],[25,\"2\"]]}" END;
	struct fixture *f = *state;
	enum metric_kind kind;
	struct steps steps;
	struct vec v;

	assert_int_equal(0, remote_read_metric(bytes_str(body), &v, &steps, &kind, &f->e));
	assert_int_equal(METRIC_RANGE, kind);
	assert_int_equal(2, v.n);
	assert_int_equal(3, steps.n);
	assert_int_equal(10 * NS_PER_S, steps.start_ns);
	assert_int_equal(15 * NS_PER_S, steps.step_ns);
	assert_true(v.v[0].has[0] && !v.v[0].has[1] && !v.v[0].has[2]);
	assert_true(!v.v[1].has[0] && v.v[1].v[1] == 2 && v.v[1].v[2] == 4);
	vec_release(&v);
}

/* A few bytes, and a step for each second between two points. */
static void points_far_apart_are_refused(void **state)
{
	static const char body[] = MATRIX
		"{\"metric\":{},\"values\":[[0,\"1\"],[1000000000,\"1\"],[1000000001,\"1\"]]}" END;
	struct fixture *f = *state;
	enum metric_kind kind;
	struct steps steps;
	struct vec v;

	assert_int_equal(-1, remote_read_metric(bytes_str(body), &v, &steps, &kind, &f->e));
	is_refused(f, ERR_LIMIT,
		   "the server's answer has 1 series at 1000000002 steps, more than 16777216 "
		   "values: ask for less at once");
}

static const char too_much[] =
	"the server's answer needs more than 512 MiB of memory: ask for less at once";

enum { ROOM = 1 << 20, ELEMENTS = 100000 };

/* There is so much room yet: the rest is taken, of which the system gives nothing before it is
 * written to. */
static void leave_room(struct fixture *f)
{
	arena_alloc(&f->mem, REMOTE_READ_MAX - ROOM);
}

static void add_many(struct fixture *f, const char *head, const char *one, const char *tail)
{
	buf_add_str(&f->body, head);
	for (int i = 0; i < ELEMENTS; i++)
		buf_addf(&f->body, "%s%s", i ? "," : "", one);
	buf_add_str(&f->body, tail);
}

/* Few bytes that stand for many: each entry has all labels of its stream, and one of its own. */
static void labels_of_entries_need_memory(void **state)
{
	struct fixture *f = *state;

	leave_room(f);
	buf_add_str(&f->body, STREAMS "{\"stream\":{");
	for (int i = 0; i < 1000; i++)
		buf_addf(&f->body, "%s\"l%d\":\"\"", i ? "," : "", i);
	buf_add_str(&f->body, "},\"values\":[");
	for (int i = 0; i < 100; i++)
		buf_addf(&f->body, "%s[\"1\",\"\",{\"parsed\":{\"p\":\"%d\"}}]", i ? "," : "", i);
	buf_add_str(&f->body, "]}" END);
	assert_true(f->body.n < ROOM / 10);
	assert_int_equal(-1, read_entries(f, &all, buf_str(&f->body)));
	is_refused(f, ERR_LIMIT, too_much);
}

static void labels_of_a_stream_need_memory(void **state)
{
	struct fixture *f = *state;

	leave_room(f);
	add_many(f, STREAMS "{\"stream\":{", "\"\":\"\"", "},\"values\":[]}" END);
	assert_int_equal(-1, read_entries(f, &all, buf_str(&f->body)));
	is_refused(f, ERR_LIMIT, too_much);
}

static void names_need_memory(void **state)
{
	struct fixture *f = *state;
	struct bytes *words;
	size_t n;

	leave_room(f);
	add_many(f, LIST, "\"\"", "]}");
	assert_int_equal(-1, remote_read_words(buf_bytes(&f->body), &f->mem, &words, &n, &f->e));
	is_refused(f, ERR_LIMIT, too_much);
}

static void label_sets_need_memory(void **state)
{
	struct fixture *f = *state;
	struct labels *sets;
	size_t n;

	leave_room(f);
	add_many(f, LIST, "{}", "]}");
	assert_int_equal(-1, remote_read_series(buf_bytes(&f->body), &f->mem, &sets, &n, &f->e));
	is_refused(f, ERR_LIMIT, too_much);
}

static void labels_of_a_set_need_memory(void **state)
{
	struct fixture *f = *state;
	struct labels *sets;
	size_t n;

	leave_room(f);
	add_many(f, LIST "{", "\"\":\"\"", "}]}");
	assert_int_equal(-1, remote_read_series(buf_bytes(&f->body), &f->mem, &sets, &n, &f->e));
	is_refused(f, ERR_LIMIT, too_much);
}

static void what_is_no_list_is_refused(void **state)
{
	struct fixture *f = *state;
	struct labels *sets;
	struct bytes *words;
	uint64_t count;
	size_t n;

	assert_int_equal(-1, remote_read_words(bytes_str(LIST "1]}"), &f->mem, &words, &n, &f->e));
	is_refused(f, ERR_CORRUPT, "the server's answer is none of Loki's API: expected names");
	assert_int_equal(-1, remote_read_series(bytes_str(LIST "{]}"), &f->mem, &sets, &n, &f->e));
	assert_int_equal(ERR_CORRUPT, f->e.code);
	assert_int_equal(-1, remote_read_count(bytes_str("{\"n\":-1}"), "n", &count, &f->e));
	is_refused(f, ERR_CORRUPT,
		   "the server's answer is none of Loki's API: expected counts of streams");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(entries_come_in_the_order_asked_for),
		T(more_than_was_asked_for_is_refused),
		T(another_time_is_refused),
		T(what_are_no_entries_is_refused),
		T(points_lie_on_steps),
		T(points_far_apart_are_refused),
		T(labels_of_entries_need_memory),
		T(labels_of_a_stream_need_memory),
		T(names_need_memory),
		T(label_sets_need_memory),
		T(labels_of_a_set_need_memory),
		T(what_is_no_list_is_refused),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
