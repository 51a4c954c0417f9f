#include "slo/file_part.h"

#include "cli/verbs.h"
#include "slo/query.h"

enum { NAMES_MAX = 32 };

static bool is_name(struct bytes key, const char *const *names)
{
	for (; *names; names++)
		if (bytes_is(key, *names))
			return true;
	return false;
}

static const char *like(const struct yaml_node *key, const char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return cli_most_like(names, n, key->text.p);
}

bool file_check_map(struct slo_file *f, const struct yaml_node *n, const char *what,
		    const char *const *names)
{
	if (n->kind != YAML_MAP) {
		report_error_at(f->report, n, "%s: expected a map of keys and values", what);
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const struct yaml_node *key = n->pair[i].key;
		const char *meant;

		if (is_name(key->text, names))
			continue;
		meant = like(key, names);
		report_say(f->report, REPORT_WARNING, key, "%s: the key '%.*s' is not known%s%s%s",
			   what, BYTES_ARG(key->text), meant ? ": did you mean '" : "",
			   meant ? meant : "", meant ? "'?" : "");
	}
	return true;
}

struct bytes file_text(struct slo_file *f, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!n || yaml_is_null(n))
		return (struct bytes){ 0 };
	if (n->kind != YAML_SCALAR) {
		report_error_at(f->report, n, "'%s': expected a text", key);
		return (struct bytes){ 0 };
	}
	return bytes_trim(n->text);
}

struct bytes file_need(struct slo_file *f, const struct yaml_node *map, const char *key,
		       const char *what)
{
	const struct yaml_node *n = yaml_get(map, key);
	struct bytes text = file_text(f, map, key);

	if (!text.n && !(n && n->kind != YAML_SCALAR))
		report_error_at(f->report, n ? n : map, "%s: '%s' is missing", what, key);
	return text;
}

struct slo_pairs file_pairs(struct slo_file *f, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);
	struct slo_pair *pair;

	if (!n || yaml_is_null(n))
		return (struct slo_pairs){ 0 };
	if (n->kind != YAML_MAP) {
		report_error_at(f->report, n, "'%s': expected a map of names and texts", key);
		return (struct slo_pairs){ 0 };
	}
	pair = arena_alloc(&f->set->mem, (n->n + 1) * sizeof(*pair));
	for (uint32_t i = 0; i < n->n; i++) {
		const struct yaml_node *value = n->pair[i].value;

		if (value->kind != YAML_SCALAR)
			report_error_at(f->report, value, "'%s.%.*s': expected a text", key,
					BYTES_ARG(n->pair[i].key->text));
		pair[i] = (struct slo_pair){ n->pair[i].key->text, value->text };
	}
	return (struct slo_pairs){ pair, n->n };
}

static bool has_name(const struct slo_pairs *p, struct bytes name)
{
	for (size_t i = 0; i < p->n; i++)
		if (bytes_eq(p->v[i].name, name))
			return true;
	return false;
}

struct slo_pairs file_join(struct slo_file *f, struct slo_pairs a, struct slo_pairs b)
{
	struct slo_pair *v;
	size_t n = 0;

	if (!a.n || !b.n)
		return a.n ? a : b;
	v = arena_alloc(&f->set->mem, (a.n + b.n) * sizeof(*v));
	for (size_t i = 0; i < a.n; i++)
		if (!has_name(&b, a.v[i].name))
			v[n++] = a.v[i];
	for (size_t i = 0; i < b.n; i++)
		v[n++] = b.v[i];
	return (struct slo_pairs){ v, n };
}

struct slo *file_add(struct slo_file *f, const struct yaml_node *at)
{
	struct slo *o;

	if (f->set->n == SLO_OBJECTIVES_MAX) {
		report_error_at(f->report, at, "more than %d objectives", SLO_OBJECTIVES_MAX);
		return NULL;
	}
	o = slo_set_add(f->set);
	o->file = f->name;
	o->line = at->line;
	o->period = f->opts->period;
	return o;
}

bool file_flag(struct slo_file *f, const struct yaml_node *map, const char *key)
{
	struct bytes text = file_text(f, map, key);

	if (text.n && !bytes_is(text, "true") && !bytes_is(text, "false"))
		report_error_at(f->report, yaml_get(map, key),
				"'%s': expected true or false, found '%.*s'", key, BYTES_ARG(text));
	return bytes_is(text, "true");
}

struct bytes file_query(struct slo_file *f, const struct yaml_node *map, const char *key)
{
	struct bytes text = file_text(f, map, key);

	if (text.n && !slo_query_has_window(text))
		report_error_at(
			f->report, yaml_get(map, key),
			"'%s': has no {{.window}}, so it would say the same of all windows: write "
			"rate(...[{{.window}}])",
			key);
	return text;
}

void file_check_slo(struct slo_file *f, const struct slo *o, const struct yaml_node *at)
{
	const struct slo_set *set = f->set;

	if (!slo_has_queries(o))
		report_error_at(f->report, at, "objective '%.*s': has no queries",
				BYTES_ARG(o->name));
	if (o->error.n && slo_query_is_bucket(o->error))
		report_say(
			f->report, REPORT_WARNING, at,
			"objective '%.*s': the error query counts what is in the bucket, which are "
			"the events that were fast enough; those that were not are total - bucket: "
			"make it good_query",
			BYTES_ARG(o->name));
	for (size_t i = 0; i < set->n; i++)
		if (&set->v[i] != o && bytes_eq(set->v[i].name, o->name) &&
		    bytes_eq(set->v[i].service, o->service)) {
			report_error_at(f->report, at,
					"objective '%.*s': has the name of that in %s%sline %u",
					BYTES_ARG(o->name), i < f->first ? set->v[i].file : "",
					i < f->first ? ", " : "", set->v[i].line);
			break;
		}
}
