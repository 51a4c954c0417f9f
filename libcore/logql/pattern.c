/* Patterns of `| pattern`, |> and !>: literal text with captures <name> and <_> in it. */
#include <ctype.h>

#include "base/hash.h"
#include "base/map.h"
#include "logql/detail.h"

/* Length of a capture with its brackets at the start of t; 0 when there is none. */
static size_t scan_capture(struct bytes t)
{
	size_t n = 1;

	if (t.n < 3 || t.p[0] != '<' || isdigit((unsigned char)t.p[1]))
		return 0;
	while (n < t.n && (isalnum((unsigned char)t.p[n]) || t.p[n] == '_'))
		n++;
	return n > 1 && n < t.n && t.p[n] == '>' ? n + 1 : 0;
}

static void add_part(struct logql_pattern *pt, bool capture, struct bytes text)
{
	pt->parts[pt->n_parts++] = (struct logql_pattern_part){ capture, text };
}

/* Takes text apart; what is no capture is literal text. */
static struct logql_pattern *split(struct arena *a, struct bytes text)
{
	struct logql_pattern *pt = arena_zalloc(a, sizeof(*pt));
	size_t from = 0, at = 0, n_max = 1;

	for (size_t i = 0; i < text.n; i++)
		n_max += text.p[i] == '<' ? 2 : 0;
	pt->text = text;
	pt->parts = arena_zalloc(a, n_max * sizeof(*pt->parts));
	while (at < text.n) {
		size_t n = scan_capture(bytes_sub(text, at, text.n));
		struct bytes name = bytes_sub(text, at + 1, n > 2 ? n - 2 : 0);

		if (n == 0) {
			at++;
			continue;
		}
		if (at > from)
			add_part(pt, false, bytes_sub(text, from, at - from));
		add_part(pt, true, bytes_is(name, "_") ? (struct bytes){ 0 } : name);
		from = at += n;
	}
	if (from < text.n)
		add_part(pt, false, bytes_sub(text, from, text.n));
	return pt;
}

static struct bytes shown_name(struct bytes name)
{
	return name.n ? name : BYTES_LIT("_");
}

static int check_neighbours(const struct logql_pattern *pt, struct err *e)
{
	for (size_t i = 1; i < pt->n_parts; i++)
		if (pt->parts[i - 1].capture && pt->parts[i].capture)
			return err_set(
				e, ERR_QUERY,
				"found consecutive capture '<%.*s><%.*s>': invalid expression",
				BYTES_ARG(shown_name(pt->parts[i - 1].text)),
				BYTES_ARG(shown_name(pt->parts[i].text)));
	return 0;
}

static int check_names(const struct logql_pattern *pt, struct err *e)
{
	struct map names = { 0 };
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < pt->n_parts; i++) {
		struct bytes name = pt->parts[i].text;
		uint64_t hash = hash64(name);

		if (!pt->parts[i].capture || name.n == 0)
			continue;
		if (map_get(&names, hash, name) != MAP_NONE)
			rc = err_set(e, ERR_QUERY,
				     "duplicate capture name (%.*s): invalid expression",
				     BYTES_ARG(name));
		else
			map_put(&names, hash, name, 0);
	}
	map_release(&names);
	return rc;
}

/* Index of the first capture with a name; n_parts without one. */
static size_t find_named(const struct logql_pattern *pt)
{
	size_t i = 0;

	while (i < pt->n_parts && !(pt->parts[i].capture && pt->parts[i].text.n))
		i++;
	return i;
}

int detail_pattern(struct arena *a, struct bytes text, struct logql_pattern **ret, struct err *e)
{
	struct logql_pattern *pt = split(a, text);

	if (text.n == 0)
		return err_set(e, ERR_QUERY,
			       "parse error at line 1, col 1: syntax error: unexpected $end, "
			       "expecting IDENTIFIER or LITERAL");
	if (find_named(pt) == pt->n_parts)
		return err_set(e, ERR_QUERY, "at least one capture is required");
	if (check_neighbours(pt, e) < 0 || check_names(pt, e) < 0)
		return -1;
	*ret = pt;
	return 0;
}

int detail_line_pattern(struct arena *a, struct bytes text, struct logql_pattern **ret,
			struct err *e)
{
	struct logql_pattern *pt = split(a, text);
	size_t named = find_named(pt);

	if (check_neighbours(pt, e) < 0)
		return -1;
	if (named < pt->n_parts)
		return err_set(e, ERR_QUERY, "named captures are not allowed: found '<%.*s>'",
			       BYTES_ARG(pt->parts[named].text));
	*ret = pt;
	return 0;
}
