#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The header's, for the analyzer. */
#undef err_set
#undef err_sys
#undef err_wrap

/* Messages hold names and bytes from outside: nothing of them may steer a terminal. */
static void mask_controls(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list va;

	if (!e)
		return -1;
	e->code = code;
	va_start(va, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, va);
	va_end(va);
	mask_controls(e->msg);
	return -1;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int saved = errno;
	char what[ERR_MSG_MAX / 2];
	enum err_code code = ERR_IO;
	va_list va;

	if (!e)
		return -1;
	va_start(va, fmt);
	vsnprintf(what, sizeof(what), fmt, va);
	va_end(va);
	if (saved == ENOSPC || saved == EDQUOT)
		code = ERR_FULL;
	else if (saved == EAGAIN)
		code = ERR_AGAIN;
	else if (saved == ENOMEM)
		code = ERR_NOMEM;
	return err_set(e, code, "%s: %s", what, strerror(saved));
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char prefix[ERR_MSG_MAX / 2];
	char whole[2 * ERR_MSG_MAX];
	va_list va;

	if (!e)
		return -1;
	va_start(va, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, va);
	va_end(va);
	snprintf(whole, sizeof(whole), "%s: %s", prefix, e->msg);
	return err_set(e, e->code, "%s", whole);
}

int err_exit_code(enum err_code code)
{
	switch (code) {
	case ERR_NONE:
		return 0;
	case ERR_NO:
		return 1;
	case ERR_USAGE:
	case ERR_QUERY:
		return 2;
	case ERR_CORRUPT:
	case ERR_VERSION:
	case ERR_LIMIT:
		return 3;
	case ERR_IO:
	case ERR_FULL:
	case ERR_NOMEM:
		return 4;
	case ERR_AGAIN:
		return 5;
	case ERR_BUG:
		break;
	}
	return 70;
}
