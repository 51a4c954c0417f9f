/*
 * A line typed at a terminal: the fence round libedit. Emacs keys, ~/.editrc for others; lines
 * given before can be had back.
 */
#ifndef PROMPT_EDIT_H
#define PROMPT_EDIT_H

#include <stdio.h>

#include "base/buf.h"

struct edit;

/*
 * What Tab does: `before` is the line up to the cursor. ret_insert: what goes in there. Text that
 * is to be shown, in lines, into ret_show, of a terminal so many columns wide and rows high.
 */
typedef void edit_tab_fn(void *data, struct bytes before, unsigned cols, unsigned rows,
			 struct buf *ret_insert, struct buf *ret_show);

/* Reads from stdin, which is a terminal, and shows on out, which is one too. SIGINT must be
 * blocked, and the locale's characters those of UTF-8. NULL with ERR_IO. */
struct edit *edit_new(const char *prog, FILE *out, edit_tab_fn *tab, void *data, struct err *e);
void edit_free(struct edit *x); /* NULL is fine */

enum edit_got {
	EDIT_LINE,
	EDIT_INTERRUPTED, /* Ctrl-C */
	EDIT_END,	  /* Ctrl-D in an empty line; the terminal is gone */
};
/* The prompt is at most EDIT_PROMPT_MAX bytes of ASCII, shown bold if so wished, and a blank. *ret:
 * the line without its newline; one of those given before may hold newlines. */
enum { EDIT_PROMPT_MAX = 60 };
enum edit_weight { EDIT_PLAIN, EDIT_BOLD };
enum edit_got edit_line(struct edit *x, const char *prompt, enum edit_weight weight,
			struct buf *ret);

/* To be had back by the Up key. */
void edit_remember(struct edit *x, const char *text);

/* Of the terminal out, now; 80 and 24 where that is not known. */
void edit_size(FILE *out, unsigned *ret_cols, unsigned *ret_rows);

#endif
