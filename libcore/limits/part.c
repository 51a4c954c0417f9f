#include "limits/part.h"

#include <stdlib.h>

#include "base/mem.h"

void limits_memory_release(struct limits_memory *m)
{
	for (size_t i = 0; i < m->n_regexes; i++)
		regex_free(m->regex[i]);
	free(m->regex);
	arena_release(&m->arena);
}

void limits_fault(struct limits_reader *r, const struct yaml_node *at, const char *what,
		  const char *why)
{
	struct err e;

	yaml_fail(at, &e, ERR_USAGE, "'%s%s%s': %s", r->name, what ? "." : "", what ? what : "",
		  why);
	report_error(r->report, &e);
}

bool limits_read_keys(struct limits_reader *r, const struct yaml_node *map, const char *what,
		      const struct key *table, void *base)
{
	struct buf name = { 0 };
	struct err e;

	if (!map || yaml_is_null(map))
		return false;
	if (map->kind != YAML_MAP) {
		limits_fault(r, map, what, "expected a map");
		return false;
	}
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pair[i];
		const struct key *k = key_find(table, p->key->text);

		buf_reset(&name);
		buf_addf(&name, "%s%s%s.%.*s", r->name, what ? "." : "", what ? what : "",
			 BYTES_ARG(p->key->text));
		if (!k)
			yaml_fail(p->key, &e, ERR_USAGE, "'%s' is not a key", buf_str(&name));
		if (!k || key_read(k, buf_str(&name), p->value, base, &r->m->arena, &e) < 0)
			report_error(r->report, &e);
	}
	buf_release(&name);
	return true;
}

uint32_t limits_n_items(struct limits_reader *r, const struct yaml_node *list, const char *what)
{
	if (!list || yaml_is_null(list))
		return 0;
	if (list->kind == YAML_LIST)
		return list->n;
	limits_fault(r, list, what, "expected a list");
	return 0;
}

const struct regex *limits_regex(struct limits_reader *r, const struct yaml_node *at,
				 const char *what, const char *pattern, unsigned how)
{
	struct limits_memory *m = r->m;
	struct regex *regex;
	struct err e;

	regex = regex_new(bytes_str(pattern), how, &e);
	if (!regex) {
		limits_fault(r, at, what, e.msg);
		return NULL;
	}
	mem_grow(&m->regex, &m->cap, m->n_regexes + 1, sizeof(*m->regex));
	m->regex[m->n_regexes++] = regex;
	return regex;
}
