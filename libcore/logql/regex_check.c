/* What the parser must know of a regex: that it is one, whether it matches nothing, its groups. */
#include <ctype.h>

#include "base/hash.h"
#include "base/map.h"
#include "logql/detail.h"
#include "regex/regex.h"

int detail_regex(struct bytes text, bool *ret_empty, struct err *e)
{
	struct regex *r = regex_new(text, REGEX_ANCHORED, e);
	int rc;

	if (!r)
		return err_wrap(e, "error parsing regexp");
	if (ret_empty) {
		rc = regex_match(r, BYTES_LIT(""), NULL, NULL);
		*ret_empty = rc != 0; /* one that cannot be judged is treated as the worst */
	}
	regex_free(r);
	return 0;
}

/* The name of the group that opens at t, (?P<name> or (?<name>; empty when it has none. */
static struct bytes group_name(struct bytes t)
{
	size_t at = bytes_starts(t, BYTES_LIT("(?P<"))	? 4
		    : bytes_starts(t, BYTES_LIT("(?<")) ? 3
							: 0;
	size_t n = 0;

	t = bytes_sub(t, at, at ? t.n : 0);
	while (n < t.n && (isalnum((unsigned char)t.p[n]) || t.p[n] == '_'))
		n++;
	return n < t.n && t.p[n] == '>' ? bytes_sub(t, 0, n) : (struct bytes){ 0 };
}

/* How many bytes at t are no group: an escape (\Q..\E whole), a class, or one byte. */
static size_t skip_plain(struct bytes t)
{
	size_t n;

	if (bytes_starts(t, BYTES_LIT("\\Q"))) {
		for (n = 2; n < t.n && !bytes_starts(bytes_sub(t, n, t.n), BYTES_LIT("\\E"));)
			n++;
		return n;
	}
	if (t.p[0] == '\\')
		return 2;
	if (t.p[0] != '[')
		return 1;
	n = bytes_starts(t, BYTES_LIT("[^")) ? 2 : 1;
	for (n += n < t.n && t.p[n] == ']'; n < t.n && t.p[n] != ']';)
		n += t.p[n] == '\\' ? 2 : t.p[n] == '[' && n + 1 < t.n && t.p[n + 1] == ':' ? 2 : 1;
	return n + 1;
}

/* Moves *at behind the next group with a name, and returns the name; empty at the end. */
static struct bytes next_name(struct bytes text, size_t *at)
{
	while (*at < text.n) {
		struct bytes t = bytes_sub(text, *at, text.n);
		struct bytes name = group_name(t);

		*at += name.n ? 1 : skip_plain(t);
		if (name.n)
			return name;
	}
	return (struct bytes){ 0 };
}

int detail_named_regex(struct bytes text, struct err *e)
{
	struct map names = { 0 };
	struct bytes name;
	size_t at = 0;
	int rc = -1;

	while ((name = next_name(text, &at)).n > 0) {
		uint64_t hash = hash64(name);

		if (isdigit((unsigned char)name.p[0])) {
			err_set(e, ERR_QUERY, "invalid extracted label name '%.*s'",
				BYTES_ARG(name));
			goto out;
		}
		if (map_get(&names, hash, name) != MAP_NONE) {
			err_set(e, ERR_QUERY, "duplicate extracted label name '%.*s'",
				BYTES_ARG(name));
			goto out;
		}
		map_put(&names, hash, name, 0);
	}
	rc = detail_regex(text, NULL, e);
	if (rc == 0 && names.n == 0)
		rc = err_set(e, ERR_QUERY, "at least one named capture must be supplied");
out:
	map_release(&names);
	return rc;
}
