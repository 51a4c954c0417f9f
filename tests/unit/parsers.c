/* The fast way of the parsers gives what their complete way gives, on lines of every kind. */
#include "unit.h"

#include "../fuzz/twice.h"

enum { CASES = 40000, LINES = 20 };

static const char *const json_lines[] = {
	("{\"ts\":\"2025-10-16T05:00:00.000Z\",\"level\":\"info\",\"msg\":\"request "
	 "done\",\"method\":\"GET\",\"path\":\"/api/cart\",\"status\":504,\"duration\":\"6.341ms\","
	 "\"client\":{\"ip\":\"180.236.255.65\",\"region\":\"us-1\"}}"),
	("{\"level\":\"warn\", \"status\": 200 , \"method\" :\"PUT\", \"app\":\"x\", "
	 "\"size\":\"5KiB\"}"),
	("{\"status\":\"500\",\"a\":{\"b\":{\"c\":[1,{\"d\":2}],\"e\":null}},\"ok\":true,\"n\":-1."
	 "5e3}"),
	"{\"msg\":\"search for \\\"caf\u00e9 press\\\" done\\n\",\"status\":503,\"status\":200}",
	"{\"a b\":1,\"a_b\":2,\"_status\":3,\"status_extracted\":501,\"x\":\"\xff\"}",
	("{\"a\":{\"b\":1},\"a_b\":2,\"\":3,\"9\":\"nine\",\"k\\u0065y\":\"e\",\"long key of more "
	 "than "
	 "thirty letters\":7}"),
	"{}",
	"[1,2]",
	"{\"status\":599,}",
	"{\"status\":50\x01,\"n\":5}",
};

static const char *const logfmt_lines[] = {
	("ts=2025-10-16T05:00:00.000Z level=info msg=\"request done\" method=GET path=/api/cart "
	 "status=504 duration=6.341ms client_ip=180.236.255.65 client_region=us-1"),
	"level=warn  status=200 method=PUT app=x size=5KiB bare words here",
	"status=\"500\"level=info a=\"b\\\"c\\n\" e= f=\"\" =g caf\u00e9=1 x=caf\u00e9",
	"level=info a=\"b\\q\" method=GET status=500",
	"status=503 status=200 a.b=1 a_b=2 _status=3 status_extracted=501 9=nine x=\xff",
	"msg=\"never closed",
	"",
	"x==y z\"q\" k=v\"w",
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const queries[] = {
	"{app=\"shop\"} | json",
	"{app=\"shop\"} | json | status >= 500",
	"{app=\"shop\"} | json | status >= 500 | method = \"GET\"",
	"{app=\"shop\"} | json | duration > 5ms or size > 1KB",
	"{app=\"shop\"} | json | client_ip = ip(\"180.0.0.0/8\")",
	"{app=\"shop\"} | json | app_extracted = \"x\"",
	"{app=\"shop\"} | json | a_b_c != \"\" | __error__ = \"\"",
	"{app=\"shop\"} | logfmt | json | level =~ \"in.*\"",
	"{app=\"shop\"} | logfmt",
	"{app=\"shop\"} | logfmt | status >= 500",
	"{app=\"shop\"} | logfmt --strict | status >= 500",
	"{app=\"shop\"} | logfmt --keep-empty | e = \"\" | status < 504",
	"{app=\"shop\"} | logfmt --strict --keep-empty",
	"{app=\"shop\"} | logfmt --strict | json | client_ip = ip(\"10.0.0.0/8\")",
	"{app=\"shop\"} | json | line_format \"{{.msg}} a={{.status}}\" | logfmt | a > 100",
};

static const struct bytes by_method[] = { { "method", 6 } };
static const struct grouping groupings[] = { { .kind = GROUP_ALL },
					     { .kind = GROUP_BY },
					     { .kind = GROUP_BY, .n = 1, .labels = by_method } };

/* Bytes taken away, put in, doubled or changed: mostly those that say something to a parser. */
static void mutate(uint64_t *seed, struct buf *line)
{
	static const char signs[] = "\"\"\\\\{}[]:,= \t\r\x01\xff\xc3\xa9"
				    "a0-.5e";
	size_t at = rnd_below(seed, line->n + 1), n = 1 + rnd_below(seed, 4);
	struct buf out = { 0 };
	struct bytes text = buf_bytes(line);

	buf_add_bytes(&out, bytes_sub(text, 0, at));
	switch (rnd_below(seed, 4)) {
	case 0:
		at += n;
		break;
	case 1:
		at++;
		buf_add_char(&out, signs[rnd_below(seed, sizeof(signs) - 1)]);
		break;
	case 2:
		buf_add_char(&out, signs[rnd_below(seed, sizeof(signs) - 1)]);
		break;
	default:
		buf_add_bytes(&out, bytes_sub(text, at - rnd_below(seed, at + 1), 16 * n));
	}
	buf_add_bytes(&out, bytes_sub(text, at, text.n));
	buf_release(line);
	*line = out;
}

static void add_line(uint64_t *seed, struct buf *lines)
{
	bool json = rnd_below(seed, 2);
	const char *text = json ? json_lines[rnd_below(seed, COUNT(json_lines))]
				: logfmt_lines[rnd_below(seed, COUNT(logfmt_lines))];
	size_t changes = rnd_below(seed, 4);
	struct buf line = { 0 };

	buf_add_str(&line, text);
	for (size_t i = 0; i < changes; i++)
		mutate(seed, &line);
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '\n')
			line.p[i] = ' ';
	buf_add_bytes(lines, buf_bytes(&line));
	buf_add_char(lines, '\n');
	buf_release(&line);
}

static void both_ways_of_parsers_agree(void **state)
{
	struct label few[] = { { BYTES_LIT("_status"), BYTES_LIT("1") },
			       { BYTES_LIT("app"), BYTES_LIT("shop") } };
	struct label more[] = { { BYTES_LIT("app"), BYTES_LIT("shop") },
				{ BYTES_LIT("method"), BYTES_LIT("PUT") },
				{ BYTES_LIT("status"), BYTES_LIT("200") } };
	const struct labels streams[] = { { few, 2 }, { more, 3 } };
	uint64_t seed = env_number("SEED", 1);
	struct buf lines = { 0 };

	(void)state;
	for (size_t q = 0; q < COUNT(queries); q++) {
		for (size_t g = 0; g < COUNT(groupings); g++) {
			struct twice t;

			twice_init(&t, queries[q], &groupings[g], &streams[0]);
			for (size_t i = 0; i < CASES / COUNT(queries) / COUNT(groupings) / LINES;
			     i++) {
				buf_reset(&lines);
				for (int k = 0; k < LINES; k++)
					add_line(&seed, &lines);
				t.stream = &streams[i % 2];
				twice_lines(&t, buf_bytes(&lines));
			}
			twice_release(&t);
		}
	}
	buf_release(&lines);
}

/* More keys than are remembered, in one line and in many; then than keys.h remembers. */
static void keys_are_forgotten(void **state)
{
	struct label label[] = { { BYTES_LIT("app"), BYTES_LIT("shop") } };
	const struct labels stream = { label, 1 };
	struct buf lines = { 0 };
	struct twice t;

	(void)state;
	twice_init(&t, "{app=\"shop\"} | json", &groupings[0], &stream);
	for (unsigned round = 0; round < 9; round++) {
		buf_reset(&lines);
		for (unsigned i = 0; i < 9000; i++)
			buf_addf(&lines, i % 90 == 89 ? "%s\"o\":{\"p%u\":%u}}\n" : "%s\"k%u\":%u",
				 i % 90 ? "," : "{", i + 9000 * round, i);
		buf_add_str(&lines, "{\"k0\":0,\"o\":{\"p\":8}");
		for (unsigned i = 0; i < 5000; i++)
			buf_addf(&lines, ",\"x%u\":%u", i, i);
		buf_add_str(&lines, "}\n{\"k0\":0,\"k1\":1,\"o\":{\"p\":9}}\n");
		twice_lines(&t, buf_bytes(&lines));
	}
	twice_release(&t);
	buf_release(&lines);
}

/* Values that had to be unescaped, so many and so long that one stands at the very end of memory:
 * nothing is behind it. Sanitizers see what reads on. */
static void values_without_escapes_end_where_memory_does(void **state)
{
	struct label label[] = { { BYTES_LIT("app"), BYTES_LIT("shop") } };
	const struct labels stream = { label, 1 };
	struct buf lines = { 0 };

	(void)state;
	for (unsigned len = 0; len < 320; len++) {
		const bool json = len % 2;
		struct twice t;

		/* Memory that is new is small. */
		twice_init(&t, json ? "{app=\"shop\"} | json" : "{app=\"shop\"} | logfmt",
			   &groupings[0], &stream);
		buf_reset(&lines);
		for (unsigned i = 0; i < 300; i++)
			buf_addf(&lines, json ? "{\"a\":\"\\t%0*u\"}\n" : "a=\"\\t%0*u\"\n",
				 (int)len / 2, i);
		twice_lines(&t, buf_bytes(&lines));
		twice_release(&t);
	}
	buf_release(&lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_of_parsers_agree),
		cmocka_unit_test(values_without_escapes_end_where_memory_does),
		cmocka_unit_test(keys_are_forgotten),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
