/* Policies as they come: forms, variables, faults; which buckets they name. */
#include "unit.h"

#include "cost/iam_needs.h"

static void add(struct iam *p, const char *text)
{
	struct err e;

	if (iam_add(p, bytes_str(text), "p.json", &e) < 0)
		fail_msg("%s", e.msg);
}

#define DOC(statements) "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define ALLOW(action, resource) \
	"{\"Effect\":\"Allow\",\"Action\":\"" action "\",\"Resource\":\"" resource "\"}"
#define DENY(action, resource)                                                                   \
	"{\"Effect\":\"Deny\",\"Sid\":\"No\",\"Action\":\"" action "\",\"Resource\":\"" resource \
	"\"}"

static void is_state(const char *text, const char *action, const char *below, enum iam_state worst,
		     const char *resource)
{
	struct iam p = { 0 };
	struct arena mem = { 0 };
	struct iam_answer a;

	add(&p, text);
	iam_ask(&p, bytes_str(action), bytes_str(below), IAM_ALL_BELOW, &mem, &a);
	assert_true(a.seen[worst]);
	assert_bytes(a.of[worst].resource, resource);
	arena_release(&mem);
	iam_release(&p);
}

static void a_name_is_given_on_which_it_is_not_granted(void **unused)
{
	(void)unused;
	is_state(DOC(ALLOW("s3:*", "arn:aws:s3:::b/logs/*")), "s3:GetObject", "arn:aws:s3:::b/",
		 IAM_MISSING, "arn:aws:s3:::b/x");
	is_state(DOC(ALLOW("s3:*", "arn:aws:s3:::b/logs/*")), "s3:GetObject",
		 "arn:aws:s3:::b/logs/", IAM_GRANTED, "arn:aws:s3:::b/logs/x");
	is_state(DOC(ALLOW("s3:*", "*") "," DENY("s3:Put*", "*/secret?/*")), "s3:PutObject",
		 "arn:aws:s3:::b/", IAM_DENIED, "arn:aws:s3:::b/secretx/");
	is_state(DOC(ALLOW("S3:getobject", "arn:aws:s3:::b/????*")), "s3:GetObject",
		 "arn:aws:s3:::b/", IAM_MISSING, "arn:aws:s3:::b/x");
}

static void variables_may_be_anything(void **unused)
{
	(void)unused;
	is_state(DOC(ALLOW("s3:*", "arn:aws:s3:::b/${aws:username}/*")), "s3:GetObject",
		 "arn:aws:s3:::b/a/", IAM_PERHAPS, "arn:aws:s3:::b/a/x");
	is_state(DOC(ALLOW("s3:*", "*") "," DENY("s3:*", "arn:aws:s3:::b/${aws:username}/*")),
		 "s3:GetObject", "arn:aws:s3:::b/a/", IAM_GRANTED_UNLESS, "arn:aws:s3:::b/a/x");
	is_state(DOC(ALLOW("s3:*", "arn:aws:s3:::b/${*}/*")), "s3:GetObject", "arn:aws:s3:::b/*/",
		 IAM_GRANTED, "arn:aws:s3:::b/*/x");
	is_state(DOC(ALLOW("s3:*", "arn:aws:s3:::b/${*}/*")), "s3:GetObject", "arn:aws:s3:::b/a/",
		 IAM_MISSING, "arn:aws:s3:::b/a/x");
	/* What a template left, and all in a policy of before, is a text. */
	is_state(DOC(ALLOW("s3:*", "arn:aws:s3:::${bucket}/*")), "s3:GetObject",
		 "arn:aws:s3:::${bucket}/", IAM_GRANTED, "arn:aws:s3:::${bucket}/x");
	is_state("{\"Statement\":" ALLOW("s3:*", "arn:aws:s3:::b/${aws:username}/*") "}",
		 "s3:GetObject", "arn:aws:s3:::b/a/", IAM_MISSING, "arn:aws:s3:::b/a/x");
}

static void who_a_statement_is_for_may_not_be_lokid(void **unused)
{
	(void)unused;
	is_state("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::1:"
		 "role/r\"}"
		 ",\"Action\":\"s3:*\",\"Resource\":\"*\"}}",
		 "s3:GetObject", "arn:aws:s3:::b/", IAM_PERHAPS, "arn:aws:s3:::b/x");
	is_state("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":[\"*\"]}"
		 ",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{}}}",
		 "s3:GetObject", "arn:aws:s3:::b/", IAM_GRANTED, "arn:aws:s3:::b/x");
	/* Who may take a role on: about no bucket. */
	is_state("{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"Federated\":\"x\"},"
		 "\"Action\":\"sts:AssumeRoleWithWebIdentity\"}}",
		 "s3:GetObject", "arn:aws:s3:::b/", IAM_MISSING, "arn:aws:s3:::b/x");
}

static void documents_come_in_wrappers(void **unused)
{
	static const char *const forms[] = {
		DOC(ALLOW("s3:*", "*")),
		"[" DOC(ALLOW("s3:*", "*")) "]",
		"{\"PolicyVersion\":{\"Document\":" DOC(
			ALLOW("s3:*", "*")) ",\"VersionId\":\"v3\"}}",
		"{\"RoleName\":\"r\",\"PolicyName\":\"p\",\"PolicyDocument\":" DOC(
			ALLOW("s3:*", "*")) "}",
		"{\"RoleName\":\"r\",\"RolePolicyList\":[{\"PolicyName\":\"a\","
		"\"PolicyDocument\":" DOC(
			ALLOW("s3:Get*", "*")) "},{\"PolicyName\":\"b\","
					       "\"PolicyDocument\":" DOC(
						       ALLOW("s3:*", "arn:aws:s3:::*")) "}]}",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		is_state(forms[i], "s3:PutObject", "arn:aws:s3:::b/", IAM_GRANTED,
			 "arn:aws:s3:::b/x");
}

static void faults_are_named_with_their_place(void **unused)
{
	static const struct {
		const char *text, *message;
	} faults[] = {
		{ "", "p.json:1:1: expected a value, found the end" },
		{ "{\n \"Statement\": [", "p.json:2:16: expected a value, found the end" },
		{ "{\"Statement\":[]} x", "p.json:1:18: expected the end, found 'x'" },
		{ "{\"Statement\":[{},]}", "p.json:1:18: expected a value, found ']'" },
		{ "7", "p.json:1:1: expected a policy, which is an object, found a number" },
		{ "{}", "p.json:1:1: it lacks 'Statement'" },
		{ "{\"Statement\":7}",
		  "p.json:1:14: 'Statement': expected an object or a list, found a number" },
		{ "{\"Version\":\"2013\",\"Statement\":[]}",
		  "p.json:1:12: 'Version': expected \"2012-10-17\" or \"2008-10-17\"" },
		{ "{\"Statement\":[],\"Statements\":[]}",
		  "p.json:1:30: unknown element 'Statements'; did you mean 'Statement'?" },
		{ DOC("7"), "p.json:1:38: statement 1: expected an object, found a number" },
		{ DOC("{}"), "p.json:1:38: statement 1: it lacks 'Effect'" },
		{ DOC("{\"Effect\":\"allow\"}"),
		  "p.json:1:48: statement 1: 'Effect': expected Allow or Deny, found 'allow'" },
		{ DOC("{\"Effect\":true}"), "p.json:1:48: statement 1: 'Effect': expected Allow or "
					    "Deny, found true or false" },
		{ DOC("{\"Effect\":\"Allow\",\"Actions\":\"*\"}"),
		  "p.json:1:66: statement 1: unknown element 'Actions'; did you mean 'Action'?" },
		{ DOC("{\"Effect\":\"Allow\"}"), "p.json:1:38: statement 1: it lacks 'Action'" },
		{ DOC("{\"Effect\":\"Allow\",\"Action\":\"*\"}"),
		  "p.json:1:38: statement 1: it lacks 'Resource'" },
		{ DOC("{\"Effect\":\"Allow\",\"Action\":[],\"Resource\":\"*\"}"),
		  "p.json:1:65: statement 1: 'Action': the list is empty" },
		{ DOC("{\"Effect\":\"Allow\",\"Action\":[7],\"Resource\":\"*\"}"),
		  "p.json:1:66: statement 1: 'Action': expected a string, found a number" },
		{ DOC("{\"Effect\":\"Allow\",\"Action\":\"\",\"Resource\":\"*\"}"),
		  "p.json:1:65: statement 1: 'Action': it is empty" },
		{ DOC("{\"Effect\":\"Allow\",\"Action\":7,\"Resource\":\"*\"}"),
		  "p.json:1:65: statement 1: 'Action': expected a string or a list of strings, "
		  "found a "
		  "number" },
		{ DOC("{\"Effect\":\"Allow\",\"Action\":\"*\",\"NotAction\":\"*\",\"Resource\":\"*"
		      "\"}"),
		  "p.json:1:81: statement 1: it has 'Action' and 'NotAction'" },
		{ DOC(ALLOW("*", "*") ",{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
				      "\"Condition\":[]}"),
		  "p.json:1:143: statement 2: 'Condition': expected an object, found an array" },
		{ DOC("{\"Sid\":7}"),
		  "p.json:1:45: statement 1: 'Sid': expected a string, found a number" },
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct iam p = { 0 };
		struct err e = { 0 };

		assert_int_equal(-1, iam_add(&p, bytes_str(faults[i].text), "p.json", &e));
		assert_string_equal(faults[i].message, e.msg);
		assert_int_equal(ERR_CORRUPT, e.code);
		assert_int_equal(0, p.n);
		iam_release(&p);
	}
}

static void buckets_are_those_that_are_named(void **unused)
{
	struct iam p = { 0 };
	struct arena mem = { 0 };
	struct iam_bucket *v;
	size_t n;

	(void)unused;
	add(&p,
	    DOC(ALLOW("s3:*", "arn:aws:s3:::lo*") "," ALLOW(
		    "s3:*",
		    "arn:aws-cn:s3:::two/a/"
		    "*") "," ALLOW("s3:*",
				   "arn:aws-cn:s3:::two") "," ALLOW("s3:*",
								    "arn:aws:sqs:::q") "," ALLOW("s"
												 "3"
												 ":"
												 "*",
												 "a"
												 "r"
												 "n"
												 ":"
												 "a"
												 "w"
												 "s"
												 ":"
												 "s"
												 "3"
												 ":"
												 "e"
												 "u"
												 "-"
												 "1"
												 ":"
												 "7"
												 ":"
												 "a"
												 "c"
												 "c"
												 "e"
												 "s"
												 "s"
												 "p"
												 "o"
												 "i"
												 "n"
												 "t"
												 "/"
												 "a") "," ALLOW("s3"
														":"
														"*",
														"ar"
														"n:"
														"aw"
														"s:"
														"s"
														"3") "," ALLOW("s3:*",
															       "*")));
	v = iam_buckets(&p, (struct bytes){ 0 }, &mem, &n);
	assert_int_equal(3, n);
	assert_bytes(v[0].partition, "aws-cn");
	assert_bytes(v[0].name, "two");
	assert_false(v[0].stand_in);
	assert_bytes(v[1].name, "loexample");
	assert_true(v[1].stand_in);
	assert_bytes(v[2].name, "example");
	free(v);
	arena_release(&mem);
	iam_release(&p);
}

/* Dozens of runs in one pattern, crossed with others, have more states than are looked at. */
static void what_is_too_intricate_is_not_granted(void **unused)
{
	struct buf text = { 0 };
	struct iam p = { 0 };
	struct arena mem = { 0 };
	struct iam_answer a;

	(void)unused;
	buf_add_str(&text, "{\"Statement\":[" ALLOW("s3:*", "*"));
	for (int i = 0; i < 40; i++)
		buf_addf(&text,
			 ",{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*%c?????????????%"
			 "c*\"}",
			 'a' + i % 26, 'b' + i % 24);
	buf_add_str(&text, "]}");
	add(&p, buf_str(&text));
	iam_ask(&p, bytes_str("s3:GetObject"), bytes_str("arn:aws:s3:::b/"), IAM_ALL_BELOW, &mem,
		&a);
	assert_true(a.too_intricate);
	assert_true(a.seen[IAM_GRANTED]);
	assert_false(iam_is_granted(&a));
	buf_release(&text);
	arena_release(&mem);
	iam_release(&p);
}

static void needs_are_counted_by_purpose(void **unused)
{
	const struct iam_bucket b = { .partition = BYTES_LIT("aws"), .name = BYTES_LIT("b") };
	struct iam p = { 0 };
	struct arena mem = { 0 };
	const struct iam_finding *v;
	size_t n;

	(void)unused;
	add(&p, DOC(ALLOW("s3:GetObject", "arn:aws:s3:::b/*") "," ALLOW("s3:ListBucket",
									"arn:aws:s3:::b")));
	v = iam_find(&p, &b, BYTES_LIT(""), 1U << IAM_FOR_READ, &mem, &n);
	assert_int_equal(0, iam_count_missing(v, n));
	v = iam_find(&p, &b, BYTES_LIT(""), 1U << IAM_FOR_READ | 1U << IAM_FOR_WRITE, &mem, &n);
	assert_int_equal(1, iam_count_missing(v, n));
	v = iam_find(&p, &b, BYTES_LIT(""), (1U << IAM_PURPOSES) - 1, &mem, &n);
	assert_int_equal(6, iam_count_missing(v, n));
	arena_release(&mem);
	iam_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_given_on_which_it_is_not_granted),
		cmocka_unit_test(variables_may_be_anything),
		cmocka_unit_test(who_a_statement_is_for_may_not_be_lokid),
		cmocka_unit_test(documents_come_in_wrappers),
		cmocka_unit_test(faults_are_named_with_their_place),
		cmocka_unit_test(buckets_are_those_that_are_named),
		cmocka_unit_test(what_is_too_intricate_is_not_granted),
		cmocka_unit_test(needs_are_counted_by_purpose),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
