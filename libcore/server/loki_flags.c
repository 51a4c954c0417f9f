#include "server/loki_flags.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

enum how { VALUE, FLAG, ALONE, TARGET };

static const struct {
	const char *loki, *ours;
	enum how how;
} flags[] = {
	{ "config.file", "--config=", VALUE },
	{ "config.expand-env", "--expand-env", FLAG },
	{ "verify-config", "--check-config", FLAG },
	{ "print-config-stderr", "--print-config", FLAG },
	{ "log.level", "--log-level=", VALUE },
	{ "log.format", "--log-format=", VALUE },
	{ "server.http-listen-port", "--listen=:", VALUE },
	{ "version", "--version", ALONE },
	{ "help", "--help", ALONE },
	{ "target", NULL, TARGET },
};

static char *text_of(struct arena *a, const char *start, struct bytes rest)
{
	struct buf b = { 0 };
	struct bytes all;

	buf_add_str(&b, start);
	buf_add_bytes(&b, rest);
	buf_add_char(&b, '\0');
	all = arena_copy(a, buf_bytes(&b));
	buf_release(&b);
	return (char *)(uintptr_t)all.p;
}

/* Targets that are all of Loki, which lokid is. */
static bool is_whole(struct bytes target)
{
	return bytes_is(target, "all") || bytes_is(target, "");
}

/* "ingester.wal-enabled": no option of ours has a point in its name. */
static bool is_another(struct bytes name)
{
	bool point = false;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!isalnum((unsigned char)c) && c != '.' && c != '-' && c != '_')
			return false;
		point |= c == '.' && i > 0;
	}
	return point;
}

int loki_flags_rewrite(int argc, char **argv, struct arena *a, struct err *e)
{
	int n = 1;

	for (int i = 1; i < argc; i++) {
		struct bytes arg = bytes_str(argv[i]), name = { 0 };
		size_t dashes = bytes_starts(arg, BYTES_LIT("--")) ? 2 : 1, k = 0;
		bool has_value;

		if (bytes_is(arg, "--"))
			dashes = 0;
		if (bytes_starts(arg, BYTES_LIT("-")) && dashes) {
			arg = bytes_sub(arg, dashes, SIZE_MAX);
			bytes_split(&arg, '=', &name);
		}
		while (k < sizeof(flags) / sizeof(flags[0]) && !bytes_is(name, flags[k].loki))
			k++;
		if (k == sizeof(flags) / sizeof(flags[0]) || (flags[k].how == ALONE && arg.p)) {
			if (is_another(name))
				return err_set(e, ERR_USAGE,
					       "flag '%s': what it sets is a key in the file of "
					       "--config, lokid.yaml(5)",
					       argv[i]);
			argv[n++] = argv[i];
			continue;
		}
		has_value = arg.p;
		if ((flags[k].how == VALUE || flags[k].how == TARGET) && !has_value && i + 1 < argc)
			arg = bytes_str(argv[++i]);
		if (flags[k].how == VALUE)
			argv[n++] = text_of(a, flags[k].ours, arg);
		else if (flags[k].how == ALONE || (flags[k].how == FLAG && !bytes_is(arg, "false")))
			argv[n++] = text_of(a, flags[k].ours, (struct bytes){ 0 });
		else if (flags[k].how == TARGET && !is_whole(arg))
			return err_set(e, ERR_USAGE,
				       "target '%.*s': lokid is one process tree that does it all",
				       BYTES_ARG(arg));
	}
	argv[n] = NULL;
	return n;
}
