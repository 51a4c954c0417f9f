#include "cli/modes.h"

#include "base/buf.h"

int cli_mode_find(const struct cli_mode *modes, size_t n, size_t *ret, struct err *e)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (!modes[i].given)
			continue;
		if (found)
			return err_set(e, ERR_USAGE, "%s and %s: one at a time",
				       modes[found - 1].option, modes[i].option);
		found = i + 1;
	}
	*ret = found;
	return 0;
}

/* "'--a', '--b' or '--c'" */
static void add_modes(struct buf *b, const struct cli_mode *modes, unsigned which)
{
	size_t n = 0;

	for (size_t i = 1; which >> i; i++) {
		if (!(which >> i & 1))
			continue;
		buf_addf(b, "%s'%s'",
			 n++ == 0	    ? ""
			 : which >> (i + 1) ? ", "
					    : " or ",
			 modes[i - 1].option);
	}
}

static int no_effect(const struct cli_mode *modes, size_t mode, const struct cli_use *u,
		     struct err *e)
{
	struct buf with = { 0 };

	if (u->modes & 1)
		return err_set(e, ERR_USAGE, "option '%s' has no effect with '%s'", u->option,
			       modes[mode - 1].option);
	add_modes(&with, modes, u->modes);
	err_set(e, ERR_USAGE, "option '%s' has no effect without %s", u->option, buf_str(&with));
	buf_release(&with);
	return -1;
}

int cli_mode_check(const struct cli_mode *modes, size_t mode, const struct cli_use *uses,
		   size_t n_uses, struct err *e)
{
	for (size_t i = 0; i < n_uses; i++)
		if (uses[i].given && !(uses[i].modes >> mode & 1))
			return no_effect(modes, mode, &uses[i], e);
	return 0;
}
