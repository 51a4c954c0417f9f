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

/*
 * Calls each with the folders in which writers of a tenant, or of the store itself when it is
 * empty, may have left something: those in which programs write; of an object store, where one
 * question is about all that is below, the tenant's own in their place. Ends with what each
 * returns, if not 0.
 */
typedef int store_written_fn(const char *folder, void *data, struct err *e);
MUST_CHECK int store_each_written(struct store *s, struct bytes tenant, store_written_fn *each,
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
