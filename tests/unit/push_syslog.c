/* push: syslog messages, and where they end on a connection. */
#include "unit.h"

#include "push/syslog.h"
#include "push_sink.h"

static const int64_t NOW = 1768471200000000000; /* 2026-01-15T10:00:00Z */

static struct syslog_opts opts;

static int push(struct bytes body, const struct push_sink *sink, struct arena *a, struct err *e)
{
	struct syslog s = { 0 };
	int rc = syslog_push(&s, &opts, body, sink, a, e);

	syslog_release(&s);
	return rc;
}

static void gives(const char *message, const char *text)
{
	expect(push, bytes_str(message), ERR_NONE, text);
}

static int defaults(void **state)
{
	(void)state;
	opts = (struct syslog_opts){ .now_ns = NOW, .labels = syslog_labels_default };
	return 0;
}

static void rfc_5424_is_read(void **state)
{
	(void)state;
	gives("<34>1 2026-01-15T09:59:59.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su "
	      "root' failed",
	      "{app=\"su\", host=\"mymachine.example.com\"}\n1768471199003000000|'su root' failed|"
	      "facility=auth;severity=critical;level=critical;msg_id=ID47;\n");
	gives("<165>1 2026-01-15T10:00:00+01:00 192.0.2.1 app 8710 - "
	      "[ex@32473 iut=\"3\" src=\"a \\\"b\\\" \\\\ [\\] \\n\"][b x=\"\"] text\n",
	      "{app=\"app\", host=\"192.0.2.1\"}\n1768467600000000000|text\n|facility=local4;"
	      "severity=notice;level=info;proc_id=8710;ex_32473_iut=3;"
	      "ex_32473_src=a \"b\" \\ [] \\n;b_x=;\n");
	gives("<0>1 - - - - - -",
	      "{}\n1768471200000000000||facility=kern;severity=emergency;level=critical;\n");
	gives("<191>1 - h - - - [id]",
	      "{host=\"h\"}\n1768471200000000000||facility=local7;severity=debug;level=debug;\n");
}

static void rfc_3164_is_read(void **state)
{
	(void)state;
	gives("<34>Jan 15 09:59:59 mymachine su: 'su root' failed for lonvick",
	      "{app=\"su\", host=\"mymachine\"}\n1768471199000000000|'su root' failed for lonvick|"
	      "facility=auth;severity=critical;level=critical;\n");
	gives("<13>Feb  5 17:32:18 10.0.0.99 sshd[123]: Use the BFG!",
	      "{app=\"sshd\", host=\"10.0.0.99\"}\n1770312738000000000|Use the BFG!|facility=user;"
	      "severity=notice;level=info;proc_id=123;\n");
	/* of last year, since that is nearer */
	gives("<13>Dec 31 23:59:59 h t: x",
	      "{app=\"t\", "
	      "host=\"h\"}\n1767225599000000000|x|facility=user;severity=notice;level=info;\n");
	/* as logger writes to /dev/log: no host */
	gives("<13>Jan 15 10:00:00 root: x y", "{app=\"root\"}\n1768471200000000000|x "
					       "y|facility=user;severity=notice;level=info;\n");
	/* as rsyslog forwards */
	gives("<14>2026-01-15T10:00:00.5+00:00 h app[1]: x",
	      "{app=\"app\", "
	      "host=\"h\"}\n1768471200500000000|x|facility=user;severity=informational;"
	      "level=info;proc_id=1;\n");
	/* as routers do */
	gives("<189>*Jan 15 2026 10:00:00.123: %SYS-5-CONFIG_I: Configured",
	      "{app=\"%SYS-5-CONFIG_I\"}\n1768471200123000000|Configured|facility=local7;"
	      "severity=notice;level=info;\n");
	gives("<12>kernel: out of memory",
	      "{app=\"kernel\"}\n1768471200000000000|out of memory|facility=user;severity=warning;"
	      "level=warn;\n");
	gives("Jan 15 10:00:00 h cron[7]: no priority",
	      "{app=\"cron\", host=\"h\"}\n1768471200000000000|no priority|proc_id=7;\n");
	gives("<13>Jan 15 10:00:00 h only words here",
	      "{host=\"h\"}\n1768471200000000000|only words "
	      "here|facility=user;severity=notice;level=info;\n");
	opts.zone_s = 3600;
	gives("Jan 15 11:00:00 h t: x", "{app=\"t\", host=\"h\"}\n1768471200000000000|x|\n");
	opts.now_ns = 1709164800000000000; /* 2024-02-29 */
	opts.zone_s = 0;
	gives("Feb 29 00:00:00 h t: x", "{app=\"t\", host=\"h\"}\n1709164800000000000|x|\n");
}

static void what_is_neither_is_a_line(void **state)
{
	static const char *const some[] = {
		"",
		"plain text",
		"error: not a tag without a priority",
		"<",
		"<>x",
		"<192>1 - - - - - -",
		"<1234>x",
		"Jan 32 10:00:00 h t: x",
		"Foo 15 10:00:00 h t: x",
		"Jan 15 10:00 h t: x",
		"Jan 15 10:00:00.1234567890123456789 h t: x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		struct buf b = { 0 };

		buf_addf(&b, "{}\n1768471200000000000|%s|\n", some[i]);
		gives(some[i], buf_str(&b));
		buf_release(&b);
	}
	/* of a bad RFC 5424 the priority is what is known */
	gives("<13>1 noon h a p m - x", "{}\n1768471200000000000|1 noon h a p m - "
					"x|facility=user;severity=notice;level=info;\n");
	gives("<13>1 - h a p m [x y=\"",
	      "{}\n1768471200000000000|1 - h a p m [x y=\"|facility=user;"
	      "severity=notice;level=info;\n");
}

static void which_are_labels_is_told(void **state)
{
	static const struct label extra[] = { { { "job", 3 }, { "syslog", 6 } },
					      { { "host", 4 }, { "gate", 4 } } };

	(void)state;
	opts.labels = BYTES_LIT("severity, host");
	opts.extra = extra;
	opts.n_extra = 2;
	gives("<11>1 - h a - - - x",
	      "{host=\"gate\", job=\"syslog\", severity=\"error\"}\n1768471200000000000|x|"
	      "app=a;facility=user;level=error;\n");
}

static void too_much_data_is_refused(void **state)
{
	struct buf b = { 0 };

	(void)state;
	buf_add_str(&b, "<11>1 - h a - - [x");
	for (int i = 0; i <= PUSH_META_MAX; i++)
		buf_add_str(&b, " a=\"b\"");
	buf_add_str(&b, "] x");
	expect(push, buf_bytes(&b), ERR_LIMIT, "error: more than 1024 attributes");
	buf_release(&b);
}

static void a_stream_is_told_once(void **state)
{
	struct syslog s = { 0 };
	struct noted n = { 0 };
	struct push_sink sink = noting(&n);
	struct arena a = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(syslog_push(&s, &opts, BYTES_LIT("<11>1 - h a - - - x"), &sink, &a, &e),
			 0);
	assert_int_equal(syslog_push(&s, &opts, BYTES_LIT("<11>1 - h a - - - y"), &sink, &a, &e),
			 0);
	assert_int_equal(syslog_push(&s, &opts, BYTES_LIT("<11>1 - h b - - - z"), &sink, &a, &e),
			 0);
	assert_bytes(buf_bytes(&n.text),
		     "{app=\"a\", host=\"h\"}\n"
		     "1768471200000000000|x|facility=user;severity=error;level=error;\n"
		     "1768471200000000000|y|facility=user;severity=error;level=error;\n"
		     "{app=\"b\", host=\"h\"}\n"
		     "1768471200000000000|z|facility=user;severity=error;level=error;\n");
	n.stop_after = 4;
	assert_int_equal(syslog_push(&s, &opts, BYTES_LIT("x"), &sink, &a, &e), -1);
	assert_int_equal(e.code, ERR_FULL);
	syslog_release(&s);
	buf_release(&n.text);
	arena_release(&a);
}

/* The messages of a connection, a | behind each, and what is left of it. */
static char *framed(const char *in, size_t n, size_t max, enum syslog_more more, struct err *e)
{
	struct bytes rest = bytes_of(in, n), message;
	struct buf b = { 0 };
	int rc;

	e->code = ERR_NONE;
	while ((rc = syslog_next(&rest, max, more, &message, e)) > 0) {
		buf_add_bytes(&b, message);
		buf_add_char(&b, '|');
	}
	buf_addf(&b, "%d:", rc);
	buf_add_bytes(&b, rest);
	buf_str(&b);
	return b.p;
}

static void messages_end_where_they_end(void **state)
{
	static const struct {
		const char *in;
		enum syslog_more more;
		const char *out;
	} some[] = {
		{ "5 <1>ab6 <2>cd\n7 <3>", SYSLOG_MORE, "<1>ab|<2>cd\n|0:7 <3>" },
		{ "5 <1>ab\n5 <1>ab\n", SYSLOG_MORE, "<1>ab|<1>ab|0:" },
		{ "<1>a\r\n\n<2>b\n<3>c", SYSLOG_MORE, "<1>a|<2>b|0:<3>c" },
		{ "<3>c", SYSLOG_END, "<3>c|0:" },
		{ "7 <3>", SYSLOG_END, "<3>|0:" },
		{ "12", SYSLOG_MORE, "0:12" },
		{ "12 ", SYSLOG_MORE, "0:12 " },
		{ "12", SYSLOG_END, "12|0:" },
		{ "12 monkeys\n<1>x\n", SYSLOG_MORE, "12 monkeys|<1>x|0:" },
		{ "0 <1>\n", SYSLOG_MORE, "0 <1>|0:" },
		{ "1234567890 <1>\n", SYSLOG_MORE, "1234567890 <1>|0:" },
		{ "", SYSLOG_END, "0:" },
		{ "21 <1>", SYSLOG_MORE, "-1:21 <1>" },
		{ "<1>456789012345678901", SYSLOG_MORE, "-1:<1>456789012345678901" },
	};
	struct err e;
	char *out;

	(void)state;
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		out = framed(some[i].in, strlen(some[i].in), 20, some[i].more, &e);
		assert_string_equal(out, some[i].out);
		assert_int_equal(e.code, strncmp(out, "-1", 2) == 0 ? ERR_LIMIT : ERR_NONE);
		free(out);
	}
	out = framed("<1>a\0<2>b\0", 10, 20, SYSLOG_MORE, &e);
	assert_string_equal(out, "<1>a|<2>b|0:");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rfc_5424_is_read, defaults),
		cmocka_unit_test_setup(rfc_3164_is_read, defaults),
		cmocka_unit_test_setup(what_is_neither_is_a_line, defaults),
		cmocka_unit_test_setup(which_are_labels_is_told, defaults),
		cmocka_unit_test_setup(too_much_data_is_refused, defaults),
		cmocka_unit_test_setup(a_stream_is_told_once, defaults),
		cmocka_unit_test(messages_end_where_they_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
