/* What the parser must know of a regex: that it is one, whether it matches nothing, its groups. */
#include <ctype.h>

#include "base/hash.h"
#include "base/map.h"
#include "logql/detail.h"
#include "regex/regex.h"

int detail_regex(struct bytes text, unsigned how, bool *ret_empty, struct err *e)
{
	struct regex_facts facts;

	if (regex_check(text, how, &facts, e) < 0)
		return -1;
	if (ret_empty)
		*ret_empty = facts.matches_empty;
	return 0;
}

int detail_whole_regex(struct bytes text, unsigned how, struct err *e)
{
	struct buf whole = { 0 };
	int rc;

	buf_addf(&whole, "^(?:%.*s)$", BYTES_ARG(text));
	rc = detail_regex(buf_bytes(&whole), how, NULL, e);
	buf_release(&whole);
	return rc;
}

static int check_name(struct map *names, struct bytes name, struct err *e)
{
	uint64_t hash = hash64(name);

	if (isdigit((unsigned char)name.p[0]))
		return err_set(e, ERR_QUERY, "invalid extracted label name '%.*s'",
			       BYTES_ARG(name));
	if (map_get(names, hash, name) != MAP_NONE)
		return err_set(e, ERR_QUERY, "duplicate extracted label name '%.*s'",
			       BYTES_ARG(name));
	map_put(names, hash, name, 0);
	return 0;
}

int detail_named_regex(struct bytes text, unsigned how, struct err *e)
{
	struct regex *r = regex_new(text, REGEX_UNANCHORED | how, e);
	struct map names = { 0 };
	int rc = 0;

	if (!r)
		return -1;
	for (size_t i = 1; i <= regex_n_groups(r) && rc == 0; i++)
		if (regex_group_name(r, i).n)
			rc = check_name(&names, regex_group_name(r, i), e);
	if (rc == 0 && names.n == 0)
		rc = err_set(e, ERR_QUERY, "at least one named capture must be supplied");
	map_release(&names);
	regex_free(r);
	return rc;
}
