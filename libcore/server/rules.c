#include "server/rules.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/io.h"
#include "base/mem.h"
#include "json/json.h"
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

static struct bytes text_of(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n && n->kind == YAML_SCALAR ? n->text : (struct bytes){ 0 };
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
