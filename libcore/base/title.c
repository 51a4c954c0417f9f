/*
 * The kernel shows the bytes of the arguments; when the last of these is not NUL any more, on into
 * the environment up to a NUL. Words are thus told apart by a space, as ps(1) does it anyway.
 */
#include "base/title.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* Of the strings that lie back to back from `at` on; returns where the last one ends. */
static char *end_of(char *at, char *const *v)
{
	for (; *v && *v == at; v++)
		at += strlen(at) + 1;
	return at;
}

static void move_environ(void)
{
	size_t n = 0;
	char **moved;

	while (environ && environ[n])
		n++;
	moved = mem_alloc((n + 1) * sizeof(*moved));
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(environ[i]) + 1;

		moved[i] = mem_alloc(len);
		memcpy(moved[i], environ[i], len);
	}
	environ = moved;
}

void title_set(char **main_argv, char *const *words)
{
	char *at = main_argv[0], *args_end, *end;

	if (!at)
		return;
	args_end = end_of(at, main_argv);
	end = environ ? end_of(args_end, environ) : args_end;
	move_environ();
	memset(at, 0, (size_t)(end - at));
	for (end--; *words && at < end; words++) {
		size_t len = strlen(*words), room = (size_t)(end - at);

		memcpy(at, *words, len < room ? len : room);
		at += len < room ? len : room;
		if (at < end && words[1])
			*at++ = ' ';
	}
}
