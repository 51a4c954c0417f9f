#include "cost/fields.h"

#include "time/time.h"

int fields_read(const struct yaml_node *map, const struct key *table, const char *where, void *base,
		struct arena *a, struct err *e)
{
	if (map->kind != YAML_MAP)
		return yaml_fail(map, e, ERR_USAGE, "'%.*s': expected a map",
				 *where ? (int)strlen(where) - 1 : 0, where);
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_pair *p = &map->pair[i];
		const struct key *k = key_find(table, p->key->text);
		struct buf name = { 0 };
		int rc;

		buf_addf(&name, "%s%.*s", where, BYTES_ARG(p->key->text));
		if (k) {
			rc = key_read(k, buf_str(&name), p->value, base, a, e);
		} else {
			const char *like = key_most_like(table, BYTES_LIT(""), p->key->text, a);

			rc = yaml_fail(p->key, e, ERR_USAGE, "unknown key '%s'%s%s%s",
				       buf_str(&name), like ? "; did you mean '" : "",
				       like ? like : "", like ? "'?" : "");
		}
		buf_release(&name);
		if (rc < 0)
			return -1;
	}
	return 0;
}

const struct yaml_node *fields_need(const struct yaml_node *map, const char *where,
				    const char *name, struct err *e)
{
	const struct yaml_node *v = yaml_get(map, name);

	if (!v || yaml_is_null(v)) {
		yaml_fail(map, e, ERR_USAGE, "'%s%s' is missing", where, name);
		return NULL;
	}
	return v;
}

static int fail(const struct yaml_node *v, const char *where, const char *name, const char *what,
		struct err *e)
{
	if (v->kind != YAML_SCALAR)
		return yaml_fail(v, e, ERR_USAGE, "'%s%s': expected %s, found a %s", where, name,
				 what, v->kind == YAML_MAP ? "map" : "list");
	return yaml_fail(v, e, ERR_USAGE, "'%s%s': expected %s, found '%.*s'", where, name, what,
			 BYTES_ARG(bytes_sub(v->text, 0, 100)));
}

int fields_number(const struct yaml_node *v, const char *where, const char *name, struct exact *ret,
		  struct err *e)
{
	struct exact x;

	if (v->kind != YAML_SCALAR || !exact_read(v->text, &x) || x.units < 0)
		return fail(v, where, name, "a number, not negative", e);
	*ret = x;
	return 0;
}

int fields_money(const struct yaml_node *v, const char *where, const char *name, int64_t *ret_nano,
		 struct err *e)
{
	struct exact x = { 0 };
	enum money_read how;

	if (fields_number(v, where, name, &x, e) < 0)
		return -1;
	how = x.scale > 9 ? MONEY_NO_NUMBER : money_read(v->text, ret_nano);
	if (how == MONEY_NO_NUMBER)
		return fail(v, where, name, "an amount of at most 9 digits behind the point", e);
	if (how == MONEY_TOO_LARGE)
		return fail(v, where, name, "an amount below 9,223,372,036", e);
	return 0;
}

int fields_day(const struct yaml_node *v, const char *where, const char *name, int32_t *ret,
	       struct err *e)
{
	if (v->kind != YAML_SCALAR || !time_day_parse(v->text, ret))
		return fail(v, where, name, "a day as 2026-01-15", e);
	return 0;
}

int fields_currency(const struct yaml_node *v, const char *text, struct err *e)
{
	if (!money_is_currency(bytes_str(text)))
		return yaml_fail(v, e, ERR_USAGE,
				 "'currency': expected three capital letters as USD, found '%s'",
				 text);
	return 0;
}

const struct yaml_node *fields_root(struct bytes text, const char *file, struct arena *a,
				    struct err *e)
{
	struct yaml_doc doc;

	if (yaml_parse(text, file, a, &doc, e) < 0)
		return NULL;
	if (!doc.root || doc.root->kind != YAML_MAP) {
		err_set(e, ERR_USAGE, "%s:1:1: expected a map", file);
		return NULL;
	}
	if (doc.second_line) {
		err_set(e, ERR_USAGE, "%s:%u:1: a second document, which is not read", file,
			doc.second_line);
		return NULL;
	}
	return doc.root;
}
