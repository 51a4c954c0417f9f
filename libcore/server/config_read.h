/* The daemon's settings: from a file, and printed. */
#ifndef SERVER_CONFIG_READ_H
#define SERVER_CONFIG_READ_H

#include "server/config.h"

enum config_expand { CONFIG_AS_IT_IS, CONFIG_EXPAND };

/*
 * Reads a file over what config_init has made; what Loki has as its default with a file
 * (auth_enabled) becomes so. CONFIG_EXPAND: ${NAME} and ${NAME:DEFAULT} are replaced before.
 *
 * r is told which keys have no effect or another one than with Loki, and of all faults but the
 * last, which is e's. On failure c is only to be released.
 * Errors, "FILE:LINE:COL: ...": ERR_USAGE, a key that is none or a value that cannot be;
 * ERR_CORRUPT, no YAML; ERR_LIMIT, too large; ERR_IO.
 */
MUST_CHECK int config_read(const char *path, enum config_expand expand, struct config *c,
			   struct report *r, struct err *e);

/* What is read anew: config_anew_release, then. */
struct config_anew {
	struct limits_set *limits; /* with the overrides */
	struct config_auth *auth;
};

/* The same of `limits_config` and `auth` alone, as the file of c has them now, with the overrides
 * and the files of secrets: for a reload. All else in the file is only checked, and r is told what
 * of it has changed. Without a file they are c's. Errors: as of config_read. */
MUST_CHECK int config_read_anew(const struct config *c, struct config_anew *ret, struct report *r,
				struct err *e);
void config_anew_release(struct config_anew *a); /* also of a zeroed one */

/* A file of overrides that cannot be opened: an error, or, where a file is only checked, perhaps on
 * another machine, a warning. */
enum config_absent { CONFIG_ABSENT_FAILS, CONFIG_ABSENT_WARNS };

/*
 * The limits in force: the settings', and over them the files of overrides as they are now, one
 * after the other. *ret is to be dropped. From any thread. Errors: as of config_read.
 */
MUST_CHECK int config_limits(const struct config *c, enum config_absent absent,
			     struct limits_set **ret, struct report *r, struct err *e);

/* The next path of overrides_file, "PATH,...", into *ret, which is emptied; rest is all of it at
 * first. False: there is none. */
bool config_next_overrides(struct bytes *rest, struct buf *ret);

/* Appends what is in force, with all defaults, as YAML that is read as the same; but for secrets,
 * in whose place "<secret>" stands. limits: of config_limits. */
void config_write(const struct config *c, const struct limits_set *limits, struct buf *out);

#endif
