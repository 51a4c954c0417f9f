/*
 * The tree as a program, and the machine that runs it: Pike's. It goes through the text once, with
 * all threads that could match side by side in the order of their preference, so the time is at
 * most the text's length times the program's, whatever both are. It finds what RE2 and Go find: the
 * leftmost match, and of those the one that a backtracker would try first.
 */
#ifndef REGEX_PROG_H
#define REGEX_PROG_H

#include "regex/tree.h"

struct inst;

/* Borrows the tree, which must live as long. {0} is none. */
struct prog {
	struct inst *v; /* of the tree's arena */
	uint32_t n, start;
	bool at_begin; /* it can begin at the text's begin only */
};

void prog_make(struct prog *p, struct tree *t);

struct vm_list;

/* What running needs: for one thread, and kept from run to run, whatever the program. {0} is a
 * valid one. */
struct vm {
	uint32_t *mark; /* by instruction: in which list it is */
	uint32_t mark_now;
	struct vm_list *list; /* two */
	size_t *caps;	      /* the captures of the thread that is being added */
	size_t *found;
	struct vm_todo *todo;
	size_t cap_insts, cap_caps, cap_found;
	uint64_t steps; /* instructions looked at, in all runs */
};

void vm_release(struct vm *vm);

/* Where a capture is when it took no part. */
#define VM_NOWHERE SIZE_MAX

/*
 * True when the program matches somewhere in the text, at `from` or behind. ret gets the first
 * n_ret of: begin and end of the match, of group 1, of group 2, ...; the fewer, the faster. Bytes
 * that are no UTF-8 are U+FFFD, one each.
 */
bool vm_run(struct vm *vm, const struct prog *p, struct bytes text, size_t from, size_t *ret,
	    size_t n_ret);

#endif
