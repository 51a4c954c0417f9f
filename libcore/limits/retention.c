#include "limits/retention.h"

#include <stddef.h>

#include "base/mem.h"
#include "json/json.h"
#include "logql/selector.h"
#include "time/time.h"

static const int64_t SHORTEST_NS = 24 * 3600 * NS_PER_S;

struct item {
	const char *selector;
	uint64_t priority;
	int64_t period_ns;
};

/* The regexes are freed with the memory. */
static void read_selector(struct limits_reader *r, const struct yaml_node *map,
			  struct limits_stream_rule *rule)
{
	struct limits_memory *m = r->m;
	struct matcher *match;
	struct err e;

	if (logql_matchers(rule->selector, 0, &m->arena, &match, &rule->n_match, &e) < 0) {
		limits_fault(r, yaml_get(map, "selector"), "selector", e.msg);
		return;
	}
	rule->match = match;
	for (size_t i = 0; i < rule->n_match; i++) {
		if (!match[i].re)
			continue;
		mem_grow(&m->regex, &m->cap, m->n_regexes + 1, sizeof(*m->regex));
		m->regex[m->n_regexes++] = match[i].re;
	}
}

static void read_rule(struct limits_reader *r, const struct yaml_node *map,
		      struct limits_stream_rule *ret)
{
	static const struct key keys[] = {
		{ "selector", KEY_TEXT, KEY_USED, offsetof(struct item, selector), NULL, NULL },
		{ "priority", KEY_COUNT, KEY_USED, offsetof(struct item, priority), NULL, NULL },
		{ "period", KEY_DURATION, KEY_USED, offsetof(struct item, period_ns), NULL, NULL },
		{ 0 },
	};
	struct item item = { 0 };

	*ret = (struct limits_stream_rule){ 0 };
	if (!limits_read_keys(r, map, NULL, keys, &item))
		return;
	if (!item.selector) {
		limits_fault(r, map, NULL, "expected a selector");
		return;
	}
	ret->selector = bytes_str(item.selector);
	ret->priority = item.priority;
	ret->period_ns = item.period_ns;
	if (item.period_ns < SHORTEST_NS)
		limits_fault(r, yaml_get(map, "period") ? yaml_get(map, "period") : map, "period",
			     "expected at least 24h");
	read_selector(r, map, ret);
}

void limits_stream_rules_read(const struct yaml_node *node, const char *name,
			      struct limits_memory *m, struct limits_stream_rules *ret,
			      struct report *r)
{
	struct limits_reader reader = { name, m, r };
	uint32_t n = limits_n_items(&reader, node, NULL);
	struct limits_stream_rule *v = arena_alloc(&m->arena, (n + 1) * sizeof(*v));

	for (uint32_t i = 0; i < n; i++)
		read_rule(&reader, node->item[i], &v[i]);
	*ret = (struct limits_stream_rules){ v, n };
}

void limits_stream_rules_add(struct buf *out, const struct limits_stream_rules *l)
{
	static const struct key period = { "period", KEY_DURATION, KEY_USED, 0, NULL, NULL };

	buf_add_char(out, '[');
	for (size_t i = 0; i < l->n; i++) {
		buf_add_str(out, i ? ",{\"selector\":" : "{\"selector\":");
		json_add_quoted(out, l->v[i].selector);
		buf_addf(out,
			 ",\"priority\":%llu,\"period\":", (unsigned long long)l->v[i].priority);
		key_add_value(&period, &l->v[i].period_ns, KEY_JSON, out);
		buf_add_char(out, '}');
	}
	buf_add_char(out, ']');
}
