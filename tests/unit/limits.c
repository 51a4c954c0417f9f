/* limits: Loki's keys and defaults, overrides by tenant, files that change. */
#include "unit.h"

#include "base/io.h"
#include "limits/file.h"
#include "retention/retention.h"

/* What was said, a line each: "warning f:1:1: ...". */
static struct buf said;

static void say(void *data, enum report_kind kind, const char *text)
{
	static const char *const kinds[] = { "note", "warning", "error" };

	(void)data;
	buf_addf(&said, "%s %s\n", kinds[kind], text);
}

static struct limits_set *make(const char *text, struct err *e)
{
	struct report r = { .say = say };
	struct arena a = { 0 };
	struct yaml_doc doc;
	struct limits_set *s;

	buf_reset(&said);
	if (yaml_parse(bytes_str(text), "f", &a, &doc, e) < 0)
		fail_msg("%s", e->msg);
	s = limits_set_new();
	limits_set_read(s, yaml_get(doc.root, "limits_config"), "limits_config",
			yaml_get(doc.root, "overrides"), &r);
	e->msg[0] = '\0';
	if (report_end(&r, e) < 0) {
		limits_set_drop(s);
		s = NULL;
	}
	arena_release(&a);
	return s;
}

static const struct limits *of(const struct limits_set *s, const char *tenant)
{
	return limits_of(s, bytes_str(tenant));
}

static void defaults_are_lokis(void **state)
{
	struct limits_set *s = limits_set_new();
	const struct limits *l = of(s, "anybody");

	(void)state;
	assert_true(l->ingestion_rate_bytes == 4194304);
	assert_int_equal(l->max_line_size, 262144);
	assert_int_equal(l->max_global_streams_per_user, 5000);
	assert_true(l->max_query_length_ns == INT64_C(721) * 3600 * 1000000000);
	assert_int_equal(l->max_query_series, 500);
	assert_int_equal(l->block_ingestion_status_code, 260);
	limits_set_drop(s);
}

static void values_are_read_as_loki_writes_them(void **state)
{
	struct err e;
	struct limits_set *s = make("limits_config:\n"
				    "  ingestion_rate_mb: 0.5\n"
				    "  max_line_size: 1KB\n"
				    "  per_stream_rate_limit: 5MB\n"
				    "  max_query_bytes_read: 1.5GiB\n"
				    "  max_query_length: 30d1h\n"
				    "  query_timeout: 1m30s\n"
				    "  reject_old_samples: false\n"
				    "  max_query_series: 1000\n"
				    "  discover_service_name: []\n"
				    "  block_ingestion_until: 2026-01-15T10:00:00Z\n"
				    "  max_query_memory: 64MB\n"
				    "  query_rate: 2.5\n",
				    &e);
	const struct limits *l;

	(void)state;
	assert_string_equal(e.msg, "");
	l = of(s, "a");
	assert_true(l->ingestion_rate_bytes == 524288);
	assert_int_equal(l->max_line_size, 1024);
	assert_true(l->per_stream_rate_limit_bytes == 5242880);
	assert_int_equal(l->max_query_bytes_read, 1610612736);
	assert_true(l->max_query_length_ns == INT64_C(721) * 3600 * 1000000000);
	assert_true(l->query_timeout_ns == INT64_C(90) * 1000000000);
	assert_false(l->reject_old_samples);
	assert_int_equal(l->max_query_series, 1000);
	assert_false(l->discover_service_name);
	assert_true(l->block_ingestion_until_ns == INT64_C(1768471200) * 1000000000);
	assert_int_equal(l->max_query_memory_bytes, 64 << 20);
	assert_true(l->query_rate == 2.5);
	limits_set_drop(s);
}

static void tenants_have_overrides(void **state)
{
	struct err e;
	struct limits_set *s = make("limits_config: {ingestion_rate_mb: 10, max_query_series: 7}\n"
				    "overrides:\n"
				    "  premium: {ingestion_rate_mb: 100}\n"
				    "  basic:\n",
				    &e);

	(void)state;
	assert_true(of(s, "premium")->ingestion_rate_bytes == 100 * 1048576.0);
	assert_int_equal(of(s, "premium")->max_query_series, 7);
	assert_true(of(s, "basic")->ingestion_rate_bytes == 10 * 1048576.0);
	assert_true(of(s, "other")->ingestion_rate_bytes == 10 * 1048576.0);
	limits_set_drop(s);
}

static void the_stricter_of_two_counts_and_none_is_none(void **state)
{
	struct err e;
	struct limits_set *s = make("overrides:\n"
				    "  a: {max_query_series: 7, max_query_bytes_read: 0, "
				    "max_query_range: 1h, query_rate: 0, max_line_size: 5}\n"
				    "  b: {max_query_series: 9, max_query_bytes_read: 3, "
				    "max_query_range: 0, query_rate: 2, volume_enabled: false, "
				    "query_timeout: 1s}\n",
				    &e);
	struct arena mem = { 0 };
	struct limits l;

	(void)state;
	for (int i = 0; i < 2; i++) {
		l = *of(s, i ? "b" : "a");
		limits_restrict(&l, of(s, i ? "a" : "b"), &mem);
		assert_int_equal(l.max_query_series, 7);
		assert_int_equal(l.max_query_bytes_read, 3);
		assert_true(l.max_query_range_ns == INT64_C(3600000000000));
		assert_true(l.query_timeout_ns == INT64_C(1000000000));
		assert_true(l.query_rate == 2);
		assert_false(l.volume_enabled);
		assert_int_equal(l.max_line_size, i ? 262144 : 5);
	}
	limits_set_drop(s);
}

/* Of `l`, as they are asked. */
static const char *kinds(const struct limits *l, const char *query, const char *tags)
{
	const char *ret =
		limits_blocked_kinds(&l->blocked_queries, bytes_str(query), bytes_str(tags));

	return ret ? ret : "none";
}

static void queries_are_blocked_by_their_text(void **state)
{
	struct err e;
	struct limits_set *s = make(
		"overrides:\n"
		"  a:\n"
		"    minimum_labels_number: 2\n"
		"    required_labels: [team, env]\n"
		"    blocked_queries:\n"
		"      - {pattern: ' {a=\"b\"}  ', types: limited}\n"
		"      - {pattern: 'pr[o]d', regex: true, types: 'filter,metric'}\n"
		"      - {hash: 2943214005}\n"
		"  b:\n"
		"    minimum_labels_number: 1\n"
		"    required_labels: env,pod\n"
		"    blocked_queries: [{types: metric, query_tags: {Source: Grafana, n: 1}}]\n",
		&e);
	struct arena mem = { 0 };
	struct buf b = { 0 };
	struct limits l;

	(void)state;
	assert_string_equal(e.msg, "");
	assert_string_equal(kinds(of(s, "a"), "{a=\"b\"}", ""), "limited");
	assert_string_equal(kinds(of(s, "a"), "\n{a=\"b\"}", ""), "limited");
	assert_string_equal(kinds(of(s, "a"), "{a=\"prod\"} | a", ""), "metric,filter");
	assert_string_equal(kinds(of(s, "a"), "{stream=\"stdout\",pod=\"loki-canary-9w49x\"}", ""),
			    "metric,filter,limited");
	assert_string_equal(kinds(of(s, "a"), "{a=\"c\"}", "Source=grafana"), "none");
	assert_string_equal(kinds(of(s, "b"), "1", "n=1,source = GRAFANA"), "metric");
	assert_string_equal(kinds(of(s, "b"), "1", "source=grafana"), "none");
	assert_string_equal(kinds(of(s, "b"), "1", ",n=1,source"), "none");
	assert_string_equal(kinds(of(s, "c"), "1", ""), "none");
	l = *of(s, "a");
	limits_restrict(&l, of(s, "b"), &mem);
	assert_string_equal(kinds(&l, "{a=\"b\"}", "source=grafana,n=1"), "metric,limited");
	assert_int_equal(l.minimum_labels_number, 2);
	assert_int_equal(l.required_labels.n, 3);
	assert_string_equal(l.required_labels.name[2], "pod");
	l = *of(s, "c");
	limits_restrict(&l, of(s, "b"), &mem);
	assert_string_equal(kinds(&l, "x", "source=grafana,n=1"), "metric");
	limits_add_overrides(&b, s, "");
	assert_non_null(
		strstr(buf_str(&b),
		       "  blocked_queries: "
		       "[{\"pattern\":\"{a=\\\"b\\\"}\",\"regex\":false,\"types\":[\"limited\"]},"
		       "{\"pattern\":\"pr[o]d\",\"regex\":true,\"types\":[\"metric\",\"filter\"]},"
		       "{\"pattern\":\"\",\"regex\":false,\"hash\":2943214005,\"types\":[]}]\n"));
	assert_non_null(strstr(b.p, "\"query_tags\":{\"Source\":\"Grafana\",\"n\":\"1\"}}]\n"));
	buf_release(&b);
	arena_release(&mem);
	limits_set_drop(s);
}

static void blocks_that_are_none(void **state)
{
	static const char *const bad[][2] = {
		{ "blocked_queries: {}", "expected a list" },
		{ "blocked_queries: [x]", "expected a map" },
		{ "blocked_queries: [{pattern: '(', regex: true}]", "error parsing regexp" },
		{ "blocked_queries: [{types: all}]", "expected metric, filter or limited" },
		{ "blocked_queries: [{hash: 4294967296}]", "expected at most 4294967295" },
		{ "blocked_queries: [{hsh: 1}]", "is not a key" },
		{ "blocked_queries: [{query_tags: x}]", "expected a map" },
		{ "blocked_queries: [{query_tags: {a: [b]}}]", "expected a text" },
		{ "enforced_labels: [a, b-c]", "enforced_labels': " },
		{ "required_labels: ['']", "required_labels': " },
	};
	struct buf text = { 0 };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_reset(&text);
		buf_addf(&text, "limits_config: {%s}\n", bad[i][0]);
		assert_null(make(buf_str(&text), &e));
		if (!strstr(e.msg, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], e.msg);
	}
	buf_release(&text);
}

static const char OTLP_YAML[] =
	"limits_config:\n"
	"  otlp_config:\n"
	"    resource_attributes:\n"
	"      attributes_config:\n"
	"        - {action: index_label, attributes: [host.name, team]}\n"
	"        - {action: drop, regex: 'process\\..*'}\n"
	"        - {action: drop, attributes: [os.type]}\n"
	"    scope_attributes: [{action: drop, attributes: a}]\n"
	"    log_attributes: [{attributes: [b]}]\n"
	"    severity_text_as_label: true\n"
	"overrides:\n"
	"  own: {otlp_config: {resource_attributes: {ignore_defaults: true}}}\n"
	"  same: {max_query_series: 1}\n";

static void add_otlp(struct buf *out, const struct limits_set *s, const char *tenant)
{
	buf_reset(out);
	limits_otlp_add(out, &of(s, tenant)->otlp);
	buf_str(out);
}

static void rules_of_attributes_are_read_and_printed(void **state)
{
	static const char all[] =
		"{\"resource_attributes\":{\"ignore_defaults\":false,\"attributes_config\":["
		"{\"action\":\"index_label\",\"attributes\":[\"host.name\",\"team\"]},"
		"{\"action\":\"drop\",\"regex\":\"process\\\\..*\"},"
		"{\"action\":\"drop\",\"attributes\":[\"os.type\"]}]},"
		"\"scope_attributes\":[{\"action\":\"drop\",\"attributes\":[\"a\"]}],"
		"\"log_attributes\":[{\"action\":\"structured_metadata\",\"attributes\":[\"b\"]}],"
		"\"severity_text_as_label\":true}";
	struct err e;
	struct limits_set *s = make(OTLP_YAML, &e);
	struct buf out = { 0 }, yaml = { 0 };
	const struct otlp_mapping *m;

	(void)state;
	assert_string_equal(e.msg, "");
	assert_string_equal(said.n ? buf_str(&said) : "", "");
	m = &of(s, "anybody")->otlp.mapping;
	assert_int_equal(m->resource.n, otlp_default.resource.n + 4);
	assert_true(bytes_is(m->resource.v[0].name, "service.name"));
	assert_int_equal(m->resource.v[otlp_default.resource.n + 1].action, OTLP_INDEX_LABEL);
	assert_non_null(m->resource.v[otlp_default.resource.n + 2].regex);
	assert_true(m->severity_text_as_label);
	assert_int_equal(of(s, "own")->otlp.mapping.resource.n, 0);
	assert_int_equal(of(s, "own")->otlp.mapping.scope.n, 0);
	add_otlp(&out, s, "same");
	assert_string_equal(buf_str(&out), all);
	limits_add_json(&yaml, of(s, "same"));
	assert_non_null(strstr(buf_str(&yaml), buf_str(&out)));
	buf_reset(&yaml);
	buf_add_str(&yaml, "limits_config:\n");
	limits_add_yaml(&yaml, of(s, "same"), "  ");
	limits_set_drop(s);
	s = make(buf_str(&yaml), &e);
	assert_string_equal(e.msg, "");
	add_otlp(&out, s, "anybody");
	assert_string_equal(buf_str(&out), all);
	limits_set_drop(s);
	buf_release(&out);
	buf_release(&yaml);
}

static void labels_of_all_are_in_front_of_a_tenants(void **state)
{
	static const char *names[] = { "x.y" };
	struct limits_set *s = limits_set_new();
	struct arena a = { 0 };
	struct report r = { 0 };
	struct yaml_doc doc;
	struct err e;

	(void)state;
	limits_set_otlp_labels(s, &(struct key_names){ names, 1 });
	assert_int_equal(of(s, "any")->otlp.mapping.resource.n, 1);
	if (yaml_parse(BYTES_LIT("t: {otlp_config: {severity_text_as_label: true}}"), "f", &a, &doc,
		       &e) < 0)
		fail_msg("%s", e.msg);
	limits_set_read(s, NULL, "limits_config", doc.root, &r);
	assert_int_equal(r.n_errors, 0);
	assert_int_equal(of(s, "t")->otlp.mapping.resource.n, 1);
	assert_true(bytes_is(of(s, "t")->otlp.mapping.resource.v[0].name, "x.y"));
	arena_release(&a);
	limits_set_drop(s);
}

static void refused(const char *text, const char *msg)
{
	struct err e;

	assert_null(make(text, &e));
	assert_string_equal(e.msg, msg);
}

static void rules_of_attributes_that_are_none_are_refused(void **state)
{
	(void)state;
	refused("limits_config: {otlp_config: 1}\n",
		"f:1:30: 'limits_config.otlp_config': expected a map");
	refused("limits_config: {otlp_config: {x: 1}}\n",
		"f:1:31: 'limits_config.otlp_config.x' is not a key");
	refused("limits_config: {otlp_config: {log_attributes: {}}}\n",
		"f:1:47: 'limits_config.otlp_config.log_attributes': expected a list");
	refused("limits_config: {otlp_config: {log_attributes: [{action: drop}]}}\n",
		"f:1:48: 'limits_config.otlp_config.log_attributes': attributes or regex must be "
		"set");
	refused("limits_config: {otlp_config: {log_attributes: [{attributes: a, regex: b}]}}\n",
		"f:1:48: 'limits_config.otlp_config.log_attributes': only one of attributes or "
		"regex must be set");
	refused("limits_config: {otlp_config: {log_attributes: [{action: keep, regex: b}]}}\n",
		"f:1:57: 'limits_config.otlp_config.log_attributes.action': expected "
		"structured_metadata, index_label or drop, found "
		"'keep'");
	refused("limits_config: {otlp_config: {log_attributes: [{regex: 'a('}]}}\n",
		"f:1:56: 'limits_config.otlp_config.log_attributes.regex': error parsing regexp: "
		"missing closing ): `a(`");
	refused("overrides: {t: {otlp_config: {scope_attributes: [{action: index_label, "
		"attributes: a}]}}}\n",
		"f:1:50: 'overrides.t.otlp_config.scope_attributes': index_label is for attributes "
		"of resources and of log "
		"records");
}

static void faults_name_place_key_and_what_is_expected(void **state)
{
	(void)state;
	refused("limits_config:\n  max_query_serie: 1\n",
		"f:2:3: 'limits_config.max_query_serie' is not a key: did you mean "
		"'max_query_series'?");
	refused("limits_config:\n  xyz: 1\n", "f:2:3: 'limits_config.xyz' is not a key");
	refused("limits_config: {query_timeout: 60}\n",
		"f:1:32: 'limits_config.query_timeout': expected a duration as 30s or 1h30m, found "
		"'60'");
	refused("limits_config: {query_timeout: -1s}\n",
		"f:1:32: 'limits_config.query_timeout': expected a duration as 30s or 1h30m, found "
		"'-1s'");
	refused("limits_config: {max_line_size: 1XB}\n",
		"f:1:32: 'limits_config.max_line_size': expected a size as 256KB, found '1XB'");
	refused("limits_config: {max_query_series: [1]}\n",
		"f:1:35: 'limits_config.max_query_series': expected a whole number, found a list");
	refused("limits_config: {max_query_series: -1}\n",
		"f:1:35: 'limits_config.max_query_series': expected a whole number, found '-1'");
	refused("limits_config: {reject_old_samples: 7}\n",
		"f:1:37: 'limits_config.reject_old_samples': expected true or false, found '7'");
	refused("limits_config: {ingestion_rate_mb: nan}\n",
		"f:1:36: 'limits_config.ingestion_rate_mb': expected a number of megabytes, found "
		"'nan'");
	refused("limits_config: {block_ingestion_status_code: 7}\n",
		"f:1:46: 'limits_config.block_ingestion_status_code': expected an HTTP status, 200 "
		"to 599, found "
		"7");
	refused("limits_config: [1]\n", "f:1:16: 'limits_config': expected a map");
	refused("overrides: {a/b: {}}\n",
		"f:1:13: 'overrides': tenant 'a/b': expected letters, digits and !-_.*'()");
}

static void every_fault_is_told(void **state)
{
	struct err e;

	(void)state;
	assert_null(make("limits_config: {max_query_series: x, query_rate: y}\n", &e));
	assert_string_equal(buf_str(&said),
			    "error f:1:35: 'limits_config.max_query_series': expected a whole "
			    "number, found 'x'\n");
	assert_string_equal(
		e.msg,
		"f:1:50: 'limits_config.query_rate': expected a number, not negative, found 'y'");
}

static void keys_without_effect_are_named(void **state)
{
	struct err e;
	struct limits_set *s = make("limits_config:\n"
				    "  unordered_writes: true\n"
				    "  enforce_metric_name: false\n"
				    "  max_entries_limit: 77\n"
				    "  max_query_series: 9\n",
				    &e);

	(void)state;
	assert_string_equal(
		buf_str(&said),
		"warning f:2:3: 'limits_config.unordered_writes' has no effect: entries are always "
		"taken in any order\n"
		"warning f:3:3: 'limits_config.enforce_metric_name' is no key of Loki 3: there are "
		"no metric names\n"
		"warning f:4:3: 'limits_config.max_entries_limit' is no key of Loki 3: it is taken "
		"as max_entries_limit_per_query\n");
	assert_int_equal(of(s, "a")->max_entries_limit_per_query, 77);
	limits_set_drop(s);
}

static void put(const char *path, const char *text)
{
	struct err e;

	if (file_replace_bytes(path, bytes_str(text), &e) < 0)
		fail_msg("%s", e.msg);
}

static int look(struct limits_set *base, struct buf *path, struct limits_set **set, struct err *e)
{
	struct report r = { .say = say };
	struct limits_set *got;
	int rc = limits_read_overrides(base, buf_str(path), &got, &r, e);

	if (rc == 0) {
		limits_set_drop(*set);
		*set = got;
	}
	return rc;
}

static void a_file_that_goes_bad_changes_nothing(void **state)
{
	char *dir = new_folder();
	struct err e;
	struct limits_set *base = make("overrides: {c: {max_query_series: 3}}\n", &e);
	struct limits_set *set = limits_set_hold(base);
	struct buf path = { 0 };

	(void)state;
	buf_addf(&path, "%s/o.yaml", dir);
	assert_int_equal(-1, look(base, &path, &set, &e)); /* it is not there */
	assert_int_equal(e.code, ERR_IO);

	put(buf_str(&path), "overrides:\n  a: {max_query_series: 9}\n");
	assert_int_equal(0, look(base, &path, &set, &e));
	assert_int_equal(9, of(set, "a")->max_query_series);
	assert_int_equal(500, of(set, "b")->max_query_series);
	assert_int_equal(3, of(set, "c")->max_query_series);
	assert_int_equal(500, of(base, "a")->max_query_series);

	put(buf_str(&path), "overrides:\n  a: {max_query_series: many}\n");
	assert_int_equal(-1, look(base, &path, &set, &e));
	assert_non_null(strstr(
		e.msg, "o.yaml:2:25: 'overrides.a.max_query_series': expected a whole number"));
	assert_int_equal(9, of(set, "a")->max_query_series);

	put(buf_str(&path), "over: 1\n");
	assert_int_equal(-1, look(base, &path, &set, &e));
	assert_non_null(strstr(e.msg, "o.yaml:1:1: 'over' is not a key: expected 'overrides'"));
	put(buf_str(&path), "");
	assert_int_equal(0, look(base, &path, &set, &e));
	assert_int_equal(500, of(set, "a")->max_query_series);
	limits_set_drop(base);
	assert_int_equal(3, of(set, "c")->max_query_series);

	limits_set_drop(set);
	buf_release(&path);
	remove_folder(dir);
}

/* What is printed is read as the same. */
static void limits_in_force_are_printed(void **state)
{
	static const char text[] = "limits_config: {max_line_size: 1000, query_timeout: 1h30m, "
				   "max_line_size_truncate_identifier: \"...\", query_rate: 0.1, "
				   "discover_service_name: [app, svc], retention_period: 744h}\n"
				   "overrides: {x: {max_query_series: 8}}\n";
	struct buf yaml = { 0 }, again = { 0 }, json = { 0 };
	struct limits_set *s, *t;
	struct err e;

	(void)state;
	s = make(text, &e);
	buf_add_str(&yaml, "limits_config:\n");
	limits_add_yaml(&yaml, of(s, "a"), "  ");
	buf_add_str(&yaml, "overrides:\n");
	limits_add_overrides(&yaml, s, "  ");
	assert_non_null(strstr(buf_str(&yaml), "\n  max_line_size: 1000B\n"));
	assert_non_null(strstr(buf_str(&yaml), "\n  query_timeout: 1h30m\n"));
	assert_non_null(strstr(buf_str(&yaml), "\n  retention_period: 31d\n"));
	assert_non_null(strstr(buf_str(&yaml), "\n  max_query_length: 30d1h\n"));
	assert_non_null(strstr(buf_str(&yaml), "\n  reject_old_samples_max_age: 1w\n"));
	assert_non_null(strstr(buf_str(&yaml), "\n  discover_service_name: [app, svc]\n"));
	assert_non_null(strstr(buf_str(&yaml), "overrides:\n  x:\n    max_query_series: 8\n"));

	t = make(buf_str(&yaml), &e);
	assert_string_equal(e.msg, "");
	limits_add_yaml(&again, of(t, "a"), "  ");
	assert_non_null(strstr(buf_str(&yaml), buf_str(&again)));

	limits_add_json(&json, of(s, "x"));
	assert_non_null(strstr(buf_str(&json), "\"max_query_series\":8,"));
	assert_non_null(strstr(buf_str(&json), "\"query_timeout\":\"1h30m\","));
	assert_non_null(strstr(buf_str(&json), "\"discover_service_name\":[\"app\",\"svc\"],"));
	limits_set_drop(s);
	limits_set_drop(t);
	buf_release(&yaml);
	buf_release(&again);
	buf_release(&json);
	buf_release(&said);
}

/* --- retention --- */

static struct retention kept(const struct limits_set *s, const char *tenant, const char *app,
			     const char *env)
{
	struct label v[2] = { { BYTES_LIT("app"), bytes_str(app) },
			      { BYTES_LIT("env"), bytes_str(env) } };
	struct labels l = { v, 2 };

	return retention_of(of(s, tenant), &l);
}

static const int64_t DAY_NS = INT64_C(86400) * 1000000000;

static void streams_are_kept_as_loki_keeps_them(void **state)
{
	struct err e;
	struct limits_set *s =
		make("limits_config:\n"
		     "  retention_period: 30d\n"
		     "  retention_stream:\n"
		     "    - {selector: '{app=\"a\"}', priority: 1, period: 24h}\n"
		     "    - {selector: '{app=~\"a|b\"}', priority: 2, period: 5d}\n"
		     "    - {selector: '{env=\"dev\"}', priority: 2, period: 3d}\n"
		     "    - {selector: '{app=\"c\", env!=\"dev\"}', period: 48h}\n"
		     "overrides:\n"
		     "  own: {retention_period: 1y}\n"
		     "  bare: {retention_stream: [], retention_period: 0s}\n"
		     "  other: {retention_stream: [{selector: '{app=\"z\"}', period: 1d}]}\n",
		     &e);
	struct buf b = { 0 };
	struct retention r;

	(void)state;
	assert_string_equal(e.msg, "");
	assert_int_equal(kept(s, "t", "a", "prod").period_ns, 5 * DAY_NS); /* the higher one */
	assert_int_equal(kept(s, "t", "a", "dev").period_ns, 3 * DAY_NS);  /* the shorter one */
	assert_int_equal(kept(s, "t", "c", "dev").period_ns, 3 * DAY_NS);
	assert_int_equal(kept(s, "t", "c", "prod").period_ns, 2 * DAY_NS);
	assert_int_equal(kept(s, "t", "x", "prod").period_ns, 30 * DAY_NS);
	assert_int_equal(kept(s, "own", "x", "prod").period_ns, 365 * DAY_NS);
	assert_int_equal(kept(s, "own", "b", "prod").period_ns, 5 * DAY_NS);
	assert_int_equal(kept(s, "bare", "a", "dev").period_ns, 0);
	assert_int_equal(kept(s, "other", "z", "dev").period_ns, DAY_NS);
	assert_int_equal(kept(s, "other", "a", "dev").period_ns, 30 * DAY_NS);
	r = kept(s, "t", "a", "dev");
	retention_add_rule(&b, &r);
	assert_string_equal(buf_str(&b), "retention_stream {env=\"dev\"} priority 2 period 3d");
	buf_reset(&b);
	r = kept(s, "t", "x", "y");
	retention_add_rule(&b, &r);
	assert_string_equal(buf_str(&b), "retention_period 30d");
	buf_release(&b);
	limits_set_drop(s);
}

static void what_is_older_by_a_nanosecond_is_expired(void **state)
{
	struct limits l = { .retention_period_ns = 30 * DAY_NS };
	const struct limits_stream_rule rules[] = { { .period_ns = DAY_NS },
						    { .period_ns = 60 * DAY_NS } };
	int64_t first, last;

	(void)state;
	assert_int_equal(retention_cut(DAY_NS, DAY_NS + 7), 7);
	assert_true(retention_cut(0, DAY_NS) == INT64_MIN);
	assert_true(retention_cut(DAY_NS, INT64_MIN + 5) == INT64_MIN);
	l.retention_stream = (struct limits_stream_rules){ rules, 2 };
	retention_bounds(&l, 100 * DAY_NS, &first, &last);
	assert_int_equal(first, 40 * DAY_NS);
	assert_int_equal(last, 99 * DAY_NS);
	l.retention_period_ns = 0; /* some streams are kept for ever */
	retention_bounds(&l, 100 * DAY_NS, &first, &last);
	assert_true(first == INT64_MIN);
	assert_int_equal(last, 99 * DAY_NS);
}

static void rules_that_are_wrong_are_told(void **state)
{
	static const struct {
		const char *list, *says;
	} cases[] = {
		{ "x", "expected a list" },
		{ "[x]", "expected a map" },
		{ "[{period: 1d}]", "expected a selector" },
		{ "[{selector: '{}', period: 1d}]", "at least one" },
		{ "[{selector: '{a=\"b\"', period: 1d}]", "syntax error" },
		{ "[{selector: '{a=~\"(\"}', period: 1d}]", "error parsing regexp" },
		{ "[{selector: '{a=\"b\"} |= \"x\"', period: 1d}]", "retention_stream.selector" },
		{ "[{selector: '{a=\"b\"}'}]", "expected at least 24h" },
		{ "[{selector: '{a=\"b\"}', period: 23h59m59s}]", "expected at least 24h" },
		{ "[{selector: '{a=\"b\"}', period: 1d, priority: -1}]", "a whole number" },
		{ "[{selector: '{a=\"b\"}', period: 1d, periods: 1d}]", "is not a key" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf text = { 0 };

		buf_addf(&text, "limits_config:\n  retention_stream: %s\n", cases[i].list);
		assert_null(make(buf_str(&text), &e));
		if (!strstr(e.msg, cases[i].says))
			fail_msg("%s: %s", cases[i].list, e.msg);
		buf_release(&text);
	}
}

static void a_file_of_limits_stands_by_itself(void **state)
{
	static const char text[] =
		"limits_config:\n"
		"  retention_period: 2d\n"
		"  deletion_mode: filter-only\n"
		"  retention_stream: [{selector: '{app=~\"a.*\"}', priority: 3, period: 1d}]\n"
		"overrides:\n"
		"  one: {retention_period: 9d, deletion_mode: disabled}\n";
	struct buf written = { 0 }, again = { 0 };
	struct limits_set *s = NULL, *t = NULL;
	struct report r = { 0 };
	struct err e;

	(void)state;
	assert_int_equal(0, limits_read_text(BYTES_LIT(text), "f", &s, &r, &e));
	assert_int_equal(of(s, "x")->deletion_mode, LIMITS_DELETE_HIDES);
	assert_int_equal(of(s, "one")->deletion_mode, LIMITS_DELETE_DISABLED);
	limits_write_text(&written, s);
	assert_int_equal(0, limits_read_text(buf_bytes(&written), "f", &t, &r, &e));
	assert_int_equal(kept(t, "one", "ab", "").period_ns, DAY_NS);
	assert_int_equal(kept(t, "one", "b", "").period_ns, 9 * DAY_NS);
	limits_write_text(&again, t);
	assert_string_equal(buf_str(&again), buf_str(&written));
	limits_set_drop(s);
	limits_set_drop(t);
	s = NULL;
	assert_int_equal(-1, limits_read_text(BYTES_LIT("limit_config: {}"), "f", &s, &r, &e));
	assert_non_null(strstr(e.msg, "f:1:1: 'limit_config' is not a key"));
	r = (struct report){ 0 };
	assert_int_equal(-1, limits_read_text(BYTES_LIT("- x"), "f", &s, &r, &e));
	assert_null(s);
	r = (struct report){ 0 };
	assert_int_equal(0, limits_read_text(BYTES_LIT(""), "f", &s, &r, &e));
	assert_int_equal(of(s, "x")->retention_period_ns, 0);
	limits_set_drop(s);
	buf_release(&written);
	buf_release(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_lokis),
		cmocka_unit_test(values_are_read_as_loki_writes_them),
		cmocka_unit_test(tenants_have_overrides),
		cmocka_unit_test(the_stricter_of_two_counts_and_none_is_none),
		cmocka_unit_test(queries_are_blocked_by_their_text),
		cmocka_unit_test(streams_are_kept_as_loki_keeps_them),
		cmocka_unit_test(what_is_older_by_a_nanosecond_is_expired),
		cmocka_unit_test(rules_that_are_wrong_are_told),
		cmocka_unit_test(a_file_of_limits_stands_by_itself),
		cmocka_unit_test(blocks_that_are_none),
		cmocka_unit_test(rules_of_attributes_are_read_and_printed),
		cmocka_unit_test(labels_of_all_are_in_front_of_a_tenants),
		cmocka_unit_test(rules_of_attributes_that_are_none_are_refused),
		cmocka_unit_test(faults_name_place_key_and_what_is_expected),
		cmocka_unit_test(every_fault_is_told),
		cmocka_unit_test(keys_without_effect_are_named),
		cmocka_unit_test(a_file_that_goes_bad_changes_nothing),
		cmocka_unit_test(limits_in_force_are_printed),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
