#include "cli/verbs.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

enum { WORD_MAX = 32 };

static bool looks_like_verb(const char *word)
{
	size_t n = 0;

	word += *word == '\\';
	while (isalpha((unsigned char)word[n]) || word[n] == '-' || word[n] == '_')
		n++;
	return n > 0 && n <= WORD_MAX && word[n] == '\0' && isalpha((unsigned char)word[0]);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be added, left out, changed or swapped with their neighbour to make b of
 * a. Both are short. */
static size_t distance(const char *a, const char *b)
{
	size_t d[WORD_MAX + 1][WORD_MAX + 1], n = strlen(a), m = strlen(b);

	if (n > WORD_MAX || m > WORD_MAX)
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
					d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n][m];
}

/* The one that is like it in all but a third of its letters, or NULL. */
static const struct cli_verb *most_like(const struct cli_verb *verbs, const char *word)
{
	size_t best = (strlen(word) + 2) / 3;
	const struct cli_verb *ret = NULL;

	for (const struct cli_verb *v = verbs; v->name; v++) {
		size_t d = distance(word, v->name);

		if (d < best || (d == best && !ret)) {
			best = d;
			ret = v;
		}
	}
	return ret;
}

int cli_verb_find(const struct cli_verb *verbs, const char *word, const char *else_what,
		  const struct cli_verb **ret, struct err *e)
{
	const struct cli_verb *like;
	struct buf all = { 0 };

	for (const struct cli_verb *v = verbs; v->name; v++) {
		if (strcmp(v->name, word) == 0) {
			buf_release(&all);
			*ret = v;
			return 0;
		}
		buf_addf(&all, "%s%s", v == verbs ? "" : v[1].name ? ", " : " or ", v->name);
	}
	if (!looks_like_verb(word)) {
		*ret = NULL;
	} else {
		like = most_like(verbs, word);
		if (like)
			err_set(e, ERR_USAGE, "'%s': did you mean '%s'?", word, like->name);
		else
			err_set(e, ERR_USAGE, "'%s': expected %s%s%s", word,
				else_what ? else_what : "", else_what ? ", or " : "",
				buf_str(&all));
	}
	buf_release(&all);
	return looks_like_verb(word) ? -1 : 0;
}
