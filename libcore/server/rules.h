/* Files of recording and alerting rules, one folder for each tenant: RULES/TENANT/NAMESPACE. They
 * are listed as Loki's ruler lists them; nobody evaluates them yet. */
#ifndef SERVER_RULES_H
#define SERVER_RULES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct yaml_node;

struct rules_file {
	const char *name;		/* the namespace: "web.yaml" */
	const struct yaml_node *groups; /* a list of maps, each with a name */
};

struct rules {
	struct rules_file *v; /* by name */
	size_t n;
};

enum { RULES_FILES_MAX = 1000 };

/* All of a tenant's, in the arena; a folder that is not there has none. Errors: ERR_IO;
 * ERR_CORRUPT, ERR_USAGE, ERR_LIMIT: a file that holds no groups, with its place. */
MUST_CHECK int rules_read(const char *folder, struct bytes tenant, struct arena *a,
			  struct rules *ret, struct err *e);

/* Only those rules stay whose query sees no streams but such as fit the selector `only`
 * (logql/within.h), groups that have some, and files that have those; all when it is empty. Errors:
 * ERR_QUERY, of `only`. */
MUST_CHECK int rules_keep_within(struct rules *r, struct bytes only, struct arena *a,
				 struct err *e);

/* As YAML: a map of the namespaces, or one namespace ("" for all), or one group of it; false when
 * there is none such. */
bool rules_add_yaml(struct buf *out, const struct rules *r, struct bytes name, struct bytes group);

/* Prometheus's list of groups: the value of "groups". */
void rules_add_json(struct buf *out, const struct rules *r);

#endif
