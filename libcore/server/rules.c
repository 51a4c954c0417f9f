#include "server/rules.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "json/json.h"
#include "logql/parse.h"
#include "logql/within.h"
#include "time/time.h"
#include "yaml/yaml.h"

/* --- reading --- */

static bool is_rules_name(const char *name)
{
	struct bytes b = bytes_str(name);

	return name[0] != '.' && b.n > 4 &&
	       (bytes_is(bytes_sub(b, b.n - 4, 4), ".yml") ||
		(b.n > 5 && bytes_is(bytes_sub(b, b.n - 5, 5), ".yaml")));
}

static const char *keep(struct arena *a, const char *text)
{
	return arena_copy(a, bytes_of(text, strlen(text) + 1)).p;
}

static int check_groups(const struct yaml_node *root, const struct yaml_node *groups, struct err *e)
{
	if (!groups || groups->kind != YAML_LIST)
		return yaml_fail(root, e, ERR_USAGE, "expected a list 'groups'");
	for (uint32_t i = 0; i < groups->n; i++) {
		const struct yaml_node *g = groups->item[i], *rules;

		if (g->kind != YAML_MAP || !yaml_get(g, "name") ||
		    yaml_get(g, "name")->kind != YAML_SCALAR)
			return yaml_fail(g, e, ERR_USAGE, "a group without a name");
		rules = yaml_get(g, "rules");
		for (uint32_t k = 0; rules && rules->kind == YAML_LIST && k < rules->n; k++)
			if (rules->item[k]->kind != YAML_MAP)
				return yaml_fail(rules->item[k], e, ERR_USAGE,
						 "a rule that is no map");
	}
	return 0;
}

static int read_file(const char *path, struct arena *a, struct rules_file *ret, struct err *e)
{
	struct buf text = { 0 };
	struct yaml_doc doc;
	int rc = io_read_file(path, YAML_SIZE_MAX, &text, e);

	if (rc == 0)
		rc = yaml_parse(buf_bytes(&text), path, a, &doc, e);
	buf_release(&text);
	if (rc != 0)
		return -1;
	if (!doc.root || doc.root->kind != YAML_MAP)
		return err_set(e, ERR_USAGE, "%s: expected a map", path);
	ret->groups = yaml_get(doc.root, "groups");
	return check_groups(doc.root, ret->groups, e);
}

static int cmp_files(const void *a, const void *b)
{
	return strcmp(((const struct rules_file *)a)->name, ((const struct rules_file *)b)->name);
}

int rules_read(const char *folder, struct bytes tenant, struct arena *a, struct rules *ret,
	       struct err *e)
{
	struct buf path = { 0 };
	struct dirent *d;
	size_t dir_n;
	DIR *dir;
	int rc;

	*ret = (struct rules){ 0 };
	buf_addf(&path, "%s/%.*s", folder, BYTES_ARG(tenant));
	rc = io_opendir(buf_str(&path), &dir, e);
	if (rc < 0 || !dir) {
		buf_release(&path);
		return rc;
	}
	ret->v = arena_alloc(a, RULES_FILES_MAX * sizeof(*ret->v));
	dir_n = path.n;
	while (rc == 0 && (d = readdir(dir))) {
		if (!is_rules_name(d->d_name))
			continue;
		if (ret->n == RULES_FILES_MAX) {
			rc = err_set(e, ERR_LIMIT, "'%s': more than %d files", buf_str(&path),
				     RULES_FILES_MAX);
			break;
		}
		path.n = dir_n;
		buf_addf(&path, "/%s", d->d_name);
		ret->v[ret->n].name = keep(a, d->d_name);
		rc = read_file(keep(a, buf_str(&path)), a, &ret->v[ret->n++], e);
	}
	closedir(dir);
	buf_release(&path);
	if (rc == 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), cmp_files);
	return rc;
}

/* --- what somebody may see --- */

static struct bytes text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n && n->kind == YAML_SCALAR ? n->text : (struct bytes){ 0 };
}

/* One that cannot be read is nobody's who may not see all. */
static bool is_within(const struct yaml_node *rule, const struct logql_log *only)
{
	struct logql_query q;
	struct err e;
	bool ret;

	if (logql_parse(text_of(rule, "expr"), NULL, &q, NULL, &e) < 0)
		return false;
	ret = logql_is_within(q.root, only);
	logql_query_release(&q);
	return ret;
}

/* A list as this one, of room for as many, and of none yet. */
static struct yaml_node *empty_list(const struct yaml_node *like, struct arena *a)
{
	struct yaml_node *ret = arena_alloc(a, sizeof(*ret));

	*ret = *like;
	ret->item = arena_alloc(a, (like->n + 1) * sizeof(*ret->item));
	ret->n = 0;
	return ret;
}

static struct yaml_node *rules_within(const struct yaml_node *rules, const struct logql_log *only,
				      struct arena *a)
{
	struct yaml_node *ret = empty_list(rules, a);

	for (uint32_t i = 0; i < rules->n; i++)
		if (is_within(rules->item[i], only))
			ret->item[ret->n++] = rules->item[i];
	return ret;
}

/* The group with those of its rules alone; NULL when it has none. */
static const struct yaml_node *group_within(const struct yaml_node *g, const struct logql_log *only,
					    struct arena *a)
{
	const struct yaml_node *rules = yaml_get(g, "rules");
	struct yaml_node *ret = arena_alloc(a, sizeof(*ret)), *kept;
	struct yaml_pair *pair = arena_alloc(a, g->n * sizeof(*pair));

	if (!rules || rules->kind != YAML_LIST)
		return NULL;
	kept = rules_within(rules, only, a);
	memcpy(pair, g->pair, g->n * sizeof(*pair));
	for (uint32_t i = 0; i < g->n; i++)
		if (pair[i].value == rules)
			pair[i].value = kept;
	*ret = *g;
	ret->pair = pair;
	return kept->n ? ret : NULL;
}

static const struct yaml_node *groups_within(const struct yaml_node *groups,
					     const struct logql_log *only, struct arena *a)
{
	struct yaml_node *ret = empty_list(groups, a);

	for (uint32_t i = 0; i < groups->n; i++) {
		const struct yaml_node *g = group_within(groups->item[i], only, a);

		if (g)
			ret->item[ret->n++] = g;
	}
	return ret;
}

int rules_keep_within(struct rules *r, struct bytes only, struct arena *a, struct err *e)
{
	struct logql_opts opts = { .flags = LOGQL_ANY_SELECTOR };
	struct logql_query q;
	size_t n = 0;

	if (only.n == 0)
		return 0;
	if (logql_parse_selector(only, &opts, &q, NULL, e) < 0)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		struct rules_file f = r->v[i];

		f.groups = groups_within(f.groups, q.root->log, a);
		if (f.groups->n)
			r->v[n++] = f;
	}
	r->n = n;
	logql_query_release(&q);
	return 0;
}

/* --- YAML --- */

static void indent(struct buf *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_add_str(out, "    ");
}

static void add_scalar(struct buf *out, const struct yaml_node *n)
{
	if (n->quoted)
		yaml_add_text(out, n->text);
	else
		buf_add_bytes(out, n->text);
}

static void add_node(struct buf *out, const struct yaml_node *n, unsigned depth, bool in_list);

/* What stands before the i-th of a node's: the first of an item of a list stands on its line. */
static void begin_line(struct buf *out, uint32_t i, unsigned depth, bool in_list)
{
	if (i == 0 && in_list) {
		buf_add_char(out, ' ');
		return;
	}
	if (i == 0)
		buf_add_char(out, '\n');
	indent(out, depth);
	if (in_list)
		buf_add_str(out, "  ");
}

static void add_pair(struct buf *out, const struct yaml_pair *p, unsigned depth)
{
	add_scalar(out, p->key);
	buf_add_char(out, ':');
	add_node(out, p->value, depth, false);
}

/* Behind "key:" or "-". yaml_parse bounds the depth. */
static void add_node(struct buf *out, const struct yaml_node *n, unsigned depth, bool in_list)
{
	if (n->kind == YAML_SCALAR) {
		buf_add_char(out, ' ');
		add_scalar(out, n);
		buf_add_char(out, '\n');
		return;
	}
	if (n->n == 0)
		buf_add_str(out, n->kind == YAML_MAP ? " {}\n" : " []\n");
	for (uint32_t i = 0; i < n->n; i++) {
		begin_line(out, i, depth, in_list);
		if (n->kind == YAML_MAP) {
			add_pair(out, &n->pair[i], depth + 1);
		} else {
			buf_add_char(out, '-');
			add_node(out, n->item[i], depth, true);
		}
	}
}

static const struct yaml_node *find_group(const struct rules_file *f, struct bytes name)
{
	for (uint32_t i = 0; i < f->groups->n; i++)
		if (bytes_eq(yaml_get(f->groups->item[i], "name")->text, name))
			return f->groups->item[i];
	return NULL;
}

bool rules_add_yaml(struct buf *out, const struct rules *r, struct bytes name, struct bytes group)
{
	size_t before = out->n;

	for (size_t i = 0; i < r->n; i++) {
		const struct rules_file *f = &r->v[i];
		const struct yaml_node *g;

		if (name.n && !bytes_is(name, f->name))
			continue;
		if (group.n) {
			g = find_group(f, group);
			for (uint32_t k = 0; g && k < g->n; k++)
				add_pair(out, &g->pair[k], 1);
			continue;
		}
		yaml_add_text(out, bytes_str(f->name));
		buf_add_char(out, ':');
		add_node(out, f->groups, 1, false);
	}
	return out->n > before;
}

/* --- JSON --- */

static void add_member(struct buf *out, const char *name, struct bytes value)
{
	buf_addf(out, "\"%s\":", name);
	json_add_quoted(out, value);
}

static void add_texts(struct buf *out, const char *name, const struct yaml_node *map)
{
	buf_addf(out, ",\"%s\":{", name);
	for (uint32_t i = 0; map && map->kind == YAML_MAP && i < map->n; i++) {
		if (i)
			buf_add_char(out, ',');
		json_add_quoted(out, map->pair[i].key->text);
		buf_add_char(out, ':');
		json_add_quoted(out, map->pair[i].value->kind == YAML_SCALAR
					     ? map->pair[i].value->text
					     : (struct bytes){ 0 });
	}
	buf_add_char(out, '}');
}

static double seconds_of(struct bytes duration)
{
	int64_t ns;
	struct err e;

	return duration.n && time_parse_duration(duration, &ns, &e) == 0 ? (double)ns / 1e9 : 0;
}

static void add_rule(struct buf *out, const struct yaml_node *rule)
{
	struct bytes alert = text_of(rule, "alert");

	buf_add_char(out, '{');
	add_member(out, "name", alert.n ? alert : text_of(rule, "record"));
	buf_add_char(out, ',');
	add_member(out, "query", text_of(rule, "expr"));
	add_texts(out, "labels", yaml_get(rule, "labels"));
	if (alert.n) {
		buf_addf(out, ",\"state\":\"inactive\",\"duration\":%g",
			 seconds_of(text_of(rule, "for")));
		add_texts(out, "annotations", yaml_get(rule, "annotations"));
		buf_add_str(out, ",\"alerts\":[]");
	}
	buf_addf(out,
		 ",\"health\":\"unknown\",\"lastError\":\"\",\"type\":\"%s\","
		 "\"lastEvaluation\":\"0001-01-01T00:00:00Z\",\"evaluationTime\":0}",
		 alert.n ? "alerting" : "recording");
}

static void add_group(struct buf *out, const struct yaml_node *g, const char *file)
{
	const struct yaml_node *rules = yaml_get(g, "rules");

	buf_add_char(out, '{');
	add_member(out, "name", text_of(g, "name"));
	buf_add_char(out, ',');
	add_member(out, "file", bytes_str(file));
	buf_addf(out, ",\"interval\":%g,\"rules\":[", seconds_of(text_of(g, "interval")));
	for (uint32_t i = 0; rules && rules->kind == YAML_LIST && i < rules->n; i++) {
		if (i)
			buf_add_char(out, ',');
		add_rule(out, rules->item[i]);
	}
	buf_add_str(out, "],\"lastEvaluation\":\"0001-01-01T00:00:00Z\",\"evaluationTime\":0}");
}

void rules_add_json(struct buf *out, const struct rules *r)
{
	bool first = true;

	buf_add_char(out, '[');
	for (size_t i = 0; i < r->n; i++) {
		for (uint32_t k = 0; k < r->v[i].groups->n; k++) {
			if (!first)
				buf_add_char(out, ',');
			first = false;
			add_group(out, r->v[i].groups->item[k], r->v[i].name);
		}
	}
	buf_add_char(out, ']');
}
