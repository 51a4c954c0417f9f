/*
 * Receipts of all days that programs of before have left beside the requests, where each query
 * lists them: they are moved to where receipts lie now. Rules: lokid-deletes(5), "RECEIPT". Private
 * to deletes/.
 */
#ifndef DELETES_OUTDATED_H
#define DELETES_OUTDATED_H

#include "deletes/folder.h"
#include "deletes/merge.h"

/*
 * Moves some of those that f lists, a few hundred at most: the next run has the rest. Each is
 * written anew before the old one goes, so of one that is killed there are both, which say the
 * same; where there is a new one already the old one only goes. Of a dry run only m->deleted is
 * called. Errors: ERR_AGAIN, ERR_IO, ERR_FULL.
 */
MUST_CHECK int outdated_move(const struct delete_merge *m, const struct folder *f, struct err *e);

#endif
