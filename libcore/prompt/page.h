/*
 * Where answers go: to the terminal, through a pager when one is longer than the screen; or to a
 * file.
 */
#ifndef PROMPT_PAGE_H
#define PROMPT_PAGE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/buf.h"

struct page {
	bool terminal; /* set by the user of this: stdout is one */
	bool no_pager; /* likewise */
	FILE *file;    /* of page_to_file; NULL: stdout */

	char *file_name; /* private from here */
	FILE *out;
	struct buf held; /* the beginning of the answer, until it is known to be long */
	bool holds;
	unsigned cols, rows; /* of the terminal */
	size_t row, col;     /* behind what is held */
	pid_t pager;	     /* 0: none runs */
	int fd;		     /* to be written to: stdout, or the pager */
	bool left;	     /* the pager was left before the end */
};

/* Answers go to that file from now on, which is emptied; NULL: to stdout again. Errors: ERR_IO. */
MUST_CHECK int page_to_file(struct page *p, const char *path, struct err *e);

/* Where one answer is to be written; then page_end. SIGPIPE must be ignored. */
FILE *page_begin(struct page *p);

/*
 * Shows what is left, and waits for the pager to be left. That was before the answer's end: 1, and
 * writing it will have failed. Errors: ERR_IO, ERR_FULL, of a file or stdout.
 */
MUST_CHECK int page_end(struct page *p, struct err *e);

void page_release(struct page *p);

#endif
