#include "server/config_expand.h"

#include <ctype.h>
#include <stdlib.h>

struct expansion {
	struct bytes text;
	const char *file;
	struct buf *out;
	struct report *r;
};

static struct yaml_node place_of(const struct expansion *x, size_t off)
{
	struct yaml_node at = { .file = x->file, .line = 1, .col = 1 };

	for (size_t i = 0; i < off; i++) {
		at.col++;
		if (x->text.p[i] != '\n')
			continue;
		at.line++;
		at.col = 1;
	}
	return at;
}

static bool is_name(struct bytes name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			return false;
	return name.n > 0 && !isdigit((unsigned char)name.p[0]);
}

/* What stands between the braces: NAME, NAME:DEFAULT or NAME:-DEFAULT. */
static int add_variable(struct expansion *x, struct bytes inner, size_t off, struct err *e)
{
	struct yaml_node at;
	struct bytes rest = inner, name = { 0 };
	struct buf copy = { 0 };
	const char *value;

	bytes_split(&rest, ':', &name);
	if (!is_name(name)) {
		at = place_of(x, off);
		return yaml_fail(&at, e, ERR_USAGE,
				 "expected ${NAME} or ${NAME:DEFAULT}, found "
				 "'${%.*s}'",
				 BYTES_ARG(bytes_sub(inner, 0, 100)));
	}
	buf_add_bytes(&copy, name);
	value = getenv(buf_str(&copy));
	if (value && *value) {
		buf_add_str(x->out, value);
	} else if (rest.p) {
		buf_add_bytes(x->out, bytes_sub(rest, rest.n && rest.p[0] == '-', rest.n));
	} else if (!value) {
		at = place_of(x, off);
		report_say(x->r, REPORT_WARNING, &at, "the variable '%s' is not set", copy.p);
	}
	buf_release(&copy);
	return 0;
}

int config_expand(struct bytes text, const char *file, struct buf *out, struct report *r,
		  struct err *e)
{
	struct expansion x = { text, file, out, r };
	size_t i = 0;

	while (i < text.n) {
		struct bytes rest = bytes_sub(text, i, text.n);
		const char *close;

		if (bytes_starts(rest, BYTES_LIT("$${"))) {
			buf_add_str(out, "${");
			i += 3;
		} else if (!bytes_starts(rest, BYTES_LIT("${"))) {
			buf_add_char(out, text.p[i++]);
		} else {
			close = memchr(rest.p, '}', rest.n);
			if (!close) {
				struct yaml_node at = place_of(&x, i);

				return yaml_fail(&at, e, ERR_USAGE, "'${' has no '}'");
			}
			if (add_variable(&x, bytes_of(rest.p + 2, (size_t)(close - rest.p) - 2), i,
					 e) < 0)
				return -1;
			i += (size_t)(close - rest.p) + 1;
		}
		if (out->n > YAML_SIZE_MAX)
			return err_set(e, ERR_LIMIT, "%s: more than %d bytes", file, YAML_SIZE_MAX);
	}
	return 0;
}

/* --- variables that are not replaced --- */

/* The first "${NAME}" or "${NAME:...}" of the text; "$${" is none. */
static bool find_variable(struct bytes text, struct bytes *ret_name)
{
	for (size_t i = 0; i + 1 < text.n; i++) {
		struct bytes rest = bytes_sub(text, i + 2, text.n);
		const char *close;

		if (text.p[i] != '$' || text.p[i + 1] != '{' || (i && text.p[i - 1] == '$'))
			continue;
		close = rest.n ? memchr(rest.p, '}', rest.n) : NULL;
		if (!close)
			return false;
		rest.n = (size_t)(close - rest.p);
		if (bytes_split(&rest, ':', ret_name) && is_name(*ret_name))
			return true;
	}
	return false;
}

void config_warn_variables(const struct yaml_node *n, struct report *r)
{
	struct bytes name;

	switch (n->kind) {
	case YAML_SCALAR:
		if (find_variable(n->text, &name))
			report_say(r, REPORT_WARNING, n,
				   "'${%.*s}' stays as it is written: variables are put in with "
				   "--expand-env (--config.expand-env)",
				   BYTES_ARG(bytes_sub(name, 0, 100)));
		break;
	case YAML_LIST:
		for (uint32_t i = 0; i < n->n; i++)
			config_warn_variables(n->item[i], r);
		break;
	case YAML_MAP:
		for (uint32_t i = 0; i < n->n; i++)
			config_warn_variables(n->pair[i].value, r);
		break;
	}
}
