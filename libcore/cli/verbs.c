#include "cli/verbs.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum { WORD_MAX = 32, LIKE_MAX = 64 };

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
 * a; SIZE_MAX when they are more than `most`, which is found out early. Both are short. */
static size_t distance(const char *a, const char *b, size_t most)
{
	size_t d[LIKE_MAX + 1][LIKE_MAX + 1], n = strlen(a), m = strlen(b), before = 0;

	if (n > LIKE_MAX || m > LIKE_MAX || n > m + most || m > n + most)
		return SIZE_MAX;
	for (size_t i = 0; i <= n; i++) {
		size_t row = SIZE_MAX; /* the least of it */

		for (size_t j = 0; j <= m; j++) {
			if (i == 0 || j == 0)
				d[i][j] = i + j;
			else
				d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
						d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
			row = least(row, d[i][j]);
		}
		if (row > most && before > most) /* a swap reaches back over two rows */
			return SIZE_MAX;
		before = row;
	}
	return d[n][m];
}

const char *cli_most_like(const char *const *names, size_t n, const char *word)
{
	size_t best = (strlen(word) + 2) / 3;
	const char *ret = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, names[i], best);

		if (d < best || (d == best && !ret)) {
			best = d;
			ret = names[i];
		}
	}
	return ret;
}

int cli_verb_find(const struct cli_verb *verbs, const char *word, const char *else_what,
		  const struct cli_verb **ret, struct err *e)
{
	const char **names = NULL, *like;
	size_t n = 0, cap = 0;
	struct buf all = { 0 };

	for (const struct cli_verb *v = verbs; v->name; v++) {
		if (strcmp(v->name, word) == 0) {
			buf_release(&all);
			free(names);
			*ret = v;
			return 0;
		}
		mem_grow(&names, &cap, n + 1, sizeof(*names));
		names[n++] = v->name;
		buf_addf(&all, "%s%s", v == verbs ? "" : v[1].name ? ", " : " or ", v->name);
	}
	if (!looks_like_verb(word)) {
		*ret = NULL;
	} else {
		like = cli_most_like(names, n, word);
		if (like)
			err_set(e, ERR_USAGE, "'%s': did you mean '%s'?", word, like);
		else
			err_set(e, ERR_USAGE, "'%s': expected %s%s%s", word,
				else_what ? else_what : "", else_what ? ", or " : "",
				buf_str(&all));
	}
	buf_release(&all);
	free(names);
	return looks_like_verb(word) ? -1 : 0;
}
