/*
 * Walks over the file's tree by the table of keys. What Grafana's Helm chart calls its values, with
 * Loki's file below `loki`, is read too: what in it is the chart's is told, and not looked at.
 */
#include "server/config_read.h"

#include <stdlib.h>

#include "base/io.h"
#include "server/config_changes.h"
#include "server/config_check.h"
#include "server/config_expand.h"
#include "server/config_keys.h"
#include "server/config_parts.h"
#include "store/store.h"

struct walk {
	struct config *config;
	struct report *report;
	struct buf path; /* of the map that is walked over: "server." */
	bool chart;	 /* keys that nobody knows are the chart's */
};

static void fail(struct walk *w, const struct err *e)
{
	report_error(w->report, e);
}

/* Whose last word is this one: "server.log_level" of "log_level". */
static const char *stands_elsewhere(struct bytes word)
{
	for (const struct key *k = config_keys; k->name; k++) {
		const char *point = strrchr(k->name, '.');

		if (point && bytes_is(word, point + 1))
			return k->name;
	}
	return NULL;
}

static void say_unknown(struct walk *w, const struct yaml_node *key)
{
	struct bytes prefix = buf_bytes(&w->path);
	struct arena a = { 0 };
	const char *like = key_most_like(config_keys, prefix, key->text, &a);
	const char *other = stands_elsewhere(key->text);
	struct err e;

	if (bytes_starts(key->text, BYTES_LIT("client_cert")))
		yaml_fail(key, &e, ERR_USAGE,
			  "'%.*s%.*s' is not a key: in server.http_tls_config client_ca_file says "
			  "which certificates of clients hold, client_auth_type who needs one, and "
			  "auth.certificates who they are",
			  BYTES_ARG(prefix), BYTES_ARG(key->text));
	else if (like)
		yaml_fail(key, &e, ERR_USAGE, "'%.*s%.*s' is not a key: did you mean '%.*s%s'?",
			  BYTES_ARG(prefix), BYTES_ARG(key->text), BYTES_ARG(prefix), like);
	else if (other)
		yaml_fail(key, &e, ERR_USAGE, "'%.*s%.*s' is not a key: did you mean '%s'?",
			  BYTES_ARG(prefix), BYTES_ARG(key->text), other);
	else if (key_find(limits_keys, key->text))
		yaml_fail(key, &e, ERR_USAGE,
			  "'%.*s%.*s' is not a key: did you mean 'limits_config.%.*s'?",
			  BYTES_ARG(prefix), BYTES_ARG(key->text), BYTES_ARG(key->text));
	else
		yaml_fail(key, &e, ERR_USAGE, "'%.*s%.*s' is not a key", BYTES_ARG(prefix),
			  BYTES_ARG(key->text));
	fail(w, &e);
	arena_release(&a);
}

/* The row of "SECTION.*", or NULL. */
static const struct key *rest_of_section(const struct walk *w)
{
	struct buf name = { 0 };
	const struct key *k;

	buf_add_bytes(&name, buf_bytes(&w->path));
	buf_add_char(&name, '*');
	k = key_find(config_keys, buf_bytes(&name));
	buf_release(&name);
	return k;
}

static void take_value(struct walk *w, const struct yaml_pair *p, const char *name,
		       const struct key *k)
{
	struct buf before = { 0 }, after = { 0 };
	struct err e;

	if (k->use == KEY_MAPPED)
		key_add_value(k, w->config, KEY_YAML, &before);
	if (key_read(k, name, p->value, w->config, &w->config->arena, &e) < 0)
		fail(w, &e);
	if (k->use == KEY_MAPPED)
		key_add_value(k, w->config, KEY_YAML, &after);
	/* Who sets what holds anyway need not know what it does here. */
	if (k->use != KEY_MAPPED || !bytes_eq(buf_bytes(&before), buf_bytes(&after)))
		report_key(w->report, p, name, k);
	buf_release(&before);
	buf_release(&after);
}

static void walk_map(struct walk *w, const struct yaml_node *map)
{
	size_t before = w->path.n;

	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pair[i];
		struct buf name = { 0 };
		const struct key *k;
		struct err e;

		buf_add_bytes(&name, buf_bytes(&w->path));
		buf_add_bytes(&name, p->key->text);
		k = key_find(config_keys, buf_bytes(&name));
		if (k) {
			take_value(w, p, buf_str(&name), k);
		} else if (config_is_section(buf_bytes(&name))) {
			if (p->value->kind == YAML_MAP) {
				buf_addf(&w->path, "%.*s.", BYTES_ARG(p->key->text));
				walk_map(w, p->value);
				w->path.n = before;
			} else if (!yaml_is_null(p->value)) {
				yaml_fail(p->value, &e, ERR_USAGE, "'%s': expected a map",
					  buf_str(&name));
				fail(w, &e);
			}
		} else if ((k = rest_of_section(w)) || w->chart) {
			report_key(w->report, p, buf_str(&name),
				   k ? k : config_chart_key(p->key->text));
		} else {
			say_unknown(w, p->key);
		}
		buf_release(&name);
	}
}

const struct yaml_node *config_node(const struct yaml_node *root, const char *path)
{
	struct bytes rest = bytes_str(path), word;
	struct buf name = { 0 };

	while (root && bytes_split(&rest, '.', &word)) {
		buf_reset(&name);
		buf_add_bytes(&name, word);
		root = yaml_get(root, buf_str(&name));
	}
	buf_release(&name);
	return root;
}

/* Loki's own root, when it stands below `loki`; what stands beside it is the chart's. */
static const struct yaml_node *chart_root(struct walk *w, const struct yaml_node *root)
{
	/* Where the chart takes the file from, in whole or as what goes over it. */
	static const char *const whole[] = { "structuredConfig", "config" };
	const struct yaml_node *loki = yaml_get(root, "loki");
	struct buf name = { 0 };

	if (!loki || loki->kind != YAML_MAP)
		return root;
	w->chart = true;
	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
		const struct yaml_node *at = yaml_get(loki, whole[i]);

		if (at && !yaml_is_null(at))
			report_error_at(w->report, at,
					"'loki.%s': these are values of the Helm chart, and Loki's "
					"own file is made of what stands here: give that alone, or "
					"the config.yaml that 'helm template' prints",
					whole[i]);
	}
	for (uint32_t i = 0; i < root->n; i++) {
		if (root->pair[i].value == loki)
			continue;
		buf_reset(&name);
		buf_add_bytes(&name, root->pair[i].key->text);
		report_key(w->report, &root->pair[i], buf_str(&name),
			   config_chart_key(buf_bytes(&name)));
	}
	buf_release(&name);
	return loki;
}

/* What an older way to say it has set: Loki's runtime_config stood in limits_config. */
static void read_overrides_file(struct walk *w, const struct yaml_node *limits)
{
	static const struct key keys[] = {
		{ "per_tenant_override_config", KEY_TEXT, KEY_USED,
		  offsetof(struct config, overrides_file), NULL, NULL },
		{ "per_tenant_override_period", KEY_DURATION, KEY_USED,
		  offsetof(struct config, overrides_period_ns), NULL, NULL },
		{ 0 },
	};
	struct err e;

	for (const struct key *k = keys; k->name; k++) {
		const struct yaml_node *v = yaml_get(limits, k->name);
		char name[64];

		snprintf(name, sizeof(name), "limits_config.%s", k->name);
		if (v && key_read(k, name, v, w->config, &w->config->arena, &e) < 0)
			fail(w, &e);
	}
}

static void read_root(struct walk *w, const struct yaml_node *root)
{
	struct config *c = w->config;
	const struct yaml_node *limits;
	struct err e;

	if (root->kind != YAML_MAP) {
		yaml_fail(root, &e, ERR_USAGE, "expected a map of settings");
		if (!yaml_is_null(root))
			fail(w, &e);
		return;
	}
	root = chart_root(w, root);
	limits = yaml_get(root, "limits_config");
	read_overrides_file(w, limits);
	walk_map(w, root);
	limits_set_defaults(c->limits)->max_outstanding_per_tenant =
		c->query.max_outstanding_per_tenant;
	limits_set_otlp_labels(c->limits, &c->push.otlp_labels);
	limits_set_read(c->limits, limits, "limits_config", yaml_get(root, "overrides"), w->report);
	if (yaml_get(root, "auth"))
		config_read_auth(yaml_get(root, "auth"), c, w->report);
	config_settle(c, root, w->report);
	if (!store_is_url(c->store_path))
		config_tell_s3(root, w->report);
}

static int read_text(struct walk *w, const char *path, struct bytes text, struct err *e)
{
	struct arena tree = { 0 };
	struct yaml_doc doc;
	int rc = yaml_parse(text, path, &tree, &doc, e);

	if (rc == 0 && doc.root) {
		struct yaml_node second = { .file = path, .line = doc.second_line, .col = 1 };

		if (doc.second_line)
			report_say(w->report, REPORT_WARNING, &second,
				   "a second document begins here, which is not read");
		if (!w->config->expanded)
			config_warn_variables(doc.root, w->report);
		read_root(w, doc.root);
	}
	if (rc == 0)
		rc = report_end(w->report, e);
	arena_release(&tree);
	return rc;
}

static void keep_as_read(struct config *c)
{
	struct config *copy = arena_alloc(&c->arena, sizeof(*copy));

	*copy = *c;
	c->as_read = copy;
}

int config_read(const char *path, enum config_expand expand, struct config *c, struct report *r,
		struct err *e)
{
	struct buf text = { 0 }, expanded = { 0 };
	struct walk w = { .config = c, .report = r };
	int rc = io_read_file(path, YAML_SIZE_MAX, &text, e);

	c->auth_enabled = true;
	c->file = path;
	c->expanded = expand == CONFIG_EXPAND;
	if (rc == 0 && expand == CONFIG_EXPAND)
		rc = config_expand(buf_bytes(&text), path, &expanded, r, e);
	if (rc == 0)
		rc = read_text(&w, path, buf_bytes(expand == CONFIG_EXPAND ? &expanded : &text), e);
	if (rc == 0)
		keep_as_read(c);
	buf_release(&w.path);
	buf_release(&text);
	buf_release(&expanded);
	return rc;
}

bool config_next_overrides(struct bytes *rest, struct buf *ret)
{
	struct bytes one;

	while (bytes_split(rest, ',', &one)) {
		one = bytes_trim(one);
		if (!one.n)
			continue;
		buf_reset(ret);
		buf_add_bytes(ret, one);
		return true;
	}
	return false;
}

/* One file more over *set, which then is the one with it. */
static int put_over(struct limits_set **set, const char *path, enum config_absent absent,
		    struct report *r, struct err *e)
{
	struct limits_set *with;

	if (limits_read_overrides(*set, path, &with, r, e) == 0) {
		limits_set_drop(*set);
		*set = with;
		return 0;
	}
	/* Of what is wrong in the file the message has the file and the place. */
	if (e->code != ERR_IO)
		return -1;
	err_wrap(e, "'runtime_config.file'");
	if (absent == CONFIG_ABSENT_FAILS)
		return -1;
	config_warn_machine(r, "%s: without it the daemon does not start", e->msg);
	return 0;
}

int config_limits(const struct config *c, enum config_absent absent, struct limits_set **ret,
		  struct report *r, struct err *e)
{
	struct bytes rest = bytes_str(c->overrides_file ? c->overrides_file : "");
	struct limits_set *set = limits_set_hold(c->limits);
	struct buf path = { 0 };
	int rc = 0;

	while (rc == 0 && config_next_overrides(&rest, &path))
		rc = put_over(&set, buf_str(&path), absent, r, e);
	buf_release(&path);
	if (rc == 0)
		*ret = set;
	else
		limits_set_drop(set);
	return rc;
}

void config_anew_release(struct config_anew *a)
{
	limits_set_drop(a->limits);
	config_auth_drop(a->auth);
	*a = (struct config_anew){ 0 };
}

int config_read_anew(const struct config *c, struct config_anew *ret, struct report *r,
		     struct err *e)
{
	struct report overrides = { .say = r->say, .data = r->data };
	struct limits_set *set;
	struct config now;
	struct err first;
	int rc;

	if (!c->file) {
		if (config_limits(c, CONFIG_ABSENT_FAILS, &set, r, e) < 0)
			return -1;
		*ret = (struct config_anew){ set, config_auth_hold(c->auth) };
		return 0;
	}
	config_init(&now);
	rc = config_read(c->file, c->expanded ? CONFIG_EXPAND : CONFIG_AS_IT_IS, &now, r, e);
	if (rc == 0)
		config_tell_changes(c->as_read, now.as_read, r);
	first = rc < 0 ? *e : (struct err){ 0 };
	/* The faults of the second file are told, too, when the first has some. */
	if (config_limits(&now, CONFIG_ABSENT_FAILS, &set, &overrides, e) < 0) {
		if (rc < 0 && r->say)
			r->say(r->data, REPORT_ERROR, first.msg);
		rc = -1;
	} else if (rc < 0) {
		limits_set_drop(set);
		*e = first;
	} else {
		*ret = (struct config_anew){ set, config_auth_hold(now.auth) };
	}
	config_release(&now);
	return rc;
}
