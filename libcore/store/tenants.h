/*
 * The tenants of a store: the folders right below it, but for those with names that no tenant can
 * have, such as a disk's lost+found.
 */
#ifndef STORE_TENANTS_H
#define STORE_TENANTS_H

#include "cli/cli.h"
#include "store/store.h"

/* Calls each as store_list_folders does, with every tenant; or with that one alone, whether it is
 * there or not, when `only` is not empty. */
MUST_CHECK int store_each_tenant(struct store *s, struct bytes only, store_each_fn *each,
				 void *data, struct err *e);

/* Errors: ERR_NO, there is no such tenant, with those there are, or the one most like it; as
 * store_list_folders. */
MUST_CHECK int store_check_tenant(struct store *s, struct bytes tenant, struct err *e);

/*
 * Whether a tenant that somebody asked for by name may be there; if not, c warns: it may be
 * misspelt, and it may have sent nothing yet, so this is no error. True of none (empty), and when
 * it cannot be seen, which the work itself will tell.
 */
bool store_seeks_tenant(struct store *s, struct bytes tenant, struct cli *c);

#endif
