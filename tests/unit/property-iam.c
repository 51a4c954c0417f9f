/*
 * S1-1: whether policies grant what lokid needs. Random policies, with wildcards, NotAction,
 * NotResource, Deny, conditions, scalars and lists, are read as JSON and compared with a
 * brute-force evaluator, which asks of every name up to four letters, one at a time, and shares
 * nothing with libcore/cost.
 */
#include "unit.h"

#include "cost/iam_needs.h"

enum { CASES_PER_PERCENT = 100, STATEMENTS = 5, PATTERNS = 3, NAME_MAX_LEN = 4 };

static const char letters[] = "ac/z"; /* z is in no pattern: it stands for all others */
static const char *const needed[] = { "s3:GetObject", "s3:ListBucket", "s3:PutObject",
				      "s3:DeleteObject" };

struct one {
	bool allows, conditional, not_action, not_resource;
	int n_actions, n_resources;
	char action[PATTERNS][32], resource[PATTERNS][48];
};

struct policy {
	struct one v[STATEMENTS];
	int n;
};

/* ---- random policies ---- */

static void random_action(char *ret, size_t size, uint64_t *seed)
{
	static const char *const some[] = {
		"s3:*",
		"*",
		"s3:Get*",
		"s3:Get?bject",
		"s3:List*",
		"s3:Put*",
		"s3:*Object",
		"s3:GetObject",
		"s3:GetObject",
		"s3:ListBucket",
		"s3:PutObject",
		"s3:PutObject",
		"s3:ListBucket",
		"s3:DeleteObject",
		"s3:GetObjectAcl",
		"ec2:*",
		"s3:?????????",
		"s3:*Bucket",
		"*:GetObject",
		"s3:*t*",
	};

	snprintf(ret, size, "%s", some[rnd_below(seed, sizeof(some) / sizeof(*some))]);
	for (char *c = ret; *c && rnd_below(seed, 4) == 0; c++) /* cases do not count */
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
}

static void random_resource(char *ret, size_t size, uint64_t *seed)
{
	static const char *const some[] = {
		"*",
		"arn:aws:s3:::b",
		"arn:aws:s3:::b/*",
		"arn:aws:s3:::b*",
		"arn:*:s3:::b/*",
		"arn:aws:s3:::?",
		"arn:aws:s3:::other/*",
		"arn:aws:s3:::b/?*",
		"arn:aws:s3:::b",
		"arn:aws:s3:::b/*",
		"arn:aws-cn:s3:::b/*",
		"arn:aws:s3:::*",
	};
	static const char symbols[] = "ac/**?";
	size_t n;

	if (rnd_below(seed, 3)) {
		snprintf(ret, size, "%s", some[rnd_below(seed, sizeof(some) / sizeof(*some))]);
		return;
	}
	n = (size_t)snprintf(ret, size, "arn:aws:s3:::b/");
	for (size_t k = 1 + rnd_below(seed, 3); k > 0; k--)
		ret[n++] = symbols[rnd_below(seed, sizeof(symbols) - 1)];
	ret[n] = '\0';
}

static void random_policy(struct policy *p, uint64_t *seed)
{
	*p = (struct policy){ .n = 1 + (int)rnd_below(seed, STATEMENTS) };
	for (int i = 0; i < p->n; i++) {
		struct one *s = &p->v[i];

		s->allows = rnd_below(seed, 4) != 0;
		s->conditional = rnd_below(seed, 8) == 0;
		s->not_action = rnd_below(seed, 6) == 0;
		s->not_resource = rnd_below(seed, 6) == 0;
		s->n_actions = 1 + (int)rnd_below(seed, PATTERNS);
		s->n_resources = 1 + (int)rnd_below(seed, PATTERNS);
		for (int k = 0; k < s->n_actions; k++)
			random_action(s->action[k], sizeof(s->action[k]), seed);
		for (int k = 0; k < s->n_resources; k++)
			random_resource(s->resource[k], sizeof(s->resource[k]), seed);
	}
}

static void add_text(struct buf *b, const char *text, uint64_t *seed)
{
	buf_add_char(b, '"');
	for (; *text; text++)
		if (rnd_below(seed, 40) == 0)
			buf_addf(b, "\\u%04x", (unsigned)*text);
		else
			buf_add_char(b, *text);
	buf_add_char(b, '"');
}

/* One may stand alone, or in a list. */
static void add_texts(struct buf *b, const char *v, size_t size, int n, uint64_t *seed)
{
	bool list = n > 1 || rnd_below(seed, 2);

	if (list)
		buf_add_str(b, "[ ");
	for (int i = 0; i < n; i++) {
		buf_add_str(b, i ? "," : "");
		add_text(b, v + (size_t)i * size, seed);
	}
	if (list)
		buf_add_char(b, ']');
}

static void add_statement(struct buf *b, const struct one *s, uint64_t *seed)
{
	buf_addf(b, "{\"Effect\": \"%s\",\n", s->allows ? "Allow" : "Deny");
	buf_addf(b, "\"%s\":", s->not_action ? "NotAction" : "Action");
	add_texts(b, s->action[0], sizeof(s->action[0]), s->n_actions, seed);
	buf_addf(b, ",\"%s\":", s->not_resource ? "NotResource" : "Resource");
	add_texts(b, s->resource[0], sizeof(s->resource[0]), s->n_resources, seed);
	if (s->conditional)
		buf_add_str(b, ", \"Condition\":{\"Bool\":{\"aws:SecureTransport\":\"true\"}}");
	buf_add_char(b, '}');
}

static void add_policy(struct buf *b, const struct policy *p, uint64_t *seed)
{
	bool list = p->n > 1 || rnd_below(seed, 2);

	buf_add_str(b, "{ \"Version\":\"2012-10-17\",\"Statement\":");
	buf_add_str(b, list ? "[" : "");
	for (int i = 0; i < p->n; i++) {
		buf_add_str(b, i ? "," : "");
		add_statement(b, &p->v[i], seed);
	}
	buf_add_str(b, list ? "]}\n" : "}");
}

/* ---- brute force ---- */

static bool naive_glob(const char *p, const char *t, bool fold)
{
	if (*p == '\0')
		return *t == '\0';
	if (*p == '*')
		return naive_glob(p + 1, t, fold) || (*t && naive_glob(p, t + 1, fold));
	if (*t == '\0')
		return false;
	if (*p != '?' && *p != *t && !(fold && (*p | 32) == (*t | 32)))
		return false;
	return naive_glob(p + 1, t + 1, fold);
}

static bool naive_applies(const struct one *s, const char *action, const char *resource)
{
	bool a = false, r = false;

	for (int i = 0; i < s->n_actions; i++)
		a |= naive_glob(s->action[i], action, true);
	for (int i = 0; i < s->n_resources; i++)
		r |= naive_glob(s->resource[i], resource, false);
	return a != s->not_action && r != s->not_resource;
}

static enum iam_state naive(const struct policy *p, const char *action, const char *resource)
{
	bool allow = false, allow_if = false, deny = false, deny_if = false;

	for (int i = 0; i < p->n; i++) {
		const struct one *s = &p->v[i];

		if (!naive_applies(s, action, resource))
			continue;
		allow |= s->allows && !s->conditional;
		allow_if |= s->allows && s->conditional;
		deny |= !s->allows && !s->conditional;
		deny_if |= !s->allows && s->conditional;
	}
	if (deny)
		return IAM_DENIED;
	if (allow)
		return deny_if ? IAM_GRANTED_UNLESS : IAM_GRANTED;
	return allow_if ? IAM_PERHAPS : IAM_MISSING;
}

/* Name number i of all names, by length; false behind the last. */
static bool name_at(unsigned i, char ret[NAME_MAX_LEN + 1])
{
	unsigned n = sizeof(letters) - 1, of_length = n;
	int len = 1;

	for (; i >= of_length; len++) {
		i -= of_length;
		of_length *= n;
	}
	if (len > NAME_MAX_LEN)
		return false;
	for (int k = 0; k < len; k++, i /= n)
		ret[k] = letters[i % n];
	ret[len] = '\0';
	return true;
}

/* ---- the property ---- */

struct counts {
	unsigned of[IAM_STATES], granted, partly;
};

static void check_witnesses(const struct policy *p, const char *action, const char *below,
			    const struct iam_answer *a, const char *json)
{
	for (int s = 0; s < IAM_STATES; s++) {
		char resource[128];

		if (!a->seen[s])
			continue;
		snprintf(resource, sizeof(resource), "%.*s", BYTES_ARG(a->of[s].resource));
		if (naive(p, action, resource) != (enum iam_state)s)
			fail_msg("%s on '%s' is said to be %d, and is %d\n%s", action, resource, s,
				 (int)naive(p, action, resource), json);
		if (strncmp(resource, below, strlen(below)) != 0)
			fail_msg("'%s' is not below '%s'", resource, below);
		if ((s == IAM_MISSING) != !a->of[s].by)
			fail_msg("%s on '%s': who decides?\n%s", action, resource, json);
	}
}

static void check_action(const struct policy *p, const struct iam *iam, const char *action,
			 const char *json, struct counts *count)
{
	bool alone = strcmp(action, "s3:ListBucket") == 0, granted = true, any = false;
	const char *below = alone ? "arn:aws:s3:::b" : "arn:aws:s3:::b/";
	char name[NAME_MAX_LEN + 1] = "", resource[64];
	struct arena mem = { 0 };
	struct iam_answer a;

	iam_ask(iam, bytes_str(action), bytes_str(below), alone ? IAM_ALONE : IAM_ALL_BELOW, &mem,
		&a);
	assert_false(a.too_intricate);
	for (unsigned i = 0; alone ? i == 0 : name_at(i, name); i++) {
		enum iam_state s;

		snprintf(resource, sizeof(resource), "%s%s", below, name);
		s = naive(p, action, resource);
		count->of[s]++;
		granted &= s <= IAM_GRANTED_UNLESS;
		any |= s <= IAM_GRANTED_UNLESS;
		if (!a.seen[s])
			fail_msg("%s on '%s' is %d, which is not seen\n%s", action, resource,
				 (int)s, json);
	}
	check_witnesses(p, action, below, &a, json);
	if (iam_is_granted(&a) && !granted)
		fail_msg("%s is not granted on all\n%s", action, json);
	count->granted += granted;
	count->partly += any && !granted;
	arena_release(&mem);
}

static void policies_are_complete_or_not(void **unused)
{
	unsigned cases = CASES_PER_PERCENT * (unsigned)env_number("PERCENT", 5);
	uint64_t first = env_number("SEED", 1);
	struct counts count = { 0 };

	(void)unused;
	for (unsigned i = 0; i < cases; i++) {
		uint64_t seed = first * 1000003 + i;
		struct buf text = { 0 };
		struct iam iam = { 0 };
		struct policy p;
		struct err e;

		random_policy(&p, &seed);
		add_policy(&text, &p, &seed);
		if (iam_add(&iam, buf_bytes(&text), "p", &e) < 0)
			fail_msg("%s\n%s", e.msg, buf_str(&text));
		for (size_t k = 0; k < sizeof(needed) / sizeof(*needed); k++)
			check_action(&p, &iam, needed[k], buf_str(&text), &count);
		iam_release(&iam);
		buf_release(&text);
	}
	printf("# S1-1: SEED=%llu, %u policies: of 4 actions each %u granted on all, %u on some\n",
	       (unsigned long long)first, cases, count.granted, count.partly);
	assert_true(count.granted > cases / 4 && count.partly > cases / 10);
	for (int s = 0; s < IAM_STATES; s++)
		assert_true(count.of[s] > cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "S1-1 IAM policy completeness: what is granted is what brute force finds granted",
		  policies_are_complete_or_not, NULL, NULL, NULL },
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
