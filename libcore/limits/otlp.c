/* A list of Loki's gives an action to several names at once: here each name is a rule. */
#include "limits/otlp.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/mem.h"
#include "json/json.h"

/* In the order of enum otlp_action. */
static const char *const action_words[] = { "structured_metadata", "index_label", "drop", NULL };

enum part { OF_RESOURCE, OF_SCOPE, OF_LOG };

/* --- rules --- */

struct list {
	struct otlp_rule *v;
	size_t n, cap;
};

static void add_rule(struct list *to, struct otlp_rule rule)
{
	mem_grow(&to->v, &to->cap, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = rule;
}

/* The list's, in the memory of all. */
static struct otlp_rules keep(struct list *l, struct limits_memory *m)
{
	struct otlp_rules ret = { NULL, l->n };

	if (l->n) {
		struct otlp_rule *v = arena_alloc(&m->arena, l->n * sizeof(*v));

		memcpy(v, l->v, l->n * sizeof(*v));
		ret.v = v;
	}
	free(l->v);
	return ret;
}

static void add_names(struct list *to, enum otlp_action action, const struct key_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		add_rule(to,
			 (struct otlp_rule){ .action = action, .name = bytes_str(names->name[i]) });
}

static void add_regex(struct limits_reader *r, const struct yaml_node *at, const char *what,
		      enum otlp_action action, const char *pattern, struct list *to)
{
	struct buf name = { 0 };
	const struct regex *regex;

	buf_addf(&name, "%s.regex", what);
	regex = limits_regex(r, at, buf_str(&name), pattern, REGEX_ANCHORED);
	if (regex)
		add_rule(to, (struct otlp_rule){ .action = action, .regex = regex });
	buf_release(&name);
}

struct item {
	int action;
	struct key_names attributes;
	const char *regex;
};

static void read_item(struct limits_reader *r, const struct yaml_node *map, const char *what,
		      enum part part, struct list *to)
{
	static const struct key keys[] = {
		{ "action", KEY_WORD, KEY_USED, offsetof(struct item, action), action_words, NULL },
		{ "attributes", KEY_NAMES, KEY_USED, offsetof(struct item, attributes), NULL,
		  NULL },
		{ "regex", KEY_TEXT, KEY_USED, offsetof(struct item, regex), NULL, NULL },
		{ 0 },
	};
	struct item item = { .action = OTLP_METADATA };
	bool is_regex;

	if (!limits_read_keys(r, map, what, keys, &item))
		return;
	is_regex = item.regex && *item.regex;
	if (is_regex == (item.attributes.n > 0))
		limits_fault(r, map, what,
			     is_regex ? "only one of attributes or regex must be set"
				      : "attributes or regex must be set");
	else if (part == OF_SCOPE && item.action == OTLP_INDEX_LABEL)
		limits_fault(r, map, what,
			     "index_label is for attributes of resources and of log records");
	else if (is_regex)
		add_regex(r, yaml_get(map, "regex"), what, (enum otlp_action)item.action,
			  item.regex, to);
	else
		add_names(to, (enum otlp_action)item.action, &item.attributes);
}

static void read_list(struct limits_reader *r, const struct yaml_node *list, const char *what,
		      enum part part, struct list *to)
{
	uint32_t n = limits_n_items(r, list, what);

	for (uint32_t i = 0; i < n; i++)
		read_item(r, list->item[i], what, part, to);
}

/* --- the whole --- */

static void read_resource(struct limits_reader *r, const struct yaml_node *map,
			  const struct otlp_rules *labels, struct limits_otlp *ret)
{
	struct resource {
		bool ignore_defaults;
	} resource = { false };
	static const struct key keys[] = {
		{ "ignore_defaults", KEY_BOOL, KEY_USED, offsetof(struct resource, ignore_defaults),
		  NULL, NULL },
		{ "attributes_config", KEY_OTHER, KEY_USED, 0, NULL, NULL },
		{ 0 },
	};
	bool given = limits_read_keys(r, map, "resource_attributes", keys, &resource);
	struct list rules = { 0 };

	ret->n_defaults = resource.ignore_defaults ? 0 : labels->n;
	for (size_t i = 0; i < ret->n_defaults; i++)
		add_rule(&rules, labels->v[i]);
	if (given)
		read_list(r, yaml_get(map, "attributes_config"),
			  "resource_attributes.attributes_config", OF_RESOURCE, &rules);
	ret->mapping.resource = keep(&rules, r->m);
}

void limits_otlp_read(const struct yaml_node *node, const char *name,
		      const struct otlp_rules *labels, struct limits_memory *m,
		      struct limits_otlp *ret, struct report *r)
{
	static const struct key keys[] = {
		{ "resource_attributes", KEY_OTHER, KEY_USED, 0, NULL, NULL },
		{ "scope_attributes", KEY_OTHER, KEY_USED, 0, NULL, NULL },
		{ "log_attributes", KEY_OTHER, KEY_USED, 0, NULL, NULL },
		{ "severity_text_as_label", KEY_BOOL, KEY_USED,
		  offsetof(struct otlp_mapping, severity_text_as_label), NULL, NULL },
		{ 0 },
	};
	struct limits_reader reader = { name, m, r };
	struct list scope = { 0 }, log = { 0 };
	struct limits_otlp o = { 0 };

	if (!limits_read_keys(&reader, node, NULL, keys, &o.mapping))
		return;
	read_resource(&reader, yaml_get(node, "resource_attributes"), labels, &o);
	read_list(&reader, yaml_get(node, "scope_attributes"), "scope_attributes", OF_SCOPE,
		  &scope);
	read_list(&reader, yaml_get(node, "log_attributes"), "log_attributes", OF_LOG, &log);
	o.mapping.scope = keep(&scope, m);
	o.mapping.log = keep(&log, m);
	*ret = o;
}

struct otlp_rules limits_otlp_labels(const struct key_names *names, struct limits_memory *m)
{
	struct list rules = { 0 };

	for (size_t i = 0; i < names->n; i++)
		add_rule(&rules, (struct otlp_rule){
					 .action = OTLP_INDEX_LABEL,
					 .name = arena_copy(&m->arena, bytes_str(names->name[i])),
				 });
	return keep(&rules, m);
}

/* --- printed --- */

/* Those from `from` on. Neighbours with one action share an item, as they may have been written. */
static void print_rules(struct buf *out, const struct otlp_rules *rules, size_t from)
{
	const struct otlp_rule *v = rules->v;
	size_t n = rules->n;

	buf_add_char(out, '[');
	for (size_t i = from, k; i < n; i = k) {
		buf_addf(out, "%s{\"action\":\"%s\",", i > from ? "," : "",
			 action_words[v[i].action]);
		buf_add_str(out, v[i].regex ? "\"regex\":" : "\"attributes\":[");
		json_add_quoted(out, v[i].regex ? regex_pattern(v[i].regex) : v[i].name);
		for (k = i + 1; k < n && v[k].action == v[i].action && !v[i].regex && !v[k].regex;
		     k++) {
			buf_add_char(out, ',');
			json_add_quoted(out, v[k].name);
		}
		buf_add_str(out, v[i].regex ? "}" : "]}");
	}
	buf_add_char(out, ']');
}

void limits_otlp_add(struct buf *out, const struct limits_otlp *o)
{
	const struct otlp_mapping *m = &o->mapping;

	buf_addf(out, "{\"resource_attributes\":{\"ignore_defaults\":%s,\"attributes_config\":",
		 o->n_defaults ? "false" : "true");
	print_rules(out, &m->resource, o->n_defaults);
	buf_add_str(out, "},\"scope_attributes\":");
	print_rules(out, &m->scope, 0);
	buf_add_str(out, ",\"log_attributes\":");
	print_rules(out, &m->log, 0);
	buf_addf(out, ",\"severity_text_as_label\":%s}",
		 m->severity_text_as_label ? "true" : "false");
}
